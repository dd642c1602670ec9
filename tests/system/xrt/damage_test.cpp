// SPDX-License-Identifier: Apache-2.0
// Damaged xclbins through the whole way of opening a card: each ends in a sentence, or works.
#include <gtest/gtest.h>
#include <xclbin.h>

#include <cstddef>
#include <cstring>
#include <random>

#include "drivers/xrt/open_card.hpp"
#include "drivers/xrt/xclbin/seal.hpp"
#include "hw/abi/registers.hpp"
#include "tests/system/xrt/card_file.hpp"

namespace fpvs::xrt_card {
namespace {

class DamagedCard : public testing::Test {
  protected:
    Result<std::unique_ptr<provider::Card>> open(const std::vector<char>& image) {
        return open_card({.path = folder_.write("card", image)});
    }

    void expect_refused(const std::vector<char>& image) {
        const auto card = open(image);
        ASSERT_FALSE(card);
        EXPECT_EQ(card.error().code, Code::invalid_argument) << card.error().text();
        EXPECT_FALSE(card.error().message.empty());
    }

    static std::vector<axlf_section_header> sections(const std::vector<char>& image) {
        axlf_header header;
        std::memcpy(&header, image.data() + offsetof(axlf, m_header), sizeof header);
        std::vector<axlf_section_header> entries(header.m_numSections);
        std::memcpy(entries.data(),
                    image.data() + offsetof(axlf, m_sections),
                    entries.size() * sizeof entries[0]);
        return entries;
    }

    static std::uint32_t new_seed() {
        const std::uint32_t seed = std::random_device{}();
        std::printf("seed %u\n", seed);
        return seed;
    }

    Folder folder_;
    const std::vector<char> image_ = make_card();
};

TEST_F(DamagedCard, cut_at_every_boundary_is_refused) {
    std::vector<std::size_t> cuts = {0, 1, 7, 8, offsetof(axlf, m_header), 455, 456, 457};
    for (const auto& section : sections(image_)) {
        for (const std::uint64_t edge :
             {section.m_sectionOffset, section.m_sectionOffset + section.m_sectionSize}) {
            for (const std::uint64_t cut : {edge - 1, edge, edge + 1}) {
                if (cut < image_.size()) {
                    cuts.push_back(cut);
                }
            }
        }
    }
    EXPECT_GE(cuts.size(), 40u);
    for (const std::size_t cut : cuts) {
        SCOPED_TRACE(testing::Message() << "cut after " << cut << " bytes");
        expect_refused({image_.begin(), image_.begin() + static_cast<std::ptrdiff_t>(cut)});
    }
}

TEST_F(DamagedCard, cut_or_flipped_anywhere_is_refused) {
    std::mt19937 random(new_seed());
    for (int round = 0; round < 200; ++round) {
        SCOPED_TRACE(testing::Message() << "round " << round);
        auto damaged = image_;
        if (round % 2 == 0) {
            damaged.resize(random() % damaged.size());
        } else {
            const std::size_t at = random() % damaged.size();
            damaged[at] = static_cast<char>(damaged[at] ^ 1 << random() % 8);
        }
        expect_refused(damaged);
    }
}

// As if a tool had written nonsense: the seal is right, what it seals is not.
TEST_F(DamagedCard, nonsense_under_a_right_seal_is_refused_or_works) {
    std::mt19937 random(new_seed());
    const std::size_t described = sections(image_).back().m_sectionOffset;
    int opened = 0;
    for (int round = 0; round < 200; ++round) {
        SCOPED_TRACE(testing::Message() << "round " << round);
        auto damaged = image_;
        for (unsigned flips = 1 + random() % 3; flips > 0; --flips) {
            const std::size_t at = 8 + random() % (described - 8);
            damaged[at] = static_cast<char>(damaged[at] ^ 1 << random() % 8);
        }
        seal(damaged);
        const auto card = open(damaged);
        if (card) {
            ++opened;
            EXPECT_EQ(*(*card)->read_register(abi::reg::magic), abi::kMagic);
        } else {
            EXPECT_FALSE(card.error().message.empty());
        }
    }
    EXPECT_GT(opened, 0) << "most of the header and of the metadata is not read";
}

}  // namespace
}  // namespace fpvs::xrt_card
