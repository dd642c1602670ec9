// SPDX-License-Identifier: Apache-2.0
// Damaged frames through everything that edits packets: whatever parse() lets through may be
// edited, and what comes out is a packet.  The frames lie on the heap with nothing behind them, so
// that AddressSanitizer sees a step too far.  FPVS_SEED=N plays a failure again.
#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "host/slowpath/checksum.hpp"
#include "host/slowpath/fragmentation.hpp"
#include "host/slowpath/icmp.hpp"
#include "host/slowpath/nat.hpp"
#include "host/slowpath/proxy_v2.hpp"
#include "host/slowpath/sequence_shift.hpp"
#include "host/slowpath/toa.hpp"
#include "host/slowpath/tunnel.hpp"
#include "tests/kit/ipv6_frames.hpp"
#include "tests/unit/slowpath/packets.hpp"

namespace fpvs::slowpath {
namespace {

using Kind = ParsedFrame::Kind;

constexpr int kFrames = 300'000;

// A frame in an mbuf of its own, with the usual headroom and no room behind.
class HeapFrame {
  public:
    explicit HeapFrame(const kit::Bytes& bytes) : buffer_(RTE_PKTMBUF_HEADROOM + bytes.size()) {
        std::copy(bytes.begin(), bytes.end(), buffer_.begin() + RTE_PKTMBUF_HEADROOM);
        mbuf_.buf_addr = buffer_.data();
        mbuf_.buf_len = static_cast<std::uint16_t>(buffer_.size());
        mbuf_.data_off = RTE_PKTMBUF_HEADROOM;
        mbuf_.data_len = static_cast<std::uint16_t>(bytes.size());
        mbuf_.pkt_len = mbuf_.data_len;
        mbuf_.nb_segs = 1;
        // Whoever frees it gives up a share only.
        rte_mbuf_refcnt_set(&mbuf_, 2);
    }

    rte_mbuf& operator*() { return mbuf_; }
    [[nodiscard]] kit::Bytes bytes() const { return kit::bytes_of(mbuf_); }
    [[nodiscard]] ParsedFrame parsed() {
        ParsedFrame parsed;
        parse({bytes_at(mbuf_, 0), mbuf_.data_len}, 0, parsed);
        return parsed;
    }
    [[nodiscard]] bool lies_in_its_buffer() const {
        return mbuf_.data_off + mbuf_.data_len <= mbuf_.buf_len && mbuf_.pkt_len == mbuf_.data_len;
    }

  private:
    kit::Bytes buffer_;
    rte_mbuf mbuf_{};
};

class Hostile : public ::testing::Test {
  protected:
    void SetUp() override {
        const char* given = std::getenv("FPVS_SEED");
        seed_ = given != nullptr ? static_cast<std::uint32_t>(std::stoul(given))
                                 : std::random_device{}();
        std::printf("FPVS_SEED=%u\n", seed_);
        random_.seed(seed_);
    }

    std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }
    bool coin() { return below(2) == 0; }

    // Any packet, and sometimes an error about it.
    kit::Bytes honest() {
        constexpr std::array<std::uint8_t, 4> kProtocols = {6, 17, 132, 47};
        const std::uint8_t protocol = kProtocols[below(4)];
        const std::size_t payload = below(120);
        kit::Bytes frame =
            coin()
                ? kit::make_frame({.vlan = coin() ? std::optional<std::uint16_t>(7) : std::nullopt,
                                   .protocol = protocol,
                                   .fragment = static_cast<std::uint16_t>(coin() ? 0x4000 : 0),
                                   .options_bytes = below(3) * 8,
                                   .payload_bytes = payload})
                : kit::ipv6_frame({.protocol = protocol,
                                   .payload_bytes = payload,
                                   .options_bytes = below(3) * 8});
        return below(3) == 0 ? error_about(frame) : frame;
    }

    kit::Bytes error_about(const kit::Bytes& frame) {
        HeapFrame heap(frame);
        ParsedFrame parsed = heap.parsed();
        if (parsed.kind != Kind::transport) {
            return frame;
        }
        const bool in_tunnel = coin();
        if (in_tunnel && !put_in_tunnel(*heap, parsed)) {
            return frame;
        }
        const std::array errors = {port_unreachable(parsed.family),
                                   time_exceeded(parsed.family),
                                   too_big(parsed.family, 1400)};
        const model::IpAddress router =
            parsed.is_ipv4() ? address("10.9.9.9") : address("fd00:9::9");
        if (in_tunnel && !replace_link_header(*heap, parsed, link_to_server())) {
            return frame;
        }
        return turn_into_icmp_error(*heap, parsed, errors[below(3)], router, 1) ? heap.bytes()
                                                                                : frame;
    }

    bool put_in_tunnel(rte_mbuf& frame, PacketLayout& layout) {
        const model::Tunnel tunnel{.kind = static_cast<model::TunnelKind>(below(3)),
                                   .checksum = static_cast<model::TunnelChecksum>(below(3)),
                                   .port = 6080};
        const TunnelHeader header =
            coin() ? TunnelHeader(tunnel, address("192.168.113.149"), address("192.168.113.15"))
                   : TunnelHeader(tunnel, address("fd00:d::149"), address("fd00:d::15"));
        return encapsulate(frame, layout, header, coin(), identification_);
    }

    void damage(kit::Bytes& frame) {
        for (std::uint32_t changes = below(5); changes != 0; --changes) {
            const std::size_t at = 12 + below(static_cast<std::uint32_t>(frame.size() - 12));
            frame[at] = static_cast<std::uint8_t>(coin() ? random_() : frame[at] ^ 1U << below(8));
        }
        if (below(4) == 0) {
            frame.resize(14 + below(static_cast<std::uint32_t>(frame.size() - 13)));
        }
        mend(frame);
    }

    // Checksums that parse() insists on, where it can be told where they are.
    static void mend(kit::Bytes& frame) {
        const std::size_t ip = load_be16(&frame[12]) == ethernet::kTypeVlan ? 18 : 14;
        if (frame.size() < ip + 20 || frame[ip] >> 4 != 4) {
            return;
        }
        const std::size_t header = (frame[ip] & 0xf) * std::size_t{4};
        if (header < 20 || ip + header > frame.size()) {
            return;
        }
        if (frame[ip + ipv4::kProtocol] == ip_protocol::kIcmp) {
            const std::size_t total = load_be16(&frame[ip + ipv4::kTotalLength]);
            if (total >= header + 8 && ip + total <= frame.size()) {
                kit::patch16(frame, ip + header + 2, 0);
                kit::patch16(
                    frame, ip + header + 2, checksum({&frame[ip + header], total - header}));
            }
        }
        kit::patch16(frame, ip + ipv4::kChecksum, 0);
        kit::patch16(frame, ip + ipv4::kChecksum, checksum({&frame[ip], header}));
    }

    engine::Translation translation(model::Family family) {
        const bool ipv4 = family == model::Family::ipv4;
        return {.source_address = address(ipv4 ? "10.0.0.100" : "fd00:c::100"),
                .source_port = static_cast<std::uint16_t>(random_()),
                .destination_address = address(ipv4 ? "192.168.113.15" : "fd00:d::15"),
                .destination_port = static_cast<std::uint16_t>(random_())};
    }

    void edit_transport(HeapFrame& frame, ParsedFrame& parsed) {
        const bool tcp = parsed.ip_protocol == ip_protocol::kTcp;
        trim(*frame, parsed.ip_offset, parsed.ip_length);
        switch (below(tcp ? 8 : 4)) {
            case 0:
                translate(*frame, parsed, translation(parsed.family));
                EXPECT_EQ(frame.parsed().kind, Kind::transport);
                return;
            case 1:
                EXPECT_TRUE(put_in_tunnel(*frame, parsed));
                EXPECT_EQ((*frame).data_len, parsed.ip_length);
                return;
            case 2:
                EXPECT_TRUE(turn_into_icmp_error(*frame,
                                                 parsed,
                                                 too_big(parsed.family, 1280),
                                                 translation(parsed.family).source_address,
                                                 1));
                EXPECT_EQ(frame.parsed().kind, Kind::icmp_error);
                return;
            case 3:
                cut(frame, parsed);
                return;
            case 4:
                if (insert_toa(
                        *frame, parsed, address(coin() ? "203.0.113.9" : "2001:db8::9"), 1)) {
                    EXPECT_EQ(frame.parsed().kind, Kind::transport);
                }
                return;
            case 5:
                EXPECT_TRUE(insert_proxy_header(
                    *frame,
                    parsed,
                    ProxyHeader(address("203.0.113.9"), 1, address("10.0.0.1"), 2)));
                EXPECT_EQ(frame.parsed().kind, Kind::transport);
                return;
            case 6:
                shift_to_server(*frame, parsed, {.first = below(1000), .bytes = 28}, coin());
                return;
            default:
                shift_to_client(*frame, parsed, {.first = below(1000), .bytes = 52});
                return;
        }
    }

    void cut(HeapFrame& frame, const ParsedFrame& parsed) {
        std::array<rte_mbuf*, kFragmentsMax> pieces{};
        const std::size_t made =
            fragment(*frame, parsed, 50 + below(200), below(1000), test_pool(), pieces);
        for (rte_mbuf* piece : std::span(pieces).first(made)) {
            ParsedFrame again;
            parse({bytes_at(*piece, 0), piece->data_len}, 0, again);
            EXPECT_EQ(again.kind == Kind::fragment, made > 1);
            rte_pktmbuf_free(piece);
        }
    }

    void edit_error(HeapFrame& frame, ParsedFrame& parsed) {
        trim(*frame, parsed.ip_offset, parsed.ip_length);
        if (parsed.kind == Kind::icmp_error &&
            !(coin() && parse_as_gue({bytes_at(*frame, 0), (*frame).data_len}, parsed))) {
            translate_icmp_error(
                *frame,
                parsed,
                translation(parsed.family),
                coin() ? engine::Direction::to_server : engine::Direction::to_client);
            EXPECT_EQ(frame.parsed().kind, Kind::icmp_error);
            return;
        }
        const IcmpError error = read_icmp_error(*frame, parsed);
        uncover_quote(*frame, parsed);
        EXPECT_EQ((*frame).data_len, parsed.ip_length);
        (void)turn_into_icmp_error(*frame, parsed, error, parsed.packet.destination_address, 1);
    }

    std::uint32_t seed_ = 0;
    std::mt19937 random_;
    std::uint16_t identification_ = 0;
};

TEST_F(Hostile, frames_are_edited_within_their_bounds) {
    std::array<int, 5> seen{};
    for (int i = 0; i < kFrames; ++i) {
        kit::Bytes bytes = honest();
        damage(bytes);
        HeapFrame frame(bytes);
        ParsedFrame parsed = frame.parsed();
        ++seen[static_cast<std::size_t>(parsed.kind)];
        if (parsed.kind == Kind::transport) {
            edit_transport(frame, parsed);
        } else if (parsed.kind == Kind::icmp_error || parsed.kind == Kind::tunnel_error) {
            edit_error(frame, parsed);
        }
        ASSERT_TRUE(frame.lies_in_its_buffer());
        ASSERT_FALSE(HasFailure())
            << "seed " << seed_ << ", frame " << i << ": " << kit::scapy_line(bytes);
    }
    for (const int count : seen) {
        EXPECT_GT(count, kFrames / 200) << "a kind that is hardly tried";
    }
    EXPECT_EQ(rte_mempool_in_use_count(&test_pool()), 0U);
}

}  // namespace
}  // namespace fpvs::slowpath
