// SPDX-License-Identifier: Apache-2.0
// The instance of the lab's lvs01.conf, which the captures of tests/data/vrrp come from.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "host/model/vrrp_instance.hpp"
#include "host/vrrp/packet.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs::vrrp {

const model::Ipv4 kLvs01 = *model::parse_ipv4("192.168.113.149");
const model::Ipv4 kLvs02 = *model::parse_ipv4("192.168.113.148");
const model::Ipv4 kVip = *model::parse_ipv4("192.168.113.100");
const model::MacAddress kLvs01Mac = *model::parse_mac("02:00:00:00:13:95");

inline model::VrrpInstance lab_instance() {
    model::VrrpInstance instance;
    instance.name = "VI_1";
    instance.interface = "eth0";
    instance.virtual_router_id = 51;
    instance.priority = 100;
    instance.authentication = model::VrrpAuthentication::password;
    instance.password = "1111";
    instance.addresses = {{.address = kVip, .prefix_length = 32, .interface = {}}};
    return instance;
}

constexpr std::size_t kEthernetBytes = 14;

// Of an advert to the group, as keepalived numbers its first.
inline Envelope to_group(const model::IpAddress& source) {
    return {.source = source, .destination = group_of(source.family)};
}

// As it would have been received.
inline ReceivedAdvert from(const model::IpAddress& source, Advert advert) {
    return {.envelope = to_group(source), .advert = std::move(advert)};
}

// The IP packets of protocol 112, or on IPv4 of another, in a capture.
inline std::vector<kit::Frame> vrrp_packets_of(const std::string& capture,
                                               std::uint8_t ipv4_protocol = kProtocol) {
    std::vector<kit::Frame> packets;
    for (const kit::Frame& frame : kit::read_pcap("tests/data/vrrp/" + capture)) {
        if (frame.size() < kEthernetBytes + 20) {
            continue;
        }
        const bool ipv4 = frame[12] == 0x08 && frame[13] == 0x00;
        const bool ipv6 = frame[12] == 0x86 && frame[13] == 0xdd;
        if ((ipv4 && frame[kEthernetBytes + 9] == ipv4_protocol) ||
            (ipv6 && frame[kEthernetBytes + 6] == kProtocol)) {
            packets.emplace_back(frame.begin() + kEthernetBytes, frame.end());
        }
    }
    return packets;
}

}  // namespace fpvs::vrrp
