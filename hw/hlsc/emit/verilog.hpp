// SPDX-License-Identifier: Apache-2.0
// SystemVerilog: one module for each process, one for the top function.
//
// A process is a free-running pipeline: iterations are issued in stage 0 when inputs and credits
// allow, and nothing ever stalls afterwards.  Bits that travel together share one register vector.
#pragma once

#include <string>

#include "hw/hlsc/base/options.hpp"
#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

// Room a channel needs so that its writer can keep issuing: what STREAM asks for and what is on
// its way through the writer's pipeline.
int fifo_depth(const Program& program, const Channel& channel);

std::string emit_process(const Program& program, const Process& process, const Options& options);
// With observe: also ports that tell a lock-step harness what each process did.
std::string emit_top(const Program& program, bool observe);

// "[W-1:0] ", or nothing for a single wire.
std::string range_of(int width);
// A constant of SystemVerilog.
std::string literal(const Value& constant);

}  // namespace fpvs::hlsc
