// SPDX-License-Identifier: Apache-2.0
// Runs a program and waits for it.
#pragma once

#include <string>
#include <vector>

namespace fpvs::hlsc {

// The exit status of the program; 127 if it cannot be started.  Its standard output goes to
// output_file if that is not empty, both its outputs to log_file if that is not empty.
int run_program(const std::vector<std::string>& command,
                const std::string& output_file = {},
                const std::string& log_file = {});

// The folder in which this program lies.
std::string program_folder();

// A new empty folder for intermediate files; the caller removes it.
std::string make_temporary_folder();

}  // namespace fpvs::hlsc
