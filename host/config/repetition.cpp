// SPDX-License-Identifier: Apache-2.0
#include "host/config/repetition.hpp"

#include <charconv>
#include <cstdlib>
#include <utility>

namespace fpvs::config {
namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// At commas that are not within braces.
std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
        if (text[at] == ',' && depth <= 0) {
            parts.push_back(trimmed(text.substr(begin, at - begin)));
            begin = at + 1;
        }
    }
    parts.push_back(trimmed(text.substr(begin)));
    return parts;
}

// {a, b} -> a and b; a -> a.
std::vector<std::string> members(std::string_view text) {
    if (text.size() >= 2 && text.front() == '{' && text.back() == '}') {
        text = text.substr(1, text.size() - 2);
    }
    std::vector<std::string> list;
    for (const std::string_view part : split(text)) {
        list.emplace_back(part);
    }
    return list;
}

bool is_name(std::string_view text) {
    constexpr std::string_view kLetters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return !text.empty() && text.find_first_not_of(kLetters) == std::string_view::npos &&
           (text.front() < '0' || text.front() > '9');
}

// Decimal, 0x hexadecimal or 0 octal, as strtol reads it; small enough to be counted with.
std::optional<std::int64_t> read_integer(std::string_view text) {
    constexpr std::int64_t kMax = std::int64_t{1} << 48;
    const bool negative = text.starts_with('-');
    text.remove_prefix(negative || text.starts_with('+') ? 1 : 0);
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.starts_with('0') && text.size() > 1) {
        base = 8;
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > kMax) {
        return std::nullopt;
    }
    return negative ? -value : value;
}

}  // namespace

std::optional<Result<RepetitionHeader>> repetition_header(std::string_view line) {
    RepetitionHeader header;
    header.is_list = line.starts_with("~LST");
    if (!header.is_list && !line.starts_with("~SEQ")) {
        return std::nullopt;
    }
    const std::string_view word = line.substr(0, 4);
    line.remove_prefix(4);
    if (!header.is_list && line.starts_with('x')) {
        header.hexadecimal = true;
        line.remove_prefix(1);
    }
    line = trimmed(line);
    const std::size_t close = line.find(')');
    if (!line.starts_with('(') || close == std::string_view::npos) {
        return fail(Code::invalid_argument, "{} needs its arguments in parentheses", word);
    }
    header.arguments = line.substr(1, close - 1);
    header.text = trimmed(line.substr(close + 1));
    return header;
}

Result<Repetition> Repetition::make(const RepetitionHeader& header, std::string_view arguments) {
    Repetition made;
    made.text_ = header.text;
    made.hexadecimal_ = header.hexadecimal;
    FPVS_TRY_STATUS(header.is_list ? made.read_list(arguments) : made.read_sequence(arguments));
    for (const std::string& variable : made.variables_) {
        if (!is_name(variable)) {
            return fail(Code::invalid_argument, "'{}' is no name of a variable", variable);
        }
    }
    return made;
}

Status Repetition::read_sequence(std::string_view arguments) {
    constexpr std::size_t kPartsMax = 4;
    const std::vector<std::string_view> parts = split(arguments);
    if (parts.size() < 2 || parts.size() > kPartsMax) {
        return fail(Code::invalid_argument,
                    "~SEQ takes a variable, a start, a step and an end; start and step may be "
                    "left out");
    }
    variables_.emplace_back(parts.front());
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const auto number = read_integer(parts[i]);
        if (!number) {
            return fail(Code::invalid_argument, "'{}' is no number that ~SEQ takes", parts[i]);
        }
        numbers.push_back(*number);
    }
    const std::int64_t end = numbers.back();
    start_ = numbers.size() > 1 ? numbers.front() : end < 0 ? -1 : 1;
    if (numbers.size() == 3) {
        step_ = numbers[1];
    } else {
        step_ = start_ <= end ? 1 : -1;
    }
    if (step_ == 0 || (start_ < end && step_ < 0) || (start_ > end && step_ > 0)) {
        return fail(Code::invalid_argument,
                    "~SEQ does not come from {} to {} by steps of {}",
                    start_,
                    end,
                    step_);
    }
    if (hexadecimal_ && (start_ < 0 || end < 0)) {
        return fail(Code::invalid_argument, "~SEQx takes no negative numbers");
    }
    count_ = static_cast<std::uint64_t>((end - start_) / step_) + 1;
    return {};
}

Status Repetition::read_list(std::string_view arguments) {
    const std::vector<std::string_view> parts = split(arguments);
    if (parts.size() < 2) {
        return fail(Code::invalid_argument, "~LST takes a variable and its values");
    }
    variables_ = members(parts.front());
    for (std::size_t i = 1; i < parts.size(); ++i) {
        std::vector<std::string> values = variables_.size() > 1 || parts[i].starts_with('{')
                                              ? members(parts[i])
                                              : std::vector<std::string>{std::string(parts[i])};
        values.resize(variables_.size());
        rounds_.push_back(std::move(values));
    }
    count_ = rounds_.size();
    return {};
}

std::string Repetition::value(std::size_t variable) const {
    if (!rounds_.empty()) {
        return rounds_[index_][variable];
    }
    const std::int64_t number = start_ + static_cast<std::int64_t>(index_) * step_;
    return hexadecimal_ ? fmt::format("{:x}", number) : std::to_string(number);
}

}  // namespace fpvs::config
