// SPDX-License-Identifier: Apache-2.0
// The same iteration without a pipeline: one stage, memories that answer at once.  What each
// process must do, without anything that a schedule could get wrong.
#pragma once

#include <string>

#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

// Of a scheduled process; emit_process writes it as module TOP_PROCESS_reference.
Process reference_of(const Process& process);

// SystemVerilog of module TOP_PROCESS_proof: pipeline and reference under the same inputs, and an
// output `bad` that rises where they differ while the claims of the source hold.
std::string emit_miter(const Program& program, const Process& process);

}  // namespace fpvs::hlsc
