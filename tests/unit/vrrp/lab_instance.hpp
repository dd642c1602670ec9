// SPDX-License-Identifier: Apache-2.0
// The instance of the lab's lvs01.conf, which the captures of tests/data/vrrp come from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "host/model/vrrp_instance.hpp"
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

// The IPv4 packets of protocol 112 in a capture.
inline std::vector<kit::Frame> vrrp_packets_of(const std::string& capture) {
    std::vector<kit::Frame> packets;
    for (const kit::Frame& frame : kit::read_pcap("tests/data/vrrp/" + capture)) {
        if (frame.size() > kEthernetBytes + 9 && frame[12] == 0x08 && frame[13] == 0x00 &&
            frame[kEthernetBytes + 9] == 112) {
            packets.emplace_back(frame.begin() + kEthernetBytes, frame.end());
        }
    }
    return packets;
}

}  // namespace fpvs::vrrp
