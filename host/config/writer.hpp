// SPDX-License-Identifier: Apache-2.0
// Text in keepalived's syntax, piece by piece.
#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "host/model/script.hpp"
#include "host/model/track_file.hpp"

namespace fpvs::config {

// Lines with the indentation of the block they are in.
class Writer {
  public:
    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        text_.append(depth_ * 4, ' ');
        text_ += fmt::format(format, std::forward<Args>(args)...);
        text_ += '\n';
    }
    template <class... Args>
    void open(fmt::format_string<Args...> format, Args&&... args) {
        line("{} {{", fmt::format(format, std::forward<Args>(args)...));
        ++depth_;
    }
    void close() {
        --depth_;
        line("}}");
    }
    void blank_line() {
        if (!text_.empty()) {
            text_ += '\n';
        }
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string text_;
    std::size_t depth_ = 0;
};

// The text as one word of the file.
[[nodiscard]] std::string quoted(std::string_view text);
// The whole command line as one word.
[[nodiscard]] std::string command_word(const model::Script& script);
// "user group", whatever there is of it, with a blank before it.
[[nodiscard]] std::string user_words(const std::string& user, const std::string& group);
// `keyword COMMAND user group`, unless there is no script.
void write_script(Writer& out, std::string_view keyword, const model::Script& script);
// "-2 reverse".
[[nodiscard]] std::string weight_words(const model::TrackWeight& weight);
// "2", "2.500".
[[nodiscard]] std::string seconds(std::uint32_t milliseconds);

}  // namespace fpvs::config
