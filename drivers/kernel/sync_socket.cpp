// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/sync_socket.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace fpvs::kernel {
namespace {

// What a master says in some 100 ms when it changes a million connections a second.
constexpr int kBufferBytes = 8 << 20;
constexpr int kIpv6MulticastAll = 29;  // linux/in6.h; glibc's headers do not have it.

template <class Value>
Status set_option(int fd, int level, int option, const Value& value, std::string_view what) {
    if (::setsockopt(fd, level, option, &value, sizeof value) != 0) {
        return fail(Code::unavailable, "cannot {}: {}", what, std::strerror(errno));
    }
    return {};
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
};

SocketAddress address_of(const SyncEndpoint& endpoint, unsigned interface_index) {
    SocketAddress result;
    if (endpoint.group.is_ipv4()) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(endpoint.port);
        address.sin_addr.s_addr = htonl(endpoint.group.words[0]);
        std::memcpy(&result.storage, &address, sizeof address);
        result.size = sizeof address;
        return result;
    }
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    address.sin6_scope_id = interface_index;
    for (std::size_t i = 0; i < endpoint.group.words.size(); ++i) {
        const std::uint32_t word = htonl(endpoint.group.words[i]);
        std::memcpy(address.sin6_addr.s6_addr + 4 * i, &word, sizeof word);
    }
    std::memcpy(&result.storage, &address, sizeof address);
    result.size = sizeof address;
    return result;
}

model::IpAddress source_of(const sockaddr_storage& storage) {
    if (storage.ss_family == AF_INET) {
        sockaddr_in address{};
        std::memcpy(&address, &storage, sizeof address);
        return model::Ipv4{ntohl(address.sin_addr.s_addr)};
    }
    sockaddr_in6 address{};
    std::memcpy(&address, &storage, sizeof address);
    model::Ipv6 result;
    for (std::size_t i = 0; i < result.words.size(); ++i) {
        std::uint32_t word = 0;
        std::memcpy(&word, address.sin6_addr.s6_addr + 4 * i, sizeof word);
        result.words[i] = ntohl(word);
    }
    return result;
}

Result<UniqueFd> open_socket(const SyncEndpoint& endpoint, unsigned& interface_index) {
    interface_index = ::if_nametoindex(endpoint.interface.c_str());
    if (interface_index == 0) {
        return fail(Code::unavailable, "No such device");
    }
    UniqueFd fd(::socket(endpoint.group.is_ipv4() ? AF_INET : AF_INET6,
                         SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         IPPROTO_UDP));
    if (!fd.valid()) {
        return fail(Code::unavailable, "cannot open a UDP socket: {}", std::strerror(errno));
    }
    return fd;
}

// More than the system's limit needs CAP_NET_ADMIN; without it the limit must do.
void widen(int fd, int forced, int plain) {
    if (::setsockopt(fd, SOL_SOCKET, forced, &kBufferBytes, sizeof kBufferBytes) != 0) {
        (void)::setsockopt(fd, SOL_SOCKET, plain, &kBufferBytes, sizeof kBufferBytes);
    }
}

}  // namespace

Result<SyncSender> SyncSender::open(const SyncEndpoint& endpoint) {
    unsigned index = 0;
    FPVS_TRY(UniqueFd fd, open_socket(endpoint, index));
    const int ttl = endpoint.ttl;
    if (endpoint.group.is_ipv4()) {
        ip_mreqn interface{};
        interface.imr_ifindex = static_cast<int>(index);
        FPVS_TRY_STATUS(
            set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, interface, "choose the interface"));
        FPVS_TRY_STATUS(set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_TTL, ttl, "set the TTL"));
        FPVS_TRY_STATUS(set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_LOOP, 0, "silence loopback"));
    } else {
        const int number = static_cast<int>(index);
        FPVS_TRY_STATUS(
            set_option(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, number, "choose the interface"));
        FPVS_TRY_STATUS(
            set_option(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl, "set the hop limit"));
        FPVS_TRY_STATUS(
            set_option(fd.get(), IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "silence loopback"));
    }
    widen(fd.get(), SO_SNDBUFFORCE, SO_SNDBUF);
    const SocketAddress group = address_of(endpoint, index);
    return SyncSender(std::move(fd), group.storage, group.size);
}

Result<UniqueFd> open_sync_receiver(const SyncEndpoint& endpoint) {
    unsigned index = 0;
    FPVS_TRY(UniqueFd fd, open_socket(endpoint, index));
    FPVS_TRY_STATUS(set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "share the port"));
    // Bound to the group: unicast to the port is somebody else's.
    const SocketAddress group = address_of(endpoint, index);
    if (::bind(fd.get(), group.get(), group.size) != 0) {
        return fail(Code::unavailable,
                    "cannot listen to {} port {}: {}",
                    model::to_string(endpoint.group),
                    endpoint.port,
                    std::strerror(errno));
    }
    if (endpoint.group.is_ipv4()) {
        ip_mreqn membership{};
        membership.imr_multiaddr.s_addr = htonl(endpoint.group.words[0]);
        membership.imr_ifindex = static_cast<int>(index);
        FPVS_TRY_STATUS(
            set_option(fd.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, membership, "join the group"));
        // Otherwise the socket would hear the group on every interface where anybody joined it.
        FPVS_TRY_STATUS(set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_ALL, 0, "filter groups"));
    } else {
        sockaddr_in6 address{};
        std::memcpy(&address, &group.storage, sizeof address);
        ipv6_mreq membership{};
        membership.ipv6mr_multiaddr = address.sin6_addr;
        membership.ipv6mr_interface = index;
        FPVS_TRY_STATUS(
            set_option(fd.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, membership, "join the group"));
        FPVS_TRY_STATUS(set_option(fd.get(), IPPROTO_IPV6, kIpv6MulticastAll, 0, "filter groups"));
    }
    widen(fd.get(), SO_RCVBUFFORCE, SO_RCVBUF);
    return fd;
}

SyncSending SyncSender::send(std::span<const std::uint8_t> datagram) const {
    const ssize_t sent = ::sendto(fd_.get(),
                                  datagram.data(),
                                  datagram.size(),
                                  0,
                                  reinterpret_cast<const sockaddr*>(&group_),
                                  group_bytes_);
    if (sent == static_cast<ssize_t>(datagram.size())) {
        return SyncSending::sent;
    }
    return errno == EAGAIN || errno == ENOBUFS ? SyncSending::later : SyncSending::failed;
}

std::optional<SyncDatagram> receive_sync_datagram(int fd, SyncDatagramBuffer& buffer) {
    sockaddr_storage source{};
    socklen_t size = sizeof source;
    const ssize_t length = ::recvfrom(
        fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&source), &size);
    if (length < 0) {
        return std::nullopt;
    }
    return SyncDatagram{.bytes = std::span(buffer).first(static_cast<std::size_t>(length)),
                        .source = source_of(source)};
}

}  // namespace fpvs::kernel
