// SPDX-License-Identifier: Apache-2.0
#include "host/config/statement.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

// The tree in one line: a b { c; d { } }
std::string outline(const std::vector<Statement>& statements) {
    std::string text;
    for (const Statement& statement : statements) {
        for (const Word& word : statement.words) {
            text += word.text + " ";
        }
        text += statement.has_block ? "{ " + outline(statement.children) + "} " : "; ";
    }
    return text;
}

std::string parsed(std::string_view text) {
    Diagnostics diagnostics("f");
    std::vector<Statement> statements;
    for_each_statement(text, diagnostics, [&statements](Statement statement) {
        statements.push_back(std::move(statement));
    });
    return diagnostics.failed() ? diagnostics.to_error().text() : outline(statements);
}

TEST(Statements, LinesAndBlocks) {
    EXPECT_EQ(parsed("a 1\nb 2 {\n  c\n  d {\n  }\n}\ne"), "a 1 ; b 2 { c ; d { } } e ; ");
}

TEST(Statements, BraceOnTheNextLine) {
    EXPECT_EQ(parsed("a\n\n{\nb }"), "a { b ; } ");
}

TEST(Statements, BlockOnOneLine) {
    EXPECT_EQ(parsed("a { b 1 } c"), "a { b 1 ; } c ; ");
}

TEST(Statements, EmptyFile) {
    EXPECT_EQ(parsed(""), "");
    EXPECT_EQ(parsed("! nothing\n\n"), "");
}

TEST(Statements, EveryOpenBlockIsReported) {
    EXPECT_EQ(parsed("a {\n b {\n"),
              "f:1:1: the block 'a' is not closed; a '}' is missing before the end of the file at "
              "line 3\n"
              "f:2:2: the block 'b' is not closed; a '}' is missing before the end of the file at "
              "line 3");
}

TEST(Statements, NestingHasALimit) {
    std::string deep;
    for (std::size_t i = 0; i < model::kConfigNestingMax; ++i) {
        deep += "a {";
    }
    const std::string closing(model::kConfigNestingMax, '}');
    EXPECT_EQ(parsed(deep + closing).substr(0, 4), "a { ");
    EXPECT_EQ(parsed("a {" + deep + closing + "}"),
              "f:1:51: blocks are nested deeper than 16 levels; is a '}' missing?");
    // A flood of braces neither overflows a stack nor floods the report.
    EXPECT_LT(parsed(std::string(1'000'000, '{')).size(), 10'000U);
}

}  // namespace
}  // namespace fpvs::config
