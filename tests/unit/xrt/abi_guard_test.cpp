// SPDX-License-Identifier: Apache-2.0
// The guard knows the XRT it was built for, and notices each kind of difference.
#include "drivers/xrt_sim/abi_guard.hpp"

#include <gtest/gtest.h>
#include <xrt/xrt_device.h>

namespace fpvs::xrt_sim {
namespace {

void expect_mismatch(const ExpectedVtable& expected, const char* part) {
    const auto mismatch = find_mismatch(expected);
    ASSERT_TRUE(mismatch);
    EXPECT_NE(mismatch->find(part), std::string::npos) << *mismatch;
}

TEST(abi_guard, installed_xrt_is_the_expected_one) {
    const xrt::device keeps_the_library_linked;
    EXPECT_EQ(find_abi_mismatch().value_or("none"), "none");
}

TEST(abi_guard, missing_library_is_noticed) {
    ExpectedVtable expected = expected_device();
    expected.symbol = "_ZTVN8xrt_core9no_deviceE";
    expect_mismatch(expected, "has no _ZTVN8xrt_core9no_deviceE");
}

TEST(abi_guard, other_size_is_noticed) {
    ExpectedVtable expected = expected_device();
    expected.slots += 1;
    expect_mismatch(expected, "has 584 bytes, expected 592");
}

TEST(abi_guard, slot_that_is_pure_is_noticed) {
    ExpectedVtable expected = expected_system();
    static constexpr SlotRange kFewer[] = {{4, 6}};
    expected.pure = kFewer;
    expect_mismatch(expected, "slot 7 of _ZTVN8xrt_core6systemE is pure");
}

TEST(abi_guard, slot_that_is_not_pure_is_noticed) {
    ExpectedVtable expected = expected_system();
    static constexpr SlotRange kMore[] = {{4, 8}};
    expected.pure = kMore;
    expect_mismatch(expected, "slot 8 of _ZTVN8xrt_core6systemE is not pure");
}

TEST(abi_guard, other_function_in_a_slot_is_noticed) {
    ExpectedVtable expected = expected_device();
    static constexpr NamedSlot kSwapped[] = {{60, "_ZNK8xrt_core6device9is_userpfEv"}};
    expected.named = kSwapped;
    expect_mismatch(expected, "slot 60 of _ZTVN8xrt_core6deviceE is not");
}

}  // namespace
}  // namespace fpvs::xrt_sim
