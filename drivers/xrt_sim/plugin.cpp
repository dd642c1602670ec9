// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt_sim/plugin.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <string>

#include "drivers/xrt_sim/abi_guard.hpp"
#include "drivers/xrt_sim/system.hpp"

namespace fpvs::xrt_sim {
namespace {

// Empty when registered.
std::string register_system() {
    if (const auto mismatch = find_abi_mismatch()) {
        return fmt::format("this XRT is not the 2.13 that the simulated card was built for: {}",
                           *mismatch);
    }
    try {
        // XRT keeps the pointer until the process ends, and so do devices that are closed late.
        static System* const system = new System;
        static_cast<void>(system);
    } catch (const std::exception&) {
        return "XRT has opened another driver already; real and simulated cards cannot be mixed "
               "in one process";
    }
    return {};
}

const std::string& problem() {
    static const std::string text = register_system();
    return text;
}

// Runs when the library is loaded.
const bool registered = [] {
    if (!problem().empty()) {
        fmt::print(stderr, "libfpvs_xrt_sim.so: {}\n", problem());
    }
    return problem().empty();
}();

}  // namespace
}  // namespace fpvs::xrt_sim

const char* fpvs_xrt_sim_problem() {
    return fpvs::xrt_sim::registered ? nullptr : fpvs::xrt_sim::problem().c_str();
}
