// SPDX-License-Identifier: Apache-2.0
// One run of the compiler, from a kernel source to files; the steps in their order.
#pragma once

#include "hw/hlsc/base/options.hpp"
#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

// front end -> prepare -> gate -> schedule.  Nothing after an error.
bool build_program(const Options& options, Program& program, Diagnostics& diagnostics);

// build_program, then TOP.sv, TOP_observe.sv, TOP_model.hpp and reports into the output folder.
bool compile(const Options& options, Diagnostics& diagnostics);
bool compile(const Options& options, Program& program, Diagnostics& diagnostics);

}  // namespace fpvs::hlsc
