// SPDX-License-Identifier: Apache-2.0
// What was built, for people: stages, registers, memories, FIFO depths, worst paths with lines.
#pragma once

#include <string>

#include "hw/hlsc/base/options.hpp"
#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

std::string report_text(const Program& program,
                        const Options& options,
                        const Diagnostics& diagnostics);
std::string report_json(const Program& program, const Options& options);

}  // namespace fpvs::hlsc
