// SPDX-License-Identifier: Apache-2.0
// Random kernels, RTL against native run in lock-step, over all idle and back-pressure patterns.
// FPVS_SEED sets the first seed, FPVS_HLSC_PROGRAMS how many kernels follow.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "hw/hlsc/base/subprocess.hpp"
#include "hw/hlsc/cosim/diff.hpp"
#include "hw/hlsc/tests/random_program.hpp"

namespace fpvs::hlsc {
namespace {

constexpr std::uint64_t kCycles = 9000;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Differential, random_kernels_run_word_for_word_like_their_native_run) {
    const std::uint64_t first = from_environment("FPVS_SEED", 1);
    const std::uint64_t count = from_environment("FPVS_HLSC_PROGRAMS", 12);
    const std::string folder = make_temporary_folder();
    ASSERT_FALSE(folder.empty());
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        const std::string source = fmt::format("{}/random_{}.cpp", folder, seed);
        std::ofstream(source) << random_program(seed);
        Options options;
        options.source = source;
        options.top = "random_kernel";
        options.headers = FPVS_HLSC_HEADERS;
        Diagnostics diagnostics;
        EXPECT_TRUE(
            diff(options, {.seed = seed, .iterations = kCycles, .quick_build = true}, diagnostics))
            << "seed " << seed << "\n"
            << diagnostics.text() << random_program(seed);
        std::error_code error;
        std::filesystem::remove(source, error);
    }
    std::error_code error;
    std::filesystem::remove_all(folder, error);
}

}  // namespace
}  // namespace fpvs::hlsc
