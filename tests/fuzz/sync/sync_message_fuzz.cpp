// SPDX-License-Identifier: Apache-2.0
// Any bytes as a message of connection synchronisation, as they come and with a header that is
// right: no crash, and what is accepted survives being written and read again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "host/sync/message.hpp"
#include "host/util/check.hpp"

namespace {

namespace sync = fpvs::sync;

constexpr std::size_t kDatagramBytesMax = 1472;
constexpr std::uint8_t kSyncId = 5;

void read_and_write(std::span<const std::uint8_t> datagram) {
    const auto message = sync::decode(datagram, kSyncId);
    if (!message) {
        return;
    }
    // An option that was ignored is not written again, so the rest always fits.
    sync::MessageWriter writer(message->version, message->sync_id, kDatagramBytesMax);
    for (const sync::Connection& connection : message->connections) {
        FPVS_CHECK(writer.add(connection), "no room for what came in one message");
    }
    const auto again = sync::decode(writer.take(), kSyncId);
    FPVS_CHECK(again.has_value(), "{}", sync::name(again.error()));
    FPVS_CHECK(again->connections == message->connections, "another message");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::uint8_t> datagram(data, data + std::min(size, kDatagramBytesMax));
    read_and_write(datagram);
    if (datagram.size() >= 4) {
        datagram[1] = kSyncId;
        datagram[2] = static_cast<std::uint8_t>(datagram.size() >> 8);
        datagram[3] = static_cast<std::uint8_t>(datagram.size());
        read_and_write(datagram);
    }
    if (datagram.size() >= 8) {
        datagram[0] = datagram[6] = datagram[7] = 0;
        datagram[5] = 1;
        read_and_write(datagram);
    }
    return 0;
}
