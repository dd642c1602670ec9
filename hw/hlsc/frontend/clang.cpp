// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/frontend/clang.hpp"

#include <fstream>
#include <iterator>
#include <vector>

#include "hw/hlsc/base/subprocess.hpp"
#include "hw/hlsc/frontend/pragma.hpp"

namespace fpvs::hlsc {

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> preprocess_command(const Options& options) {
    std::vector<std::string> command = {options.clang,
                                        "-std=c++14",
                                        "-Werror=c++17-extensions",
                                        "-D__SYNTHESIS__",
                                        "-Wno-unknown-pragmas",
                                        "-isystem",
                                        options.headers,
                                        "-E"};
    for (const std::string& include : options.includes) {
        command.push_back("-I" + include);
    }
    for (const std::string& define : options.defines) {
        command.push_back("-D" + define);
    }
    if (!options.depfile.empty()) {
        const std::string target = options.output_folder + "/" + options.top + ".sv";
        command.insert(command.end(), {"-MD", "-MF", options.depfile, "-MT", target});
    }
    command.push_back(options.source);
    return command;
}

// Unoptimised IR without optnone: hlsc runs its own passes.  Exceptions, RTTI and thread-safe
// statics have no meaning in gates.
std::vector<std::string> compile_command(const Options& options,
                                         const std::string& input,
                                         const std::string& output) {
    return {options.clang,
            "-x",
            "c++-cpp-output",
            "-std=c++14",
            "-Werror=c++17-extensions",
            "-Wno-unknown-pragmas",
            "-Wno-reserved-identifier",
            "-O2",
            "-Xclang",
            "-disable-llvm-passes",
            "-ftrivial-auto-var-init=zero",
            "-fno-exceptions",
            "-fno-rtti",
            "-fno-threadsafe-statics",
            "-g",
            "-fstandalone-debug",
            "-emit-llvm",
            "-c",
            input,
            "-o",
            output};
}

}  // namespace

std::string compile_to_bitcode(const Options& options,
                               const std::string& folder,
                               Diagnostics& diagnostics) {
    const std::string preprocessed = folder + "/preprocessed.ii";
    const std::string replaced = folder + "/kernel.ii";
    const std::string bitcode = folder + "/kernel.bc";
    if (run_program(preprocess_command(options), preprocessed) != 0) {
        diagnostics.error({}, "{} does not get through the preprocessor", options.source);
        return "";
    }
    const std::string text = replace_pragmas(read_file(preprocessed), diagnostics);
    if (diagnostics.failed()) {
        return "";
    }
    std::ofstream(replaced) << text;
    if (run_program(compile_command(options, replaced, bitcode)) != 0) {
        diagnostics.error({}, "{} is not a C++14 kernel that clang accepts", options.source);
        return "";
    }
    return bitcode;
}

}  // namespace fpvs::hlsc
