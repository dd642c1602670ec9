// SPDX-License-Identifier: Apache-2.0
// The most profitable closed set of a directed graph, by a maximum flow (Picard 1976).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace fpvs::hlsc {

// profit[i] is gained (or lost, if negative) by taking i; who takes `first` of a pair must take
// `second` as well.  Returns which are taken: a set of largest profit, and of those the smallest;
// nothing if no set gains.
std::vector<bool> best_closure(const std::vector<std::int64_t>& profit,
                               const std::vector<std::pair<int, int>>& implies);

}  // namespace fpvs::hlsc
