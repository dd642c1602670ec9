// SPDX-License-Identifier: Apache-2.0
#include "host/config/block.hpp"

#include "host/config/instead.hpp"

namespace fpvs::config {

bool has_shape(const Statement& statement, Shape shape, Diagnostics& diagnostics) {
    const Word& keyword = statement.keyword();
    if (shape == Shape::block && !statement.has_block) {
        diagnostics.error(
            keyword.position, "'{}' needs a block: {} {{ ... }}", keyword.text, keyword.text);
        return false;
    }
    if (shape == Shape::line && statement.has_block) {
        diagnostics.error(keyword.position, "'{}' takes no block", keyword.text);
        return false;
    }
    return true;
}

void report_unread(const Statement& statement,
                   std::span<const UnreadKeyword> unread,
                   Suggestion suggestion,
                   Diagnostics& diagnostics) {
    const Word& keyword = statement.keyword();
    const UnreadKeyword* const known = find_unread(unread, keyword.text);
    if (known == nullptr) {
        for (const UnreadKeyword& candidate : unread) {
            suggestion.consider(candidate.name);
        }
        diagnostics.error(
            keyword.position, "unknown keyword '{}'{}", keyword.text, suggestion.text());
    } else if (!known->refusal.empty()) {
        diagnostics.error(keyword.position,
                          "'{}' is not supported yet and cannot be ignored: {}",
                          keyword.text,
                          known->refusal);
    } else {
        diagnostics.warning(
            keyword.position, "'{}' is ignored: {}", keyword.text, what_instead(keyword.text));
    }
}

}  // namespace fpvs::config
