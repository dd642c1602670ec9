// SPDX-License-Identifier: Apache-2.0
// What FPVS writes into an xclbin, and what it looks for in one.
//
// An xclbin ("xclbin2" container, struct axlf of XRT's xclbin.h) is a header, a table of sections
// and the sections.  Ours describe one user-managed kernel and one memory, the host's; they come
// from Vitis for a card and from pack() for the simulated card.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fpvs::xrt_card {

// The kernel that holds the register block, and its one instance.
constexpr std::string_view kKernelName = "fpvs_card";
constexpr std::string_view kInstanceName = "fpvs_card_1";

// Host memory that the card masters (Vitis: sp=fpvs_card_1.m_axi_host:HOST[0]).
constexpr std::string_view kHostMemoryTag = "HOST[0]";

// The entry of KEYVALUE_METADATA that says which contract the card was built for, as 0x and 16 hex
// digits (xclbinutil --key-value USER:fpvs.abi_hash:0x...).
constexpr std::string_view kAbiHashKey = "fpvs.abi_hash";

// A platform with this prefix is a simulator, carried in the BITSTREAM section; the others are
// those that the kernels are linked for.
constexpr std::string_view kSimulatedPlatformPrefix = "fpvs_sim";
constexpr std::string_view kCardPlatformPrefixes[] = {
    "xilinx_u250_", "xilinx_u280_", "xilinx_u55c_"};

constexpr std::size_t kXclbinBytesMax = std::size_t{1} << 30;
constexpr std::uint32_t kSectionsMax = 256;
constexpr std::int32_t kIpsMax = 128;
constexpr std::int32_t kMemoriesMax = 256;
constexpr std::int32_t kConnectionsMax = 1 << 16;
constexpr std::int32_t kArgumentsMax = 1024;
constexpr std::size_t kMetadataBytesMax = std::size_t{1} << 20;
constexpr std::size_t kKeyValueBytesMax = std::size_t{1} << 12;

}  // namespace fpvs::xrt_card
