// SPDX-License-Identifier: Apache-2.0
// keepalived's lexical rules: words, braces and ends of lines, each with its place.
//
// `#` and `!` begin a comment anywhere outside quotes.  A brace ends the word before it.  Text in
// "..." or '...' keeps its blanks, joins the word around it and knows shell-like escapes.  What
// keepalived expands before it parses ($NAME, ~SEQ, ~LST, @condition) is refused here, because
// later stages could only misunderstand it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/config/diagnostics.hpp"

namespace fpvs::config {

struct Word {
    std::string text;
    Position position;
};

enum class TokenKind : std::uint8_t { word, open_brace, close_brace, line_end, file_end };

struct Token {
    TokenKind kind = TokenKind::file_end;
    Word word;  // Only its position if the token is not a word.
};

// Hands out the tokens of `text`, which must outlive the lexer.  Mistakes go to the diagnostics
// and lexing continues, so that one run reports all of them.
class Lexer {
  public:
    Lexer(std::string_view text, Diagnostics& diagnostics)
        : text_(text), diagnostics_(diagnostics) {}

    [[nodiscard]] Token next();

  private:
    [[nodiscard]] bool at_end() const { return offset_ >= text_.size(); }
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
    }
    char take();
    void skip_blanks_and_comment();
    [[nodiscard]] Word take_word();
    void take_quoted(std::string& into);
    [[nodiscard]] char take_escaped();
    void refuse_expansion(std::string_view word_so_far);

    std::string_view text_;
    Diagnostics& diagnostics_;
    std::size_t offset_ = 0;
    Position position_;
};

}  // namespace fpvs::config
