// SPDX-License-Identifier: Apache-2.0
// Files that keepalived 2.2.7 was asked about: what it accepts is accepted here, and what it
// complains of is refused here, but for those where the data says otherwise and why.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "host/config/parser.hpp"

namespace fpvs::config {
namespace {

struct Case {
    std::string name;
    std::string keepalived;  // "accepts" or "complains".
    std::string fpvs;        // What differs, and why; empty: nothing.
    std::string text;
};

std::vector<Case> read_cases() {
    std::ifstream file("tests/data/config/keepalived-2.2.7.txt");
    std::vector<Case> cases;
    bool in_text = false;
    for (std::string line; std::getline(file, line);) {
        const auto value = [&](std::string_view key) {
            return line.starts_with(key) ? line.substr(key.size()) : std::string();
        };
        if (line.starts_with("=== ")) {
            cases.push_back({.name = line.substr(4)});
            in_text = false;
        } else if (in_text) {
            cases.back().text += line + "\n";
        } else if (line == "---") {
            in_text = true;
        } else if (!cases.empty()) {
            cases.back().keepalived += value("keepalived: ");
            cases.back().fpvs += value("fpvs: ");
        }
    }
    return cases;
}

TEST(Stock, AnswersAsKeepalivedDoes) {
    constexpr std::size_t kCasesLeast = 200;
    const std::vector<Case> cases = read_cases();
    ASSERT_GE(cases.size(), kCasesLeast) << "run in the repository's root";
    for (const Case& one : cases) {
        const auto parsed = parse(one.text, "f", {.instance = "here"});
        const bool accepts =
            one.fpvs.empty() ? one.keepalived == "accepts" : one.fpvs.starts_with("accepts");
        EXPECT_EQ(parsed.has_value(), accepts)
            << one.name << ": " << (parsed ? "accepted" : parsed.error().text());
        // Who accepts what keepalived complains of says so.
        if (parsed && one.keepalived == "complains" &&
            one.fpvs.find("needs no warning") == std::string::npos) {
            EXPECT_FALSE(parsed->warnings.empty()) << one.name;
        }
    }
}

}  // namespace
}  // namespace fpvs::config
