// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/ipv6_chain.hpp"

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/headers.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::size_t kShortestBytes = 8;
constexpr std::size_t kLengthAt = 1;

bool is_skipped(std::uint8_t protocol) {
    switch (protocol) {
        case ip_protocol::kHopByHop:
        case ip_protocol::kRouting:
        case ip_protocol::kFragment:
        case ip_protocol::kDestinationOptions:
        case ip_protocol::kAuthentication:
            return true;
        default:
            return false;
    }
}

std::size_t length_of(std::uint8_t protocol, const std::uint8_t* header) {
    switch (protocol) {
        case ip_protocol::kFragment:
            return fragment_header::kBytes;
        case ip_protocol::kAuthentication:
            return (header[kLengthAt] + std::size_t{2}) * 4;  // RFC 4302 2.2.
        default:
            return (header[kLengthAt] + std::size_t{1}) * 8;
    }
}

}  // namespace

Ipv6Chain walk_ipv6(std::span<const std::uint8_t> packet) noexcept {
    Ipv6Chain chain{.end = Ipv6Chain::End::upper,
                    .protocol = packet[ipv6::kNextHeader],
                    .offset = ipv6::kHeaderBytes,
                    .next_header_at = ipv6::kNextHeader};
    for (std::size_t skipped = 0; is_skipped(chain.protocol); ++skipped) {
        if (skipped == kExtensionHeadersMax) {
            chain.end = Ipv6Chain::End::too_long;
            return chain;
        }
        if (packet.size() - chain.offset < kShortestBytes) {
            chain.end = Ipv6Chain::End::cut;
            return chain;
        }
        const std::uint8_t* header = packet.data() + chain.offset;
        if (chain.protocol == ip_protocol::kFragment) {
            constexpr std::uint16_t kInPieces =
                fragment_header::kOffsetMask | fragment_header::kMore;
            if ((load_be16(header + fragment_header::kOffset) & kInPieces) != 0) {
                chain.end = Ipv6Chain::End::fragment;
                return chain;
            }
        }
        const std::size_t length = length_of(chain.protocol, header);
        if (packet.size() - chain.offset < length) {
            chain.end = Ipv6Chain::End::cut;
            return chain;
        }
        chain.protocol = header[0];
        chain.next_header_at = chain.offset;
        chain.offset += length;
    }
    return chain;
}

}  // namespace fpvs::slowpath
