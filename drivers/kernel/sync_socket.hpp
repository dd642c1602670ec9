// SPDX-License-Identifier: Apache-2.0
// UDP sockets of connection synchronisation: one that sends to a multicast group, and one that is a
// member of it, both on one interface.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "drivers/kernel/unique_fd.hpp"
#include "host/model/address.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

struct SyncEndpoint {
    std::string interface;
    model::IpAddress group;
    std::uint16_t port = 0;
    std::uint8_t ttl = 1;  // Of what is sent.
};

// Any datagram fits; a longer one does not exist.
using SyncDatagramBuffer = std::array<std::uint8_t, 65536>;

enum class SyncSending : std::uint8_t { sent, later, failed };

// Does not hear what it sends, nor does anybody on this host.  The interface need not be up yet.
class SyncSender {
  public:
    [[nodiscard]] static Result<SyncSender> open(const SyncEndpoint& endpoint);

    // Without waiting; `later`: the socket has no room now.
    [[nodiscard]] SyncSending send(std::span<const std::uint8_t> datagram) const;

  private:
    SyncSender(UniqueFd fd, const sockaddr_storage& group, socklen_t group_bytes)
        : fd_(std::move(fd)), group_(group), group_bytes_(group_bytes) {}

    UniqueFd fd_;
    sockaddr_storage group_;
    socklen_t group_bytes_;
};

// Hears the group on that interface only, and no unicast.
[[nodiscard]] Result<UniqueFd> open_sync_receiver(const SyncEndpoint& endpoint);

struct SyncDatagram {
    std::span<const std::uint8_t> bytes;  // In the buffer.
    model::IpAddress source;
};
// The next that waits, if any.
[[nodiscard]] std::optional<SyncDatagram> receive_sync_datagram(int fd, SyncDatagramBuffer& buffer);

}  // namespace fpvs::kernel
