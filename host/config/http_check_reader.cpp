// SPDX-License-Identifier: Apache-2.0
// HTTP_GET and SSL_GET with their URLs.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "host/config/check_keywords.hpp"
#include "host/config/check_reader.hpp"
#include "host/model/limits.hpp"
#include "host/util/regex.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint32_t kRegexStackBytesMax = 64u << 20;

struct UrlDraft {
    model::UrlCheck url;
    bool has_path = false;
    model::RegexCheck regex;
    std::optional<Position> regex_place;  // Of the first keyword that begins with it.
    bool has_pattern = false;
    Position pattern_place;
};

void note_regex(const Statement& statement, UrlDraft& draft) {
    draft.regex_place = draft.regex_place.value_or(statement.keyword().position);
}

// "200" or "200-299".
std::optional<model::StatusRange> parse_status(std::string_view text) {
    constexpr std::uint16_t kMin = 100;
    constexpr std::uint16_t kMax = 999;
    const std::size_t dash = text.find('-');
    const auto number = [](std::string_view digits) -> std::optional<std::uint16_t> {
        std::uint16_t value = 0;
        const char* const last = digits.data() + digits.size();
        const auto [end, error] = std::from_chars(digits.data(), last, value);
        const bool good = error == std::errc() && end == last && value >= kMin && value <= kMax;
        return good ? std::optional(value) : std::nullopt;
    };
    const auto first = number(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
    if (!first || !last || *first > *last) {
        return std::nullopt;
    }
    return model::StatusRange{.first = *first, .last = *last};
}

void read_status_codes(const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
    if (statement.words.size() < 2) {
        diagnostics.error(statement.keyword().position, "'status_code' needs a value");
        return;
    }
    draft.url.status_codes.clear();
    for (const Word& word : std::span(statement.words).subspan(1)) {
        if (const auto range = parse_status(word.text)) {
            draft.url.status_codes.push_back(*range);
        } else {
            diagnostics.error(word.position,
                              "'status_code' takes numbers from 100 to 999 and ranges such as "
                              "200-299, not '{}'",
                              word.text);
        }
    }
}

void read_digest(const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
    constexpr std::size_t kDigits = 32;
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return;
    }
    std::string digest = word->text;
    std::transform(digest.begin(), digest.end(), digest.begin(), [](char c) {
        return static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    });
    if (digest.size() != kDigits ||
        digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
        diagnostics.error(word->position,
                          "'digest' must be an MD5 digest, 32 hexadecimal digits, not '{}'",
                          word->text);
        return;
    }
    draft.url.digest = std::move(digest);
}

void read_regex_options(const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
    note_regex(statement, draft);
    for (const Word& word : std::span(statement.words).subspan(1)) {
        Suggestion suggestion(word.text);
        bool known = false;
        for (const std::string_view option : Regex::option_names()) {
            known = known || option == word.text;
            suggestion.consider(option);
        }
        if (known) {
            draft.regex.options.push_back(word.text);
            continue;
        }
        diagnostics.error(word.position,
                          "'{}' is no option of regular expressions{}",
                          word.text,
                          suggestion.text());
    }
}

void read_regex_stack(const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
    note_regex(statement, draft);
    if (statement.words.size() != 3) {
        diagnostics.error(statement.keyword().position,
                          "'regex_stack' needs two sizes in octets, the first and the greatest");
        return;
    }
    const NumberRange range{.min = 1, .max = kRegexStackBytesMax};
    const auto start = read_number(statement.words[1], "the first size", range, diagnostics);
    const auto max = read_number(statement.words[2], "the greatest size", range, diagnostics);
    if (start && max && *start > *max) {
        diagnostics.error(statement.words[1].position, "the first size is above the greatest");
    }
    diagnostics.warning(statement.keyword().position,
                        "'regex_stack' has no effect: FPVS searches without PCRE2's JIT, whose "
                        "stack this is");
    draft.regex.stack_start_bytes = start.value_or(0);
    draft.regex.stack_max_bytes = max.value_or(0);
}

// Text that becomes part of a request must not begin another line of it.
void read_request_text(const Statement& statement, std::string& into, Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return;
    }
    if (!is_one_line(word->text) || word->text.empty()) {
        diagnostics.error(word->position,
                          "'{}' must be one line of text and not empty",
                          statement.keyword().text);
        return;
    }
    into = word->text;
}

void read_offset(const Statement& statement,
                 std::optional<std::uint32_t>& into,
                 Diagnostics& diagnostics) {
    into = read_number(statement,
                       {.min = 0, .max = static_cast<std::uint32_t>(model::kCheckResponseBytesMax)},
                       diagnostics);
}

constexpr auto kUrlKeywords = std::to_array<Keyword<UrlDraft>>({
    {.name = "path",
     .read =
         [](const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
             draft.has_path = true;
             read_request_text(statement, draft.url.path, diagnostics);
             if (draft.url.path.find(' ') != std::string::npos) {
                 diagnostics.error(statement.words[1].position,
                                   "a path of a request has no blanks; write %20");
             }
         }},
    {.name = "virtualhost",
     .read =
         [](const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
             read_request_text(statement, draft.url.virtual_host, diagnostics);
         }},
    {.name = "digest", .read = read_digest},
    {.name = "status_code", .read = read_status_codes},
    {.name = "regex",
     .read =
         [](const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
             note_regex(statement, draft);
             if (const Word* const word = single_value(statement, diagnostics)) {
                 draft.has_pattern = true;
                 draft.pattern_place = word->position;
                 draft.regex.pattern = word->text;
             }
         }},
    {.name = "regex_no_match",
     .read =
         [](const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
             note_regex(statement, draft);
             draft.regex.must_not_match = read_flag(statement, diagnostics);
         }},
    {.name = "regex_options", .read = read_regex_options},
    {.name = "regex_stack", .read = read_regex_stack},
    {.name = "regex_min_offset",
     .read =
         [](const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
             note_regex(statement, draft);
             std::optional<std::uint32_t> offset;
             read_offset(statement, offset, diagnostics);
             draft.regex.min_offset = offset.value_or(0);
         }},
    {.name = "regex_max_offset",
     .read =
         [](const Statement& statement, UrlDraft& draft, Diagnostics& diagnostics) {
             note_regex(statement, draft);
             read_offset(statement, draft.regex.max_offset, diagnostics);
         }},
});

void read_url(const Statement& block, CheckDraft& check, Diagnostics& diagnostics) {
    expect_no_value(block, diagnostics);
    UrlDraft draft;
    read_block<UrlDraft>(block.children, kUrlKeywords, {}, draft, diagnostics);
    if (!draft.has_path) {
        diagnostics.error(block.keyword().position, "this url needs a path");
    }
    if (draft.has_pattern) {
        const auto compiled = Regex::compile(draft.regex.pattern, draft.regex.options);
        if (!compiled) {
            diagnostics.error(draft.pattern_place, "{}", compiled.error().message);
        }
        draft.url.regex = std::move(draft.regex);
    } else if (draft.regex_place) {
        diagnostics.warning(*draft.regex_place, "without regex this has no effect");
    }
    auto& urls = detail_of<model::HttpCheck>(check).urls;
    if (urls.size() == model::kCheckUrlsMax) {
        diagnostics.error(block.keyword().position, "more than {} urls", model::kCheckUrlsMax);
        return;
    }
    urls.push_back(std::move(draft.url));
}

constexpr auto kHttpKeywords = join(
    kCommonKeywords,
    std::to_array<Keyword<CheckDraft>>({
        {.name = "url", .shape = Shape::block, .read = read_url},
        {.name = "nb_get_retry", .read = read_retry<CheckDraft>},  // What `retry` once was.
        {.name = "http_protocol",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 constexpr std::array kVersions{model::HttpVersion::v1_0,
                                                model::HttpVersion::v1_0_close,
                                                model::HttpVersion::v1_1};
                 const auto choice = read_choice(statement, {"1.0", "1.0C", "1.1"}, diagnostics);
                 detail_of<model::HttpCheck>(draft).version = kVersions[choice.value_or(0)];
             }},
        {.name = "fast_recovery",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 detail_of<model::HttpCheck>(draft).fast_recovery =
                     read_flag(statement, diagnostics);
             }},
        {.name = "virtualhost",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 read_request_text(statement, draft.virtual_host, diagnostics);
             }},
    }));

constexpr auto kSslKeywords = join(
    kHttpKeywords,
    std::to_array<Keyword<CheckDraft>>({
        {.name = "enable_sni",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 detail_of<model::HttpCheck>(draft).server_name = read_flag(statement, diagnostics);
             }},
        {.name = "tls_compliant",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 detail_of<model::HttpCheck>(draft).tls_compliant =
                     read_flag(statement, diagnostics);
             }},
    }));

void add_http_check(CheckDraft draft, ServerDraft& server, Diagnostics& diagnostics) {
    if (detail_of<model::HttpCheck>(draft).urls.empty()) {
        diagnostics.error(draft.place, "this check needs a url");
    }
    server.checks.push_back(std::move(draft));
}

}  // namespace

void read_http_get(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    add_http_check(
        read_checker(block, kHttpKeywords, model::HttpCheck{}, diagnostics), server, diagnostics);
}

void read_ssl_get(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    add_http_check(read_checker(block, kSslKeywords, model::HttpCheck{.tls = true}, diagnostics),
                   server,
                   diagnostics);
}

}  // namespace fpvs::config
