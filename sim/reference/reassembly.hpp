// SPDX-License-Identifier: Apache-2.0
// Fragments wait here for the rest of their packet (RFC 791 3.2, RFC 8200 4.5).  Fragments that
// overlap end the packet that they belong to, as RFC 5722 asks for; one that is there already is
// ignored.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "sim/reference/ip_packet.hpp"

namespace fpvs::reference {

class Reassembly {
  public:
    // The whole packet, with the last fragment that it needs.
    [[nodiscard]] std::optional<IpPacket> add(const IpPacket& fragment, std::uint64_t now_ms);
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  private:
    using Key = std::tuple<Address, Address, std::uint32_t, std::uint8_t>;
    struct Waiting {
        std::uint64_t since_ms = 0;
        std::map<std::size_t, IpPacket> fragments;  // By their offsets.
    };
    std::map<Key, Waiting> waiting_;
};

}  // namespace fpvs::reference
