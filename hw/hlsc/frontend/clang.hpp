// SPDX-License-Identifier: Apache-2.0
// The C++ front end: clang as a subprocess, from a kernel source to LLVM bitcode.
//
// Guarantees: C++14 only; pragmas have become calls; every local has a value (zero where the
// author gave none, as in the native run); debug information names every state and stream.
#pragma once

#include <string>

#include "hw/hlsc/base/diagnostics.hpp"
#include "hw/hlsc/base/options.hpp"

namespace fpvs::hlsc {

// The path of the bitcode inside folder, or "" after an error (clang's own messages go to stderr).
std::string compile_to_bitcode(const Options& options,
                               const std::string& folder,
                               Diagnostics& diagnostics);

}  // namespace fpvs::hlsc
