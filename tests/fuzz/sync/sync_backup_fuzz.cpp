// SPDX-License-Identifier: Apache-2.0
// Any bytes to a backup with an engine behind it, as datagrams and as a stream of everything: no
// crash, and when all is over nothing of it is left.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/sync/backup.hpp"
#include "host/sync/bulk.hpp"
#include "host/util/check.hpp"

namespace {

namespace engine = fpvs::engine;
namespace model = fpvs::model;
namespace sync = fpvs::sync;
using namespace std::chrono_literals;

constexpr std::uint8_t kSyncId = 5;

class Director {
  public:
    Director() : engine_({.connections_max = 256, .hash_seed = 1}) {
        for (const std::uint32_t mark : {0u, 7u}) {
            const model::ServiceKey key{.address = mark != 0
                                                       ? model::IpAddress::any(model::Family::ipv4)
                                                       : model::IpAddress(model::Ipv4{0x0a000064}),
                                        .port = static_cast<std::uint16_t>(mark != 0 ? 0 : 80),
                                        .firewall_mark = mark};
            (void)engine_.add_service(key, {.scheduler = "rr"});
            (void)engine_.add_server(
                key, {.address = model::Ipv4{0xc0a87101}, .port = key.port}, {});
        }
    }

    engine::Engine& engine() { return engine_; }
    engine::Engine::Time now = 1000s;

  private:
    engine::Engine engine_;
};

void hear(Director& director, sync::Backup& backup, std::span<const std::uint8_t> bytes) {
    backup.hear(bytes, director.now);
    backup.finish(director.now);
    backup.step(director.engine().servers_added(), director.now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Its clock goes 4000 hours an input, and must not reach its end.
    constexpr int kInputsEach = 256;
    static std::unique_ptr<Director> owner;
    static int inputs = 0;
    if (inputs++ % kInputsEach == 0) {
        owner = std::make_unique<Director>();
    }
    Director& director = *owner;
    sync::Backup backup(kSyncId, [&director](auto batch) {
        sync::Outcome outcome;
        for (const engine::SyncedConnection& told : batch) {
            outcome.push_back(director.engine().learn(told, director.now));
        }
        return outcome;
    });
    // With a header that is right, so that entries are reached.
    std::vector<std::uint8_t> message(data, data + size);
    if (message.size() >= 8) {
        message[0] = message[6] = message[7] = 0;
        message[1] = kSyncId;
        message[2] = static_cast<std::uint8_t>(message.size() >> 8);
        message[3] = static_cast<std::uint8_t>(message.size());
        message[5] = 1;
    }
    hear(director, backup, message);
    sync::BulkReader reader;
    const std::span<const std::uint8_t> stream(data, size);
    for (std::size_t at = 0; at < size; at += 7) {
        (void)reader.feed(stream.subspan(at, std::min<std::size_t>(7, size - at)),
                          [&](auto part) { hear(director, backup, part); });
    }
    (void)sync::decode_bulk_request(stream);
    director.now += 2000h;
    for (int turns = 0; turns < 2; ++turns, director.now += 2000h) {
        while (director.engine().expire(director.now, 1000)) {
        }
    }
    FPVS_CHECK(director.engine().connection_count() == 0, "something stayed");
    return 0;
}
