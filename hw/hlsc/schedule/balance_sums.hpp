// SPDX-License-Identifier: Apache-2.0
// Sums of many terms as trees.
//
// A loop that adds up gives a chain of additions; the order of a sum is free, so terms meet in the
// order in which they arrive, and what depends on the state that the sum changes comes last: the
// recurrence then is one addition long.
#pragma once

#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

// Replaces the graph of the process by one with balanced sums and without dead nodes.
void balance_sums(Process& process);

}  // namespace fpvs::hlsc
