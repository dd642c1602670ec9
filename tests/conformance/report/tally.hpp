// SPDX-License-Identifier: Apache-2.0
// How a family of recordings fared: equal, different, not supported; one line for people, the same
// numbers for ./run conformance, and every difference in full.
//
// With $FPVS_CONFORMANCE_DIR the differences go to FAMILY.log in that folder and the numbers to
// FAMILY.tally; without, the differences are printed.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace fpvs::test {

class Tally {
  public:
    // `unit` says what is counted: "recordings", "commands".
    Tally(std::string family, std::string unit)
        : family_(std::move(family)), unit_(std::move(unit)) {}

    void equal(const std::string& item) { equal_.push_back(item); }
    void different(const std::string& item, const std::string& how) { different_[item] += how; }
    void not_supported(const std::string& item, const std::string& reason) {
        not_supported_[reason].push_back(item);
    }
    // A number worth a word on the line, such as how much was masked.
    void note(const std::string& what, std::size_t count) { notes_[what] += count; }

    [[nodiscard]] std::size_t equal_count() const { return equal_.size(); }

    // Prints and writes it all.  Returns what is worse than tests/data/not_equal.json admits, a
    // line each; always empty for a foreign folder, where nothing is known beforehand.
    [[nodiscard]] std::string finish() const;

  private:
    [[nodiscard]] std::size_t not_supported_count() const;
    [[nodiscard]] std::string line() const;
    [[nodiscard]] std::string details() const;
    [[nodiscard]] std::string beyond_what_is_known() const;

    std::string family_;
    std::string unit_;
    std::vector<std::string> equal_;
    std::map<std::string, std::string> different_;
    std::map<std::string, std::vector<std::string>> not_supported_;  // By reason.
    std::map<std::string, std::size_t> notes_;
};

}  // namespace fpvs::test
