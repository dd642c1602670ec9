// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt/driver_choice.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "drivers/xrt_sim/plugin.hpp"

namespace fpvs::xrt_card {
namespace {

std::mutex mutex;
bool simulated = false;

std::string find_shim(const std::string& path) {
    if (!path.empty()) {
        return path;
    }
    if (const char* named = std::getenv("FPVS_XRT_SIM"); named != nullptr && *named != '\0') {
        return named;
    }
    std::error_code ignored;
    const auto executable = std::filesystem::read_symlink("/proc/self/exe", ignored);
    return executable.parent_path().parent_path() / "lib" / "libfpvs_xrt_sim.so";
}

}  // namespace

Status choose_simulated(const std::string& path) {
    const std::lock_guard lock(mutex);
    if (simulated) {
        return {};
    }
    const std::string shim = find_shim(path);
    // Never unloaded: XRT keeps pointers into it.
    void* library = ::dlopen(shim.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) {
        return fail(Code::unavailable,
                    "the xclbin is for a simulated card, and its XRT shim cannot be loaded: {} "
                    "(FPVS_XRT_SIM names another place)",
                    ::dlerror());
    }
    auto* const problem =
        reinterpret_cast<xrt_sim::ProblemFunction*>(::dlsym(library, xrt_sim::kProblemFunction));
    if (problem == nullptr) {
        return fail(Code::mismatch, "{} is not the XRT shim of the simulated card", shim);
    }
    if (const char* text = problem(); text != nullptr) {
        return fail(Code::failed_precondition, "the simulated card cannot be opened: {}", text);
    }
    simulated = true;
    return {};
}

Status choose_real() {
    const std::lock_guard lock(mutex);
    if (simulated) {
        return fail(Code::failed_precondition,
                    "this process has opened a simulated card; real and simulated cards cannot be "
                    "mixed in one process");
    }
    return {};
}

}  // namespace fpvs::xrt_card
