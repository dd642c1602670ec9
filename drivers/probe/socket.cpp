// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/socket.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace fpvs::probe {
namespace {

bool set_option(int fd, int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// An errno, or 0.
int prepare(int fd, const provider::ProbeRequest& request, const SocketKind& kind) {
    const model::HealthCheck& check = request.check;
    if (check.firewall_mark != 0 &&
        !set_option(fd, SOL_SOCKET, SO_MARK, static_cast<int>(check.firewall_mark))) {
        return errno;
    }
    if (!check.bind_interface.empty() &&
        ::setsockopt(fd,
                     SOL_SOCKET,
                     SO_BINDTODEVICE,
                     check.bind_interface.data(),
                     static_cast<socklen_t>(check.bind_interface.size())) != 0) {
        return errno;
    }
    const std::uint16_t port = kind.has_ports ? check.bind_port.value_or(0) : 0;
    if (!check.bind_address && port == 0) {
        return 0;
    }
    // A port of our own is used again while the last connection from it is still remembered; one
    // that the kernel chooses, it chooses when it knows whom we connect to.
    if (port != 0) {
        (void)set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    } else if (kind.has_ports) {
        (void)set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    }
    const SocketAddress local(
        check.bind_address.value_or(model::IpAddress::any(request.address.family)), port);
    return ::bind(fd, local.get(), local.size_bytes()) == 0 ? 0 : errno;
}

}  // namespace

SocketAddress::SocketAddress(const model::IpAddress& address, std::uint16_t port) {
    const auto set = [this](const auto& value) {
        std::memcpy(&storage_, &value, sizeof value);
        size_bytes_ = sizeof value;
    };
    if (address.is_ipv4()) {
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        ipv4.sin_addr.s_addr = htonl(address.ipv4().value);
        ipv4.sin_port = htons(port);
        set(ipv4);
        return;
    }
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    for (std::size_t i = 0; i < address.words.size(); ++i) {
        const std::uint32_t word = htonl(address.words[i]);
        std::memcpy(&ipv6.sin6_addr.s6_addr[i * sizeof word], &word, sizeof word);
    }
    ipv6.sin6_port = htons(port);
    set(ipv6);
}

tl::expected<ConnectedSocket, int> begin_connect(const provider::ProbeRequest& request,
                                                 const SocketKind& kind) {
    const int family = request.address.is_ipv4() ? AF_INET : AF_INET6;
    kernel::UniqueFd fd(::socket(family, kind.type | SOCK_NONBLOCK | SOCK_CLOEXEC, kind.protocol));
    if (!fd.valid()) {
        return tl::unexpected(errno);
    }
    if (const int error = prepare(fd.get(), request, kind); error != 0) {
        return tl::unexpected(error);
    }
    const SocketAddress remote(request.address, kind.has_ports ? request.port : 0);
    if (::connect(fd.get(), remote.get(), remote.size_bytes()) == 0) {
        return ConnectedSocket{.fd = std::move(fd)};
    }
    if (errno == EINPROGRESS) {
        return ConnectedSocket{.fd = std::move(fd), .in_progress = true};
    }
    return tl::unexpected(errno);
}

int pending_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

std::string describe_errno(int error) {
    switch (error) {
        case ECONNREFUSED:
            return "connection refused";
        case ECONNRESET:
        case EPIPE:
            return "connection reset";
        case EHOSTUNREACH:
        case ENETUNREACH:
            return "unreachable";
        case ETIMEDOUT:
            return "timed out";
        default:
            return std::generic_category().message(error);
    }
}

}  // namespace fpvs::probe
