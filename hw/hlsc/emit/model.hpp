// SPDX-License-Identifier: Apache-2.0
// The native twin of the top module, for lock-step co-simulation: a C++ header that includes the
// kernel source, declares its streams and calls its processes as the RTL issues them.
#pragma once

#include <string>

#include "hw/hlsc/base/options.hpp"
#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

std::string emit_model(const Program& program, const Options& options);

}  // namespace fpvs::hlsc
