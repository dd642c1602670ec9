// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/prove/prove.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "hw/hlsc/base/subprocess.hpp"
#include "hw/hlsc/compile.hpp"

namespace fpvs::hlsc {

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Every register starts as it says, or at zero; memories become registers.
std::string yosys_script(const Options& options, const std::string& name) {
    const std::string base = options.output_folder + "/" + options.top;
    const std::string proof = options.top + "_" + name + "_proof";
    return fmt::format(
        "read_verilog -formal -sv {0}/../rtl/lib/fpvs_ram_s2p.sv {1}.sv {1}_reference.sv\n"
        "hierarchy -top {2}\nproc\nflatten\nopt -full\nmemory -nomap\nmemory_map\nopt -full\n"
        "techmap\nopt -fast\ndfflegalize -cell $_DFF_P_ 01\nsetundef -undriven -init -zero\n"
        "setundef -zero\nopt_expr\nopt_clean\nabc -g AND -fast\nopt_clean\nwrite_aiger -zinit "
        "{3}/{4}.aig\n",
        FPVS_HLSC_SOURCE_FOLDER,
        base,
        proof,
        options.output_folder,
        proof);
}

Verdict decide(const Options& options,
               const ProveOptions& prove_options,
               const std::string& name,
               Diagnostics& diagnostics) {
    const std::string base = options.output_folder + "/" + options.top + "_" + name + "_proof";
    std::ofstream(base + ".ys") << yosys_script(options, name);
    if (run_program({"yosys", "-q", base + ".ys"}, {}, base + ".yosys.log") != 0) {
        diagnostics.error(
            {}, "yosys does not take process {}:\n{}", name, read_file(base + ".yosys.log"));
        return Verdict::undecided;
    }
    const std::string commands =
        fmt::format("read_aiger {}.aig; strash; scleanup; scorr; dc2; scorr -F 2; pdr -T {}",
                    base,
                    prove_options.seconds);
    // -T bounds the last step only.
    run_program({"timeout", std::to_string(2 * prove_options.seconds), "yosys-abc", "-c", commands},
                {},
                base + ".abc.log");
    const std::string said = read_file(base + ".abc.log");
    if (said.find("Property proved") != std::string::npos) {
        return Verdict::equal;
    }
    return said.find("was asserted in frame") != std::string::npos ? Verdict::different
                                                                   : Verdict::undecided;
}

}  // namespace

std::vector<ProvedProcess> prove(const Options& options,
                                 const ProveOptions& prove_options,
                                 Diagnostics& diagnostics) {
    Options inside = options;
    const bool keep = !prove_options.keep_folder.empty();
    inside.output_folder = keep ? std::filesystem::absolute(prove_options.keep_folder).string()
                                : make_temporary_folder();
    inside.reference = true;
    std::vector<ProvedProcess> proved;
    Program program;
    if (compile(inside, program, diagnostics)) {
        for (const auto& process : program.processes) {
            proved.push_back({process->name,
                              decide(inside, prove_options, process->name, diagnostics),
                              process->stages});
        }
    }
    std::error_code error;
    if (!keep) {
        std::filesystem::remove_all(inside.output_folder, error);
    }
    return diagnostics.failed() ? std::vector<ProvedProcess>{} : proved;
}

}  // namespace fpvs::hlsc
