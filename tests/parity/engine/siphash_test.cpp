// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/siphash.hpp"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "host/schedule/sip_hash.hpp"

namespace fpvs {
namespace {

// Appendix A of the paper.
TEST(SipHash, reference_gives_the_papers_test_value) {
    std::array<std::uint8_t, 15> message{};
    std::iota(message.begin(), message.end(), std::uint8_t{0});
    EXPECT_EQ(reference::siphash(2, 4, {0x0706050403020100, 0x0f0e0d0c0b0a0908}, message),
              0xa129ca6149be45e5u);
}

TEST(SipHash, the_schedulers_hash_is_the_references) {
    for (std::uint32_t i = 0; i < 1000; ++i) {
        const std::uint32_t word = i * 2654435761u;
        std::array<std::uint8_t, 4> message{};
        for (std::size_t j = 0; j < message.size(); ++j) {
            message[j] = static_cast<std::uint8_t>(word >> (8 * j));
        }
        EXPECT_EQ(schedule::sip_hash_1_3(i, 7, word),
                  static_cast<std::uint32_t>(reference::siphash(1, 3, {i, 7}, message)));
    }
}

}  // namespace
}  // namespace fpvs
