// SPDX-License-Identifier: Apache-2.0
// The lines of a configuration in the order they are read: those of the file and of what it
// includes, with conditions decided, definitions put in and repetitions written out.
//
// keepalived works line by line, and so does this: a line that has none of `$`, `~`, `@` and
// `include` goes through untouched and costs next to nothing.  What the others make is bounded:
// model::kConfigExpandedBytesMax and its neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/config/definitions.hpp"
#include "host/config/diagnostics.hpp"
#include "host/config/files.hpp"
#include "host/config/repetition.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {

struct ReadOptions {
    std::string instance = {};      // What @conditions compare; empty: this host's name.
    const Files* files = nullptr;   // Null: the disk.
    std::uint64_t random_seed = 0;  // For ${_RANDOM}.
    std::size_t expanded_bytes_max = model::kConfigExpandedBytesMax;
};

struct Line {
    std::string_view text;  // Without its end; good until the next line is asked for.
    Position position;      // Of its first byte, or all of it if it was made.
    bool made = false;      // Its comment is gone, and its columns say nothing.
};

// What `include_check` asks of files that are included.
struct IncludeChecks {
    bool match = false;           // A pattern without wildcards finds something,
    bool wildcard_match = false;  // one with wildcards does,
    bool brace_match = false;     // each alternative in braces does.
    bool readable = false;        // What is found can be read.
};

class LineSource {
  public:
    using Text = std::shared_ptr<const std::string>;

    LineSource(const ReadOptions& options,
               std::shared_ptr<FileNames> file_names,
               Diagnostics& diagnostics);

    // To be read before anything else that is under way.
    void open(Text text, const std::string& path);
    // What is no line for the reader is an empty one, so that nothing is read ahead of mark().
    [[nodiscard]] std::optional<Line> next();

    // --- For who remembers what a part of a file meant.
    // Where the next line begins.  A part of a file means the same wherever it stands if it is in
    // one file and `special_lines` is equal before and after it.
    struct Mark {
        std::size_t opening = 0;  // The how manieth file that was opened; 0: not in a file itself.
        std::uint16_t file = 0;
        std::uint32_t line = 1;
        std::size_t offset = 0;
        std::uint64_t special_lines = 0;
    };
    [[nodiscard]] Mark mark() const;
    // The rest of the file that is being read, if nothing else is under way; and a step over it.
    [[nodiscard]] std::optional<std::string_view> rest() const;
    void skip(std::size_t bytes, std::uint32_t lines);
    // Where the file ended that was closed last.
    [[nodiscard]] Position end() const { return end_; }
    // Everything that was opened.
    struct Opened {
        Text text;
        std::string path;
    };
    [[nodiscard]] const std::vector<Opened>& opened() const { return opened_; }

    // --- For statements that change how the rest is read.
    void seed(std::uint64_t seed) { definitions_.seed(seed); }
    [[nodiscard]] IncludeChecks& include_checks() { return include_checks_; }

  private:
    struct OpenFile {
        std::string_view text;
        std::size_t offset = 0;
        std::size_t dollar = 0;  // The next one at or behind `offset`.
        std::uint32_t line = 1;
        std::uint16_t number = 0;
        std::size_t opening = 0;
        std::string folder;
        IncludeChecks checks_before;
    };
    // The rest of a definition of several lines.
    struct MadeLines {
        std::shared_ptr<const Lines> lines;
        std::size_t next = 1;
        Position position;
    };
    struct Repeated {
        Repetition repetition;
        Position position;
    };
    // Files that one line includes, opened one after the other.
    struct Included {
        std::vector<std::string> paths;
        std::size_t next = 0;
        IncludeChecks checks;
        Position position;
    };
    using Frame = std::variant<OpenFile, MadeLines, Repeated, Included>;

    [[nodiscard]] std::optional<Line> take(OpenFile& file);
    // Each leaves its line in buffer_ and returns where it comes from.
    [[nodiscard]] Position fill_from(MadeLines& lines);
    [[nodiscard]] Position fill_from(Repeated& repeated);
    void open_next(Included& included);
    void close_file();
    // Does what buffer_ asks for; true: it is a line for the reader.
    [[nodiscard]] bool expand(Position position);
    [[nodiscard]] bool meets_condition();
    [[nodiscard]] bool define(Position position);
    void collect_lines(Lines& lines);
    [[nodiscard]] bool repeat(Position position);
    [[nodiscard]] bool substitute(std::string& line, Position position);
    void report_undefined(const Reference& reference,
                          std::string_view line,
                          std::size_t dollar,
                          Position position);
    [[nodiscard]] bool include(Position position);
    void include_files(std::string_view variant, const std::string& pattern, Position position);
    void include_file(const std::string& path, IncludeChecks checks, Position position);
    [[nodiscard]] bool may_push(Position position);
    [[nodiscard]] bool spend(std::size_t bytes, Position position);
    // The file that is being read, if nothing else is under way; the innermost one that is open.
    [[nodiscard]] const OpenFile* file() const;
    [[nodiscard]] OpenFile* file();
    [[nodiscard]] const OpenFile* innermost_file() const;

    const Files& files_;
    const std::string instance_;
    const std::size_t expanded_bytes_max_;
    std::shared_ptr<FileNames> file_names_;
    Diagnostics& diagnostics_;
    Definitions definitions_;
    IncludeChecks include_checks_;
    std::vector<Frame> frames_;
    std::vector<Opened> opened_;
    std::string buffer_;  // The line that is made.
    std::uint64_t special_lines_ = 0;
    std::size_t file_bytes_ = 0;
    std::size_t expanded_bytes_ = 0;
    bool exhausted_ = false;
    Position end_;
};

// The line up to its comment, without blanks around it; `\#` and `\!` begin none.
[[nodiscard]] std::string without_comment(std::string_view line);
// The name up to the first dot of the host's.
[[nodiscard]] std::string host_instance();

}  // namespace fpvs::config
