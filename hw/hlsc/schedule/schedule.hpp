// SPDX-License-Identifier: Apache-2.0
// Gives every operation of an iteration its pipeline stage.
//
// Guarantees: operands arrive within the clock of their stage; a register is read and written in
// one stage, so that the next iteration sees it (II = 1); a memory is stored in the stage in which
// it is loaded (read-first: loads of an iteration see exactly the stores of earlier ones), one
// stage before where a store of the same call comes first, and within the declared distance where
// the source declares one; which streams are read is decided in the first stage.
#pragma once

#include "hw/hlsc/base/options.hpp"
#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

// False after an error.
bool schedule(Process& process, const Options& options, Diagnostics& diagnostics);

// The nodes on the longest way to a node within its stage, the node itself first.
std::vector<int> critical_path(const Process& process, int node);

}  // namespace fpvs::hlsc
