// SPDX-License-Identifier: Apache-2.0
// Walking a block: each statement is read by its keyword's function, passed over with a warning,
// or refused.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "host/config/diagnostics.hpp"
#include "host/config/keywords.hpp"
#include "host/config/statement.hpp"
#include "host/util/check.hpp"

namespace fpvs::config {

enum class Shape : std::uint8_t { line, block };

template <class Target>
struct Keyword {
    std::string_view name;
    Shape shape = Shape::line;
    void (*read)(const Statement& statement, Target& target, Diagnostics& diagnostics) = nullptr;
    bool repeats = false;  // Each line of it counts.
};

// Reports a statement whose shape does not fit its keyword.
[[nodiscard]] bool has_shape(const Statement& statement, Shape shape, Diagnostics& diagnostics);
// A keyword that FPVS does not read: known to keepalived, or a mistake.
void report_unread(const Statement& statement,
                   std::span<const UnreadKeyword> unread,
                   Suggestion suggestion,
                   Diagnostics& diagnostics);

// Reads the statements of one block, one by one.
template <class Target>
class BlockReader {
  public:
    BlockReader(std::span<const Keyword<Target>> keywords,
                std::span<const UnreadKeyword> unread,
                Target& target,
                Diagnostics& diagnostics)
        : keywords_(keywords), unread_(unread), target_(target), diagnostics_(diagnostics) {
        FPVS_CHECK(keywords.size() <= kKeywordsMax);
    }

    [[nodiscard]] bool knows(const Statement& statement) const {
        return find(statement) != keywords_.end();
    }

    void read(const Statement& statement) {
        const std::string_view name = statement.keyword().text;
        const auto found = find(statement);
        if (found == keywords_.end()) {
            Suggestion suggestion(name);
            for (const Keyword<Target>& keyword : keywords_) {
                suggestion.consider(keyword.name);
            }
            report_unread(statement, unread_, suggestion, diagnostics_);
        } else if (has_shape(statement, found->shape, diagnostics_)) {
            const auto index = static_cast<std::size_t>(found - keywords_.begin());
            if (seen_[index] && found->shape == Shape::line && !found->repeats) {
                diagnostics_.warning(
                    statement.keyword().position, "'{}' is given again; this one counts", name);
            }
            seen_.set(index);
            found->read(statement, target_, diagnostics_);
        }
    }

  private:
    static constexpr std::size_t kKeywordsMax = 64;

    [[nodiscard]] auto find(const Statement& statement) const {
        return std::find_if(keywords_.begin(), keywords_.end(), [&](const auto& known) {
            return known.name == statement.keyword().text;
        });
    }

    std::span<const Keyword<Target>> keywords_;
    std::span<const UnreadKeyword> unread_;
    Target& target_;
    Diagnostics& diagnostics_;
    std::bitset<kKeywordsMax> seen_;
};

template <class Target>
void read_block(const std::vector<Statement>& statements,
                std::span<const Keyword<Target>> keywords,
                std::span<const UnreadKeyword> unread,
                Target& target,
                Diagnostics& diagnostics) {
    BlockReader<Target> reader(keywords, unread, target, diagnostics);
    for (const Statement& statement : statements) {
        reader.read(statement);
    }
}

}  // namespace fpvs::config
