// SPDX-License-Identifier: Apache-2.0
// The values of a statement, read with their ranges.  Each function reports what is wrong with
// the value, at the value, and then returns nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/address.hpp"

namespace fpvs::config {

struct NumberRange {
    std::uint32_t min = 0;
    std::uint32_t max = 0;
};

// The one value of `keyword value`.  Words after it are left over: keepalived passes over them,
// so do we, with a warning.
[[nodiscard]] const Word* single_value(const Statement& statement, Diagnostics& diagnostics);
// For a keyword that stands alone.
void expect_no_value(const Statement& statement, Diagnostics& diagnostics);

// `what` names the value in sentences: "the port".
[[nodiscard]] std::optional<std::uint32_t> read_number(const Word& word,
                                                       std::string_view what,
                                                       NumberRange range,
                                                       Diagnostics& diagnostics);
[[nodiscard]] std::optional<std::uint32_t> read_number(const Statement& statement,
                                                       NumberRange range,
                                                       Diagnostics& diagnostics);
// Seconds with up to six decimals, in units of 1/units_per_s seconds, rounded to the nearest.
struct TimeRange {
    std::uint32_t units_per_s = 1;
    std::uint32_t min_units = 0;
    std::uint32_t max_units = 0;
};
[[nodiscard]] std::optional<std::uint32_t> read_time(const Statement& statement,
                                                     TimeRange range,
                                                     Diagnostics& diagnostics);
[[nodiscard]] std::optional<model::Ipv4> read_ipv4(const Word& word,
                                                   std::string_view what,
                                                   Diagnostics& diagnostics);
// Of either family.
[[nodiscard]] std::optional<model::IpAddress> read_address(const Word& word,
                                                           std::string_view what,
                                                           Diagnostics& diagnostics);
[[nodiscard]] std::optional<std::uint16_t> read_port(const Word& word, Diagnostics& diagnostics);
// `keyword port`, of which 0 is none.
[[nodiscard]] std::optional<std::uint16_t> read_used_port(const Statement& statement,
                                                          Diagnostics& diagnostics);
// `keyword [on|off]`, or yes, no, true, false.  The keyword alone says yes.
[[nodiscard]] bool read_flag(const Statement& statement, Diagnostics& diagnostics);
// A Linux interface name.
[[nodiscard]] std::optional<std::string> read_interface(const Word& word, Diagnostics& diagnostics);
// One of `choices`; the index of the one that stands there.
[[nodiscard]] std::optional<std::size_t> read_choice(
    const Statement& statement,
    std::initializer_list<std::string_view> choices,
    Diagnostics& diagnostics);

}  // namespace fpvs::config
