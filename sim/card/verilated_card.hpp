// SPDX-License-Identifier: Apache-2.0
// The card's RTL (hw/rtl/fpvs_card.sv) as an object: registers through bus cycles, host memory
// through its AXI master, frames through its MAC streams.  Single-threaded; time passes only in the
// calls that say so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "sim/card/axi_memory.hpp"
#include "sim/card/frame.hpp"

namespace fpvs::sim::card {

struct CardOptions {
    AxiTiming host_bus = {};
    // A MAC takes frames from the wire whether the card has room or not.  A simulated one waits
    // unless a test wants to see frames lost.
    bool macs_wait = true;
    // A MAC pads what it sends, and nothing shorter is on a wire; a test of runts wants them
    // anyway.
    bool macs_pad = true;
};

class VerilatedCard {
  public:
    explicit VerilatedCard(const CardOptions& options = {});
    VerilatedCard(const VerilatedCard&) = delete;
    VerilatedCard& operator=(const VerilatedCard&) = delete;
    ~VerilatedCard();

    // Bus cycles: time passes, and with it everything else moves.
    [[nodiscard]] std::uint32_t read_register(std::uint32_t offset);
    void write_register(std::uint32_t offset, std::uint32_t value);

    // Host memory as the card's bus reaches it; the caller owns the bytes.
    [[nodiscard]] HostMemory& memory();

    void set_link(int port, bool up);

    // A frame from the wire.  False, and nothing done,
    // if kPortQueueFramesMax wait already or the frame is longer than a MAC takes.
    bool receive(int port, std::span<const std::uint8_t> frame);
    // Whether receive() would find the queue full.
    [[nodiscard]] bool receive_queue_full(int port) const;
    // The next frame that the card put on the wire.
    [[nodiscard]] std::optional<Frame> transmitted(int port);
    [[nodiscard]] bool transmit_waits(int port) const;

    // Lets up to `cycles_max` cycles pass, fewer if the card comes to rest; says how many did.
    std::uint64_t run(std::uint64_t cycles_max);
    // The same, but also no further than to the end of the next frame that the card sends.
    void run_to_transmission(std::uint64_t cycles_max);
    // Nothing waits to come in, and nothing has moved at the card's border for so long that
    // nothing within can still be on its way out.
    [[nodiscard]] bool idle() const;

    [[nodiscard]] std::uint64_t cycles() const;
    // What the card's AXI master did wrong first; empty if nothing.
    [[nodiscard]] std::string protocol_violation() const;

  private:
    class Model;
    std::unique_ptr<Model> model_;
};

}  // namespace fpvs::sim::card
