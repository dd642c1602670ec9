// SPDX-License-Identifier: Apache-2.0
// A configuration file as a tree of statements, before anyone asks what they mean.
//
//   statement = word {word} line_end                       weight 1
//             | word {word} '{' {statement} '}'            real_server 192.0.2.1 80 { ... }
#pragma once

#include <string_view>
#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/config/lexer.hpp"

namespace fpvs::config {

struct Statement {
    std::vector<Word> words;  // The keyword first; never empty.
    bool has_block = false;
    std::vector<Statement> children = {};

    [[nodiscard]] const Word& keyword() const { return words.front(); }
};

// Reports missing and stray braces and blocks nested deeper than kConfigNestingMax.
[[nodiscard]] std::vector<Statement> parse_statements(std::string_view text,
                                                      Diagnostics& diagnostics);

}  // namespace fpvs::config
