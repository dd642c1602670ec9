// SPDX-License-Identifier: Apache-2.0
// PROXY protocol, version 2: tells a server behind FULLNAT who its client is, by a header before
// the first byte that the client sends (haproxy.org, doc/proxy-protocol.txt, section 2.2).
//
// What comes after it is further along in the stream: host/slowpath/sequence_shift.hpp.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "host/model/address.hpp"
#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

class ProxyHeader {
  public:
    // Of a TCP connection between addresses of one family, as the client sees it.
    ProxyHeader(const model::IpAddress& client,
                std::uint16_t client_port,
                const model::IpAddress& service,
                std::uint16_t service_port) noexcept;

    [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept {
        return std::span(bytes_).first(size_);
    }

  private:
    static constexpr std::size_t kBytesMax = 52;  // With IPv6 addresses; 28 with IPv4.

    std::array<std::uint8_t, kBytesMax> bytes_{};
    std::size_t size_ = 0;
};

// What the header adds to a stream.
[[nodiscard]] std::size_t proxy_header_bytes(model::Family client_family) noexcept;

// Puts the header before a TCP packet's payload, if it has any; else it is the payload.  `layout`
// is brought up to date.  The sequence number stays: this packet begins with the header.  False,
// and no change, when the mbuf has no room in front.
[[nodiscard]] bool insert_proxy_header(rte_mbuf& frame,
                                       PacketLayout& layout,
                                       const ProxyHeader& header) noexcept;

}  // namespace fpvs::slowpath
