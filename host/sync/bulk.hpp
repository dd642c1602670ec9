// SPDX-License-Identifier: Apache-2.0
// Everything at once, for a director that has just come: what it asks, and the stream that it gets
// (docs/decisions/0015).  Kernels neither ask nor answer.
//
//   request   UDP to the group, port kBulkPortOffset above the daemons': "FPVS" | 1 | sync id |
//             TCP port 16, at which its sender listens
//   stream    TCP, from the master: messages of version 1 one after the other, the last one empty
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "host/engine/sync_sink.hpp"

namespace fpvs::sync {

// Above the 64 ports that a kernel's daemons may use.
constexpr std::uint16_t kBulkPortOffset = 64;
constexpr std::size_t kBulkRequestBytes = 8;

struct BulkRequest {
    std::uint8_t sync_id = 0;
    std::uint16_t port = 0;

    friend bool operator==(const BulkRequest&, const BulkRequest&) = default;
};

[[nodiscard]] std::array<std::uint8_t, kBulkRequestBytes> encode(const BulkRequest& request);
// Nothing: it is no such request.
[[nodiscard]] std::optional<BulkRequest> decode_bulk_request(
    std::span<const std::uint8_t> datagram);

// Connections as part of a stream; those that no message can carry are left out.
[[nodiscard]] std::vector<std::uint8_t> bulk_part(
    std::span<const engine::SyncedConnection> connections, std::uint8_t sync_id);
[[nodiscard]] std::vector<std::uint8_t> bulk_end(std::uint8_t sync_id);

// Finds the messages in a stream, in whatever pieces it comes.  Holds no more than one of them.
class BulkReader {
  public:
    using Hear = std::function<void(std::span<const std::uint8_t> message)>;

    enum class State : std::uint8_t { reading, complete, broken };
    // What comes after the end, or after something that is no message, is not looked at.
    State feed(std::span<const std::uint8_t> bytes, const Hear& hear);

  private:
    std::vector<std::uint8_t> message_;  // As much of it as there is.
    State state_ = State::reading;
};

}  // namespace fpvs::sync
