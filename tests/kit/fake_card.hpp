// SPDX-License-Identifier: Apache-2.0
// A card of ordinary memory: plays the card's side of registers and rings, keeps what commands
// write into its tables, and forwards nothing.
//
// Everything happens at once, inside the call that the host makes; a test decides what the wire
// brings (punt), what the card reports (event) and when it dies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/provider/card.hpp"
#include "hw/abi/abi_hash.hpp"
#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/abi/events.hpp"
#include "hw/abi/hash.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/reasons.hpp"
#include "hw/abi/record.hpp"
#include "hw/abi/registers.hpp"
#include "hw/abi/rings.hpp"

namespace fpvs::kit {

class FakeCard final : public provider::Card {
  public:
    struct Frame {
        std::uint32_t port = 0;
        std::vector<std::uint8_t> bytes;
    };
    struct Counter {
        std::uint64_t packets = 0;
        std::uint64_t bytes = 0;
    };
    using Position = std::pair<std::uint32_t, std::uint32_t>;  // Index or bucket, way or bank.

    FakeCard();

    // --- What the host sees.
    Result<std::uint32_t> read_register(std::uint32_t offset) override;
    Status write_register(std::uint32_t offset, std::uint32_t value) override;
    Result<std::unique_ptr<provider::SharedMemory>> allocate(std::size_t size_bytes) override;
    const provider::Bitstream& bitstream() const override { return bitstream_; }

    // --- What a test does to it.
    // False, and counted as dropped, if the ring has no room or the frame none in a slot.
    bool punt(std::uint32_t port, abi::Reason reason, std::span<const std::uint8_t> frame);
    bool punt_raw(abi::Record<abi::PuntHeader> header, std::span<const std::uint8_t> frame);
    bool event(abi::Record<abi::Event> event);
    // Takes what waits in the command and inject rings.  Done at each doorbell unless `stalled`.
    void run();
    void die(std::string how) { death_ = std::move(how); }

    // --- What it saw.
    bool stalled = false;         // Takes no commands and no injected frames.
    bool answers_echo = true;     // Off: a card whose pipeline hangs.
    bool answers_queries = true;  // Off: answers are lost.
    std::vector<Frame> injected;
    std::vector<abi::Opcode> opcodes;  // Of every command, in order.
    std::map<std::uint32_t, abi::Record<abi::PortEntry>> ports;
    // Of services, replies and flows valid entries only.  By bank; packets see that of `version`.
    std::array<std::map<Position, abi::Record<abi::ServiceEntry>>, 2> service_banks;
    std::array<std::map<Position, abi::Record<abi::ReplyEntry>>, 2> reply_banks;
    std::uint32_t version = 0;
    std::map<Position, abi::Record<abi::FlowEntry>> flows;
    std::map<Position, abi::Record<abi::Flow6Entry>> flows6;
    std::map<std::uint32_t, abi::Record<abi::ServerEntry>> servers;
    std::map<std::uint32_t, abi::Record<abi::VirtualEndEntry>> virtual_ends;
    std::map<std::uint32_t, abi::Record<abi::SteerEntry>> steer_words;
    std::map<std::uint32_t, std::uint64_t> cursors;
    std::size_t young_cleared = 0;
    std::map<std::uint32_t, abi::Record<abi::NextHopEntry>> next_hops;
    abi::HashKey hash_key{};
    std::uint16_t epoch = 0;
    std::map<Position, std::uint16_t> activity;
    std::map<Position, std::uint16_t> activity6;
    std::map<Position, Counter> reason_counters;
    std::map<Position, Counter> server_counters;
    std::map<Position, Counter> reply_counters;
    std::map<Position, Counter> service_counters;
    std::size_t register_reads = 0;
    std::size_t register_writes = 0;
    std::map<std::uint32_t, std::uint32_t> overrides;  // Registers that read otherwise.

    [[nodiscard]] auto& services() { return service_banks[version]; }
    [[nodiscard]] auto& replies() { return reply_banks[version]; }

    void pretend_simulated() { bitstream_.simulated = true; }

    [[nodiscard]] std::uint32_t ring(abi::Ring which, std::uint32_t offset) const;
    [[nodiscard]] bool running() const { return registers_.at(abi::reg::run / 4) == 1; }

  private:
    class Memory;

    [[nodiscard]] std::span<std::byte> slot(abi::Ring which, std::uint32_t index);
    [[nodiscard]] bool room(abi::Ring which) const;
    void advance(abi::Ring which);
    void set_ring(abi::Ring which, std::uint32_t offset, std::uint32_t value);
    void obey(const abi::Record<abi::Command>& command);
    void answer_query(const abi::Record<abi::Command>& command);
    void take_commands();
    void take_injects();

    std::array<std::uint32_t, abi::kRegisterBlockBytes / 4> registers_{};
    provider::Bitstream bitstream_;
    std::string death_;
};

}  // namespace fpvs::kit
