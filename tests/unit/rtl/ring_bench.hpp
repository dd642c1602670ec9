// SPDX-License-Identifier: Apache-2.0
// What the benches of the four ring engines share: host memory with one ring, the matrix of bus
// timings, and a stream's beats.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <random>
#include <span>
#include <vector>

#include "sim/card/axi_memory.hpp"
#include "verilated.h"

namespace fpvs::rtl {

constexpr std::size_t kBeatBytes = sim::card::kAxiBeatBytes;
using Beat = std::array<std::uint8_t, kBeatBytes>;

// How the world around an engine behaves.
struct World {
    int slot_bytes_log2 = 6;
    std::uint32_t latency_cycles_max = 0;
    std::uint32_t bus_stall_percent = 0;
    std::uint32_t stream_stall_percent = 0;
    std::uint64_t seed = 1;

    [[nodiscard]] sim::card::AxiTiming timing() const {
        return {latency_cycles_max, bus_stall_percent, seed};
    }
    friend std::ostream& operator<<(std::ostream& out, const World& world) {
        return out << "slot 2^" << world.slot_bytes_log2 << ", latency to "
                   << world.latency_cycles_max << ", bus stalls " << world.bus_stall_percent
                   << " %, stream stalls " << world.stream_stall_percent << " %, seed "
                   << world.seed;
    }
};

// Every slot size with every kind of bus and stream.
inline std::vector<World> worlds(std::initializer_list<int> slot_sizes_log2) {
    std::vector<World> all;
    std::uint64_t seed = 20;
    for (const int size : slot_sizes_log2) {
        for (const std::uint32_t latency : {0U, 40U}) {
            for (const std::uint32_t bus : {0U, 50U}) {
                for (const std::uint32_t stream : {0U, 50U}) {
                    all.push_back({size, latency, bus, stream, ++seed});
                }
            }
        }
    }
    return all;
}

// A ring of 16 slots somewhere in the card's address space, with guard pages on either side.
class RingMemory {
  public:
    static constexpr int kSlotsLog2 = 4;
    static constexpr std::uint32_t kSlots = 1U << kSlotsLog2;
    static constexpr std::uint64_t kBase = 0x2000'0000'0000;

    explicit RingMemory(int slot_bytes_log2)
        : slot_bytes_(std::size_t{1} << slot_bytes_log2),
          bytes_(kGuard + (slot_bytes_ << kSlotsLog2) + kGuard, kUntouched) {
        memory_.map(kBase - kGuard, bytes_);
    }
    [[nodiscard]] const sim::card::HostMemory& memory() const { return memory_; }
    [[nodiscard]] std::size_t slot_bytes() const { return slot_bytes_; }
    [[nodiscard]] std::span<std::byte> slot(std::uint32_t index) {
        return std::span(bytes_).subspan(kGuard + (index % kSlots) * slot_bytes_, slot_bytes_);
    }
    [[nodiscard]] bool guards_untouched() const {
        for (std::size_t i = 0; i < kGuard; ++i) {
            if (bytes_[i] != kUntouched || bytes_[bytes_.size() - 1 - i] != kUntouched) {
                return false;
            }
        }
        return true;
    }

  private:
    static constexpr std::size_t kGuard = 4096;
    static constexpr std::byte kUntouched{0x5a};

    std::size_t slot_bytes_;
    std::vector<std::byte> bytes_;
    sim::card::HostMemory memory_;
};

// Chance, with a seed of its own.
class Chance {
  public:
    explicit Chance(std::uint64_t seed) : random_(seed) {}
    [[nodiscard]] bool percent(std::uint32_t chance) { return random_() % 100 < chance; }
    [[nodiscard]] std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(random_() % bound);
    }
    [[nodiscard]] std::vector<std::uint8_t> bytes(std::size_t count) {
        std::vector<std::uint8_t> result(count);
        for (std::uint8_t& byte : result) {
            byte = static_cast<std::uint8_t>(random_());
        }
        return result;
    }

  private:
    std::mt19937_64 random_;
};

// A Verilated engine with its ring's registers.
template <class Top>
class Engine {
  public:
    Engine() {
        context_.randReset(0);
        top.rst_n = 0;
        for (int i = 0; i < 4; ++i) {
            settle();
            edge();
        }
        top.rst_n = 1;
        top.run = 1;
        top.base = RingMemory::kBase;
        top.slots_log2 = RingMemory::kSlotsLog2;
    }
    ~Engine() { top.final(); }
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Between the two, outputs answer the inputs of the cycle.
    void settle() {
        top.clk = 0;
        top.eval();
    }
    void edge() {
        top.clk = 1;
        top.eval();
        ++cycles;
    }

  private:
    VerilatedContext context_;

  public:
    Top top{&context_, ""};
    std::uint64_t cycles = 0;
};

template <class Wide>
Beat to_beat(const Wide& wide) {
    Beat beat;
    static_assert(sizeof wide == sizeof beat);
    std::memcpy(beat.data(), &wide, sizeof beat);
    return beat;
}

template <class Wide>
void put_beat(Wide& wide, std::span<const std::uint8_t> bytes) {
    static_assert(sizeof wide == kBeatBytes);
    std::memset(&wide, 0, sizeof wide);
    std::memcpy(&wide, bytes.data(), bytes.size());
}

inline std::uint32_t word_at(std::span<const std::byte> bytes, std::size_t offset) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.subspan(offset).data(), sizeof word);
    return word;
}

constexpr std::size_t kStampOffset = 60;

}  // namespace fpvs::rtl
