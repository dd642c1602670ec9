// SPDX-License-Identifier: Apache-2.0
// Puts packets into tunnels to their servers: IP in IP of any two families, GUE and GRE.
//
// Most of an outer header is the same for every packet to a server and is kept ready; a packet
// costs a copy and a few additions, and a sum over the payload where a checksum is asked for.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "host/model/address.hpp"
#include "host/model/virtual_service.hpp"
#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

constexpr std::size_t kTunnelHeaderBytesMax = 52;  // IPv6, UDP and GUE.

// What stands before the packets to one server.
class TunnelHeader {
  public:
    TunnelHeader() = default;
    // Both addresses are of one family, which need not be that of the packets.  GUE's remote
    // checksum offload is, as in IPVS, for packets whose checksum the sender left to its network
    // card; none that comes by wire is such, so it is a plain checksum here.
    TunnelHeader(const model::Tunnel& tunnel,
                 const model::IpAddress& local,
                 const model::IpAddress& server);

    [[nodiscard]] std::size_t size_bytes() const noexcept { return size_; }
    // The longest packet that fits a path to the server.
    [[nodiscard]] std::size_t inner_mtu(std::size_t path_mtu) const noexcept {
        return path_mtu > size_ ? path_mtu - size_ : 0;
    }

  private:
    friend bool encapsulate(rte_mbuf& frame,
                            PacketLayout& layout,
                            const TunnelHeader& header,
                            bool path_mtu_discovery,
                            std::uint16_t& identification) noexcept;

    void fill_ipv4(std::uint8_t* ip,
                   const PacketLayout& inner,
                   bool dont_fragment,
                   std::uint16_t& identification) const noexcept;
    void fill_ipv6(std::uint8_t* ip, const PacketLayout& inner) const noexcept;
    void fill_gue(std::uint8_t* ip, const PacketLayout& inner) const noexcept;
    void fill_gre(std::uint8_t* ip, const PacketLayout& inner) const noexcept;

    alignas(8) std::array<std::uint8_t, kTunnelHeaderBytesMax> bytes_{};
    std::uint8_t size_ = 0;
    model::Family family_ = model::Family::ipv4;
    model::TunnelKind kind_ = model::TunnelKind::ipip;
    bool checksum_ = false;
    std::uint32_t ip_sum_ = 0;  // IPv4: of the header's words that never change.
};

// The packet, one hop further already, in a tunnel.  Afterwards the frame begins with the outer IP
// header, without a link header, and `layout` is the outer packet's.
//
// As IPVS does it: TTL and type of service are the packet's, the latter by RFC 3168 9.1.1; "don't
// fragment" is an IPv4 packet's own while `path_mtu_discovery` (IPVS's pmtu_disc) is on, else off.
// An outer header that may be fragmented takes `identification`, and that counts up.  False, and no
// change, when the mbuf has no room in front.
[[nodiscard]] bool encapsulate(rte_mbuf& frame,
                               PacketLayout& layout,
                               const TunnelHeader& header,
                               bool path_mtu_discovery,
                               std::uint16_t& identification) noexcept;

}  // namespace fpvs::slowpath
