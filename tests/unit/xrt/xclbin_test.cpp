// SPDX-License-Identifier: Apache-2.0
// Our xclbins as XRT's own parser reads them, and damaged ones as ours does.
#include <experimental/xrt_xclbin.h>
#include <gtest/gtest.h>
#include <xclbin.h>

#include <cstring>
#include <functional>
#include <random>

#include "drivers/xrt/xclbin/format.hpp"
#include "drivers/xrt/xclbin/packer.hpp"
#include "drivers/xrt/xclbin/reader.hpp"
#include "hw/abi/abi_hash.hpp"
#include "hw/abi/registers.hpp"

namespace fpvs::xrt_card {
namespace {

std::vector<char> make_image(PackInput input = {}) {
    static const std::vector<char> bitstream(1000, 'b');
    if (input.platform.empty()) {
        input.platform = "fpvs_sim_1";
    }
    if (input.bitstream.empty()) {
        input.bitstream = bitstream;
    }
    if (input.abi_hash == 0) {
        input.abi_hash = abi::kAbiHash;
    }
    auto image = pack(input);
    EXPECT_TRUE(image) << image.error().text();
    return *std::move(image);
}

axlf_section_header& section_entry(std::vector<char>& image, axlf_section_kind kind) {
    auto* top = reinterpret_cast<axlf*>(image.data());
    for (std::uint32_t i = 0; i < top->m_header.m_numSections; ++i) {
        if (top->m_sections[i].m_sectionKind == kind) {
            return top->m_sections[i];
        }
    }
    ADD_FAILURE() << "no section of kind " << kind;
    return top->m_sections[0];
}

template <class Table>
Table& table(std::vector<char>& image, axlf_section_kind kind) {
    return *reinterpret_cast<Table*>(image.data() + section_entry(image, kind).m_sectionOffset);
}

TEST(xclbin_packer, xrt_reads_what_is_packed) {
    const auto image = make_image();
    const xrt::xclbin xclbin(image);
    EXPECT_EQ(xclbin.get_xsa_name(), "fpvs_sim_1");
    const auto kernels = xclbin.get_kernels();
    ASSERT_EQ(kernels.size(), 1u);
    EXPECT_EQ(kernels[0].get_name(), kKernelName);
    const auto ips = xclbin.get_ips();
    ASSERT_EQ(ips.size(), 1u);
    EXPECT_EQ(ips[0].get_name(), "fpvs_card:fpvs_card_1");
    EXPECT_EQ(ips[0].get_control_type(), xrt::xclbin::ip::control_type::none);
    EXPECT_EQ(ips[0].get_size(), abi::kRegisterBlockBytes);
    const auto memories = xclbin.get_mems();
    ASSERT_EQ(memories.size(), 1u);
    EXPECT_EQ(memories[0].get_tag(), kHostMemoryTag);
    EXPECT_TRUE(memories[0].get_used());
    EXPECT_EQ(xclbin.get_uuid().to_string(), Xclbin::parse(image)->uuid_text());
}

TEST(xclbin_packer, our_reader_reads_what_is_packed) {
    const auto image = make_image();
    const auto xclbin = Xclbin::parse(image);
    ASSERT_TRUE(xclbin) << xclbin.error().text();
    EXPECT_EQ(xclbin->platform(), "fpvs_sim_1");
    EXPECT_TRUE(xclbin->is_simulated());
    EXPECT_TRUE(xclbin->is_sealed());
    EXPECT_TRUE(xclbin->has_kernel("fpvs_card"));
    EXPECT_FALSE(xclbin->has_kernel("fpvs_car"));
    EXPECT_FALSE(xclbin->has_kernel("fpvs_card_1"));
    ASSERT_TRUE(xclbin->abi_hash());
    EXPECT_EQ(*xclbin->abi_hash(), abi::kAbiHash);
    EXPECT_EQ(xclbin->bitstream().size(), 1000u);
    ASSERT_NE(xclbin->find_memory("HOST[0]"), nullptr);
    EXPECT_EQ(xclbin->find_memory("HOST[0]")->size_bytes, std::uint64_t{16} << 30);
    EXPECT_EQ(xclbin->find_memory("DDR[0]"), nullptr);
}

TEST(xclbin_packer, equal_input_gives_equal_bytes_and_other_input_another_uuid) {
    const auto image = make_image();
    EXPECT_EQ(image, make_image());
    const auto other = make_image({.abi_hash = 1});
    EXPECT_NE(Xclbin::parse(image)->uuid_text(), Xclbin::parse(other)->uuid_text());
    EXPECT_EQ(*Xclbin::parse(other)->abi_hash(), 1u);
}

TEST(xclbin_packer, names_that_do_not_fit_are_refused) {
    const std::vector<char> bits(1);
    EXPECT_FALSE(pack({.platform = "", .bitstream = bits}));
    EXPECT_FALSE(pack({.platform = std::string(64, 'p'), .bitstream = bits}));
    EXPECT_TRUE(pack({.platform = std::string(63, 'p'), .bitstream = bits}));
    EXPECT_FALSE(pack({.platform = "a\"b", .bitstream = bits}));
    EXPECT_FALSE(pack({.platform = "p", .bitstream = {}}));
    EXPECT_FALSE(pack({.platform = "p", .bitstream = bits, .kernel = std::string(60, 'k')}));
}

struct Damage {
    const char* expected;  // Part of the sentence.
    std::function<void(std::vector<char>&)> apply;
};

class DamagedXclbin : public testing::TestWithParam<Damage> {};

TEST_P(DamagedXclbin, is_told_in_a_sentence) {
    auto image = make_image();
    GetParam().apply(image);
    const auto xclbin = Xclbin::parse(image);
    ASSERT_FALSE(xclbin);
    EXPECT_NE(xclbin.error().message.find(GetParam().expected), std::string::npos)
        << xclbin.error().message;
}

axlf& top(std::vector<char>& image) {
    return *reinterpret_cast<axlf*>(image.data());
}

INSTANTIATE_TEST_SUITE_P(
    every_way,
    DamagedXclbin,
    testing::Values(
        Damage{"not an xclbin", [](auto& image) { image[0] = 'y'; }},
        Damage{"not an xclbin", [](auto& image) { image.clear(); }},
        Damage{"cut off in its header", [](auto& image) { image.resize(100); }},
        Damage{"the file ends after", [](auto& image) { image.pop_back(); }},
        Damage{"a name in the header has no end",
               [](auto& image) {
                   auto& header = top(image).m_header;
                   std::memset(header.m_platformVBNV, 'x', sizeof header.m_platformVBNV);
               }},
        Damage{"sections in", [](auto& image) { top(image).m_header.m_numSections = UINT32_MAX; }},
        Damage{"sections in", [](auto& image) { top(image).m_header.m_numSections = 100; }},
        Damage{"sections in", [](auto& image) { top(image).m_header.m_length = 456; }},
        Damage{"lies outside",
               [](auto& image) { section_entry(image, IP_LAYOUT).m_sectionOffset = 0; }},
        Damage{"lies outside",
               [](auto& image) { section_entry(image, IP_LAYOUT).m_sectionOffset = UINT64_MAX; }},
        Damage{"lies outside",
               [](auto& image) { section_entry(image, BITSTREAM).m_sectionSize = UINT64_MAX; }},
        Damage{"lies outside",
               [](auto& image) { section_entry(image, BITSTREAM).m_sectionSize += 1; }},
        Damage{"two sections",
               [](auto& image) { section_entry(image, BITSTREAM).m_sectionKind = IP_LAYOUT; }},
        Damage{"the name of section",
               [](auto& image) {
                   auto& entry = section_entry(image, BITSTREAM);
                   std::memset(entry.m_sectionName, 'x', sizeof entry.m_sectionName);
               }},
        Damage{"IP_LAYOUT counts",
               [](auto& image) { table<ip_layout>(image, IP_LAYOUT).m_count = 2; }},
        Damage{"IP_LAYOUT counts",
               [](auto& image) { table<ip_layout>(image, IP_LAYOUT).m_count = -1; }},
        Damage{"IP_LAYOUT has",
               [](auto& image) { section_entry(image, IP_LAYOUT).m_sectionSize = 3; }},
        Damage{"the name of an IP",
               [](auto& image) {
                   auto& ip = table<ip_layout>(image, IP_LAYOUT).m_ip_data[0];
                   std::memset(ip.m_name, 'x', sizeof ip.m_name);
               }},
        Damage{"MEM_TOPOLOGY counts",
               [](auto& image) { table<mem_topology>(image, MEM_TOPOLOGY).m_count = 1 << 30; }},
        Damage{"the name of a memory",
               [](auto& image) {
                   auto& memory = table<mem_topology>(image, MEM_TOPOLOGY).m_mem_data[0];
                   std::memset(memory.m_tag, 'x', sizeof memory.m_tag);
               }},
        Damage{"a connection joins",
               [](auto& image) {
                   auto& link = table<connectivity>(image, CONNECTIVITY).m_connection[0];
                   link.mem_data_index = 1;
               }},
        Damage{"a connection joins",
               [](auto& image) {
                   auto& link = table<connectivity>(image, CONNECTIVITY).m_connection[0];
                   link.m_ip_layout_index = -1;
               }},
        Damage{"a connection names argument",  // XRT would take half a minute over it.
               [](auto& image) {
                   auto& link = table<connectivity>(image, CONNECTIVITY).m_connection[0];
                   link.arg_index = 1 << 29;
               }},
        Damage{"hexadecimal", [](auto& image) {
                   const auto& entry = section_entry(image, KEYVALUE_METADATA);
                   auto* text = image.data() + entry.m_sectionOffset;
                   *std::strstr(text, "0x") = '1';
               }}));

TEST(xclbin_seal, every_changed_bit_is_noticed) {
    const auto image = make_image();
    for (std::size_t bit = 0; bit < image.size() * 8; bit += 7) {
        auto changed = image;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
        const auto xclbin = Xclbin::parse(changed);
        ASSERT_TRUE(!xclbin || !xclbin->is_sealed()) << "bit " << bit;
    }
}

// What our reader lets pass must not crash XRT's: sealed again, so that the seal hides nothing.
TEST(xclbin_reader, xrt_survives_what_passes) {
    const auto image = make_image();
    const auto metadata_end = [&] {
        auto copy = image;
        return section_entry(copy, BITSTREAM).m_sectionOffset;
    }();
    const std::uint32_t seed = std::random_device{}();
    std::mt19937 random(seed);
    int passed = 0;
    for (int round = 0; round < 3000; ++round) {
        auto changed = image;
        for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
            const std::size_t at = random() % metadata_end;
            changed[at] = static_cast<char>(changed[at] ^ 1 << random() % 8);
        }
        if (!Xclbin::parse(changed)) {
            continue;
        }
        ++passed;
        SCOPED_TRACE(testing::Message() << "seed " << seed << " round " << round);
        try {
            const xrt::xclbin xclbin(changed);
            for (const auto& kernel : xclbin.get_kernels()) {
                static_cast<void>(kernel.get_num_args());
            }
            static_cast<void>(xclbin.get_mems());
            static_cast<void>(xclbin.get_ips());
        } catch (const std::exception&) {
            continue;  // Said in words: as good as reading it.
        }
    }
    EXPECT_GT(passed, 100) << "seed " << seed;
}

}  // namespace
}  // namespace fpvs::xrt_card
