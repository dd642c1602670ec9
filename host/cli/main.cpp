// SPDX-License-Identifier: Apache-2.0
// fpvsadm: ipvsadm's options and fpvsadm's verbs, for the daemon behind the control socket.
#include <iostream>
#include <string>
#include <vector>

#include "host/cli/names.hpp"
#include "host/cli/run.hpp"
#include "host/control/socket_path.hpp"

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    fpvs::cli::SystemNames names;
    fpvs::cli::Environment environment{.socket_path = fpvs::control::socket_path(),
                                       .names = names,
                                       .in = std::cin,
                                       .out = std::cout,
                                       .err = std::cerr};
    const int exit_code =
        fpvs::cli::run(std::vector<std::string>(argv + 1, argv + argc), environment);
    std::cout.flush();
    return exit_code;
}
