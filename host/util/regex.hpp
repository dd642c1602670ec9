// SPDX-License-Identifier: Apache-2.0
// Regular expressions of an operator on text of a stranger: PCRE2's, with a limit on the work of
// one search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs {

class Regex {
  public:
    // The names of options are PCRE2's in lower case: "caseless".  An unknown one is an error.
    [[nodiscard]] static Result<Regex> compile(std::string_view pattern,
                                               const std::vector<std::string>& options);
    [[nodiscard]] static const std::vector<std::string_view>& option_names();

    enum class Outcome : std::uint8_t { found, absent, too_hard };
    // Looks from `min_offset` on; a match must begin before `max_offset`.
    [[nodiscard]] Outcome search(std::string_view text,
                                 std::size_t min_offset = 0,
                                 std::optional<std::size_t> max_offset = std::nullopt) const;

    Regex(Regex&&) noexcept;
    Regex& operator=(Regex&&) noexcept;
    ~Regex();

  private:
    struct Compiled;

    explicit Regex(std::unique_ptr<Compiled> compiled) noexcept;

    std::unique_ptr<Compiled> compiled_;
};

}  // namespace fpvs
