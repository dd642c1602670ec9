// SPDX-License-Identifier: Apache-2.0
// What is wrong or odd in a configuration, each with its place.
#pragma once

#include <fmt/core.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs::config {

// Lines and columns count from 1.  A column is a character (a UTF-8 code point); a tab is one
// character.
struct Position {
    std::uint16_t file = 0;  // Its number in FileNames, the order of opening.
    std::uint32_t line = 1;
    std::uint32_t column = 1;

    friend auto operator<=>(const Position&, const Position&) = default;
};

using FileNames = std::vector<std::string>;

// Collects errors and warnings; more than kConfigDiagnosticsMax of a kind are counted and not kept.
class Diagnostics {
  public:
    struct Entry {
        Position position;
        std::string message;
    };
    struct List {
        std::vector<Entry> entries;
        std::size_t count = 0;  // With those that were not kept.
    };

    // The names may grow while files are opened.
    explicit Diagnostics(std::shared_ptr<const FileNames> file_names)
        : file_names_(std::move(file_names)) {}
    explicit Diagnostics(std::string_view file_name)
        : Diagnostics(std::make_shared<FileNames>(1, std::string(file_name))) {}

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
    // "file:line:column: sentence", in the order of the files.
    [[nodiscard]] std::vector<std::string> warnings() const;

    // For findings that were made apart, and are kept to be told again.
    [[nodiscard]] const List& warning_list() const { return warnings_; }
    void add(const Diagnostics& other);
    void add_warnings(const List& list);

  private:
    static void add(List& list, Position position, std::string message);
    [[nodiscard]] static std::vector<Entry> in_file_order(const List& list);

    std::shared_ptr<const FileNames> file_names_;
    List errors_;
    List warnings_;
};

}  // namespace fpvs::config
