// SPDX-License-Identifier: Apache-2.0
// The whole director: frames in, and the frames that leave for them, by IPVS's rules.
//
// What no rule fixes is fixed here and must be left out of a comparison: the identification of IPv4
// packets made here (0), the flow label of IPv6 ones (0), GUE's source port (kGueSourcePort), and
// how a packet that must be cut is cut.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/reference/ip_packet.hpp"
#include "sim/reference/ipvs.hpp"
#include "sim/reference/reassembly.hpp"

namespace fpvs::reference {

using Mac = std::array<std::uint8_t, 6>;

struct NextHop {
    int port = 0;
    Mac mac{};     // Whose frames go there,
    Mac source{};  // and from whom.
    std::optional<std::uint16_t> vlan;
    std::size_t mtu = 1500;
    Address address;  // The director's own on that side: tunnels begin there.
};

struct Frame {
    int port = 0;
    Bytes bytes;
    bool made = false;  // Its outermost IP header is the director's own.
};

struct Outcome {
    // Forward: the packet goes on, as the frames sent.  Host: the frame is the kernel's.  Drop: it
    // ends here, and `sent` may tell its sender why.  Nothing at all: a fragment waits for others.
    std::optional<Fate> fate;
    std::vector<Frame> sent;
    bool tells_sender = false;  // What is sent is an ICMP error made here.
};

class Director {
  public:
    struct Port {
        Mac mac{};
        std::vector<Address> addresses;  // The director's own.
    };
    Ipvs ipvs;
    std::map<int, Port> ports;
    std::map<Address, NextHop> next_hops;  // Of servers and of clients.
    bool path_mtu_discovery = true;        // The setting pmtu_disc.

    [[nodiscard]] Outcome receive(int port, View8 frame, std::uint64_t now_ms);
    // What routers on the way to servers in tunnels have said.
    [[nodiscard]] const std::map<Address, std::size_t>& path_mtus() const { return path_mtus_; }

  private:
    // Where a frame came from, to answer it.
    struct Link {
        int port = 0;
        Bytes back;  // The header of an answer, without its EtherType.
    };
    // What an error says, and how the packet looks that it quotes.
    struct Complaint {
        std::uint8_t type = 0;
        std::uint8_t code = 0;
        std::uint32_t info = 0;
    };

    [[nodiscard]] Outcome handle(const Link& link, IpPacket packet);
    [[nodiscard]] Outcome handle_transport(const Link& link, IpPacket packet);
    [[nodiscard]] Outcome handle_error(const Link& link, IpPacket packet);
    [[nodiscard]] Outcome handle_tunnel_error(const Link& link, const IpPacket& packet);
    [[nodiscard]] Outcome to_server(const Link& link, IpPacket packet, const Decision& decision);
    [[nodiscard]] Outcome to_client(const Link& link, IpPacket packet, const Decision& decision);
    [[nodiscard]] Outcome route(const Link& link,
                                const IpPacket& packet,
                                const NextHop& next_hop) const;
    [[nodiscard]] Outcome complain(const Link& link,
                                   const IpPacket& packet,
                                   const Address& source,
                                   const Complaint& complaint) const;
    [[nodiscard]] static IpPacket icmp_error(const IpPacket& packet,
                                             const Address& source,
                                             const Complaint& complaint);
    [[nodiscard]] Address own_address(int port, int family) const;

    Reassembly reassembly_;
    std::map<Address, std::size_t> path_mtus_;  // Learnt from routers on the way to a server.
    std::uint64_t now_ms_ = 0;
};

}  // namespace fpvs::reference
