// SPDX-License-Identifier: Apache-2.0
// Which nodes, registers and memories anything observable depends on.
#pragma once

#include <vector>

#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

struct Liveness {
    std::vector<int> order;                  // Live nodes, operands first.
    std::vector<std::vector<int>> operands;  // By node: distinct nodes it waits for.
    std::vector<bool> registers;
    std::vector<bool> rams;
    int cyclic_ram = -1;  // A memory whose address depends on its own data, or -1.
};

Liveness find_live(const Process& process);

}  // namespace fpvs::hlsc
