// SPDX-License-Identifier: Apache-2.0
// What hlsc says to the author of a kernel: "file:line:column: error: sentence" and the line.
//
// Steps report and go on where they can; the driver stops after a step that reported an error.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

namespace fpvs::hlsc {

// A place in the sources.  file indexes Diagnostics' table; line 0 means "not known".
struct Position {
    int file = 0;
    int line = 0;
    int column = 0;
    bool operator==(const Position&) const = default;
};

class Diagnostics {
  public:
    // Lines of files below this folder are shown as the line that uses them.
    void set_library_folder(std::string folder) { library_folder_ = std::move(folder); }
    [[nodiscard]] bool is_library(std::string_view path) const {
        return !library_folder_.empty() &&
               path.substr(0, library_folder_.size()) == library_folder_;
    }

    // The number under which a file is known in Positions.
    int file_index(std::string_view path);

    template <class... Args>
    void error(Position where, fmt::format_string<Args...> format, Args&&... args) {
        ++errors_;
        add("error", where, fmt::format(format, std::forward<Args>(args)...));
    }
    template <class... Args>
    void warning(Position where, fmt::format_string<Args...> format, Args&&... args) {
        add("warning", where, fmt::format(format, std::forward<Args>(args)...));
    }
    // A line that belongs to the message before it.
    template <class... Args>
    void note(Position where, fmt::format_string<Args...> format, Args&&... args) {
        add("note", where, fmt::format(format, std::forward<Args>(args)...));
    }

    [[nodiscard]] bool failed() const { return errors_ > 0; }
    // Everything said so far, as it is printed.
    [[nodiscard]] const std::string& text() const { return text_; }
    // "name.cpp:12", for reports; "-" where no line is known.
    [[nodiscard]] std::string short_name(Position where) const;

  private:
    void add(std::string_view kind, Position where, const std::string& sentence);

    std::vector<std::string> files_ = {""};
    std::vector<std::string> said_;
    std::string text_;
    std::string library_folder_;
    int errors_ = 0;
};

}  // namespace fpvs::hlsc
