// SPDX-License-Identifier: Apache-2.0
// ap_int.h means what AMD documents (widths, signs, slices); the figures are those of its guide.
#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <gtest/gtest.h>
#include <hls_stream.h>

#include <type_traits>

#include <fpvs_hls.hpp>

namespace {

template <class A, class B>
constexpr bool same = std::is_same_v<A, B>;

TEST(ApInt, sums_and_products_grow) {
    ap_uint<8> a = 0xff;
    ap_uint<12> b = 1;
    static_assert(same<decltype(a + b), ap_uint<13>>);
    static_assert(same<decltype(a * b), ap_uint<20>>);
    static_assert(same<decltype(a + 1), ap_int<33>>);
    static_assert(same<decltype(a & ap_int<8>(1)), ap_int<9>>);
    EXPECT_EQ((a + ap_uint<8>(1)).to_uint64(), 256u);
    EXPECT_EQ(ap_uint<8>(a + 1).to_uint64(), 0u);
}

TEST(ApInt, difference_and_negation_are_signed) {
    ap_uint<8> a = 3, b = 5;
    static_assert(same<decltype(a - b), ap_int<9>>);
    static_assert(same<decltype(-a), ap_int<9>>);
    EXPECT_TRUE((a - b) < 0);
    EXPECT_EQ((a - b).to_int64(), -2);
    EXPECT_EQ(ap_uint<8>(a - b).to_uint(), 254u);
}

TEST(ApInt, shift_keeps_the_width_of_its_left_operand) {
    ap_uint<8> b = 1;
    EXPECT_EQ((b << 31).to_uint(), 0u);
    EXPECT_EQ((b << 7).to_uint(), 128u);
    EXPECT_EQ((b << ap_uint<4>(9)).to_uint(), 0u);
    EXPECT_EQ((ap_uint<8>(4) << -1).to_uint(), 2u);
    EXPECT_EQ((ap_int<8>(-128) >> 3).to_int(), -16);
    EXPECT_EQ((ap_int<8>(-128) >> 20).to_int(), -1);
}

TEST(ApInt, ranges_read_write_and_reverse) {
    ap_uint<512> w = 0;
    w.range(3 * 8 + 7, 3 * 8) = 0xab;
    EXPECT_EQ(w.range(31, 24).to_uint64(), 0xabu);
    EXPECT_EQ(w.range(24, 31).to_uint64(), 0xd5u);
    EXPECT_EQ(w(31, 28).to_uint(), 0xau);
    w[0] = true;
    EXPECT_TRUE(w[0]);
    w[0] = w[1];
    EXPECT_FALSE(w[0]);
    ap_uint<16> narrow = 0xffff;
    narrow.range(11, 4) = ap_uint<16>(0xf00);  // Only the low bits of the source fit.
    EXPECT_EQ(narrow.to_uint(), 0xf00fu);
}

TEST(ApInt, concatenation_puts_the_first_on_top) {
    ap_uint<8> a = 0xff;
    ap_uint<8> b = 0x01;
    ap_uint<16> joined = (a, b);
    EXPECT_EQ(joined.to_uint(), 0xff01u);
    ap_uint<12> with_slice = (a.range(3, 0), b);
    EXPECT_EQ(with_slice.to_uint(), 0xf01u);
    EXPECT_EQ(fpvs::cat(a, b, ap_uint<4>(2)).to_uint(), 0xff012u);
    static_assert(same<decltype(fpvs::cat(a, b, ap_uint<4>(2))), ap_uint<20>>);
    EXPECT_EQ((fpvs::slice<11, 4>(joined)).to_uint(), 0xf0u);
}

TEST(ApInt, mixed_signs_compare_as_integers_of_their_widths) {
    ap_uint<8> a = 5;
    EXPECT_FALSE(a < -1);
    EXPECT_TRUE(a > -1);
    EXPECT_TRUE(ap_uint<32>(5) < -1);  // Of equal width: unsigned wins, as in C.
    EXPECT_TRUE(a == 5);
    EXPECT_TRUE(5u == a);
    EXPECT_TRUE((ap_uint<200>(1) << 100) != ap_uint<200>(0));
}

TEST(ApInt, reductions) {
    ap_uint<65> x = 0;
    EXPECT_TRUE(x.nor_reduce());
    x = ~x;
    EXPECT_TRUE(x.and_reduce());
    EXPECT_TRUE(x.xor_reduce());
    EXPECT_TRUE(x.range(63, 0).and_reduce());
    EXPECT_FALSE(x.range(63, 0).xor_reduce());
}

TEST(ApInt, compound_assignment_and_increment_wrap) {
    ap_uint<4> x = 15;
    EXPECT_EQ((x++).to_uint(), 15u);
    EXPECT_EQ(x.to_uint(), 0u);
    x -= 1;
    EXPECT_EQ(x.to_uint(), 15u);
    x <<= 1;
    EXPECT_EQ(x.to_uint(), 14u);
    x ^= ap_uint<4>(3);
    EXPECT_EQ(x.to_uint(), 13u);
}

TEST(ApInt, division_and_text) {
    EXPECT_EQ((ap_uint<20>(1000) / ap_uint<4>(7)).to_uint(), 142u);
    EXPECT_EQ((ap_uint<20>(1000) % ap_uint<4>(7)).to_uint(), 6u);
    EXPECT_EQ(ap_uint<12>(0xabc).to_string(16), "0xabc");
    EXPECT_EQ(ap_int<8>(-5).to_string(10), "-5");
}

TEST(HlsStream, is_a_queue_with_an_answer_for_harnesses) {
    hls::stream<ap_uint<9>> s("s");
    EXPECT_TRUE(s.empty());
    for (int i = 0; i < 100; ++i) {
        s.write(i);
    }
    EXPECT_EQ(s.size(), 100u);
    s.force_empty(hls::EmptyAnswer::empty);
    EXPECT_TRUE(s.empty());
    s.force_empty(hls::EmptyAnswer::own);
    for (unsigned i = 0; i < 100; ++i) {
        EXPECT_EQ(s.read().to_uint(), i);
    }
    ap_uint<9> word = 0;
    EXPECT_FALSE(s.read_nb(word));
}

TEST(HlsStreamDeathTest, reading_an_empty_stream_names_it) {
    hls::stream<ap_uint<9>> s("commands");
    EXPECT_DEATH(s.read(), "commands.*empty");
}

TEST(ApAxiu, has_the_members_of_the_port) {
    ap_axiu<512, 0, 0, 0> beat;
    beat.keep = -1;
    beat.last = 1;
    EXPECT_TRUE(beat.keep.and_reduce());
    static_assert(decltype(beat.keep)::width == 64);
    static_assert(decltype(beat.strb)::width == 64);
}

}  // namespace
