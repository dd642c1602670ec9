// SPDX-License-Identifier: Apache-2.0
#include "host/config/lexer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace fpvs::config {
namespace {

// One line a token: "1:4 word" or "1:4 {".
std::vector<std::string> tokens(std::string_view text) {
    Diagnostics diagnostics("f");
    std::vector<std::string> list;
    Line line;
    for (std::size_t begin = 0; begin <= text.size(); ++line.position.line) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        line.text = text.substr(begin, end - begin);
        Lexer lexer(line, diagnostics);
        for (Token token = lexer.next(); token.kind != TokenKind::line_end; token = lexer.next()) {
            const Position place = token.word.position;
            const std::string what = token.kind == TokenKind::open_brace    ? "{"
                                     : token.kind == TokenKind::close_brace ? "}"
                                                                            : token.word.text;
            list.push_back(fmt::format("{}:{} {}", place.line, place.column, what));
        }
        begin = end + 1;
    }
    if (diagnostics.failed()) {
        list.push_back(diagnostics.to_error().text());
    }
    return list;
}

using Tokens = std::vector<std::string>;

TEST(Lexer, WordsBracesAndLines) {
    EXPECT_EQ(tokens("a  b\n\t}"), (Tokens{"1:1 a", "1:4 b", "2:2 }"}));
}

TEST(Lexer, BraceEndsAWord) {
    EXPECT_EQ(tokens("TCP_CHECK{"), (Tokens{"1:1 TCP_CHECK", "1:10 {"}));
}

TEST(Lexer, BothCommentMarksAnywhere) {
    EXPECT_EQ(tokens("a # b\n! c\nd!e"), (Tokens{"1:1 a", "3:1 d"}));
}

TEST(Lexer, ColumnsCountCharactersNotBytes) {
    EXPECT_EQ(tokens("主备 x"), (Tokens{"1:1 主备", "1:4 x"}));
}

TEST(Lexer, CarriageReturnsAreBlanks) {
    EXPECT_EQ(tokens("a\r\nb\r\n"), (Tokens{"1:1 a", "2:1 b"}));
}

TEST(Lexer, QuotesJoinAndKeepBlanks) {
    // keepalived.conf(5), "Quoted strings": both examples.
    EXPECT_EQ(tokens("abcd\" efg h jkl \"mnop"), (Tokens{"1:1 abcd efg h jkl mnop"}));
    EXPECT_EQ(tokens("abcd \"efg h jkl\" mnop"),
              (Tokens{"1:1 abcd", "1:6 efg h jkl", "1:18 mnop"}));
    EXPECT_EQ(tokens("'a {#!} b'"), (Tokens{"1:1 a {#!} b"}));
    EXPECT_EQ(tokens("\"\""), (Tokens{"1:1 "}));
}

TEST(Lexer, EscapesInQuotes) {
    EXPECT_EQ(tokens(R"("\\ \" \t \x41 \101 \q \cA")"), (Tokens{"1:1 \\ \" \t A A q \x01"}));
}

TEST(Lexer, OpenQuoteIsReported) {
    EXPECT_EQ(
        tokens("a \"bc\nd"),
        (Tokens{
            "1:1 a", "1:3 bc", "2:1 d", "f:1:3: this quote is not closed on its line; add a \""}));
    EXPECT_EQ(tokens("'\\").back(), "f:1:1: this quote is not closed on its line; add a '");
}

TEST(Lexer, EscapedCommentMarksAreText) {
    EXPECT_EQ(tokens("a\\#b \\!c d\\e#f"), (Tokens{"1:1 a#b", "1:6 !c", "1:10 d\\e"}));
}

TEST(Lexer, DollarAloneIsText) {
    EXPECT_EQ(tokens("pa$$ 5$"), (Tokens{"1:1 pa$$", "1:6 5$"}));
}

}  // namespace
}  // namespace fpvs::config
