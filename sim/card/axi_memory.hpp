// SPDX-License-Identifier: Apache-2.0
// Host memory at the card's AXI bus: a read half and a write half, 64 bytes a beat.
//
// Each half is clocked: its ready and valid lines for a cycle are known before the cycle, and
// clock() is told what the master showed in it.  Unmapped addresses answer DECERR.  A master that
// breaks the protocol is reported by violation(), which a test insists is empty.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <string_view>

#include "sim/card/host_memory.hpp"

namespace fpvs::sim::card {

constexpr std::size_t kAxiBeatBytes = 64;
constexpr std::uint8_t kAxiOkay = 0;
constexpr std::uint8_t kAxiDecodeError = 3;

// How slow the bus is.  The default is as fast as a bus can be.
struct AxiTiming {
    std::uint32_t latency_cycles_max = 0;  // Each burst draws its latency from 0 to this.
    std::uint32_t stall_percent = 0;       // Chance that a ready or valid stays low for a cycle.
    std::uint64_t seed = 1;
};

class AxiPace {
  public:
    explicit AxiPace(const AxiTiming& timing) : timing_(timing), random_(timing.seed) {}
    [[nodiscard]] bool stalls();
    [[nodiscard]] std::uint32_t latency_cycles();

  private:
    AxiTiming timing_;
    std::mt19937_64 random_;
};

// What a master shows on an address channel.
struct AxiAddress {
    bool valid = false;
    std::uint64_t address = 0;
    std::uint8_t beats_less_one = 0;
};

// Holds a master to the rules of the address channels.
class AxiRules {
  public:
    void check(const AxiAddress& shown, bool ready);
    void report(std::string_view what);
    [[nodiscard]] const std::string& violation() const { return violation_; }

  private:
    AxiAddress waiting_;
    std::string violation_;
};

class AxiReadMemory {
  public:
    explicit AxiReadMemory(const HostMemory& memory, const AxiTiming& timing = {})
        : memory_(memory), pace_(timing) {}

    [[nodiscard]] bool arready() const { return arready_; }
    [[nodiscard]] bool rvalid() const { return rvalid_; }
    [[nodiscard]] bool rlast() const { return rlast_; }
    [[nodiscard]] std::uint8_t rresp() const { return rresp_; }
    [[nodiscard]] const std::array<std::byte, kAxiBeatBytes>& rdata() const { return rdata_; }

    // True if anything moved.
    bool clock(const AxiAddress& ar, bool rready);
    // Nothing was asked for that is not answered.
    [[nodiscard]] bool rests() const { return bursts_.empty() && !rvalid_; }
    [[nodiscard]] const std::string& violation() const { return rules_.violation(); }

  private:
    struct Burst {
        std::uint64_t address = 0;
        std::uint32_t beats_left = 0;
        std::uint64_t due_cycle = 0;
    };
    void offer_next();

    const HostMemory& memory_;
    AxiPace pace_;
    AxiRules rules_;
    std::uint64_t cycle_ = 0;
    std::deque<Burst> bursts_;
    bool arready_ = false;
    bool rvalid_ = false;
    bool rlast_ = false;
    std::uint8_t rresp_ = kAxiOkay;
    std::array<std::byte, kAxiBeatBytes> rdata_{};
};

class AxiWriteMemory {
  public:
    explicit AxiWriteMemory(const HostMemory& memory, const AxiTiming& timing = {})
        : memory_(memory), pace_(timing) {}

    [[nodiscard]] bool awready() const { return awready_; }
    [[nodiscard]] bool wready() const { return wready_; }
    [[nodiscard]] bool bvalid() const { return bvalid_; }
    [[nodiscard]] std::uint8_t bresp() const { return bresp_; }

    // What the master shows on the data channel; `data` is kAxiBeatBytes long.
    struct Data {
        bool valid = false;
        bool last = false;
        const void* data = nullptr;
    };
    // True if anything moved.
    bool clock(const AxiAddress& aw, const Data& w, bool bready);
    [[nodiscard]] bool rests() const { return bursts_.empty() && replies_.empty() && !bvalid_; }
    [[nodiscard]] const std::string& violation() const { return rules_.violation(); }

  private:
    struct Burst {
        std::uint64_t address = 0;
        std::uint32_t beats_left = 0;
        std::uint8_t response = kAxiOkay;
    };
    struct Reply {
        std::uint64_t due_cycle = 0;
        std::uint8_t response = kAxiOkay;
    };
    void store(const Data& w);

    const HostMemory& memory_;
    AxiPace pace_;
    AxiRules rules_;
    std::uint64_t cycle_ = 0;
    std::deque<Burst> bursts_;
    std::deque<Reply> replies_;
    bool awready_ = false;
    bool wready_ = false;
    bool bvalid_ = false;
    std::uint8_t bresp_ = kAxiOkay;
};

}  // namespace fpvs::sim::card
