// SPDX-License-Identifier: Apache-2.0
#include "host/config/statement.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

class Collector final : public StatementVisitor {
  public:
    void visit(const Statement& statement, const std::optional<Extent>& extent) override {
        statements.push_back(statement);
        extents.push_back(extent);
    }

    std::vector<Statement> statements;
    std::vector<std::optional<Extent>> extents;
};

struct Collected {
    explicit Collected(std::string_view text) {
        LineSource source({.instance = "here"}, std::make_shared<FileNames>(1, "f"), diagnostics);
        source.open(std::make_shared<const std::string>(text), "f");
        for_each_statement(source, diagnostics, collector);
    }

    Diagnostics diagnostics{"f"};
    Collector collector;
};

std::string parsed(std::string_view text) {
    const Collected collected(text);
    return collected.diagnostics.failed() ? collected.diagnostics.to_error().text()
                                          : outline(collected.collector.statements);
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

// "first line + lines", or "-" for a statement that may mean something else in another place.
std::vector<std::string> extents(std::string_view text) {
    std::vector<std::string> list;
    for (const auto& extent : Collected(text).collector.extents) {
        list.push_back(extent ? fmt::format("{}+{}", extent->begin.line, extent->lines) : "-");
    }
    return list;
}

TEST(Statements, WholeLinesOfOneFileAreTold) {
    using Extents = std::vector<std::string>;
    EXPECT_EQ(extents("a {\n b\n}\n\n# c\nd { e }  ! f\n"), (Extents{"1+3", "6+1"}));
    EXPECT_EQ(extents("a\n{\n}\n"), (Extents{"1+3"}));
    EXPECT_EQ(extents("a {\n} b {\n}\nc {\n}\n"), (Extents{"-", "-", "4+2"}));
    EXPECT_EQ(extents("x\na {\n}\nb {\n}\n"), (Extents{"-", "-", "4+2"}));
    // What depends on something outside.
    EXPECT_EQ(extents("$X=1\na {\n b $X\n}\n"), (Extents{"-"}));
    EXPECT_EQ(extents("a {\n @there b\n}\n"), (Extents{"-"}));
    EXPECT_EQ(extents("a {\n ~SEQ(I,1,2) b\n}\n"), (Extents{"-"}));
    EXPECT_EQ(extents("$B= \\\n a { \\\n }\n$B\nc {\n}\n"), (Extents{"-", "5+2"}));
}

}  // namespace
}  // namespace fpvs::config
