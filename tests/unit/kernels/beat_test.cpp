// SPDX-License-Identifier: Apache-2.0
// The vocabulary of kernels: hw/lib.
#include "hw/lib/beat.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "hw/lib/bytes.hpp"
#include "hw/lib/checksum.hpp"
#include "hw/lib/saturate.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::lib {
namespace {

TEST(Keep, names_as_many_bytes_as_were_asked_for) {
    for (unsigned bytes = 0; bytes <= 64; ++bytes) {
        const ap_uint<64> keep = keep_of_bytes(bytes);
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

TEST(Saturate, stops_at_all_ones) {
    EXPECT_EQ(add_saturating<4>(9, 6).to_uint(), 15u);
    EXPECT_EQ(add_saturating<4>(9, 7).to_uint(), 15u);
    EXPECT_EQ(add_saturating<4>(15, 15).to_uint(), 15u);
    EXPECT_EQ(add_saturating<4>(3, 4).to_uint(), 7u);
}

// Linux 6.1, include/net/ip.h, ip_decrease_ttl: computed on the octets as they lie in memory.
std::uint16_t as_linux(std::uint16_t checksum) {
    const auto swap = [](std::uint16_t x) { return static_cast<std::uint16_t>(x << 8 | x >> 8); };
    std::uint32_t check = swap(checksum);
    check += swap(0x0100);
    return swap(static_cast<std::uint16_t>(check + (check >= 0xffff)));
}

TEST(Checksum, after_a_ttl_decrement_is_linuxs_for_every_value) {
    for (std::uint32_t checksum = 0; checksum <= 0xffff; ++checksum) {
        ASSERT_EQ(checksum_after_ttl_decrement(checksum).to_uint(),
                  as_linux(static_cast<std::uint16_t>(checksum)))
            << checksum;
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
