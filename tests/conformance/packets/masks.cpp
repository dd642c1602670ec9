// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/packets/masks.hpp"

#include <algorithm>

namespace fpvs::test {
namespace {

constexpr std::uint8_t kErrorTos = 0xc0;  // RFC 1812 4.3.2.5, as the kernel does.
constexpr std::uint8_t kOwnTtl = 64;
constexpr std::uint16_t kLocalPortMin = 32768;
constexpr std::uint16_t kLocalPortMax = 60999;
constexpr std::size_t kFlowLabelBytes = 3;  // With the lower half of the traffic class.

bool is_icmp_error(const Frame& frame, const IpView& ip) {
    if (!ip.is_icmp() || ip.fragment_offset != 0 || frame.size() <= ip.payload) {
        return false;
    }
    const std::uint8_t type = frame[ip.payload];
    return ip.is_ipv6 ? type >= 1 && type <= 4 : type == 3 || type == 11 || type == 12;
}

bool is_made_error(const Frame& frame, const IpView& ip) {
    return is_icmp_error(frame, ip) && ip.ttl == kOwnTtl && (ip.is_ipv6 || ip.tos == kErrorTos);
}

}  // namespace

bool Masks::is_tunnel_header(const IpView& ip) const {
    const auto own = own_.find(ip.is_ipv6 ? model::Family::ipv6 : model::Family::ipv4);
    const bool tunnels = ip.protocol == protocol::kIpip || ip.protocol == protocol::kIpv6 ||
                         ip.protocol == protocol::kGre || ip.protocol == protocol::kUdp;
    return own != own_.end() && ip.source == own->second && tunnels;
}

Masks::Fields Masks::fields_of(const Frame& recorded, const IpView& ip) const {
    const bool tunnel = is_tunnel_header(ip);
    const bool error = is_made_error(recorded, ip);
    return {.identification = !ip.is_ipv6 && ip.identification != 0 && (tunnel || error),
            .flow_label = ip.is_ipv6 && error,
            .gue_port = tunnel && ip.protocol == protocol::kUdp && ip.fragment_offset == 0 &&
                        recorded.size() >= ip.payload + 8};
}

Frame Masks::adapted(const Frame& recorded, const Frame& ours) {
    const auto theirs_ip = view_ip(recorded);
    const auto ours_ip = view_ip(ours);
    if (!theirs_ip || !ours_ip || recorded.size() != ours.size() ||
        theirs_ip->payload != ours_ip->payload || theirs_ip->is_ipv6 != ours_ip->is_ipv6) {
        return recorded;
    }
    Frame adapted = recorded;
    const Fields fields = fields_of(recorded, *theirs_ip);
    const std::size_t ip = theirs_ip->offset;
    if (fields.identification) {
        const auto known = identifications_.find(theirs_ip->identification);
        const std::uint16_t identification =
            theirs_ip->is_fragment() && known != identifications_.end() ? known->second
                                                                        : ours_ip->identification;
        put_be16(adapted, ip + 4, identification);
        put_be16(adapted, ip + 10, 0);
        put_be16(
            adapted, ip + 10, checksum_of(std::span(adapted).subspan(ip, theirs_ip->payload - ip)));
    }
    if (fields.flow_label) {
        adapted[ip + 1] =
            static_cast<std::uint8_t>((adapted[ip + 1] & 0xf0) | (ours[ip + 1] & 0xf));
        std::copy_n(ours.begin() + static_cast<std::ptrdiff_t>(ip) + 2,
                    kFlowLabelBytes - 1,
                    adapted.begin() + static_cast<std::ptrdiff_t>(ip) + 2);
    }
    if (fields.gue_port) {
        const std::size_t udp = theirs_ip->payload;
        const std::uint16_t port = be16(ours, udp);
        if (port >= kLocalPortMin && port <= kLocalPortMax) {
            const std::uint16_t checksum = be16(recorded, udp + 6);
            put_be16(adapted, udp, port);
            if (checksum != 0) {
                put_be16(adapted, udp + 6, changed_checksum(checksum, be16(recorded, udp), port));
            }
        }
    }
    return adapted;
}

void Masks::settle(const Frame& recorded, const Frame& ours) {
    const auto ip = view_ip(recorded);
    if (!ip || recorded == ours) {
        return;
    }
    const Fields fields = fields_of(recorded, *ip);
    if (fields.identification && ip->is_fragment()) {
        identifications_[ip->identification] = view_ip(ours)->identification;
    }
    if (fields.identification) {
        ++counts_["identification"];
    }
    if (fields.flow_label) {
        ++counts_["flow label"];
    }
    if (fields.gue_port) {
        ++counts_["GUE port"];
    }
}

}  // namespace fpvs::test
