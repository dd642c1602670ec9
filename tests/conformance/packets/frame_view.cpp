// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/packets/frame_view.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace fpvs::test {
namespace {

constexpr std::size_t kIpv4Bytes = 20;
constexpr std::size_t kIpv6Bytes = 40;
constexpr std::uint16_t kFoldMask = 0xffff;

std::uint32_t fold(std::uint32_t sum) {
    while (sum > kFoldMask) {
        sum = (sum & kFoldMask) + (sum >> 16);
    }
    return sum;
}

std::uint32_t be32(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint32_t>(be16(bytes, at)) << 16 | be16(bytes, at + 2);
}

model::IpAddress address_at(std::span<const std::uint8_t> frame, std::size_t at, bool is_ipv6) {
    if (!is_ipv6) {
        return model::Ipv4{be32(frame, at)};
    }
    model::Ipv6 address;
    for (std::size_t i = 0; i < address.words.size(); ++i) {
        address.words[i] = be32(frame, at + 4 * i);
    }
    return address;
}

model::MacAddress mac_at(std::span<const std::uint8_t> frame, std::size_t at) {
    model::MacAddress mac;
    if (frame.size() >= kEthernetBytes) {
        std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(at), 6, mac.octets.begin());
    }
    return mac;
}

std::string name_of_protocol(std::uint8_t number) {
    switch (number) {
        case protocol::kTcp:
            return "TCP";
        case protocol::kUdp:
            return "UDP";
        case protocol::kIcmp:
        case protocol::kIcmpv6:
            return "ICMP";
        default:
            return fmt::format("protocol {}", number);
    }
}

}  // namespace

std::uint16_t be16(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void put_be16(Frame& frame, std::size_t at, std::uint16_t value) {
    frame[at] = static_cast<std::uint8_t>(value >> 8);
    frame[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint16_t checksum_of(std::span<const std::uint8_t> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        sum += static_cast<std::uint32_t>(bytes[i]) << 8;
        sum += i + 1 < bytes.size() ? bytes[i + 1] : 0u;
    }
    return static_cast<std::uint16_t>(~fold(sum));
}

std::uint16_t changed_checksum(std::uint16_t checksum,
                               std::uint16_t old_word,
                               std::uint16_t new_word) {
    const std::uint32_t sum = static_cast<std::uint16_t>(~checksum) +
                              static_cast<std::uint32_t>(static_cast<std::uint16_t>(~old_word)) +
                              new_word;
    return static_cast<std::uint16_t>(~fold(sum));
}

std::optional<IpView> view_ip(std::span<const std::uint8_t> frame, std::size_t ip_offset) {
    if (frame.size() < ip_offset + kIpv4Bytes) {
        return std::nullopt;
    }
    const auto ip = frame.subspan(ip_offset);
    IpView view{.offset = ip_offset};
    if (ip[0] >> 4 == 4) {
        const std::size_t header = 4u * (ip[0] & 0xfu);
        if (header < kIpv4Bytes || ip.size() < header) {
            return std::nullopt;
        }
        const std::uint16_t fragment = be16(ip, 6);
        view.payload = ip_offset + header;
        view.tos = ip[1];
        view.identification = be16(ip, 4);
        view.fragment_offset = fragment & 0x1fff;
        view.more_fragments = (fragment & 0x2000) != 0;
        view.ttl = ip[8];
        view.protocol = ip[9];
        view.source = address_at(ip, 12, false);
        view.destination = address_at(ip, 16, false);
        return view;
    }
    if (ip[0] >> 4 != 6 || ip.size() < kIpv6Bytes) {
        return std::nullopt;
    }
    view.is_ipv6 = true;
    view.payload = ip_offset + kIpv6Bytes;
    view.tos = static_cast<std::uint8_t>(ip[0] << 4 | ip[1] >> 4);
    view.protocol = ip[6];
    view.ttl = ip[7];
    view.source = address_at(ip, 8, true);
    view.destination = address_at(ip, 24, true);
    return view;
}

std::optional<Ports> ports_of(std::span<const std::uint8_t> frame, const IpView& ip) {
    const bool has_ports = ip.protocol == protocol::kTcp || ip.protocol == protocol::kUdp ||
                           ip.protocol == protocol::kSctp;
    if (!has_ports || ip.fragment_offset != 0 || frame.size() < ip.payload + 4) {
        return std::nullopt;
    }
    return Ports{be16(frame, ip.payload), be16(frame, ip.payload + 2)};
}

model::MacAddress destination_mac(std::span<const std::uint8_t> frame) {
    return mac_at(frame, 0);
}

model::MacAddress source_mac(std::span<const std::uint8_t> frame) {
    return mac_at(frame, 6);
}

std::string describe(std::span<const std::uint8_t> frame) {
    const auto ip = view_ip(frame);
    if (!ip) {
        return fmt::format("{} bytes that are no IP", frame.size());
    }
    const auto ports = ports_of(frame, *ip);
    const auto end = [&](const model::IpAddress& address, std::uint16_t port) {
        return ports ? fmt::format("{} port {}", to_string(address), port) : to_string(address);
    };
    std::string text = fmt::format("{} > {} {}",
                                   end(ip->source, ports ? ports->source : 0),
                                   end(ip->destination, ports ? ports->destination : 0),
                                   name_of_protocol(ip->protocol));
    if (ip->is_icmp() && ip->fragment_offset == 0 && frame.size() >= ip->payload + 2) {
        text += fmt::format(" {}/{}", frame[ip->payload], frame[ip->payload + 1]);
    }
    if (ip->is_fragment()) {
        text += fmt::format(
            " fragment {}{}", ip->fragment_offset * 8, ip->more_fragments ? "+" : " (last)");
    }
    return text + fmt::format(" ttl {} tos {:02x} id {:04x}, {} bytes",
                              ip->ttl,
                              ip->tos,
                              ip->identification,
                              frame.size() - ip->offset);
}

}  // namespace fpvs::test
