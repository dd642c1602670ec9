// SPDX-License-Identifier: Apache-2.0
// Keywords that checkers share.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "host/config/timer_keywords.hpp"

namespace fpvs::config {

template <class Detail>
[[nodiscard]] Detail& detail_of(CheckDraft& draft) {
    return std::get<Detail>(draft.check.detail);
}

// Where a check connects to, and from where.
constexpr auto kEndpointKeywords = std::to_array<Keyword<CheckDraft>>({
    {.name = "connect_ip",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 draft.check.connect_address = read_address(*word, "connect_ip", diagnostics);
             }
         }},
    {.name = "connect_port",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             draft.check.connect_port = read_used_port(statement, diagnostics);
         }},
    {.name = "bindto",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 draft.check.bind_address = read_address(*word, "bindto", diagnostics);
             }
         }},
    {.name = "bind_if",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 draft.check.bind_interface = read_interface(*word, diagnostics).value_or("");
             }
         }},
    {.name = "bind_port",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             draft.check.bind_port = read_used_port(statement, diagnostics);
         }},
});

constexpr auto kConnectionKeywords = join(
    kEndpointKeywords,
    std::to_array<Keyword<CheckDraft>>({
        {.name = "fwmark",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 draft.check.firewall_mark =
                     read_number(statement, {.min = 0, .max = kU32Max}, diagnostics).value_or(0);
             }},
        {.name = "connect_timeout", .read = read_connect_timeout<CheckDraft>},
    }));

constexpr auto kScheduleKeywords =
    join(kTimerKeywords<CheckDraft>,
         std::to_array<Keyword<CheckDraft>>({
             {.name = "log_all_failures",
              .read =
                  [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                      draft.check.log_all_failures = read_flag(statement, diagnostics);
                  }},
         }));

constexpr auto kCommonKeywords = join(kConnectionKeywords, kScheduleKeywords);

// Every checker's block is read alike: its own keywords and the shared ones.
[[nodiscard]] inline CheckDraft read_checker(const Statement& block,
                                             std::span<const Keyword<CheckDraft>> keywords,
                                             model::CheckDetail detail,
                                             Diagnostics& diagnostics) {
    expect_no_value(block, diagnostics);
    CheckDraft draft{.place = block.keyword().position};
    draft.check.detail = std::move(detail);
    read_block<CheckDraft>(block.children, keywords, {}, draft, diagnostics);
    return draft;
}

// What goes into a line of a protocol must not begin another one.
[[nodiscard]] inline bool is_one_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace fpvs::config
