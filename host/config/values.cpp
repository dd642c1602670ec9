// SPDX-License-Identifier: Apache-2.0
#include "host/config/values.hpp"

#include <net/if.h>

#include <charconv>
#include <cstddef>
#include <system_error>

#include "host/config/keywords.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint64_t kMicrosecondsPerSecond = 1'000'000;

// "2.5" -> 2500000.  Digits beyond the sixth decimal are below what keepalived resolves.
std::optional<std::uint64_t> parse_microseconds(std::string_view text) {
    constexpr std::size_t kDecimalsMax = 6;
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view decimals =
        point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
    if ((whole.empty() && decimals.empty()) || decimals.size() > kDecimalsMax) {
        return std::nullopt;
    }
    std::uint64_t seconds = 0;
    if (!whole.empty()) {
        const auto [end, error] =
            std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
        if (error != std::errc() || end != whole.data() + whole.size() || seconds > UINT32_MAX) {
            return std::nullopt;
        }
    }
    std::uint64_t fraction = 0;
    for (std::size_t i = 0; i < kDecimalsMax; ++i) {
        const char digit = i < decimals.size() ? decimals[i] : '0';
        if (digit < '0' || digit > '9') {
            return std::nullopt;
        }
        fraction = fraction * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    return seconds * kMicrosecondsPerSecond + fraction;
}

std::string seconds_text(std::uint32_t units, std::uint32_t units_per_s) {
    std::string text = fmt::format("{}", units / units_per_s);
    if (units % units_per_s != 0) {
        text +=
            fmt::format("{:.6f}", static_cast<double>(units % units_per_s) / units_per_s).substr(1);
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text;
}

}  // namespace

const Word* single_value(const Statement& statement, Diagnostics& diagnostics) {
    if (statement.words.size() < 2) {
        diagnostics.error(
            statement.keyword().position, "'{}' needs a value", statement.keyword().text);
        return nullptr;
    }
    if (statement.words.size() > 2) {
        diagnostics.warning(statement.words[2].position,
                            "'{}' takes one value; '{}' is ignored",
                            statement.keyword().text,
                            statement.words[2].text);
    }
    return &statement.words[1];
}

void expect_no_value(const Statement& statement, Diagnostics& diagnostics) {
    if (statement.words.size() > 1) {
        diagnostics.warning(statement.words[1].position,
                            "'{}' takes no value; '{}' is ignored",
                            statement.keyword().text,
                            statement.words[1].text);
    }
}

std::optional<std::uint32_t> read_number(const Word& word,
                                         std::string_view what,
                                         NumberRange range,
                                         Diagnostics& diagnostics) {
    std::uint64_t value = 0;
    const char* const last = word.text.data() + word.text.size();
    const auto [end, error] = std::from_chars(word.text.data(), last, value);
    if (error != std::errc() || end != last || value < range.min || value > range.max) {
        diagnostics.error(word.position,
                          "{} must be a whole number from {} to {}, not '{}'",
                          what,
                          range.min,
                          range.max,
                          word.text);
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(value);
}

std::optional<std::uint32_t> read_number(const Statement& statement,
                                         NumberRange range,
                                         Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return std::nullopt;
    }
    return read_number(*word, fmt::format("'{}'", statement.keyword().text), range, diagnostics);
}

std::optional<std::uint32_t> read_time(const Statement& statement,
                                       TimeRange range,
                                       Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return std::nullopt;
    }
    if (const auto microseconds = parse_microseconds(word->text)) {
        const std::uint64_t unit_us = kMicrosecondsPerSecond / range.units_per_s;
        const std::uint64_t units = (*microseconds + unit_us / 2) / unit_us;
        if (units >= range.min_units && units <= range.max_units) {
            return static_cast<std::uint32_t>(units);
        }
    }
    diagnostics.error(word->position,
                      "'{}' must be seconds from {} to {}, not '{}'",
                      statement.keyword().text,
                      seconds_text(range.min_units, range.units_per_s),
                      seconds_text(range.max_units, range.units_per_s),
                      word->text);
    return std::nullopt;
}

std::optional<model::Ipv4> read_ipv4(const Word& word,
                                     std::string_view what,
                                     Diagnostics& diagnostics) {
    if (const auto address = model::parse_ipv4(word.text)) {
        return address;
    }
    if (word.text.find(':') != std::string::npos) {
        diagnostics.error(word.position,
                          "{} '{}' is no IPv4 address; IPv6 is not supported yet",
                          what,
                          word.text);
    } else {
        diagnostics.error(word.position,
                          "{} must be an IPv4 address such as 192.0.2.1, not '{}'",
                          what,
                          word.text);
    }
    return std::nullopt;
}

std::optional<model::IpAddress> read_address(const Word& word,
                                             std::string_view what,
                                             Diagnostics& diagnostics) {
    const auto address = model::parse_address(word.text);
    if (!address) {
        diagnostics.error(word.position,
                          "{} must be an address such as 192.0.2.1 or 2001:db8::1, not '{}'",
                          what,
                          word.text);
    }
    return address;
}

std::optional<std::uint16_t> read_port(const Word& word, Diagnostics& diagnostics) {
    const auto port = read_number(word, "the port", {.min = 0, .max = UINT16_MAX}, diagnostics);
    return port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

std::optional<std::uint16_t> read_used_port(const Statement& statement, Diagnostics& diagnostics) {
    const auto port = read_number(statement, {.min = 1, .max = UINT16_MAX}, diagnostics);
    return port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

bool read_flag(const Statement& statement, Diagnostics& diagnostics) {
    constexpr std::size_t kWaysToSayNo = 3;
    if (statement.words.size() < 2) {
        return true;
    }
    return read_choice(statement, {"off", "no", "false", "on", "yes", "true"}, diagnostics)
               .value_or(kWaysToSayNo) >= kWaysToSayNo;
}

std::optional<std::string> read_interface(const Word& word, Diagnostics& diagnostics) {
    const bool fits = !word.text.empty() && word.text.size() < IFNAMSIZ;
    if (!fits || word.text.find_first_of("/: \t") != std::string::npos) {
        diagnostics.error(word.position,
                          "'{}' cannot be an interface's name: 1 to {} characters, no blank, "
                          "'/' or ':'",
                          word.text,
                          IFNAMSIZ - 1);
        return std::nullopt;
    }
    return word.text;
}

std::optional<std::size_t> read_choice(const Statement& statement,
                                       std::initializer_list<std::string_view> choices,
                                       Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return std::nullopt;
    }
    Suggestion suggestion(word->text);
    std::string list;
    std::size_t index = 0;
    for (const std::string_view choice : choices) {
        if (choice == word->text) {
            return index;
        }
        suggestion.consider(choice);
        list += (index > 0 ? ", " : "") + std::string(choice);
        ++index;
    }
    diagnostics.error(word->position,
                      "'{}' is one of {}, not '{}'{}",
                      statement.keyword().text,
                      list,
                      word->text,
                      suggestion.text());
    return std::nullopt;
}

}  // namespace fpvs::config
