// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/packets/compare_frames.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "host/util/check.hpp"
#include "sim/reference/tunnel.hpp"
#include "tests/kit/frame_diff.hpp"

namespace fpvs::parity {
namespace {

using reference::Bytes;
using reference::IpPacket;
using reference::View8;

constexpr std::size_t kIpv6MtuMin = 1280;  // Goes everywhere.

// --- What left, put together again.

struct Leaving {
    int port = 0;
    Bytes link;
    IpPacket packet;
    bool made = false;
    std::size_t longest = 0;  // Piece.
};

[[nodiscard]] std::size_t link_bytes(View8 frame) {
    return reference::number(frame, 12, 2) == 0x8100 ? 18 : 14;
}

// IPv6: a fragment header before what is whole may as well not be there.
void strip_fragment_header(IpPacket& packet) {
    constexpr std::size_t kFragmentHeader = 8;
    const auto header = packet.bytes.begin() + static_cast<long>(packet.fragment_header);
    packet.bytes[packet.announced_at] = packet.protocol;
    packet.bytes.erase(header, header + kFragmentHeader);
    packet.header_bytes -= kFragmentHeader;
    packet.fragment_header = 0;
    packet.fix_length();
}

// Nothing if a frame is no IP packet, or a fragment's rest is missing.
[[nodiscard]] std::optional<std::vector<Leaving>> whole_packets(
    const std::vector<reference::Frame>& frames) {
    std::vector<Leaving> packets;
    reference::Reassembly reassembly;
    for (const reference::Frame& frame : frames) {
        const std::size_t link = link_bytes(frame.bytes);
        const int family = reference::number(frame.bytes, link - 2, 2) == 0x0800 ? 4 : 6;
        auto packet =
            reference::read_ip(View8(frame.bytes).subspan(link), family, reference::Extent::whole);
        if (!packet) {
            return std::nullopt;
        }
        std::size_t longest = packet->bytes.size();
        if (packet->is_fragment()) {
            packet = reassembly.add(*packet, 0);
            if (!packet) {
                continue;
            }
            longest = packet->largest_fragment;
        }
        if (packet->fragment_header != 0) {
            strip_fragment_header(*packet);
            longest = packet->bytes.size();
        }
        packets.push_back(
            {.port = frame.port,
             .link = {frame.bytes.begin(), frame.bytes.begin() + static_cast<long>(link)},
             .packet = std::move(*packet),
             .made = frame.made,
             .longest = longest});
    }
    if (reassembly.waiting() != 0) {
        return std::nullopt;
    }
    return packets;
}

// The expected packet with what no rule fixes as it is in ours.
[[nodiscard]] IpPacket adapted(const Leaving& expected, const IpPacket& ours) {
    IpPacket packet = expected.packet;
    if (!expected.made || packet.family != ours.family ||
        packet.bytes.size() != ours.bytes.size()) {
        return packet;
    }
    if (packet.family == 6) {
        packet.bytes[1] =
            static_cast<std::uint8_t>((packet.bytes[1] & 0xf0) | (ours.bytes[1] & 0x0f));
        std::copy_n(ours.bytes.begin() + 2, 2, packet.bytes.begin() + 2);
    } else {
        std::copy_n(ours.bytes.begin() + 4, 2, packet.bytes.begin() + 4);
        packet.fix_checksum();
    }
    if (packet.protocol != reference::kUdp) {
        return packet;
    }
    constexpr std::uint32_t kFirstPort = 32768;  // Of those that the kernel calls local.
    constexpr std::uint32_t kLastPort = 60999;
    const std::size_t udp = packet.header_bytes;
    const std::uint32_t port = reference::number(ours.bytes, udp, 2);
    if (port < kFirstPort || port > kLastPort) {
        return packet;
    }
    const Bytes before(packet.bytes.begin() + static_cast<long>(udp),
                       packet.bytes.begin() + static_cast<long>(udp) + 2);
    reference::put(packet.bytes, udp, 2, port);
    const auto old = static_cast<std::uint16_t>(reference::number(packet.bytes, udp + 6, 2));
    if (old != 0) {
        const std::uint16_t fresh =
            reference::updated(old, before, View8(packet.bytes).subspan(udp, 2));
        reference::put(packet.bytes, udp + 6, 2, fresh == 0 ? 0xffff : fresh);
    }
    return packet;
}

}  // namespace

std::string list(const char* who, const std::vector<reference::Frame>& frames) {
    std::string all;
    for (const reference::Frame& frame : frames) {
        all += fmt::format("  {} by port {}: {}\n", who, frame.port, kit::scapy_line(frame.bytes));
    }
    return all;
}

std::string compare_sent(const std::vector<reference::Frame>& theirs,
                         const std::vector<reference::Frame>& ours,
                         const char* who) {
    const auto expected = whole_packets(theirs);
    const auto sent = whole_packets(ours);
    FPVS_CHECK(expected.has_value());
    const std::string all = list("reference", theirs) + list(who, ours);
    if (!sent) {
        return fmt::format("what the {} sends is no whole IP packet\n", who) + all;
    }
    if (expected->size() != sent->size()) {
        return fmt::format("{} packets and not {}\n", sent->size(), expected->size()) + all;
    }
    for (std::size_t i = 0; i < sent->size(); ++i) {
        const Leaving& their = (*expected)[i];
        const Leaving& our = (*sent)[i];
        if (their.port != our.port) {
            return fmt::format("by port {} and not {}\n", our.port, their.port) + all;
        }
        Bytes want = their.link;
        reference::append(want, adapted(their, our.packet).bytes);
        Bytes have = our.link;
        reference::append(have, our.packet.bytes);
        if (want != have) {
            return kit::frame_diff(want, have) + all;
        }
        const std::size_t always = our.packet.family == 6 ? kIpv6MtuMin : 0;
        if (our.longest > std::max(their.longest, always)) {
            return fmt::format("pieces of {} bytes, {} fit\n", our.longest, their.longest) + all;
        }
    }
    return {};
}

bool is_that(const Bytes& taken, const Bytes& frame) {
    const std::size_t link = link_bytes(frame);
    const int family = reference::number(frame, link - 2, 2) == 0x0800 ? 4 : 6;
    const auto packet =
        reference::read_ip(View8(frame).subspan(link), family, reference::Extent::whole);
    const std::size_t needed = packet ? link + packet->bytes.size() : frame.size();
    return taken.size() >= needed && taken.size() <= frame.size() &&
           std::equal(taken.begin(), taken.end(), frame.begin());
}

}  // namespace fpvs::parity
