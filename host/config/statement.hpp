// SPDX-License-Identifier: Apache-2.0
// A configuration file as a tree of statements, before anyone asks what they mean.
//
//   statement = word {word} line_end                       weight 1
//             | word {word} '{' {statement} '}'            real_server 192.0.2.1 80 { ... }
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/config/lexer.hpp"
#include "host/config/source.hpp"

namespace fpvs::config {

struct Statement {
    std::vector<Word> words;  // The keyword first; never empty.
    bool has_block = false;
    std::vector<Statement> children = {};

    [[nodiscard]] const Word& keyword() const { return words.front(); }
};

// Where a statement of the file's own level stands, if it means the same wherever it stands: it
// fills whole lines of one file, and nothing was put into them.
struct Extent {
    LineSource::Mark begin;
    std::size_t bytes = 0;
    std::uint32_t lines = 0;
};

class StatementVisitor {
  public:
    virtual ~StatementVisitor() = default;
    virtual void visit(const Statement& statement, const std::optional<Extent>& extent) = 0;
    // Between two of them.  May step over a part of the source.
    virtual void between() {}
};

// Visits the statements of the file's own level in their order, each as soon as it is complete, so
// that a long file never stands in memory as a whole tree.  Reports missing and stray braces and
// blocks nested deeper than kConfigNestingMax.
void for_each_statement(LineSource& source, Diagnostics& diagnostics, StatementVisitor& visitor);

}  // namespace fpvs::config
