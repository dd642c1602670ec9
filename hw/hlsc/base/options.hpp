// SPDX-License-Identifier: Apache-2.0
// What one run of hlsc is asked to do.
#pragma once

#include <string>
#include <vector>

namespace fpvs::hlsc {

// A fault planted on purpose, so that tests can show that they would see one.
enum class Plant {
    none,
    ordering,  // A load that follows a store of the same call reads one stage too early.
    schedule,  // One value of the last stage is taken a stage too early.
};

struct Options {
    std::string source;
    std::string top;
    std::string output_folder = ".";
    std::vector<std::string> includes;  // Folders, as -I takes them.
    std::vector<std::string> defines;   // NAME or NAME=VALUE.
    std::string headers;  // The folder of ap_int.h; found beside the program if empty.
    std::string clang = "clang++-19";
    double clock_ns = 2.5;  // Usable time per stage: 300 MHz less uncertainty and routing margin.
    bool minimise_registers = true;  // Off: every operation as early as can be.
    bool reference = false;  // Also TOP_reference.sv: what each process does, without a pipeline.
    bool observe = false;    // Also TOP_observe.sv, whose ports tell what each process did.
    std::string depfile;     // Make rules for the sources that were read; empty: none.
    bool keep_ir = false;    // Leave the prepared IR beside the output.
    Plant plant = Plant::none;
};

}  // namespace fpvs::hlsc
