// SPDX-License-Identifier: Apache-2.0
// A configuration file as a tree of statements, before anyone asks what they mean.
//
//   statement = word {word} line_end                       weight 1
//             | word {word} '{' {statement} '}'            real_server 192.0.2.1 80 { ... }
#pragma once

#include <functional>
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

// Visits the statements of the file's own level in their order, each as soon as it is complete, so
// that a long file never stands in memory as a whole tree.  Reports missing and stray braces and
// blocks nested deeper than kConfigNestingMax.
void for_each_statement(std::string_view text,
                        Diagnostics& diagnostics,
                        const std::function<void(Statement statement)>& visit);

}  // namespace fpvs::config
