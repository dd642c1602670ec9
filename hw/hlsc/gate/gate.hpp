// SPDX-License-Identifier: Apache-2.0
// From the prepared IR of a process to its bit graph, with state, memories and streams.
//
// Guarantees: no control flow is left; each memory has one read and one write port whose sites are
// proven exclusive; each stream is read or written at most once in an iteration; conditions under
// which an iteration must wait, or need not be issued, are known.
#pragma once

#include "hw/hlsc/prepare/prepare.hpp"

namespace fpvs::hlsc {

bool gate(const llvm::Function& function,
          const StorageMap& storage,
          const Program& program,
          Process& process,
          Diagnostics& diagnostics);

}  // namespace fpvs::hlsc
