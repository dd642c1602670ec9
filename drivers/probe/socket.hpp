// SPDX-License-Identifier: Apache-2.0
// The steps that every check over the network begins with: a socket that does not block, bound and
// marked as the check says, and connected to whom it asks.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

#include "drivers/kernel/unique_fd.hpp"
#include "host/model/address.hpp"
#include "host/provider/probe.hpp"

namespace fpvs::probe {

// An address and a port as the socket calls take them.
class SocketAddress {
  public:
    SocketAddress(const model::IpAddress& address, std::uint16_t port);

    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }
    [[nodiscard]] socklen_t size_bytes() const { return size_bytes_; }

  private:
    sockaddr_storage storage_{};
    socklen_t size_bytes_ = 0;
};

struct SocketKind {
    int type = SOCK_STREAM;
    int protocol = 0;
    bool has_ports = true;
};

struct ConnectedSocket {
    kernel::UniqueFd fd;
    bool in_progress = false;  // The network has yet to say; wait until it can be written to.
};

// In the network namespace of the calling thread.  An error is an errno.
[[nodiscard]] tl::expected<ConnectedSocket, int> begin_connect(
    const provider::ProbeRequest& request, const SocketKind& kind);

// What has become of a connection, once the socket can be written to.  0: it stands.
[[nodiscard]] int pending_error(int fd);

// "connection refused", "unreachable", "timed out", or the system's words.
[[nodiscard]] std::string describe_errno(int error);

}  // namespace fpvs::probe
