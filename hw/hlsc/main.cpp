// SPDX-License-Identifier: Apache-2.0
// hlsc: the open HLS compiler of FPVS.  `hlsc --help` says how to call it; docs/hlsc.md what it is.
#include <fmt/core.h>

#include <cstdio>

#include "hw/hlsc/base/diagnostics.hpp"
#include "hw/hlsc/command_line.hpp"
#include "hw/hlsc/compile.hpp"
#include "hw/hlsc/cosim/diff.hpp"
#include "hw/hlsc/prove/prove.hpp"

int main(int argc, char** argv) {
    namespace hlsc = fpvs::hlsc;
    const auto command = hlsc::parse_command_line(argc, argv);
    if (!command) {
        fmt::print(stderr, "hlsc: {}\n{}", command.error(), hlsc::kUsage);
        return 2;
    }
    if (command->help) {
        fmt::print("{}", hlsc::kUsage);
        return 0;
    }
    hlsc::Diagnostics diagnostics;
    bool good = false;
    if (command->diff) {
        good = hlsc::diff(command->options, command->diff_options, diagnostics);
    } else if (command->prove) {
        const auto proved = hlsc::prove(command->options, command->prove_options, diagnostics);
        good = !proved.empty();
        for (const hlsc::ProvedProcess& process : proved) {
            const char* words[] = {"equal to its reference, for all inputs",
                                   "NOT equal to its reference",
                                   "not decided in time"};
            fmt::print("process {}, {} stages: {}\n",
                       process.name,
                       process.stages,
                       words[static_cast<int>(process.verdict)]);
            good = good && process.verdict == hlsc::Verdict::equal;
        }
    } else {
        good = hlsc::compile(command->options, diagnostics);
    }
    std::fputs(diagnostics.text().c_str(), stderr);
    return good ? 0 : 1;
}
