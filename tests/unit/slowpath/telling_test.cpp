// SPDX-License-Identifier: Apache-2.0
// Servers told about clients, over networks that lose and reorder.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "host/slowpath/client_address.hpp"
#include "host/slowpath/proxy_v2.hpp"
#include "host/slowpath/toa.hpp"
#include "tests/unit/slowpath/packets.hpp"

namespace fpvs::slowpath {
namespace {

using model::ClientAddress;

constexpr std::size_t kSegment = 34;
constexpr std::size_t kPayloadMax = 100;

struct Segment {
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint8_t flags = kit::tcp::kAck;
    kit::Bytes payload = {};
    kit::Bytes options = {};
};

TestFrame make(const Segment& segment) {
    kit::Bytes bytes = kit::make_frame(
        {.flags = segment.flags, .payload_bytes = segment.options.size() + segment.payload.size()});
    store_be32(&bytes[kSegment + tcp::kSequence], segment.sequence);
    store_be32(&bytes[kSegment + tcp::kAcknowledgement], segment.acknowledgement);
    bytes[kSegment + tcp::kDataOffset] =
        static_cast<std::uint8_t>((20 + segment.options.size()) / 4 << 4);
    auto at = bytes.begin() + kSegment + 20;
    at = std::copy(segment.options.begin(), segment.options.end(), at);
    std::copy(segment.payload.begin(), segment.payload.end(), at);
    return TestFrame(with_transport_checksum(bytes));
}

Segment read(const TestFrame& test) {
    ParsedFrame parsed;
    parse({bytes_at(test.mbuf(), 0), test.frame->data_len}, 0, parsed);
    EXPECT_EQ(parsed.kind, ParsedFrame::Kind::transport);
    const kit::Bytes bytes = test.bytes();
    EXPECT_EQ(transport_sum(bytes, parsed), 0xffff);
    const std::size_t header = static_cast<std::size_t>(bytes[kSegment + 12] >> 4) * 4;
    const auto end = [&](std::size_t offset) {
        return bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    };
    return {.sequence = load_be32(&bytes[kSegment + tcp::kSequence]),
            .acknowledgement = load_be32(&bytes[kSegment + tcp::kAcknowledgement]),
            .flags = bytes[kSegment + tcp::kFlags],
            .payload = kit::Bytes(end(kSegment + header), bytes.end()),
            .options = kit::Bytes(end(kSegment + 20), end(kSegment + header))};
}

// A connection's director.
class Teller {
  public:
    explicit Teller(ClientAddress told) {
        origin_ = {.told = told,
                   .client_address = address("203.0.113.9"),
                   .client_port = 4660,
                   .virtual_address = address("10.0.0.100"),
                   .virtual_port = 80,
                   .note = &note_};
    }
    Segment to_server(const Segment& segment) {
        TestFrame test = make(segment);
        const std::size_t added = telling_bytes(test.mbuf(), test.parsed, origin_);
        const std::size_t before = test.parsed.ip_length;
        const bool has_room = segment.options.size() < 40;
        EXPECT_TRUE(tell_server(test.mbuf(), test.parsed, origin_));
        EXPECT_EQ(test.parsed.ip_length, before + (has_room ? added : 0));
        EXPECT_EQ(test.parsed.ip_offset + test.parsed.ip_length, test.frame->data_len);
        return read(test);
    }
    Segment to_client(const Segment& segment) {
        TestFrame test = make(segment);
        hide_from_client(test.mbuf(), test.parsed, origin_);
        return read(test);
    }
    [[nodiscard]] kit::Bytes header() const {
        const ProxyHeader made(origin_.client_address,
                               origin_.client_port,
                               origin_.virtual_address,
                               origin_.virtual_port);
        return {made.bytes().begin(), made.bytes().end()};
    }

  private:
    std::uint32_t note_ = 0;
    engine::Origin origin_;
};

constexpr std::uint8_t kSynAck = kit::tcp::kSyn | kit::tcp::kAck;

TEST(telling, by_toa_is_in_what_acknowledges_the_servers_syn_only) {
    Teller director(ClientAddress::toa);
    const kit::Bytes option = {254, 8, 0x12, 0x34, 203, 0, 113, 9};
    EXPECT_TRUE(director.to_server({.sequence = 99, .flags = kit::tcp::kSyn}).options.empty());
    const Segment answer =
        director.to_client({.sequence = 499, .acknowledgement = 100, .flags = kSynAck});
    EXPECT_EQ(answer.sequence, 499U);
    EXPECT_EQ(director.to_server({.sequence = 100, .acknowledgement = 500}).options, option);
    EXPECT_EQ(
        director.to_server({.sequence = 100, .acknowledgement = 500, .payload = {1, 2}}).options,
        option)
        << "should the one before be lost";
    EXPECT_TRUE(director.to_server({.sequence = 102, .acknowledgement = 501}).options.empty());
    EXPECT_TRUE(
        director
            .to_server(
                {.sequence = 102, .acknowledgement = 500, .flags = kit::tcp::kAck | kit::tcp::kRst})
            .options.empty());
    const kit::Bytes full(40, 1);
    EXPECT_EQ(
        director.to_server({.sequence = 100, .acknowledgement = 500, .options = full}).options,
        full)
        << "no room";
}

TEST(telling, asks_for_smaller_segments) {
    for (const auto& [told, bytes] :
         {std::pair{ClientAddress::toa, 8}, {ClientAddress::proxy_v2, 28}}) {
        for (const std::size_t before : {0, 1}) {
            Teller director(told);
            kit::Bytes options(before, 1);
            options.insert(options.end(), {2, 4, 5, 180, 1, 1, 1, 1});
            options.resize(8);
            const Segment answer = director.to_client(
                {.sequence = 1, .acknowledgement = 100, .flags = kSynAck, .options = options});
            EXPECT_EQ(load_be16(&answer.options[before + 2]), 1460 - bytes);
            const kit::Bytes tiny = {2, 4, 0, 88};
            EXPECT_EQ(
                director
                    .to_client(
                        {.sequence = 1, .acknowledgement = 100, .flags = kSynAck, .options = tiny})
                    .options,
                tiny);
        }
    }
}

TEST(telling, that_nobody_asked_for_changes_nothing) {
    Teller director(ClientAddress::not_told);
    const kit::Bytes options = {2, 4, 5, 180};
    EXPECT_EQ(director.to_client({.flags = kSynAck, .options = options}).options, options);
    EXPECT_EQ(director.to_server({.sequence = 5, .acknowledgement = 1}).sequence, 5U);
}

// A stream that comes by its first number again, 4 GiB later, has its header behind it.
TEST(telling, by_proxy_outlives_the_numbers) {
    Teller director(ClientAddress::proxy_v2);
    (void)director.to_client({.sequence = 1, .acknowledgement = 100, .flags = kSynAck});
    EXPECT_EQ(director.to_server({.sequence = 100}).payload, director.header());
    EXPECT_EQ(director.to_server({.sequence = 101}).sequence, 129U);
    EXPECT_EQ(director.to_client({.acknowledgement = 110}).acknowledgement, 100U);
    EXPECT_EQ(director.to_client({.acknowledgement = 128}).acknowledgement, 100U);
    for (const std::uint32_t number : {100U, 99U, 5U, 0x80000000U, 0xfffffff0U}) {
        const Segment segment = director.to_server({.sequence = number});
        EXPECT_EQ(segment.sequence, number + 28);
        EXPECT_TRUE(segment.payload.empty());
        EXPECT_EQ(director.to_client({.acknowledgement = number + 28}).acknowledgement, number);
    }
}

// Ports are used again, within the same entry of the connection table.
TEST(telling, begins_anew_with_another_connection) {
    for (const std::uint32_t first : {100U, 70'000U}) {
        for (const auto told : {ClientAddress::toa, ClientAddress::proxy_v2}) {
            Teller director(told);
            for (const std::uint32_t again : {5000U, first}) {
                (void)director.to_server({.sequence = again - 1, .flags = kit::tcp::kSyn});
                (void)director.to_client(
                    {.sequence = again, .acknowledgement = again, .flags = kSynAck});
                const Segment opening =
                    director.to_server({.sequence = again, .acknowledgement = again + 1});
                EXPECT_EQ(opening.sequence, again);
                EXPECT_NE(opening.payload.size() + opening.options.size(), 0U);
                (void)director.to_client({.sequence = again + 1, .acknowledgement = again + 28});
            }
        }
    }
}

// A client with something to send, a server that takes it, and packets on their way in between that
// may be lost, doubled or overtaken.
class Conversation {
  public:
    Conversation(std::uint32_t seed, std::uint32_t first)
        : random_(seed), first_(first), stream_(director_.header()) {
        for (int i = 0; i < 2000; ++i) {
            stream_.push_back(static_cast<std::uint8_t>(random_()));
        }
        const Segment syn = director_.to_server({.sequence = first - 1, .flags = kit::tcp::kSyn});
        EXPECT_EQ(syn.sequence, first - 1);
        const Segment answer =
            director_.to_client({.sequence = 7000, .acknowledgement = first, .flags = kSynAck});
        EXPECT_EQ(answer.acknowledgement, first);
    }

    void run() {
        constexpr int kUnkindlySteps = 3000;
        constexpr int kStepsMax = 30'000;
        for (int i = 0; acknowledged_ != data_bytes() && i < kStepsMax; ++i) {
            step(i >= kUnkindlySteps);
            if (::testing::Test::HasFailure()) {
                return;
            }
        }
        EXPECT_EQ(received_, stream_.size());
        EXPECT_EQ(acknowledged_, data_bytes());
    }

  private:
    [[nodiscard]] std::size_t header_bytes() const { return director_.header().size(); }
    [[nodiscard]] std::size_t data_bytes() const { return stream_.size() - header_bytes(); }
    [[nodiscard]] std::size_t below(std::size_t end) { return random_() % end; }

    void step(bool kindly) {
        switch (below(4)) {
            case 0:
                client_sends(below(3) == 0 || kindly ? acknowledged_ : sent_);
                break;
            case 1:
                server_sends();
                break;
            case 2:
                deliver(to_server_, kindly, [this](const Segment& s) { server_takes(s); });
                break;
            default:
                deliver(to_client_, kindly, [this](const Segment& s) { client_takes(s); });
                break;
        }
    }

    template <class Take>
    void deliver(std::vector<Segment>& way, bool kindly, Take&& take) {
        if (way.empty()) {
            return;
        }
        const auto chosen = way.begin() + static_cast<std::ptrdiff_t>(below(way.size()));
        const Segment segment = *chosen;
        const std::size_t fate = kindly ? 9 : below(10);
        if (fate != 0) {  // Doubled.
            way.erase(chosen);
        }
        if (fate > 2) {
            take(segment);
        }
    }

    void client_sends(std::size_t from) {
        const std::size_t size =
            below(5) == 0 ? 0 : std::min(below(kPayloadMax), data_bytes() - from);
        const auto at = stream_.begin() + static_cast<std::ptrdiff_t>(header_bytes() + from);
        sent_ = std::max(sent_, from + size);
        to_server_.push_back(director_.to_server(
            {.sequence = first_ + static_cast<std::uint32_t>(from),
             .acknowledgement = 7001,
             .payload = kit::Bytes(at, at + static_cast<std::ptrdiff_t>(size))}));
    }

    void server_takes(const Segment& segment) {
        const std::uint32_t offset = segment.sequence - first_;
        ASSERT_LE(offset + segment.payload.size(), stream_.size());
        ASSERT_TRUE(std::equal(segment.payload.begin(),
                               segment.payload.end(),
                               stream_.begin() + static_cast<std::ptrdiff_t>(offset)))
            << "what is at " << offset << " is not what was sent";
        if (offset <= received_) {
            received_ = std::max(received_, offset + segment.payload.size());
        }
    }

    void server_sends() {
        to_client_.push_back(director_.to_client(
            {.sequence = 7001, .acknowledgement = first_ + static_cast<std::uint32_t>(received_)}));
    }

    void client_takes(const Segment& segment) {
        const auto offset = static_cast<std::int32_t>(segment.acknowledgement - first_);
        ASSERT_LE(offset, static_cast<std::int32_t>(sent_)) << "more than was sent";
        if (offset <= 0) {
            return;
        }
        ASSERT_LE(header_bytes() + static_cast<std::size_t>(offset), received_);
        acknowledged_ = std::max(acknowledged_, static_cast<std::size_t>(offset));
    }

    std::mt19937 random_;
    Teller director_{ClientAddress::proxy_v2};
    std::uint32_t first_;
    kit::Bytes stream_;  // As the server is to get it: the header and the client's data.
    std::size_t sent_ = 0;
    std::size_t acknowledged_ = 0;
    std::size_t received_ = 0;
    std::vector<Segment> to_server_;
    std::vector<Segment> to_client_;
};

TEST(telling, by_proxy_gives_the_server_the_header_and_all_data_whatever_is_lost) {
    std::mt19937 random(20261122);
    for (int i = 0; i < 60; ++i) {
        const std::uint32_t seed = random();
        // Numbers that wrap in the middle, too.
        const std::uint32_t first = i % 2 == 0 ? random() : 0U - random() % 2000 - 2;
        Conversation(seed, first).run();
        ASSERT_FALSE(HasFailure()) << "seed " << seed << ", first " << first;
    }
    EXPECT_EQ(rte_mempool_in_use_count(&test_pool()), 0U);
}

}  // namespace
}  // namespace fpvs::slowpath
