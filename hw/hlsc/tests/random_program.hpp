// SPDX-License-Identifier: Apache-2.0
// Random kernels for the differential test: dataflow tops of five processes with registers, small
// arrays, tables, loops and arbitration, all within hlsc's subset.  A seed gives one text.
#pragma once

#include <cstdint>
#include <string>

namespace fpvs::hlsc {

// The top function is called random_kernel.
std::string random_program(std::uint64_t seed);

}  // namespace fpvs::hlsc
