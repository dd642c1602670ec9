// SPDX-License-Identifier: Apache-2.0
// Which keywords keepalived 2.2.7 knows in which block, beyond those that FPVS reads.
//
// A keyword that can be passed over is met with a warning.  One that cannot, because the service
// would silently do something else than the operator wrote, is refused with the reason.  The lists
// were found by asking keepalived itself (`keepalived -t`) about every word of its manual.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fpvs::config {

struct UnreadKeyword {
    std::string_view name;
    std::string_view refusal = {};  // Why it cannot be ignored; empty: it can.
};

// Sorted by name.
[[nodiscard]] std::span<const UnreadKeyword> unread_at_top();
[[nodiscard]] std::span<const UnreadKeyword> unread_in_global_defs();
[[nodiscard]] std::span<const UnreadKeyword> unread_in_vrrp_instance();
[[nodiscard]] std::span<const UnreadKeyword> unread_in_virtual_server();
[[nodiscard]] std::span<const UnreadKeyword> unread_in_real_server();

[[nodiscard]] const UnreadKeyword* find_unread(std::span<const UnreadKeyword> table,
                                               std::string_view name);

// Inserts, deletions, replacements and swaps of neighbours from one word to the other, without
// regard to case.
[[nodiscard]] unsigned edit_distance(std::string_view a, std::string_view b);

// A word of three letters may have one wrong to be taken for another, one of six two, and so on.
constexpr unsigned kLettersPerEdit = 3;

// Remembers the candidate that is nearest to a misspelt word.
class Suggestion {
  public:
    explicit Suggestion(std::string_view misspelt) : misspelt_(misspelt) {}

    void consider(std::string_view candidate);
    // "; did you mean 'weight'?", or nothing if no candidate is near.
    [[nodiscard]] std::string text() const;

  private:
    std::string_view misspelt_;
    std::string_view nearest_;
    unsigned distance_ = ~0u;
};

}  // namespace fpvs::config
