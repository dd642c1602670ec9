// SPDX-License-Identifier: Apache-2.0
// What is wrong or odd in a configuration file, each with its place.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs::config {

// Both count from 1.  A column is a character (a UTF-8 code point); a tab is one character.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};

// Collects errors and warnings of one file; more than kConfigDiagnosticsMax of a kind are counted
// and not kept.
class Diagnostics {
  public:
    explicit Diagnostics(std::string_view file_name) : file_name_(file_name) {}

    template <class... Args>
    void error(Position position, fmt::format_string<Args...> format, Args&&... args) {
        add(errors_, position, fmt::format(format, std::forward<Args>(args)...));
    }
    template <class... Args>
    void warning(Position position, fmt::format_string<Args...> format, Args&&... args) {
        add(warnings_, position, fmt::format(format, std::forward<Args>(args)...));
    }

    // "file:line:column".
    [[nodiscard]] std::string place(Position position) const;
    [[nodiscard]] bool failed() const { return errors_.count > 0; }
    // All errors as one: `where` is the first one's place, the message is its sentence, and the
    // others follow on lines of their own, each "file:line:column: sentence".
    [[nodiscard]] Error to_error() const;
    // "file:line:column: sentence", in the order of the file.
    [[nodiscard]] std::vector<std::string> warnings() const;

  private:
    struct Entry {
        Position position;
        std::string message;
    };
    struct List {
        std::vector<Entry> entries;
        std::size_t count = 0;  // With those that were not kept.
    };

    static void add(List& list, Position position, std::string message);
    [[nodiscard]] static std::vector<Entry> in_file_order(const List& list);

    std::string file_name_;
    List errors_;
    List warnings_;
};

}  // namespace fpvs::config
