// SPDX-License-Identifier: Apache-2.0
// The stages of an iteration as a system of difference constraints (SDC).
//
// Every live node, every port of a memory, both sides of every register and every write of a
// stream has a variable: its stage.  All that a pipeline must keep is of the form
// x[to] >= x[from] + by: an operand before its use, a path longer than the clock in two stages, a
// register written before the next iteration reads it, a memory's order of loads and stores.
#pragma once

#include <vector>

#include "hw/hlsc/base/options.hpp"
#include "hw/hlsc/base/program.hpp"
#include "hw/hlsc/schedule/liveness.hpp"

namespace fpvs::hlsc {

struct Constraint {
    int from = 0;
    int to = 0;
    int by = 0;
};

// Bits that live from the stage of `node` to the latest stage of `users`.
struct Lifetime {
    int node = 0;
    std::vector<int> users;
    int bits = 0;
};

struct StageSystem {
    int variables = 0;
    std::vector<int> of_node;        // By node; -1 for nodes nobody needs.
    std::vector<int> register_read;  // By register; -1 for dead ones.
    std::vector<int> register_write;
    std::vector<std::vector<int>> ram_reads;  // By memory and port.
    std::vector<std::vector<int>> ram_writes;
    std::vector<int> stream_writes;
    std::vector<int> first_stage;  // Must be 0: what decides on reads.
    std::vector<Constraint> constraints;
    std::vector<Lifetime> lifetimes;
};

StageSystem make_stage_system(const Process& process, const Liveness& live, const Options& options);

}  // namespace fpvs::hlsc
