// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt_sim/abi_guard.hpp"

#include <dlfcn.h>
#include <fmt/core.h>
#include <link.h>

#include <algorithm>

namespace fpvs::xrt_sim {
namespace {

// A vtable's symbol begins with the offset to the top and the type; the slots follow.
constexpr int kWordsBeforeSlots = 2;

constexpr SlotRange kDevicePure[] = {{0, 8}, {10, 29}, {36, 56}, {59, 59}, {63, 63}};
constexpr SlotRange kDeviceDestructors[] = {{57, 58}};
constexpr NamedSlot kDeviceNamed[] = {{9, "_ZN8xrt_core5ishim9import_boEii"},
                                      {30, "_ZN8xrt_core5ishim24open_ip_interrupt_notifyEj"},
                                      {31, "_ZN8xrt_core5ishim25close_ip_interrupt_notifyEi"},
                                      {32, "_ZN8xrt_core5ishim19enable_ip_interruptEi"},
                                      {33, "_ZN8xrt_core5ishim20disable_ip_interruptEi"},
                                      {34, "_ZN8xrt_core5ishim17wait_ip_interruptEi"},
                                      {35, "_ZN8xrt_core5ishim17wait_ip_interruptEii"},
                                      {60, "_ZNK8xrt_core6device15get_mgmt_handleEv"},
                                      {62, "_ZNK8xrt_core6device9is_userpfEv"},
                                      {70, "_ZNK8xrt_core6device5closeEi"}};

constexpr SlotRange kSystemPure[] = {{4, 7}};
constexpr NamedSlot kSystemNamed[] = {
    {3,
     "_ZNK8xrt_core6system13get_device_idERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"},
    {8, "_ZNK8xrt_core6system23get_monitor_access_typeEv"}};

constexpr ExpectedVtable kDevice{.symbol = "_ZTVN8xrt_core6deviceE",
                                 .slots = 71,
                                 .pure = kDevicePure,
                                 .unchecked = kDeviceDestructors,
                                 .named = kDeviceNamed};
constexpr ExpectedVtable kSystem{.symbol = "_ZTVN8xrt_core6systemE",
                                 .slots = 12,
                                 .pure = kSystemPure,
                                 .unchecked = {},
                                 .named = kSystemNamed};

bool contains(std::span<const SlotRange> ranges, int slot) {
    return std::ranges::any_of(ranges, [slot](const SlotRange& range) {
        return range.first <= slot && slot <= range.last;
    });
}

// Bytes of a loaded symbol, 0 where there is none.
std::size_t size_of_symbol(const void* address) {
    Dl_info info{};
    void* entry = nullptr;
    if (::dladdr1(address, &info, &entry, RTLD_DL_SYMENT) == 0 || entry == nullptr) {
        return 0;
    }
    return static_cast<const ElfW(Sym)*>(entry)->st_size;
}

}  // namespace

const ExpectedVtable& expected_device() {
    return kDevice;
}

const ExpectedVtable& expected_system() {
    return kSystem;
}

std::optional<std::string> find_mismatch(const ExpectedVtable& expected) {
    auto* const words = static_cast<void**>(::dlsym(RTLD_DEFAULT, expected.symbol));
    if (words == nullptr) {
        return fmt::format("libxrt_coreutil has no {}", expected.symbol);
    }
    const std::size_t size_bytes = (kWordsBeforeSlots + expected.slots) * sizeof(void*);
    if (const std::size_t found = size_of_symbol(words); found != size_bytes) {
        return fmt::format("{} has {} bytes, expected {}", expected.symbol, found, size_bytes);
    }
    void** const slots = words + kWordsBeforeSlots;
    const void* const pure = ::dlsym(RTLD_DEFAULT, "__cxa_pure_virtual");
    for (int slot = 0; slot < expected.slots; ++slot) {
        const bool expect_pure = contains(expected.pure, slot);
        if (!contains(expected.unchecked, slot) && (slots[slot] == pure) != expect_pure) {
            return fmt::format(
                "slot {} of {} is {}pure", slot, expected.symbol, expect_pure ? "not " : "");
        }
    }
    for (const NamedSlot& named : expected.named) {
        if (::dlsym(RTLD_DEFAULT, named.symbol) != slots[named.slot]) {
            return fmt::format(
                "slot {} of {} is not {}", named.slot, expected.symbol, named.symbol);
        }
    }
    return std::nullopt;
}

std::optional<std::string> find_abi_mismatch() {
    const auto device = find_mismatch(kDevice);
    return device ? device : find_mismatch(kSystem);
}

}  // namespace fpvs::xrt_sim
