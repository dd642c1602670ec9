// SPDX-License-Identifier: Apache-2.0
// Frames into a capture file: classic pcap of this machine's byte order.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace fpvs::kit {

inline void write_pcap(const std::string& path,
                       const std::vector<std::vector<std::uint8_t>>& frames) {
    constexpr std::uint32_t kMagic = 0xa1b2c3d4;
    constexpr std::uint32_t kVersion = 4u << 16 | 2u;  // 2.4
    constexpr std::uint32_t kSnapLength = 65535;
    constexpr std::uint32_t kEthernet = 1;
    std::ofstream file(path, std::ios::binary);
    const auto put = [&file](std::uint32_t word) {
        file.write(reinterpret_cast<const char*>(&word), sizeof word);
    };
    for (const std::uint32_t word : {kMagic, kVersion, 0u, 0u, kSnapLength, kEthernet}) {
        put(word);
    }
    for (const auto& frame : frames) {
        const auto length = static_cast<std::uint32_t>(frame.size());
        for (const std::uint32_t word : {0u, 0u, length, length}) {
            put(word);
        }
        file.write(reinterpret_cast<const char*>(frame.data()), length);
    }
}

}  // namespace fpvs::kit
