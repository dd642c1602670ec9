// SPDX-License-Identifier: Apache-2.0
// `hlsc prove`: that the pipeline of each process does what its reference does, for all inputs, all
// stalls and all times.  yosys turns both into gates, yosys-abc decides.
#pragma once

#include "hw/hlsc/base/diagnostics.hpp"
#include "hw/hlsc/base/options.hpp"

namespace fpvs::hlsc {

struct ProveOptions {
    int seconds = 60;  // For each process.
    std::string keep_folder;
};

enum class Verdict { equal, different, undecided };

struct ProvedProcess {
    std::string name;
    Verdict verdict = Verdict::undecided;
    int stages = 0;
};

// One entry for each process; empty after an error.
std::vector<ProvedProcess> prove(const Options& options,
                                 const ProveOptions& prove_options,
                                 Diagnostics& diagnostics);

}  // namespace fpvs::hlsc
