// SPDX-License-Identifier: Apache-2.0
// `hlsc diff`: compile a kernel, Verilate it, and compare with its native run, in one command.
#pragma once

#include <cstdint>
#include <string>

#include "hw/hlsc/base/diagnostics.hpp"
#include "hw/hlsc/base/options.hpp"

namespace fpvs::hlsc {

struct DiffOptions {
    std::uint64_t seed = 1;
    std::uint64_t iterations = 20000;
    bool quick_build = false;  // Less optimised: for many short runs.
    std::string keep_folder;   // Intermediate files stay here; empty: they are removed.
};

// True if no difference was seen.
bool diff(const Options& options, const DiffOptions& diff_options, Diagnostics& diagnostics);

}  // namespace fpvs::hlsc
