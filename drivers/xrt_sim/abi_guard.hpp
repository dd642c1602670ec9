// SPDX-License-Identifier: Apache-2.0
// Is the libxrt_coreutil in this process the one that xrt_2_13_abi.hpp describes?
//
// Compares the vtables that the library exports: their sizes, which of their slots are pure, and
// which function fills some of the others.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace fpvs::xrt_sim {

struct SlotRange {
    int first;
    int last;
};

struct NamedSlot {
    int slot;
    const char* symbol;
};

struct ExpectedVtable {
    const char* symbol;
    int slots;
    std::span<const SlotRange> pure;
    std::span<const SlotRange> unchecked;  // Destructors: local to the library.
    std::span<const NamedSlot> named;
};

[[nodiscard]] const ExpectedVtable& expected_device();
[[nodiscard]] const ExpectedVtable& expected_system();

// The first difference as a sentence, or nothing.
[[nodiscard]] std::optional<std::string> find_mismatch(const ExpectedVtable& expected);
[[nodiscard]] std::optional<std::string> find_abi_mismatch();

}  // namespace fpvs::xrt_sim
