// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/packets/host_stack.hpp"

#include <algorithm>

namespace fpvs::test {
namespace {

constexpr std::uint8_t kEchoRequest = 8;
constexpr std::uint8_t kEchoReply = 0;
constexpr std::uint8_t kEchoRequest6 = 128;
constexpr std::uint8_t kEchoReply6 = 129;
constexpr std::uint8_t kTcpReset = 0x04;
constexpr std::size_t kTcpFlags = 13;
constexpr std::size_t kIcmpBytes = 8;

// From one of the two to the other, each with the other's address and port.
bool is_reverse(const Frame& one,
                const IpView& one_ip,
                const Frame& other,
                const IpView& other_ip) {
    const auto there = ports_of(one, one_ip);
    const auto back = ports_of(other, other_ip);
    return one_ip.source == other_ip.destination && one_ip.destination == other_ip.source &&
           there.has_value() == back.has_value() &&
           (!there || (there->source == back->destination && there->destination == back->source));
}

bool is_routed(const Frame& recorded, const IpView& ip, const Frame& request) {
    if (recorded.size() != request.size() || ip.offset != kEthernetBytes) {
        return false;
    }
    Frame further = request;
    if (ip.is_ipv6) {
        further[ip.offset + 7] -= 1;
    } else {
        further[ip.offset + 8] -= 1;
        put_be16(further, ip.offset + 10, 0);
        put_be16(further,
                 ip.offset + 10,
                 checksum_of(std::span(further).subspan(ip.offset, ip.payload - ip.offset)));
    }
    return std::equal(
        recorded.begin() + kEthernetBytes, recorded.end(), further.begin() + kEthernetBytes);
}

bool is_echo_reply(const Frame& recorded,
                   const IpView& ip,
                   const Frame& request,
                   const IpView& to) {
    const std::uint8_t reply = ip.is_ipv6 ? kEchoReply6 : kEchoReply;
    const std::uint8_t asked = ip.is_ipv6 ? kEchoRequest6 : kEchoRequest;
    constexpr std::size_t kChecked = 4;  // Type, code and checksum differ.
    return ip.is_icmp() && to.is_icmp() && is_reverse(request, to, recorded, ip) &&
           recorded.size() == request.size() && recorded.size() >= ip.payload + kIcmpBytes &&
           recorded[ip.payload] == reply && request[to.payload] == asked &&
           std::equal(recorded.begin() + static_cast<std::ptrdiff_t>(ip.payload + kChecked),
                      recorded.end(),
                      request.begin() + static_cast<std::ptrdiff_t>(to.payload + kChecked));
}

bool is_reset(const Frame& recorded, const IpView& ip, const Frame& request, const IpView& to) {
    return ip.protocol == protocol::kTcp && to.protocol == protocol::kTcp &&
           is_reverse(request, to, recorded, ip) && recorded.size() > ip.payload + kTcpFlags &&
           (recorded[ip.payload + kTcpFlags] & kTcpReset) != 0;
}

// The error is about the request: it quotes its IP packet.
bool quotes(const Frame& recorded, const IpView& ip, const Frame& request, const IpView& to) {
    const std::size_t quoted = ip.payload + kIcmpBytes;
    return ip.destination == to.source && recorded.size() > quoted &&
           recorded.size() - quoted <= request.size() - to.offset &&
           std::equal(recorded.begin() + static_cast<std::ptrdiff_t>(quoted),
                      recorded.end(),
                      request.begin() + static_cast<std::ptrdiff_t>(to.offset));
}

enum class IcmpError { port_unreachable, time_exceeded };

bool is_error(const Frame& recorded, const IpView& ip, IcmpError error) {
    if (!ip.is_icmp() || recorded.size() < ip.payload + kIcmpBytes) {
        return false;
    }
    const std::uint8_t type = recorded[ip.payload];
    const std::uint8_t code = recorded[ip.payload + 1];
    if (error == IcmpError::port_unreachable) {
        return ip.is_ipv6 ? type == 1 && code == 4 : type == 3 && code == 3;
    }
    return code == 0 && type == (ip.is_ipv6 ? 3 : 11);
}

}  // namespace

bool HostStack::is_own(const model::IpAddress& address) const {
    return std::find(own_.begin(), own_.end(), address) != own_.end();
}

bool HostStack::answers(const Frame& recorded, const Frame& request) const {
    const auto ip = view_ip(recorded);
    const auto to = view_ip(request);
    if (!ip || !to || ip->is_ipv6 != to->is_ipv6) {
        return false;
    }
    if (!is_own(to->destination)) {
        return is_routed(recorded, *ip, request) ||
               (to->ttl <= 1 && is_error(recorded, *ip, IcmpError::time_exceeded) &&
                quotes(recorded, *ip, request, *to));
    }
    return is_echo_reply(recorded, *ip, request, *to) || is_reset(recorded, *ip, request, *to) ||
           (to->protocol == protocol::kUdp &&
            is_error(recorded, *ip, IcmpError::port_unreachable) &&
            quotes(recorded, *ip, request, *to));
}

bool HostStack::explains(const Frame& recorded) {
    const auto found = std::find_if(frames_.begin(), frames_.end(), [&](const HandedOver& request) {
        return !request.answered && answers(recorded, request.frame);
    });
    if (found == frames_.end()) {
        return false;
    }
    found->answered = true;
    return true;
}

}  // namespace fpvs::test
