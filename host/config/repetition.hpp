// SPDX-License-Identifier: Apache-2.0
// A line that keepalived reads several times, each with other values of its variables:
//
//   ~SEQ(I, 1, 3) 192.0.2.${I}                       192.0.2.1, .2 and .3
//   ~SEQ(I, 10, -5, 0)                               10, 5 and 0;  ~SEQx writes them in hexadecimal
//   ~LST(NAME, red, green)                           red and green
//   ~LST({NAME, PORT}, {red, 80}, {green, 8080})     two variables at once
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs::config {

// The header up to its `)`, which is where the repeated text begins.
struct RepetitionHeader {
    bool is_list = false;
    bool hexadecimal = false;
    std::string_view arguments;  // Between the parentheses.
    std::string_view text;       // Behind them.
};
// Nothing if this line does not begin with ~SEQ or ~LST; an error if it is not whole.
[[nodiscard]] std::optional<Result<RepetitionHeader>> repetition_header(std::string_view line);

class Repetition {
  public:
    // Parameters in the arguments have been replaced.
    [[nodiscard]] static Result<Repetition> make(const RepetitionHeader& header,
                                                 std::string_view arguments);

    [[nodiscard]] bool done() const { return index_ == count_; }
    [[nodiscard]] const std::vector<std::string>& variables() const { return variables_; }
    // The value of a variable for this round.
    [[nodiscard]] std::string value(std::size_t variable) const;
    void advance() { ++index_; }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    [[nodiscard]] Status read_sequence(std::string_view arguments);
    [[nodiscard]] Status read_list(std::string_view arguments);

    std::vector<std::string> variables_;
    std::string text_;
    std::uint64_t count_ = 0;
    std::uint64_t index_ = 0;
    // ~SEQ.
    std::int64_t start_ = 0;
    std::int64_t step_ = 1;
    bool hexadecimal_ = false;
    // ~LST: the values of each round.
    std::vector<std::vector<std::string>> rounds_;
};

}  // namespace fpvs::config
