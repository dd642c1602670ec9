// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/cosim/diff.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "hw/hlsc/base/subprocess.hpp"
#include "hw/hlsc/compile.hpp"

namespace fpvs::hlsc {

namespace {

std::string harness_source(const Options& options) {
    return fmt::format(
        "#include \"{0}_model.hpp\"\n#include \"V{0}.h\"\n"
        "#include \"hw/hlsc/cosim/random_diff.hpp\"\n"
        "int main(int argc, char** argv) {{\n"
        "    return fpvs::cosim::random_diff<V{0}, {0}_model>(argc, argv);\n}}\n",
        options.top);
}

std::vector<std::string> verilator_command(const Options& options,
                                           const DiffOptions& diff_options,
                                           const std::string& folder) {
    const std::string level = diff_options.quick_build ? "-O0" : "-O1";
    std::string flags = "-std=c++20 " + level +
                        " -ftrivial-auto-var-init=zero -Wno-unknown-pragmas -isystem " +
                        options.headers + " -I" FPVS_HLSC_SOURCE_FOLDER "/../.. -I" + folder;
    for (const std::string& include : options.includes) {
        flags += " -I" + std::filesystem::absolute(include).string();
    }
    for (const std::string& define : options.defines) {
        flags += " -D" + define;
    }
    const std::string library = FPVS_HLSC_SOURCE_FOLDER "/../rtl/lib/";
    return {"verilator",
            "--cc",
            "--exe",
            "--build",
            "-O3",
            "--x-assign",
            "fast",
            "--x-initial",
            "fast",
            "--assert",
            "--top-module",
            options.top,
            "-Mdir",
            folder + "/obj",
            "-CFLAGS",
            flags,
            "-MAKEFLAGS",
            "OBJCACHE=ccache CXX=" + options.clang + " LINK=" + options.clang +
                " OPT_FAST=" + level + " OPT_SLOW=-O0 OPT_GLOBAL=-O1",
            folder + "/" + options.top + "_observe.sv",
            library + "fpvs_stream_fifo.sv",
            library + "fpvs_axis_register.sv",
            library + "fpvs_ram_s2p.sv",
            folder + "/harness.cpp",
            "-o",
            "diff"};
}

bool run(const Options& options,
         const DiffOptions& diff_options,
         const std::string& folder,
         Diagnostics& diagnostics) {
    Options inside = options;
    inside.output_folder = folder;
    inside.observe = true;
    if (!compile(inside, diagnostics)) {
        return false;
    }
    std::ofstream(folder + "/harness.cpp") << harness_source(options);
    const std::string log = folder + "/verilator.log";
    if (run_program(verilator_command(inside, diff_options, folder), {}, log) != 0) {
        std::ifstream file(log);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        diagnostics.error({}, "the RTL of {} does not build:\n{}", options.source, text);
        return false;
    }
    const int status = run_program({folder + "/obj/diff",
                                    std::to_string(diff_options.seed),
                                    std::to_string(diff_options.iterations)});
    if (status != 0) {
        diagnostics.error({},
                          "{}: RTL and native run differ (seed {}, {} cycles)",
                          options.source,
                          diff_options.seed,
                          diff_options.iterations);
    }
    return status == 0;
}

}  // namespace

bool diff(const Options& options, const DiffOptions& diff_options, Diagnostics& diagnostics) {
    const bool keep = !diff_options.keep_folder.empty();
    const std::string folder = keep ? std::filesystem::absolute(diff_options.keep_folder).string()
                                    : make_temporary_folder();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const bool good = run(options, diff_options, folder, diagnostics);
    if (!keep) {
        std::filesystem::remove_all(folder, error);
    }
    return good;
}

}  // namespace fpvs::hlsc
