// SPDX-License-Identifier: Apache-2.0
// Packets in mbufs for tests of what is done to them, and the recordings in tests/data/pkt.
#pragma once

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/dpdk/frame_pool.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/parse.hpp"
#include "tests/kit/frame_diff.hpp"
#include "tests/kit/frames.hpp"
#include "tests/kit/packet.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs::slowpath {

// The interfaces of the recordings.
constexpr std::string_view kClientMac = "02:00:00:00:00:c0";
constexpr std::string_view kDirectorClientMac = "02:00:00:00:00:d0";
constexpr std::string_view kDirectorServerMac = "02:00:00:00:00:d1";
constexpr std::string_view kServerMac = "02:00:00:00:01:05";

inline model::IpAddress address(std::string_view text) {
    return *model::parse_address(text);
}

// As old as the EAL, which ends before statics do: never freed.
inline rte_mempool& test_pool() {
    static rte_mempool* const pool =
        dpdk::make_frame_pool({.name = "test", .frames = 1024})->release();
    return *pool;
}

struct FreeFrame {
    void operator()(rte_mbuf* frame) const { rte_pktmbuf_free(frame); }
};
using FrameOwner = std::unique_ptr<rte_mbuf, FreeFrame>;

// A frame and what parse() says of it.
struct TestFrame {
    explicit TestFrame(const kit::Bytes& bytes) : frame(kit::to_mbuf(test_pool(), bytes)) {
        look();
    }
    void look() { parse({bytes_at(*frame, 0), frame->data_len}, 0, parsed); }
    [[nodiscard]] kit::Bytes bytes() const { return kit::bytes_of(*frame); }
    [[nodiscard]] rte_mbuf& mbuf() const { return *frame; }

    FrameOwner frame;
    ParsedFrame parsed;
};

// The frames of tests/data/pkt/`name`.pcap that one station sent.
inline std::vector<kit::Bytes> recorded(const std::string& name, std::string_view source_mac) {
    const auto octets = model::parse_mac(source_mac)->octets;
    std::vector<kit::Bytes> frames = kit::read_pcap("tests/data/pkt/" + name + ".pcap");
    std::erase_if(frames, [&](const kit::Bytes& frame) {
        return !std::equal(octets.begin(), octets.end(), frame.begin() + ethernet::kSource);
    });
    return frames;
}

inline const LinkHeader& link_to_server() {
    static const LinkHeader link = LinkHeader::make(
        *model::parse_mac(kServerMac), *model::parse_mac(kDirectorServerMac), std::nullopt);
    return link;
}

inline const LinkHeader& link_to_client() {
    static const LinkHeader link = LinkHeader::make(
        *model::parse_mac(kClientMac), *model::parse_mac(kDirectorClientMac), std::nullopt);
    return link;
}

inline void expect_same_frames(const std::vector<kit::Bytes>& actual,
                               const std::vector<kit::Bytes>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
        EXPECT_EQ(actual[i], expected[i]) << "frame " << i << "\n"
                                          << kit::frame_diff(expected[i], actual[i]);
    }
}

// The sum over a TCP or UDP packet with its pseudo-header; 0xffff where the checksum is right.
inline std::uint16_t transport_sum(const kit::Bytes& bytes, const PacketLayout& layout) {
    const std::uint8_t* ip = &bytes[layout.ip_offset];
    const std::size_t first = layout.is_ipv4() ? ipv4::kSource : ipv6::kSource;
    const std::size_t length = layout.ip_length - layout.ip_header_bytes();
    return fold(std::uint64_t{ones_sum({ip + first, layout.is_ipv4() ? 8U : 32U})} +
                layout.ip_protocol + length + ones_sum({&bytes[layout.transport_offset], length}));
}

// With a right checksum in its TCP or UDP header; other packets as they are.
inline kit::Bytes with_transport_checksum(kit::Bytes bytes) {
    ParsedFrame parsed;
    parse(bytes, 0, parsed);
    const bool tcp = parsed.ip_protocol == ip_protocol::kTcp;
    if (!tcp && parsed.ip_protocol != ip_protocol::kUdp) {
        return bytes;
    }
    const std::size_t at = parsed.transport_offset + (tcp ? tcp::kChecksum : udp::kChecksum);
    kit::patch16(bytes, at, 0);
    const auto sum = static_cast<std::uint16_t>(~transport_sum(bytes, parsed));
    kit::patch16(bytes, at, sum == 0 ? 0xffff : sum);
    return bytes;
}

}  // namespace fpvs::slowpath
