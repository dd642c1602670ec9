// SPDX-License-Identifier: Apache-2.0
// The vocabulary of kernels: hw/lib.
#include "hw/lib/beat.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "hw/lib/bytes.hpp"
#include "hw/lib/checksum.hpp"
#include "hw/lib/crc32c.hpp"
#include "hw/lib/saturate.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::lib {
namespace {

TEST(Keep, names_as_many_bytes_as_were_asked_for) {
    for (unsigned bytes = 0; bytes <= 64; ++bytes) {
        const ap_uint<64> keep = bytes_below<64>(ap_uint<7>(bytes));
        EXPECT_EQ(keep.to_uint64(), bytes == 0 ? 0 : ~0ull >> (64 - bytes));
        EXPECT_EQ(bytes_of_keep(keep).to_uint(), bytes);
    }
}

TEST(Bytes, a_number_is_read_and_written_in_network_order) {
    ap_uint<64> word = 0x0807060504030201u;
    EXPECT_EQ((number_at<0, 2>(word)).to_uint(), 0x0102u);
    EXPECT_EQ((number_at<3, 4>(word)).to_uint(), 0x04050607u);
    put_number_at<2, 3>(word, 0xaabbcc);
    EXPECT_EQ(word.to_uint64(), 0x080706ccbbaa0201u);
}

TEST(Bytes, below_a_number_are_kept) {
    const ap_uint<64> word = 0x0807060504030201u;
    for (unsigned bytes = 0; bytes <= 200; ++bytes) {
        const ap_uint<8> mask = bytes_below<8>(ap_uint<8>(bytes));
        const unsigned kept = bytes < 8 ? bytes : 8;
        EXPECT_EQ(mask.to_uint(), (1u << kept) - 1);
        EXPECT_EQ((keep_bytes<8>(word, mask).to_uint64()),
                  kept == 8 ? word.to_uint64() : word.to_uint64() & ((1ull << 8 * kept) - 1));
    }
}

TEST(Saturate, stops_at_all_ones) {
    EXPECT_EQ(add_saturating<4>(9, 6).to_uint(), 15u);
    EXPECT_EQ(add_saturating<4>(9, 7).to_uint(), 15u);
    EXPECT_EQ(add_saturating<4>(15, 15).to_uint(), 15u);
    EXPECT_EQ(add_saturating<4>(3, 4).to_uint(), 7u);
}

TEST(Checksum, of_udp_is_never_the_zero_that_says_none) {
    EXPECT_EQ(udp_checksum(0xffff).to_uint(), 0xffffu);
    EXPECT_EQ(udp_checksum(0xfffe).to_uint(), 1u);
    EXPECT_EQ(udp_checksum(1).to_uint(), 0xfffeu);
}

TEST(Checksum, carries_come_round_as_often_as_it_takes) {
    EXPECT_EQ(fold_carries(ap_uint<17>(0x1ffff)).to_uint(), 1u);
    EXPECT_EQ(fold_carries(ap_uint<32>(0xffffffff)).to_uint(), 0xffffu);
    EXPECT_EQ(fold_carries(ap_uint<24>(0x01fffe)).to_uint(), 0xffffu);
    EXPECT_EQ(fold_carries(ap_uint<24>(0)).to_uint(), 0u);
}

// As processors compute it: a ninth byte, "9", would give the check value of CRC catalogues.
TEST(Crc32c, is_the_instructions) {
    const auto by_bits = [](std::uint32_t crc, std::uint32_t word) {
        crc ^= word;
        for (int bit = 0; bit < 32; ++bit) {
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
        }
        return crc;
    };
    EXPECT_EQ((Crc32c<2>::of(ap_uint<32>(0xffffffffu),
                             cat(ap_uint<32>(0x34333231u), ap_uint<32>(0x38373635u))))
                  .to_uint(),
              0x9f787f65u);
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        const auto seed = static_cast<std::uint32_t>(random());
        std::uint32_t expected = seed;
        ap_uint<96> words = 0;
        for (int word = 0; word < 3; ++word) {
            const auto next = static_cast<std::uint32_t>(random());
            expected = by_bits(expected, next);
            words = (words << 32) | next;
        }
        EXPECT_EQ((Crc32c<3>::of(ap_uint<32>(seed), words)).to_uint(), expected);
    }
}

TEST(Checksum, is_right_exactly_if_the_sum_of_all_words_is_all_ones) {
    std::mt19937 random(3);
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::uint8_t> header(60);
        for (std::uint8_t& octet : header) {
            octet = static_cast<std::uint8_t>(round % 3 == 0 ? 0xff : random());
        }
        header[10] = header[11] = 0;
        const std::uint16_t checksum =
            static_cast<std::uint16_t>(~kit::internet_sum(header.data(), header.size()));
        header[10] = static_cast<std::uint8_t>(checksum >> 8);
        header[11] = static_cast<std::uint8_t>(checksum);
        ap_uint<480> words = 0;
        for (int i = 0; i < 60; ++i) {
            words.range(8 * i + 7, 8 * i) = header[static_cast<std::size_t>(i)];
        }
        ASSERT_TRUE(checksum_is_right<30>(words));
        const int bit = static_cast<int>(random() % 480);
        words[bit] = !words[bit];
        ASSERT_FALSE(checksum_is_right<30>(words)) << bit;
    }
}

}  // namespace
}  // namespace fpvs::lib
