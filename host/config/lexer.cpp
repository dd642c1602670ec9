// SPDX-License-Identifier: Apache-2.0
#include "host/config/lexer.hpp"

#include <utility>

namespace fpvs::config {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

// The value of a digit in bases up to 16, or -1.
int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

// Letters whose escape is a control character; others stand for themselves.
char named_escape(char c) {
    switch (c) {
        case 'a':
            return '\a';
        case 'b':
            return '\b';
        case 'E':
            return '\033';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'v':
            return '\v';
        default:
            return c;
    }
}

}  // namespace

char Lexer::take() {
    const char c = text_[offset_++];
    const bool next_begins =
        offset_ == text_.size() || (static_cast<unsigned char>(peek()) & 0xc0) != 0x80;
    // In a line that was made, columns are those of nothing.
    if (next_begins && !made_) {
        ++position_.column;
    }
    return c;
}

bool Lexer::begins_comment() const {
    return !made_ && (peek() == '#' || peek() == '!') && !at_end();
}

bool Lexer::ends_word() const {
    const char c = peek();
    return is_blank(c) || c == '{' || c == '}' || begins_comment();
}

void Lexer::skip_blanks_and_comment() {
    while (!at_end() && is_blank(peek())) {
        take();
    }
    if (begins_comment()) {
        offset_ = text_.size();
    }
}

Token Lexer::next() {
    skip_blanks_and_comment();
    Token token;
    token.word.position = position_;
    if (at_end()) {
        return token;
    }
    switch (peek()) {
        case '{':
            take();
            token.kind = TokenKind::open_brace;
            return token;
        case '}':
            take();
            token.kind = TokenKind::close_brace;
            return token;
        default:
            token.kind = TokenKind::word;
            token.word = take_word();
            return token;
    }
}

Word Lexer::take_word() {
    Word word{.text = {}, .position = position_};
    while (!at_end() && !ends_word()) {
        const char c = peek();
        if (c == '"' || c == '\'') {
            take_quoted(word.text);
            continue;
        }
        if (c == '\\' && (peek(1) == '#' || peek(1) == '!')) {
            take();
        } else if (is_control(c)) {
            diagnostics_.error(position_,
                               "a control character (0x{:02x}) cannot stand in a configuration "
                               "file; remove it",
                               static_cast<unsigned char>(c));
        }
        word.text.push_back(take());
    }
    return word;
}

void Lexer::take_quoted(std::string& into) {
    const Position opened = position_;
    const char quote = take();
    while (!at_end()) {
        if (peek() == quote) {
            take();
            return;
        }
        if (peek() == '\\') {
            take();
            if (at_end()) {
                break;
            }
            into.push_back(take_escaped());
        } else {
            into.push_back(take());
        }
    }
    diagnostics_.error(opened, "this quote is not closed on its line; add a {}", quote);
}

char Lexer::take_escaped() {
    const char c = take();
    if (c == 'x' && digit_value(peek()) >= 0) {
        int value = 0;
        for (int digits = 0; digits < 2 && digit_value(peek()) >= 0; ++digits) {
            value = value * 16 + digit_value(take());
        }
        return static_cast<char>(value);
    }
    if (c >= '0' && c <= '7') {
        int value = c - '0';
        for (int digits = 1; digits < 3 && peek() >= '0' && peek() <= '7'; ++digits) {
            value = value * 8 + (take() - '0');
        }
        return static_cast<char>(value);
    }
    if (c == 'c' && is_name_start(peek())) {
        return static_cast<char>(take() & 0x1f);
    }
    return named_escape(c);
}

}  // namespace fpvs::config
