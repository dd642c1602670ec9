// SPDX-License-Identifier: Apache-2.0
// keepalived's lexical rules within a line: words and braces, each with its place.
//
// `#` and `!` begin a comment anywhere outside quotes, unless a backslash stands before them.  A
// brace ends the word before it.  Text in "..." or '...' keeps its blanks, joins the word around it
// and knows shell-like escapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/config/diagnostics.hpp"
#include "host/config/source.hpp"

namespace fpvs::config {

struct Word {
    std::string text;
    Position position;
};

enum class TokenKind : std::uint8_t { word, open_brace, close_brace, line_end };

struct Token {
    TokenKind kind = TokenKind::line_end;
    Word word;  // Only its position if the token is not a word.
};

// Hands out the tokens of a line, which must outlive the lexer.  Mistakes go to the diagnostics and
// lexing continues, so that one run reports all of them.
class Lexer {
  public:
    Lexer(const Line& line, Diagnostics& diagnostics)
        : text_(line.text), made_(line.made), diagnostics_(diagnostics), position_(line.position) {}

    [[nodiscard]] Token next();

  private:
    [[nodiscard]] bool at_end() const { return offset_ >= text_.size(); }
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
    }
    char take();
    [[nodiscard]] bool begins_comment() const;
    [[nodiscard]] bool ends_word() const;
    void skip_blanks_and_comment();
    [[nodiscard]] Word take_word();
    void take_quoted(std::string& into);
    [[nodiscard]] char take_escaped();

    std::string_view text_;
    bool made_;
    Diagnostics& diagnostics_;
    std::size_t offset_ = 0;
    Position position_;
};

}  // namespace fpvs::config
