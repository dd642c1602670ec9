// SPDX-License-Identifier: Apache-2.0
// The stream of everything: in any pieces, cut, and wrong.
#include "host/sync/bulk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "host/sync/message.hpp"

namespace fpvs::sync {
namespace {

constexpr std::uint8_t kSyncId = 3;
constexpr std::size_t kConnections = 1000;  // Of several messages.

std::vector<std::uint8_t> stream() {
    std::vector<engine::SyncedConnection> connections;
    for (std::uint16_t i = 0; i < kConnections; ++i) {
        connections.push_back({.protocol = 6,
                               .state = 1,
                               .client_port = i,
                               .virtual_port = 80,
                               .server_port = 80,
                               .timeout_s = 900});
    }
    connections[7].forwarding = model::Forwarding::full_nat;  // No message can carry it.
    std::vector<std::uint8_t> bytes = bulk_part(connections, kSyncId);
    const auto end = bulk_end(kSyncId);
    bytes.insert(bytes.end(), end.begin(), end.end());
    return bytes;
}

struct Heard {
    std::size_t connections = 0;
    BulkReader::State state = BulkReader::State::reading;
};

Heard read(std::span<const std::uint8_t> bytes, std::size_t piece) {
    Heard heard;
    BulkReader reader;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        heard.state =
            reader.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)), [&](auto message) {
                const auto decoded = decode(message, kSyncId);
                ASSERT_TRUE(decoded);
                heard.connections += decoded->connections.size();
            });
    }
    return heard;
}

TEST(Bulk, a_stream_is_read_in_whatever_pieces_it_comes) {
    const auto bytes = stream();
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{7}, std::size_t{1448}, bytes.size()}) {
        const Heard heard = read(bytes, piece);
        EXPECT_EQ(heard.state, BulkReader::State::complete) << piece;
        EXPECT_EQ(heard.connections, kConnections - 1) << piece;
    }
}

TEST(Bulk, a_stream_that_is_cut_is_not_complete) {
    const auto bytes = stream();
    for (std::size_t size = bytes.size() - 1; size + 200 > bytes.size(); --size) {
        EXPECT_EQ(read(std::span(bytes).first(size), 64).state, BulkReader::State::reading);
    }
}

TEST(Bulk, what_is_no_message_breaks_the_stream) {
    for (const std::size_t octet : {0u, 2u, 5u}) {
        auto bytes = stream();
        bytes[octet] ^= 0xff;
        EXPECT_EQ(read(bytes, 64).state, BulkReader::State::broken) << octet;
    }
    // A size that is no message's, and an end that is longer than it may be.
    for (const std::uint8_t size : {std::uint8_t{0}, std::uint8_t{7}, std::uint8_t{9}}) {
        auto bytes = bulk_end(kSyncId);
        bytes[3] = size;
        bytes.resize(64);
        EXPECT_EQ(read(bytes, 64).state, BulkReader::State::broken) << int{size};
    }
}

TEST(Bulk, requests_are_known_by_all_of_their_octets) {
    const BulkRequest request{.sync_id = 51, .port = 40000};
    const auto bytes = encode(request);
    EXPECT_EQ(decode_bulk_request(bytes), request);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(decode_bulk_request(std::span(bytes).first(size)), std::nullopt);
    }
    for (std::size_t octet = 0; octet < 5; ++octet) {
        auto wrong = bytes;
        wrong[octet] ^= 1;
        EXPECT_EQ(decode_bulk_request(wrong), std::nullopt);
    }
}

}  // namespace
}  // namespace fpvs::sync
