// SPDX-License-Identifier: Apache-2.0
#include "host/cli/scanner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fpvs::cli {
namespace {

// "-n -t=10.0.0.1 | left over"
std::string scanned(std::vector<std::string> words) {
    Scanner scanner(std::move(words));
    std::string text;
    while (const auto option = scanner.next()) {
        text += option->mistake.empty() ? option->word : "(" + option->mistake + ")";
        text += option->value ? "=" + *option->value + " " : " ";
        if (!option->mistake.empty()) {
            break;
        }
    }
    for (const std::string& argument : scanner.arguments()) {
        text += "| " + argument + " ";
    }
    return text;
}

TEST(Scanner, Bundles) {
    EXPECT_EQ(scanned({"-Lnc"}), "-L -n -c ");
}

TEST(Scanner, ValuesJoinedAndFollowing) {
    EXPECT_EQ(scanned({"-t10.0.0.1"}), "-t=10.0.0.1 ");
    EXPECT_EQ(scanned({"-t=10.0.0.1"}), "-t=10.0.0.1 ");
    EXPECT_EQ(scanned({"-At", "10.0.0.1"}), "-A -t=10.0.0.1 ");
    EXPECT_EQ(scanned({"--weight=5", "--weight", "-6"}), "--weight=5 --weight=-6 ");
}

TEST(Scanner, ValueThatMayBeMissing) {
    EXPECT_EQ(scanned({"-p"}), "-p ");
    EXPECT_EQ(scanned({"-p", "50", "-n"}), "-p=50 -n ");
    EXPECT_EQ(scanned({"-p", "-n"}), "-p -n ");
    EXPECT_EQ(scanned({"-ps"}), "-p=s ");
}

TEST(Scanner, Mistakes) {
    EXPECT_EQ(scanned({"-Lnj"}), "-L -n (-Lnj: unknown option) ");
    EXPECT_EQ(scanned({"--foo=1"}), "(--foo=1: unknown option) ");
    EXPECT_EQ(scanned({"--stats=1"}), "(--stats=1: option does not take an argument) ");
    EXPECT_EQ(scanned({"-Lt"}), "-L (-Lt: missing argument) ");
}

TEST(Scanner, WhatIsNoOption) {
    EXPECT_EQ(scanned({"a", "-n", "-", "--", "-L"}), "-n | a | - | -L ");
    EXPECT_EQ(scanned({}), "");
}

}  // namespace
}  // namespace fpvs::cli
