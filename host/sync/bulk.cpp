// SPDX-License-Identifier: Apache-2.0
#include "host/sync/bulk.hpp"

#include <algorithm>

#include "host/sync/convert.hpp"
#include "host/sync/message.hpp"
#include "host/util/check.hpp"

namespace fpvs::sync {
namespace {

constexpr std::array<std::uint8_t, 5> kMagic = {'F', 'P', 'V', 'S', 1};
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 8;
// 255 connections, as many as a message may have, with room for options to come.
constexpr std::size_t kMessageBytesMax = 32'768;

void append(std::vector<std::uint8_t>& bytes, MessageWriter& writer) {
    const std::vector<std::uint8_t> message = writer.take();
    bytes.insert(bytes.end(), message.begin(), message.end());
}

}  // namespace

std::array<std::uint8_t, kBulkRequestBytes> encode(const BulkRequest& request) {
    std::array<std::uint8_t, kBulkRequestBytes> datagram{};
    std::copy(kMagic.begin(), kMagic.end(), datagram.begin());
    datagram[5] = request.sync_id;
    datagram[6] = static_cast<std::uint8_t>(request.port >> 8);
    datagram[7] = static_cast<std::uint8_t>(request.port);
    return datagram;
}

std::optional<BulkRequest> decode_bulk_request(std::span<const std::uint8_t> datagram) {
    if (datagram.size() != kBulkRequestBytes ||
        !std::equal(kMagic.begin(), kMagic.end(), datagram.begin())) {
        return std::nullopt;
    }
    const BulkRequest request{.sync_id = datagram[5],
                              .port = static_cast<std::uint16_t>(datagram[6] << 8 | datagram[7])};
    return request.port == 0 ? std::nullopt : std::optional(request);
}

std::vector<std::uint8_t> bulk_part(std::span<const engine::SyncedConnection> connections,
                                    std::uint8_t sync_id) {
    std::vector<std::uint8_t> bytes;
    MessageWriter writer(kVersion, sync_id, kMessageBytesMax);
    for (const engine::SyncedConnection& connection : connections) {
        if (!can_carry(connection)) {
            continue;
        }
        const Connection wire = to_wire(connection);
        if (!writer.add(wire)) {
            append(bytes, writer);
            const bool added = writer.add(wire);
            FPVS_CHECK(added, "a connection longer than a message");
        }
    }
    if (!writer.empty()) {
        append(bytes, writer);
    }
    return bytes;
}

std::vector<std::uint8_t> bulk_end(std::uint8_t sync_id) {
    return MessageWriter(kVersion, sync_id, kMessageBytesMax).take();
}

BulkReader::State BulkReader::feed(std::span<const std::uint8_t> bytes, const Hear& hear) {
    while (state_ == State::reading && !bytes.empty()) {
        const std::size_t known = message_.size() < kHeaderBytes
                                      ? kHeaderBytes
                                      : static_cast<std::size_t>(message_[2]) << 8 | message_[3];
        const std::size_t taken = std::min(bytes.size(), known - message_.size());
        message_.insert(
            message_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
        bytes = bytes.subspan(taken);
        if (message_.size() < kHeaderBytes) {
            continue;
        }
        const std::size_t size = static_cast<std::size_t>(message_[2]) << 8 | message_[3];
        const bool is_message = message_[0] == 0 && message_[5] == kVersion &&
                                size >= kHeaderBytes && size <= kMessageBytesMax;
        if (!is_message) {
            state_ = State::broken;
        } else if (message_[4] == 0) {
            state_ = size == kHeaderBytes ? State::complete : State::broken;
        } else if (message_.size() == size) {
            hear(message_);
            message_.clear();
        } else if (size == kHeaderBytes) {
            state_ = State::broken;
        }
    }
    return state_;
}

}  // namespace fpvs::sync
