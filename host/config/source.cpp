// SPDX-License-Identifier: Apache-2.0
#include "host/config/source.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace fpvs::config {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

bool begins_include(std::string_view line) {
    return line.starts_with("include");
}

// include, or one of its variants, which ask more of what is found.
std::optional<IncludeChecks> include_variant(std::string_view word, IncludeChecks checks) {
    constexpr std::string_view kInclude = "include";
    const std::string_view variant = word.substr(kInclude.size());
    if (variant.size() > 1) {
        return std::nullopt;
    }
    switch (variant.empty() ? '\0' : variant.front()) {
        case '\0':
            return checks;
        case 'r':
            checks.readable = true;
            return checks;
        case 'm':
            checks.match = checks.readable = true;
            return checks;
        case 'w':
            checks.wildcard_match = checks.readable = true;
            return checks;
        case 'b':
            checks.brace_match = checks.readable = true;
            return checks;
        case 'a':
            return IncludeChecks{
                .match = true, .wildcard_match = true, .brace_match = true, .readable = true};
        default:
            return std::nullopt;
    }
}

// Whether the text up to `end` opens a quote that it does not close.
bool ends_in_quotes(std::string_view text) {
    char quote = '\0';
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && quote != '\0') {
            ++at;
        } else if (quote == '\0' && (text[at] == '"' || text[at] == '\'')) {
            quote = text[at];
        } else if (text[at] == quote) {
            quote = '\0';
        }
    }
    return quote != '\0';
}

}  // namespace

std::string without_comment(std::string_view line) {
    std::string text;
    char quote = '\0';
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        const bool has_next = at + 1 < line.size();
        if (c == '\\' && has_next && quote == '\0' &&
            (line[at + 1] == '#' || line[at + 1] == '!')) {
            text.push_back(line[++at]);
            continue;
        }
        if (quote == '\0' && (c == '#' || c == '!')) {
            // A definition goes on behind the comment of one of its lines.
            const std::size_t last = line.find_last_not_of(kBlanks);
            if (line[last] == '\\') {
                text.push_back('\\');
            }
            break;
        }
        if (c == '\\' && has_next && quote != '\0') {
            text.push_back(c);
            text.push_back(line[++at]);
            continue;
        }
        if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == quote) {
            quote = '\0';
        }
        text.push_back(c);
    }
    text.erase(text.find_last_not_of(kBlanks) + 1);
    text.erase(0, text.find_first_not_of(kBlanks));
    return text;
}

std::string host_instance() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) {
        return {};
    }
    const std::string_view whole = name.data();
    return std::string(whole.substr(0, whole.find('.')));
}

LineSource::LineSource(const ReadOptions& options,
                       std::shared_ptr<FileNames> file_names,
                       Diagnostics& diagnostics)
    : files_(options.files != nullptr ? *options.files : files_on_disk()),
      instance_(options.instance.empty() ? host_instance() : options.instance),
      expanded_bytes_max_(options.expanded_bytes_max),
      file_names_(std::move(file_names)),
      diagnostics_(diagnostics),
      definitions_(instance_, options.random_seed) {}

void LineSource::open(Text text, const std::string& path) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    OpenFile file{.text = *text,
                  .number = static_cast<std::uint16_t>(opened_.size()),
                  .folder = files_.folder(path),
                  .checks_before = include_checks_};
    file.offset = file.text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    if (file_names_->size() == opened_.size()) {
        file_names_->push_back(path);
    }
    file_bytes_ += text->size();
    opened_.push_back({.text = std::move(text), .path = path});
    file.opening = opened_.size();
    frames_.emplace_back(std::move(file));
}

const LineSource::OpenFile* LineSource::file() const {
    return frames_.empty() ? nullptr : std::get_if<OpenFile>(&frames_.back());
}

LineSource::OpenFile* LineSource::file() {
    return frames_.empty() ? nullptr : std::get_if<OpenFile>(&frames_.back());
}

LineSource::Mark LineSource::mark() const {
    const OpenFile* const open = file();
    if (open == nullptr) {
        return {.special_lines = special_lines_};
    }
    return {.opening = open->opening,
            .file = open->number,
            .line = open->line,
            .offset = open->offset,
            .special_lines = special_lines_};
}

std::optional<std::string_view> LineSource::rest() const {
    const OpenFile* const open = file();
    return open == nullptr ? std::nullopt : std::optional(open->text.substr(open->offset));
}

void LineSource::skip(std::size_t bytes, std::uint32_t lines) {
    OpenFile& open = *file();
    open.offset += bytes;
    open.line += lines;
}

const LineSource::OpenFile* LineSource::innermost_file() const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame) {
        if (const auto* const open = std::get_if<OpenFile>(&*frame)) {
            return open;
        }
    }
    return nullptr;
}

std::optional<Line> LineSource::next() {
    while (!frames_.empty() && !exhausted_) {
        Frame& frame = frames_.back();
        Position position;
        std::size_t written = 0;  // Of this line stands in a file and is no work of ours.
        if (auto* const open = std::get_if<OpenFile>(&frame)) {
            if (open->offset >= open->text.size()) {
                close_file();
                continue;
            }
            const std::optional<Line> line = take(*open);
            if (!line->made) {
                return line;
            }
            position = line->position;
            written = buffer_.size();
        } else if (auto* const lines = std::get_if<MadeLines>(&frame)) {
            position = fill_from(*lines);
        } else if (auto* const repeated = std::get_if<Repeated>(&frame)) {
            position = fill_from(*repeated);
        } else {
            open_next(std::get<Included>(frame));
            return Line{.text = {}, .position = {}, .made = true};
        }
        constexpr std::size_t kEachLine = 16;  // An empty one is work, too.
        ++special_lines_;
        const bool wanted = (written > 0 || spend(kEachLine, position)) && expand(position);
        if (!spend(buffer_.size() - std::min(buffer_.size(), written), position) || !wanted) {
            buffer_.clear();
        }
        return Line{.text = buffer_, .position = position, .made = true};
    }
    return std::nullopt;
}

void LineSource::close_file() {
    const OpenFile& closed = std::get<OpenFile>(frames_.back());
    include_checks_ = closed.checks_before;
    end_ = {.file = closed.number, .line = closed.line};
    frames_.pop_back();
}

// The next line of a file; `made` says that it is in buffer_, to be looked at.
std::optional<Line> LineSource::take(OpenFile& file) {
    const std::size_t begin = file.offset;
    const std::size_t end = std::min(file.text.find('\n', begin), file.text.size());
    const std::string_view text = file.text.substr(begin, end - begin);
    Position position{.file = file.number, .line = file.line};
    file.offset = std::min(end + 1, file.text.size());
    file.line += end < file.text.size() ? 1 : 0;
    if (file.dollar < begin || file.dollar == 0) {
        file.dollar = std::min(file.text.find('$', begin), file.text.size());
    }
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        return Line{.text = text, .position = position};
    }
    const char c = text[first];
    const bool special = file.dollar < end || c == '@' || c == '~' ||
                         (c == 'i' && begins_include(text.substr(first)));
    if (!special) {
        return Line{.text = text, .position = position};
    }
    position.column += static_cast<std::uint32_t>(first);
    buffer_ = without_comment(text);
    return Line{.text = buffer_, .position = position, .made = true};
}

Position LineSource::fill_from(MadeLines& lines) {
    const Position position = lines.position;
    buffer_ = (*lines.lines)[lines.next++];
    if (lines.next >= lines.lines->size()) {
        frames_.pop_back();
    }
    return position;
}

Position LineSource::fill_from(Repeated& repeated) {
    const Position position = repeated.position;
    Repetition& repetition = repeated.repetition;
    for (std::size_t i = 0; i < repetition.variables().size(); ++i) {
        if (!definitions_.set(repetition.variables()[i], repetition.value(i))) {
            diagnostics_.error(position, "more than {} definitions", model::kConfigDefinitionsMax);
        }
    }
    buffer_ = repetition.text();
    repetition.advance();
    if (repetition.done()) {
        frames_.pop_back();
    }
    return position;
}

// What is made has a bound, so that a short file cannot fill the memory or take for ever.
bool LineSource::spend(std::size_t bytes, Position position) {
    if (exhausted_) {
        return false;
    }
    expanded_bytes_ += bytes;
    if (expanded_bytes_ > expanded_bytes_max_) {
        exhausted_ = true;
        diagnostics_.error(position,
                           "definitions and repetitions make more than {} MiB of configuration",
                           model::kConfigExpandedBytesMax >> 20);
        return false;
    }
    return true;
}

bool LineSource::may_push(Position position) {
    if (frames_.size() < model::kConfigExpansionsMax) {
        return true;
    }
    if (!exhausted_) {
        exhausted_ = true;
        diagnostics_.error(position,
                           "definitions, repetitions and included files are nested deeper than {} "
                           "levels",
                           model::kConfigExpansionsMax);
    }
    return false;
}

bool LineSource::expand(Position position) {
    std::size_t rounds = 0;
    for (;;) {
        if (!meets_condition()) {
            return false;
        }
        if (buffer_.empty() || define(position) || repeat(position)) {
            return false;
        }
        if (!buffer_.starts_with('~') && substitute(buffer_, position)) {
            if (++rounds == model::kConfigSubstitutionsMax) {
                diagnostics_.error(position, "this line is replaced without an end");
                return false;
            }
            continue;
        }
        return !exhausted_ && !include(position);
    }
}

// `@name rest`, `@^name rest`: the rest, if it is for this instance.
bool LineSource::meets_condition() {
    while (buffer_.starts_with('@')) {
        const bool reversed = buffer_.starts_with("@^");
        const std::size_t begin = reversed ? 2 : 1;
        const std::size_t end = buffer_.find_first_of(" \t");
        if (end == std::string::npos) {
            return false;  // There is nothing that the condition is for.
        }
        const bool same = std::string_view(buffer_).substr(begin, end - begin) == instance_;
        if (same == reversed) {
            return false;
        }
        buffer_.erase(0, buffer_.find_first_not_of(kBlanks, end));
    }
    return true;
}

// `$NAME=TEXT`.
bool LineSource::define(Position position) {
    const std::size_t equals = buffer_.find('=');
    if (!buffer_.starts_with('$') || equals == std::string::npos) {
        return false;
    }
    // A name that could be used: as if it stood in braces.
    const std::string name = buffer_.substr(1, equals - 1);
    const std::string as_reference = "${" + name + "}";
    const auto reference = reference_at(as_reference, 0);
    if (!reference || reference->name != name) {
        return false;
    }
    std::string_view text = std::string_view(buffer_).substr(equals + 1);
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    auto lines = std::make_shared<Lines>(1, std::string(text));
    if (text.ends_with('\\') && file() != nullptr) {
        lines->clear();
        text.remove_suffix(1);
        text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
        if (!text.empty()) {
            lines->emplace_back(text);
        }
        collect_lines(*lines);
    }
    if (!definitions_.set(name, std::move(lines))) {
        diagnostics_.error(position, "more than {} definitions", model::kConfigDefinitionsMax);
    }
    return true;
}

// The lines of a definition of several: each but the last ends with a backslash.  An empty line
// ends it, too.
void LineSource::collect_lines(Lines& lines) {
    OpenFile& open = *file();
    bool more = true;
    while (more && open.offset < open.text.size()) {
        const std::size_t end = std::min(open.text.find('\n', open.offset), open.text.size());
        std::string text = without_comment(open.text.substr(open.offset, end - open.offset));
        open.offset = std::min(end + 1, open.text.size());
        open.line += end < open.text.size() ? 1 : 0;
        more = text.ends_with('\\');
        if (more) {
            text.pop_back();
            text.erase(text.find_last_not_of(kBlanks) + 1);
        }
        if (!text.empty()) {
            lines.push_back(std::move(text));
        }
    }
    if (lines.empty()) {
        lines.emplace_back();
    }
}

// `~SEQ(...) TEXT`, `~LST(...) TEXT`.
bool LineSource::repeat(Position position) {
    const auto header = repetition_header(buffer_);
    if (!header) {
        return false;
    }
    if (!*header) {
        diagnostics_.error(position, "{}", header->error().message);
        return true;
    }
    std::string arguments((*header)->arguments);
    while (substitute(arguments, position)) {
    }
    auto repetition = Repetition::make(**header, arguments);
    if (!repetition) {
        diagnostics_.error(position, "{}", repetition.error().message);
    } else if (may_push(position)) {
        frames_.emplace_back(Repeated{.repetition = std::move(*repetition), .position = position});
    }
    return true;
}

// Replaces what is defined, from the left, and in what that brings.  True: the line became another
// kind of line, or may have: it is to be looked at anew.
bool LineSource::substitute(std::string& line, Position position) {
    const OpenFile* const innermost = innermost_file();
    const std::string folder = innermost != nullptr ? innermost->folder : std::string();
    std::size_t replaced = 0;
    std::size_t at = 0;
    while ((at = line.find('$', at)) != std::string::npos) {
        const auto reference = reference_at(line, at);
        const auto text = reference ? definitions_.find(*reference, folder) : nullptr;
        const bool fits =
            text != nullptr && (text->size() == 1 || at + reference->size == line.size());
        if (!fits) {
            if (reference && text == nullptr) {
                report_undefined(*reference, line, at, position);
            }
            ++at;
            continue;
        }
        line.replace(at, reference->size, text->front());
        if (++replaced > model::kConfigSubstitutionsMax ||
            line.size() > model::kConfigLineBytesMax) {
            diagnostics_.error(position,
                               "what is defined makes a line of more than {} characters; does a "
                               "definition use itself?",
                               model::kConfigLineBytesMax);
            line.clear();
            return false;
        }
        if (text->size() > 1) {
            if (!may_push(position)) {
                return false;
            }
            frames_.emplace_back(MadeLines{.lines = text, .next = 1, .position = position});
        }
        line.erase(0, line.find_first_not_of(kBlanks));
        // It may be a condition, a definition or a repetition now.
        if (line.starts_with('@') || line.starts_with('~') || line.starts_with('$')) {
            return true;
        }
        at = std::min(at, line.size());
    }
    return false;
}

void LineSource::report_undefined(const Reference& reference,
                                  std::string_view line,
                                  std::size_t dollar,
                                  Position position) {
    if (reference.in_braces && !ends_in_quotes(line.substr(0, dollar))) {
        diagnostics_.error(position, "${{{}}} is not defined", reference.name);
    } else {
        diagnostics_.warning(position,
                             "${} is not defined and stays as it is written",
                             line.substr(dollar + 1, reference.size - 1));
    }
}

// `include PATTERN`.
bool LineSource::include(Position position) {
    if (!begins_include(buffer_)) {
        return false;
    }
    const std::size_t end = std::min(buffer_.find_first_of(" \t"), buffer_.size());
    const std::string word = buffer_.substr(0, end);
    if (!include_variant(word, {})) {
        return false;
    }
    std::string pattern =
        buffer_.substr(std::min(buffer_.find_first_not_of(" \t", end), buffer_.size()));
    if (pattern.size() > 1 && (pattern.front() == '"' || pattern.front() == '\'') &&
        pattern.back() == pattern.front()) {
        pattern = pattern.substr(1, pattern.size() - 2);
    }
    if (pattern.empty()) {
        diagnostics_.error(position, "'{}' needs the name of a file", word);
    } else {
        include_files(word, pattern, position);
    }
    return true;
}

void LineSource::include_files(std::string_view variant,
                               const std::string& pattern,
                               Position position) {
    constexpr std::size_t kAlternativesMax = model::kConfigFilesMax;
    const IncludeChecks checks = *include_variant(variant, include_checks_);
    const OpenFile* const innermost = innermost_file();
    const std::string folder = innermost != nullptr ? innermost->folder : std::string();
    const std::vector<std::string> alternatives = expand_braces(pattern, kAlternativesMax);
    std::vector<std::string> paths;
    bool wildcards = false;
    for (const std::string& alternative : alternatives) {
        wildcards = wildcards || alternative.find_first_of("*?[") != std::string::npos;
        const bool absolute = alternative.starts_with('/') || folder.empty();
        std::vector<std::string> found =
            files_.match(absolute ? alternative : folder + "/" + alternative);
        if (found.empty() && alternatives.size() > 1) {
            if (checks.brace_match) {
                diagnostics_.error(position, "no file is found for '{}'", alternative);
            } else {
                diagnostics_.warning(position, "no file is found for '{}'", alternative);
            }
        }
        paths.insert(paths.end(), found.begin(), found.end());
    }
    if (paths.empty() && (wildcards ? checks.wildcard_match : checks.match)) {
        diagnostics_.error(position, "no file is found for '{}'", pattern);
    } else if (paths.empty() && alternatives.size() == 1 && !wildcards) {
        diagnostics_.warning(position, "no file is found for '{}'; it is passed over", pattern);
    }
    if (!paths.empty() && may_push(position)) {
        frames_.emplace_back(
            Included{.paths = std::move(paths), .checks = checks, .position = position});
    }
}

void LineSource::open_next(Included& included) {
    const std::string path = std::move(included.paths[included.next++]);
    const IncludeChecks checks = included.checks;
    const Position position = included.position;
    if (included.next == included.paths.size()) {
        frames_.pop_back();
    }
    include_file(path, checks, position);
}

void LineSource::include_file(const std::string& path, IncludeChecks checks, Position position) {
    std::size_t nested = 0;
    for (const Frame& frame : frames_) {
        const auto* const open = std::get_if<OpenFile>(&frame);
        nested += open != nullptr ? 1 : 0;
        if (open != nullptr && opened_[open->number].path == path) {
            diagnostics_.error(position, "'{}' includes itself", path);
            return;
        }
    }
    if (opened_.size() == model::kConfigFilesMax) {
        diagnostics_.error(position, "more than {} files", model::kConfigFilesMax);
        return;
    }
    if (nested > model::kConfigIncludesNestingMax) {
        diagnostics_.error(position,
                           "files include each other deeper than {} levels",
                           model::kConfigIncludesNestingMax);
        return;
    }
    auto text = files_.read(path);
    if (!text && checks.readable) {
        diagnostics_.error(position, "{}", text.error().text());
    } else if (!text) {
        diagnostics_.warning(position, "{}; it is passed over", text.error().text());
    } else if (file_bytes_ + text->size() > model::kConfigFileBytesMax) {
        diagnostics_.error(position,
                           "all files together are larger than {} MiB, the most that is read",
                           model::kConfigFileBytesMax >> 20);
    } else {
        open(std::make_shared<const std::string>(std::move(*text)), path);
    }
}

}  // namespace fpvs::config
