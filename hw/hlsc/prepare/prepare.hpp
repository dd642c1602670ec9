// SPDX-License-Identifier: Apache-2.0
// From inlined IR to IR that says one iteration as plain values.
//
// Guarantees afterwards: no loop, no local memory, no call but pure intrinsics; streams and
// register state are loaded once at entry (as wide as their value) and stored once before the only
// return; memories are read and written in place.
#pragma once

#include "hw/hlsc/prepare/storage.hpp"

namespace fpvs::hlsc {

// Pure function that selects an element by index: iW @fpvs.index.W.N(i64, iW x N).
inline constexpr const char* kIndexFunction = "fpvs.index.";

using StorageOfProcess = std::map<const llvm::Function*, StorageMap>;

bool prepare(KernelModule& kernel,
             const Program& program,
             StorageOfProcess& storage,
             Diagnostics& diagnostics);

// Steps of prepare, in their own files.
void promote_state(llvm::Function& function,
                   const StorageMap& storage,
                   const std::vector<const Layout*>& payloads);
void expand_register_indices(llvm::Function& function, Diagnostics& diagnostics);

}  // namespace fpvs::hlsc
