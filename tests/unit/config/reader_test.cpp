// SPDX-License-Identifier: Apache-2.0
// A reader that remembers what it read gives what one that does not would give.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "host/config/files.hpp"
#include "host/config/parser.hpp"

namespace fpvs::config {
namespace {

class OneFile final : public Files {
  public:
    Result<std::string> read(const std::string& path) const override {
        const auto found = texts.find(path);
        if (found == texts.end()) {
            return fail({.code = Code::unavailable, .message = "cannot be read", .where = path});
        }
        return found->second;
    }
    std::vector<std::string> match(const std::string& pattern) const override {
        return texts.contains(pattern) ? std::vector{pattern} : std::vector<std::string>{};
    }
    std::string folder(const std::string&) const override { return ""; }

    std::map<std::string, std::string> texts;
};

// `address` is the service's; an unread keyword makes a warning, whose place moves with the block.
std::string service(int address, int weight, bool odd = false) {
    return fmt::format(
        "virtual_server 10.0.0.{} 80 {{\n protocol TCP\n lb_algo rr\n lb_kind DR\n{}"
        " real_server 10.1.0.1 80 {{\n  weight {}\n  TCP_CHECK {{\n   retry 2\n  }}\n }}\n}}\n",
        address,
        odd ? " hashed\n" : "",
        weight);
}

class Reader : public ::testing::Test {
  protected:
    // Reads the text in the place of the one before, as a fresh reader would.
    Result<ParsedConfig> read(const std::string& text) {
        files_.texts["f"] = text;
        auto remembered = reader_.read("f");
        const auto fresh = parse_file("f", options_);
        EXPECT_EQ(remembered.has_value(), fresh.has_value());
        if (remembered && fresh) {
            EXPECT_EQ(remembered->config, fresh->config);
            EXPECT_EQ(remembered->warnings, fresh->warnings);
        } else if (!remembered && !fresh) {
            EXPECT_EQ(remembered.error().text(), fresh.error().text());
        }
        return remembered;
    }

    OneFile files_;
    const ReadOptions options_{.instance = "here", .files = &files_};
    ConfigReader reader_{options_};
};

TEST_F(Reader, PassesOverWhatIsUnchanged) {
    ASSERT_TRUE(read(service(1, 1) + service(2, 1, true) + service(3, 1)));
    EXPECT_EQ(reader_.blocks_known(), 0U);
    ASSERT_TRUE(read(service(1, 1) + service(2, 1, true) + service(3, 1)));
    EXPECT_EQ(reader_.blocks_known(), 3U);
    ASSERT_TRUE(read(service(1, 1) + service(2, 1, true) + service(3, 7)));
    EXPECT_EQ(reader_.blocks_known(), 2U);
}

TEST_F(Reader, KnowsBlocksInAnotherPlace) {
    ASSERT_TRUE(read(service(1, 1) + service(2, 1, true) + service(3, 1)));
    ASSERT_TRUE(read("# new\n" + service(4, 1) + service(3, 1) + "\n" + service(2, 1, true)));
    EXPECT_EQ(reader_.blocks_known(), 2U);
    ASSERT_TRUE(read(service(2, 1, true)));
    EXPECT_EQ(reader_.blocks_known(), 1U);
}

TEST_F(Reader, RemembersTheLastRightFile) {
    ASSERT_TRUE(read(service(1, 1) + service(2, 1)));
    EXPECT_FALSE(read(service(1, 1) + "virtual_server {\n"));
    EXPECT_FALSE(read(service(1, 1) + service(1, 1)));
    ASSERT_TRUE(read(service(1, 1) + service(2, 1)));
    EXPECT_EQ(reader_.blocks_known(), 2U);
}

TEST_F(Reader, ReadsAgainWhatDependsOnSomethingElse) {
    const std::string defined = service(1, 1) +
                                "virtual_server 10.0.0.9 80 {\n protocol TCP\n"
                                " real_server 10.1.0.1 80 {\n  weight $W\n }\n}\n";
    ASSERT_TRUE(read("$W=1\n" + defined));
    const auto second = read("$W=2\n" + defined);
    ASSERT_TRUE(second);
    EXPECT_EQ(reader_.blocks_known(), 1U);
    EXPECT_EQ(second->config.virtual_services.back().servers.front().settings.weight, 2);
    files_.texts["part"] = service(8, 1);
    ASSERT_TRUE(read(service(1, 1) + "include part\n"));
    files_.texts["part"] = service(8, 2) + service(7, 1);
    ASSERT_TRUE(read(service(1, 1) + "include part\n"));
    EXPECT_EQ(reader_.blocks_known(), 1U);
    ASSERT_TRUE(read(service(1, 2) + "include part\n"));
    EXPECT_EQ(reader_.blocks_known(), 2U);
}

TEST_F(Reader, ALastLineWithoutAnEnd) {
    std::string text = service(1, 1);
    text.pop_back();
    ASSERT_TRUE(read(text));
    ASSERT_TRUE(read(text));
    EXPECT_EQ(reader_.blocks_known(), 1U);
    EXPECT_FALSE(read(text + "}\n"));
    ASSERT_TRUE(read(text + " # comment\n"));
}

TEST_F(Reader, AgreesWithAFreshOneAfterRandomEdits) {
    constexpr unsigned kSeed = 20261123;
    constexpr int kRounds = 300;
    std::mt19937 random(kSeed);
    std::vector<std::string> blocks;
    for (int i = 1; i <= 9; ++i) {
        blocks.push_back(service(i, 1, i % 3 == 0));
    }
    for (int round = 0; round < kRounds; ++round) {
        std::swap(blocks[random() % blocks.size()], blocks[random() % blocks.size()]);
        std::string& block = blocks[random() % blocks.size()];
        switch (random() % 4) {
            case 0:
                block = service(static_cast<int>(random() % 9) + 1, static_cast<int>(random() % 5));
                break;
            case 1:
                block[random() % block.size()] = "}{\n #$a"[random() % 7];
                break;
            case 2:
                block += "# between\n\n";
                break;
            default:
                break;
        }
        std::string text;
        for (const std::string& one : blocks) {
            text += one;
        }
        (void)read(text);
        if (HasFailure()) {
            FAIL() << "seed " << kSeed << ", round " << round << ":\n" << text;
        }
        if (block.find("protocol TCP") == std::string::npos || random() % 4 == 0) {
            block = service(static_cast<int>(&block - blocks.data()) + 1, 1);
        }
    }
}

}  // namespace
}  // namespace fpvs::config
