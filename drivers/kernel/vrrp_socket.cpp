// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/vrrp_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace fpvs::kernel {
namespace {

constexpr int kVrrp = 112;
constexpr std::uint32_t kGroupIpv4 = 0xe0000012;  // 224.0.0.18
constexpr in6_addr kGroupIpv6 = {{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12}}};
constexpr int kPriorityControl = 6;  // TC_PRIO_CONTROL: before everything else in a queue.
constexpr std::size_t kIpv6HeaderBytes = 40;
// Options of the kernel that glibc's headers do not have (linux/in6.h).
constexpr int kIpv6MulticastAll = 29;
constexpr int kIpv6HeaderIncluded = 36;

template <class Value>
Status set_option(int fd, int level, int option, const Value& value, std::string_view what) {
    if (::setsockopt(fd, level, option, &value, sizeof value) != 0) {
        return fail(Code::unavailable, "cannot {}: {}", what, std::strerror(errno));
    }
    return {};
}

Status bind_to(int fd, const Interface& interface) {
    if (::setsockopt(fd,
                     SOL_SOCKET,
                     SO_BINDTODEVICE,
                     interface.name.c_str(),
                     static_cast<socklen_t>(interface.name.size() + 1)) != 0) {
        return fail(
            Code::unavailable, "cannot bind to {}: {}", interface.name, std::strerror(errno));
    }
    return {};
}

Status prepare_ipv4(int fd, const Interface& interface) {
    ip_mreqn group{};
    group.imr_multiaddr.s_addr = htonl(kGroupIpv4);
    group.imr_ifindex = static_cast<int>(interface.index);
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, group, "join 224.0.0.18"));
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IP, IP_MULTICAST_IF, group, "choose the interface"));
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0, "silence loopback"));
    // Otherwise the socket would also hear groups that others on this host joined.
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0, "filter groups"));
    return set_option(fd, IPPROTO_IP, IP_HDRINCL, 1, "send own IP headers");
}

Status prepare_ipv6(int fd, const Interface& interface) {
    ipv6_mreq group{};
    group.ipv6mr_multiaddr = kGroupIpv6;
    group.ipv6mr_interface = interface.index;
    const int index = static_cast<int>(interface.index);
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, group, "join ff02::12"));
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index, "choose the interface"));
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "silence loopback"));
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IPV6, kIpv6MulticastAll, 0, "filter groups"));
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "see destinations"));
    FPVS_TRY_STATUS(set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "see hop limits"));
    return set_option(fd, IPPROTO_IPV6, kIpv6HeaderIncluded, 1, "send own IPv6 headers");
}

in6_addr in6_of(const model::IpAddress& address) {
    in6_addr result{};
    for (std::size_t i = 0; i < address.words.size(); ++i) {
        const std::uint32_t word = htonl(address.words[i]);
        std::memcpy(result.s6_addr + 4 * i, &word, sizeof word);
    }
    return result;
}

// What the kernel said beside the message.
struct Ipv6Facts {
    in6_addr destination{};
    std::uint8_t hop_limit = 0;
};

Ipv6Facts facts_of(msghdr& message) {
    Ipv6Facts facts;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != IPPROTO_IPV6) {
            continue;
        }
        if (c->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info{};
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            facts.destination = info.ipi6_addr;
        } else if (c->cmsg_type == IPV6_HOPLIMIT) {
            int hop_limit = 0;
            std::memcpy(&hop_limit, CMSG_DATA(c), sizeof hop_limit);
            facts.hop_limit = static_cast<std::uint8_t>(hop_limit);
        }
    }
    return facts;
}

std::optional<std::span<const std::uint8_t>> receive_ipv6(int fd, VrrpPacketBuffer& buffer) {
    sockaddr_in6 source{};
    iovec part{.iov_base = buffer.data() + kIpv6HeaderBytes,
               .iov_len = buffer.size() - kIpv6HeaderBytes};
    alignas(cmsghdr) std::array<char, 128> control;
    msghdr message{};
    message.msg_name = &source;
    message.msg_namelen = sizeof source;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t length = ::recvmsg(fd, &message, 0);
    if (length < 0) {
        return std::nullopt;
    }
    const Ipv6Facts facts = facts_of(message);
    std::memset(buffer.data(), 0, kIpv6HeaderBytes);
    buffer[0] = 6 << 4;
    buffer[4] = static_cast<std::uint8_t>(length >> 8);
    buffer[5] = static_cast<std::uint8_t>(length);
    buffer[6] = kVrrp;
    buffer[7] = facts.hop_limit;
    std::memcpy(buffer.data() + 8, &source.sin6_addr, sizeof source.sin6_addr);
    std::memcpy(buffer.data() + 24, &facts.destination, sizeof facts.destination);
    return std::span(buffer).first(kIpv6HeaderBytes + static_cast<std::size_t>(length));
}

}  // namespace

Result<UniqueFd> open_vrrp_socket(const Interface& interface, VrrpChannel channel) {
    const int family = channel == VrrpChannel::ipv6 ? AF_INET6 : AF_INET;
    const int protocol = channel == VrrpChannel::ipv4_authenticated ? IPPROTO_AH : kVrrp;
    UniqueFd fd(::socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!fd.valid()) {
        return fail(Code::unavailable,
                    "cannot open a raw VRRP socket: {}; it needs CAP_NET_RAW",
                    std::strerror(errno));
    }
    FPVS_TRY_STATUS(bind_to(fd.get(), interface));
    FPVS_TRY_STATUS(family == AF_INET ? prepare_ipv4(fd.get(), interface)
                                      : prepare_ipv6(fd.get(), interface));
    FPVS_TRY_STATUS(
        set_option(fd.get(), SOL_SOCKET, SO_PRIORITY, kPriorityControl, "set the priority"));
    return fd;
}

Status send_vrrp_packet(int fd,
                        const Interface& interface,
                        std::span<const std::uint8_t> packet,
                        const model::IpAddress& destination) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_addr.s_addr = htonl(destination.words[0]);
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_addr = in6_of(destination);
    ipv6.sin6_scope_id = interface.index;
    const bool is_ipv4 = destination.is_ipv4();
    const ssize_t sent = ::sendto(fd,
                                  packet.data(),
                                  packet.size(),
                                  0,
                                  is_ipv4 ? reinterpret_cast<const sockaddr*>(&ipv4)
                                          : reinterpret_cast<const sockaddr*>(&ipv6),
                                  is_ipv4 ? sizeof ipv4 : sizeof ipv6);
    if (sent != static_cast<ssize_t>(packet.size())) {
        return fail(
            Code::unavailable, "cannot send on {}: {}", interface.name, std::strerror(errno));
    }
    return {};
}

std::optional<std::span<const std::uint8_t>> receive_vrrp_packet(int fd,
                                                                 VrrpChannel channel,
                                                                 VrrpPacketBuffer& buffer) {
    if (channel == VrrpChannel::ipv6) {
        return receive_ipv6(fd, buffer);
    }
    const ssize_t length = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (length <= 0) {
        return std::nullopt;
    }
    return std::span(buffer).first(static_cast<std::size_t>(length));
}

}  // namespace fpvs::kernel
