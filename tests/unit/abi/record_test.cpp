// SPDX-License-Identifier: Apache-2.0
#include "hw/abi/record.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/abi/events.hpp"
#include "hw/abi/rings.hpp"

namespace fpvs::abi {
namespace {

struct Straddling {
    enum : int { bits = 128 };
    using low = Field<0, 60>;
    using across = Field<60, 10>;
    using high = Field<70, 58>;
};

TEST(Record, a_field_across_two_words_reads_what_was_set) {
    Record<Straddling> record;
    record.set<Straddling::across>(0x2a5);
    EXPECT_EQ(record.get<Straddling::across>(), 0x2a5u);
    EXPECT_EQ(record.words[0], 0x5ull << 60);
    EXPECT_EQ(record.words[1], 0x2aull);
    record.set<Straddling::low>(~0ull).set<Straddling::high>(~0ull);
    EXPECT_EQ(record.get<Straddling::across>(), 0x2a5u);
    record.set<Straddling::across>(0);
    EXPECT_EQ(record.get<Straddling::across>(), 0u);
    EXPECT_EQ(record.get<Straddling::low>(), ~0ull >> 4);
    EXPECT_EQ(record.get<Straddling::high>(), ~0ull >> 6);
}

struct Span {
    const char* name;
    int lsb;
    int width;
};

#define FPVS_TEST_SPAN(name, lsb, width) Span{#name, lsb, width},

void expect_disjoint(const std::vector<Span>& fields, int bits) {
    std::vector<const char*> owner(bits, nullptr);
    for (const Span& field : fields) {
        ASSERT_LE(field.lsb + field.width, bits) << field.name;
        for (int bit = field.lsb; bit < field.lsb + field.width; ++bit) {
            EXPECT_EQ(owner[bit], nullptr) << field.name << " overlaps " << owner[bit];
            owner[bit] = field.name;
        }
    }
}

TEST(Record, fields_of_the_contract_do_not_overlap) {
    expect_disjoint({FPVS_ABI_SERVICE_ENTRY(FPVS_TEST_SPAN)}, ServiceEntry::bits);
    expect_disjoint({FPVS_ABI_REPLY_ENTRY(FPVS_TEST_SPAN)}, ReplyEntry::bits);
    expect_disjoint({FPVS_ABI_FLOW_ENTRY(FPVS_TEST_SPAN)}, FlowEntry::bits);
    expect_disjoint({FPVS_ABI_FLOW6_ENTRY(FPVS_TEST_SPAN)}, Flow6Entry::bits);
    expect_disjoint({FPVS_ABI_SERVER_ENTRY(FPVS_TEST_SPAN)}, ServerEntry::bits);
    expect_disjoint({FPVS_ABI_VIRTUAL_END_ENTRY(FPVS_TEST_SPAN)}, VirtualEndEntry::bits);
    expect_disjoint({FPVS_ABI_STEER_ENTRY(FPVS_TEST_SPAN)}, SteerEntry::bits);
    expect_disjoint({FPVS_ABI_NEXT_HOP_ENTRY(FPVS_TEST_SPAN)}, NextHopEntry::bits);
    expect_disjoint({FPVS_ABI_PORT_ENTRY(FPVS_TEST_SPAN)}, PortEntry::bits);
    expect_disjoint({FPVS_ABI_COMMAND(FPVS_TEST_SPAN)}, Command::bits);
    expect_disjoint({FPVS_ABI_EVENT(FPVS_TEST_SPAN)}, Event::bits);
    expect_disjoint({FPVS_ABI_PUNT_HEADER(FPVS_TEST_SPAN)}, PuntHeader::bits);
    expect_disjoint({FPVS_ABI_INJECT_HEADER(FPVS_TEST_SPAN)}, InjectHeader::bits);
}

}  // namespace
}  // namespace fpvs::abi
