// SPDX-License-Identifier: Apache-2.0
// Keywords that mean the same for a virtual server, a real server and a check.  A Draft has
// `timers`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "host/config/block.hpp"
#include "host/config/check_draft.hpp"
#include "host/config/values.hpp"

namespace fpvs::config {

constexpr std::uint32_t kMillisecondsPerSecond = 1000;
constexpr std::uint32_t kU32Max = std::numeric_limits<std::uint32_t>::max();

constexpr TimeRange milliseconds_from(std::uint32_t min) {
    return {.units_per_s = kMillisecondsPerSecond, .min_units = min, .max_units = kU32Max};
}

// Two tables as one.
template <class Draft, std::size_t... Sizes>
constexpr auto join(const std::array<Keyword<Draft>, Sizes>&... tables) {
    std::array<Keyword<Draft>, (Sizes + ...)> all{};
    std::size_t at = 0;
    const auto append = [&](const auto& table) {
        for (const Keyword<Draft>& keyword : table) {
            all[at++] = keyword;
        }
    };
    (append(tables), ...);
    return all;
}

template <class Draft>
void read_connect_timeout(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.timers.connect_timeout_ms = read_time(statement, milliseconds_from(1), diagnostics);
}

template <class Draft>
void read_retry(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.timers.retries = read_number(statement, {.min = 0, .max = kU32Max}, diagnostics);
}

template <class Draft>
void read_delay_before_retry(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.timers.delay_before_retry_ms = read_time(statement, milliseconds_from(0), diagnostics);
}

template <class Draft>
void read_delay_loop(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.timers.delay_loop_ms = read_time(statement, milliseconds_from(1), diagnostics);
}

template <class Draft>
void read_warmup(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.timers.warmup_ms = read_time(statement, milliseconds_from(0), diagnostics);
}

template <class Draft>
void read_alpha(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.timers.alpha = read_flag(statement, diagnostics);
}

// All but connect_timeout, which a check that does not connect has no use for.
template <class Draft>
constexpr auto kTimerKeywords = std::to_array<Keyword<Draft>>({
    {.name = "retry", .read = read_retry<Draft>},
    {.name = "delay_before_retry", .read = read_delay_before_retry<Draft>},
    {.name = "delay_loop", .read = read_delay_loop<Draft>},
    {.name = "warmup", .read = read_warmup<Draft>},
    {.name = "alpha", .read = read_alpha<Draft>},
});

}  // namespace fpvs::config
