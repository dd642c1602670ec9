// SPDX-License-Identifier: Apache-2.0
// The frames of a capture file: classic pcap of this machine's byte order, in micro- or
// nanoseconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fpvs::kit {

using Frame = std::vector<std::uint8_t>;

struct TimedFrame {
    std::chrono::nanoseconds time{};  // Since 1970.
    Frame bytes;
};

// Tests run in the root of the tree, so paths are written from there.
inline std::vector<TimedFrame> read_timed_pcap(const std::string& path) {
    constexpr std::size_t kFileHeaderBytes = 24;
    constexpr std::size_t kFrameHeaderBytes = 16;
    constexpr std::size_t kLengthOffset = 8;
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    const auto word_at = [&](std::size_t offset) {
        if (offset + sizeof(std::uint32_t) > bytes.size()) {
            throw std::runtime_error(path + " is no whole capture file");
        }
        std::uint32_t word = 0;
        std::memcpy(&word, bytes.data() + offset, sizeof word);
        return word;
    };
    constexpr std::uint32_t kNanosecondsMagic = 0xa1b23c4d;
    const std::uint32_t magic = word_at(0);
    if (magic != 0xa1b2c3d4 && magic != kNanosecondsMagic) {
        throw std::runtime_error(path + " is no capture file");
    }
    const int unit_ns = magic == kNanosecondsMagic ? 1 : 1000;
    std::vector<TimedFrame> frames;
    for (std::size_t offset = kFileHeaderBytes; offset < bytes.size();) {
        const std::size_t length = word_at(offset + kLengthOffset);
        const auto time =
            std::chrono::seconds(word_at(offset)) +
            std::chrono::nanoseconds(unit_ns) * word_at(offset + sizeof(std::uint32_t));
        offset += kFrameHeaderBytes;
        if (offset + length > bytes.size()) {
            throw std::runtime_error(path + " ends within a frame");
        }
        const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
        frames.push_back({time, Frame(begin, begin + static_cast<std::ptrdiff_t>(length))});
        offset += length;
    }
    return frames;
}

inline std::vector<Frame> read_pcap(const std::string& path) {
    std::vector<Frame> frames;
    for (TimedFrame& frame : read_timed_pcap(path)) {
        frames.push_back(std::move(frame.bytes));
    }
    return frames;
}

}  // namespace fpvs::kit
