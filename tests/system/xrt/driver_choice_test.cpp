// SPDX-License-Identifier: Apache-2.0
// Which driver XRT ends up with.  Each case runs in a process of its own, because a process has
// one.
#include <gtest/gtest.h>

#include <string>

#include "drivers/xrt/open_card.hpp"
#include "tests/system/xrt/card_file.hpp"

namespace fpvs::xrt_card {
namespace {

// Runs `body` in a child; its failures are printed and fail the test.
template <class Body>
void in_a_process(Body body) {
    EXPECT_EXIT(
        {
            body();
            std::exit(testing::Test::HasFailure() ? 1 : 0);
        },
        testing::ExitedWithCode(0),
        "");
}

void expect_sentence(const OpenOptions& options, Code code, const char* part) {
    const auto card = open_card(options);
    ASSERT_FALSE(card);
    EXPECT_EQ(card.error().code, code) << card.error().text();
    EXPECT_NE(card.error().message.find(part), std::string::npos) << card.error().text();
}

class DriverChoice : public testing::Test {
  protected:
    Folder folder_;
    const std::string simulated_ = folder_.write("simulated", make_card());
    const std::string real_ =
        folder_.write("real", make_card({.platform = "xilinx_u250_gen3x16_xdma_4_1_202210_1"}));
};

TEST_F(DriverChoice, shim_that_is_not_there_is_named) {
    in_a_process([&] {
        expect_sentence({.path = simulated_, .shim = "/nowhere/libfpvs_xrt_sim.so"},
                        Code::unavailable,
                        "/nowhere/libfpvs_xrt_sim.so");
        const ScopedVariable shim("FPVS_XRT_SIM", "/elsewhere/shim.so");
        expect_sentence({.path = simulated_}, Code::unavailable, "/elsewhere/shim.so");
    });
}

TEST_F(DriverChoice, library_that_is_not_the_shim_is_refused) {
    in_a_process([&] {
        expect_sentence(
            {.path = simulated_, .shim = "libm.so.6"}, Code::mismatch, "is not the XRT");
    });
}

TEST_F(DriverChoice, shim_that_failed_can_be_tried_again) {
    in_a_process([&] {
        EXPECT_FALSE(open_card({.path = simulated_, .shim = "/nowhere"}));
        EXPECT_TRUE(open_card({.path = simulated_}));
    });
}

TEST_F(DriverChoice, missing_xrt_set_up_is_said) {
    in_a_process([&] {
        ::unsetenv("XILINX_XRT");
        expect_sentence({.path = real_}, Code::unavailable, "XILINX_XRT");
    });
}

// Debian's XRT, laid out as its loader wants it, finds no card here.
TEST_F(DriverChoice, missing_card_is_said_and_closes_the_way_to_a_simulated_one) {
    const std::string library = XRT_COREUTIL_LIBRARY;
    std::filesystem::create_directory_symlink(std::filesystem::canonical(library).parent_path(),
                                              folder_.file("lib"));
    const ScopedVariable setup("XILINX_XRT",
                               std::filesystem::path(folder_.file("lib")).parent_path());
    in_a_process([&] {
        expect_sentence({.path = real_, .device = "255"}, Code::unavailable, "xbutil examine");
        expect_sentence({.path = simulated_}, Code::failed_precondition, "cannot be mixed");
    });
}

TEST_F(DriverChoice, there_is_one_simulated_card) {
    in_a_process([&] {
        expect_sentence({.path = simulated_, .device = "1"}, Code::unavailable, "number 0");
        EXPECT_TRUE(open_card({.path = simulated_, .device = "0"}));
    });
}

}  // namespace
}  // namespace fpvs::xrt_card
