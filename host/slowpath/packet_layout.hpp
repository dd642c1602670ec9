// SPDX-License-Identifier: Apache-2.0
// Where the parts of an IP packet lie in its frame, as found by parse().  Every function that
// edits a packet takes this as its proof that the headers named here are whole.
#pragma once

#include <cstdint>

#include "host/model/address.hpp"

namespace fpvs::slowpath {

struct PacketLayout {
    std::uint16_t ip_offset = 0;         // Of the IP header, from the first byte of the frame.
    std::uint16_t ip_length = 0;         // Of the IP packet, its header included.
    std::uint16_t transport_offset = 0;  // Of what follows IP's headers, from the first byte.
    std::uint8_t ip_protocol = 0;        // What that is: a number of headers.hpp's ip_protocol.
    model::Family family = model::Family::ipv4;

    [[nodiscard]] bool is_ipv4() const noexcept { return family == model::Family::ipv4; }
    // From the IP header to the transport's.
    [[nodiscard]] std::size_t ip_header_bytes() const noexcept {
        return static_cast<std::size_t>(transport_offset - ip_offset);
    }
};

}  // namespace fpvs::slowpath
