// SPDX-License-Identifier: Apache-2.0
// The command line of hlsc.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "hw/hlsc/base/options.hpp"
#include "hw/hlsc/cosim/diff.hpp"
#include "hw/hlsc/prove/prove.hpp"

namespace fpvs::hlsc {

inline constexpr const char* kUsage =
    R"(usage: hlsc KERNEL.cpp --top NAME [-o FOLDER] [options]
       hlsc diff KERNEL.cpp --top NAME [--seed S] [--iterations N] [options]
       hlsc prove KERNEL.cpp --top NAME [--seconds S] [options]

The first form writes NAME.sv, NAME_model.hpp and NAME_report.txt into FOLDER.
The second compiles, Verilates and compares with the native run, in lock-step.
The third proves each process equal to a reference without pipeline (small kernels).

  -I FOLDER, -D NAME[=VALUE]  as the C++ compiler takes them
  --clock-ns NS     usable time of a pipeline stage (2.5)
  --reference       also NAME_reference.sv: each process without a pipeline
  --earliest        do not move operations to save registers
  --observe         also NAME_observe.sv, with ports for a lock-step harness
  --depfile FILE    which sources were read, as make rules
  --headers FOLDER  where ap_int.h is (beside hlsc or in its sources)
  --clang PROGRAM   the C++ compiler (clang++-19)
  --keep-ir         leave NAME.ll, the IR that becomes gates
  --keep FOLDER     diff: leave its files there
  --plant ordering|schedule   plant a fault (for tests of the tests)
)";

struct Command {
    bool help = false;
    bool diff = false;
    bool prove = false;
    Options options;
    DiffOptions diff_options;
    ProveOptions prove_options;
};

// The command, or a sentence that says what is wrong with it.
tl::expected<Command, std::string> parse_command_line(int argc, char** argv);

}  // namespace fpvs::hlsc
