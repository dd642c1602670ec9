// SPDX-License-Identifier: Apache-2.0
// What twos decides once the lots are drawn.
#pragma once

#include <cstdint>
#include <optional>

#include "host/schedule/scheduler.hpp"

namespace fpvs::schedule {

// A draw is from 0 up to and with this; 0: no server can take a connection.
[[nodiscard]] std::uint64_t total_weight(Servers servers);

// The less loaded of the servers that the two draws hit, in doubt the first draw's.
[[nodiscard]] std::optional<std::size_t> better_of_two(Servers servers,
                                                       std::uint64_t first_draw,
                                                       std::uint64_t second_draw);

}  // namespace fpvs::schedule
