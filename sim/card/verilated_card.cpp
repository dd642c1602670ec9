// SPDX-License-Identifier: Apache-2.0
#include "sim/card/verilated_card.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "Vfpvs_card.h"
#include "host/util/check.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/registers.hpp"
#include "verilated.h"

namespace fpvs::sim::card {
namespace {

constexpr std::size_t kBeatBytes = abi::kBeatBytes;
constexpr int kResetCycles = 16;
// How long something may be inside the card without showing at its border: on its way through the
// pipeline (50 cycles, without its beats), and in four places that hold all beats of a frame or
// pass them on: receive FIFO, waiting beats, transmit FIFO, and the frame before it.
constexpr std::uint64_t kPipelineCycles = 256;
// Commands move through the pipeline's tables at a few cycles each and fill every FIFO before them:
// after the last one was fetched, about 500 cycles pass before its answer shows.
constexpr std::uint64_t kCommandCycles = 1024;
constexpr std::uint64_t kStoresOnTheWay = 4;
// A register access takes a handful of cycles; a card that takes this long is broken.
constexpr int kRegisterCyclesMax = 1000;

using Beat = VlWide<abi::kBeatBits / 32>;

std::uint64_t keep_mask(std::size_t bytes) {
    return bytes >= kBeatBytes ? ~std::uint64_t{0} : (std::uint64_t{1} << bytes) - 1;
}

// A MAC's receive side: hands the frames of its queue to the card, a beat a cycle.
class MacReceiver {
  public:
    FrameQueue queue;

    // Shows the beat of the coming cycle.  A waiting MAC begins a frame only if there is room.
    template <class Valid, class Data, class Keep, class Last>
    void drive(bool may_begin, Valid& tvalid, Data& tdata, Keep& tkeep, Last& tlast) {
        valid_ = !queue.empty() && (offset_ != 0 || may_begin);
        tvalid = valid_;
        if (valid_) {
            const Frame& frame = queue.front();
            const std::size_t bytes = std::min(kBeatBytes, frame.size() - offset_);
            std::memcpy(&tdata, frame.data() + offset_, bytes);
            tkeep = keep_mask(bytes);
            tlast = offset_ + bytes == frame.size();
        }
    }
    // The edge: what was shown was taken.
    bool clock() {
        if (valid_) {
            offset_ += kBeatBytes;
            if (offset_ >= queue.front().size()) {
                (void)queue.pop_front();
                offset_ = 0;
            }
        }
        return valid_;
    }

  private:
    std::size_t offset_ = 0;
    bool valid_ = false;
};

// A MAC's transmit side: collects the card's beats to frames.
class MacTransmitter {
  public:
    FrameQueue queue;

    [[nodiscard]] bool ready() const { return !queue.full(); }

    bool clock(bool valid, const Beat& tdata, std::uint64_t tkeep, bool tlast) {
        if (!valid || !ready()) {
            return false;
        }
        const auto bytes = static_cast<std::size_t>(std::popcount(tkeep));
        const auto* data = reinterpret_cast<const std::uint8_t*>(tdata.data());
        frame_.insert(frame_.end(), data, data + bytes);
        if (tlast) {
            (void)queue.push(std::move(frame_));
            frame_ = {};
        }
        return true;
    }

  private:
    Frame frame_;
};

}  // namespace

class VerilatedCard::Model {
  public:
    explicit Model(const CardOptions& options)
        : options_(options), reads_(memory, options.host_bus), writes_(memory, options.host_bus) {
        context_.randReset(0);
        top.ap_rst_n = 0;
        for (int i = 0; i < kResetCycles; ++i) {
            tick();
        }
        top.ap_rst_n = 1;
        tick();
    }
    ~Model() {
        top.final();
        // The model's scopes sign off from the thread's context, which may be that of a card that
        // is gone.
        Verilated::threadContextp(&context_);
    }
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    void tick();

    [[nodiscard]] Frame padded(Frame frame) const {
        if (options_.macs_pad) {
            frame.resize(std::max(frame.size(), kWireBytesMin));
        }
        return frame;
    }
    [[nodiscard]] bool idle() const {
        return quiet_cycles_ >= kPipelineCycles + kStoresOnTheWay * longest_beats_ +
                                    (commanded_ ? kCommandCycles : 0) &&
               receivers[0].queue.empty() && receivers[1].queue.empty() && bus_rests();
    }
    // Whatever the caller does to the card from outside wakes it.
    void wake() {
        if (idle()) {
            longest_beats_ = 0;
            commanded_ = false;
        }
        quiet_cycles_ = 0;
    }
    void note_frame(std::size_t bytes) {
        longest_beats_ = std::max(longest_beats_, (bytes + kBeatBytes - 1) / kBeatBytes);
    }
    void note_commands() { commanded_ = true; }
    [[nodiscard]] std::uint64_t cycles() const { return cycles_; }
    [[nodiscard]] std::string protocol_violation() const {
        return reads_.violation().empty() ? writes_.violation() : reads_.violation();
    }

  private:
    VerilatedContext context_;

  public:
    Vfpvs_card top{&context_, ""};
    HostMemory memory;
    std::array<MacReceiver, kPorts> receivers;
    std::array<MacTransmitter, kPorts> transmitters;

  private:
    void drive();
    bool clock();
    [[nodiscard]] bool bus_rests() const {
        return reads_.rests() && writes_.rests() && top.m_axi_host_arvalid == 0 &&
               top.m_axi_host_awvalid == 0 && top.m_axi_host_wvalid == 0;
    }

    CardOptions options_;
    AxiReadMemory reads_;
    AxiWriteMemory writes_;
    std::uint64_t cycles_ = 0;
    std::uint64_t quiet_cycles_ = 0;
    std::uint64_t longest_beats_ = 0;  // Of the frames received since the card was last idle.
    bool commanded_ = false;           // Commands came since then.
};

// Inputs for the coming cycle, from what is known before it.
void VerilatedCard::Model::drive() {
    receivers[0].drive(top.rx0_axis_room || !options_.macs_wait,
                       top.rx0_axis_tvalid,
                       top.rx0_axis_tdata,
                       top.rx0_axis_tkeep,
                       top.rx0_axis_tlast);
    receivers[1].drive(top.rx1_axis_room || !options_.macs_wait,
                       top.rx1_axis_tvalid,
                       top.rx1_axis_tdata,
                       top.rx1_axis_tkeep,
                       top.rx1_axis_tlast);
    top.tx0_axis_tready = transmitters[0].ready();
    top.tx1_axis_tready = transmitters[1].ready();

    top.m_axi_host_arready = reads_.arready();
    top.m_axi_host_rvalid = reads_.rvalid();
    if (reads_.rvalid()) {
        top.m_axi_host_rlast = reads_.rlast();
        top.m_axi_host_rresp = reads_.rresp();
        std::memcpy(&top.m_axi_host_rdata, reads_.rdata().data(), kAxiBeatBytes);
    }
    top.m_axi_host_awready = writes_.awready();
    top.m_axi_host_wready = writes_.wready();
    top.m_axi_host_bvalid = writes_.bvalid();
    top.m_axi_host_bresp = writes_.bresp();
}

// The edge, from the side of everything around the card; true if anything moved.
bool VerilatedCard::Model::clock() {
    bool moved = receivers[0].clock();
    moved |= receivers[1].clock();
    moved |= transmitters[0].clock(
        top.tx0_axis_tvalid, top.tx0_axis_tdata, top.tx0_axis_tkeep, top.tx0_axis_tlast);
    moved |= transmitters[1].clock(
        top.tx1_axis_tvalid, top.tx1_axis_tdata, top.tx1_axis_tkeep, top.tx1_axis_tlast);
    moved |= reads_.clock({.valid = top.m_axi_host_arvalid != 0,
                           .address = top.m_axi_host_araddr,
                           .beats_less_one = top.m_axi_host_arlen},
                          top.m_axi_host_rready != 0);
    moved |= writes_.clock({.valid = top.m_axi_host_awvalid != 0,
                            .address = top.m_axi_host_awaddr,
                            .beats_less_one = top.m_axi_host_awlen},
                           {.valid = top.m_axi_host_wvalid != 0,
                            .last = top.m_axi_host_wlast != 0,
                            .data = &top.m_axi_host_wdata},
                           top.m_axi_host_bready != 0);
    return moved;
}

void VerilatedCard::Model::tick() {
    drive();
    top.ap_clk = 0;
    top.eval();
    const bool moved = top.ap_rst_n != 0 && clock();
    top.ap_clk = 1;
    top.eval();
    ++cycles_;
    quiet_cycles_ = moved ? 0 : quiet_cycles_ + 1;
}

VerilatedCard::VerilatedCard(const CardOptions& options)
    : model_(std::make_unique<Model>(options)) {}

VerilatedCard::~VerilatedCard() = default;

std::uint32_t VerilatedCard::read_register(std::uint32_t offset) {
    Vfpvs_card& top = model_->top;
    top.s_axil_araddr = static_cast<SData>(offset);
    top.s_axil_arvalid = 1;
    top.s_axil_rready = 0;
    model_->tick();  // The block takes an address whenever it owes no answer.
    top.s_axil_arvalid = 0;
    for (int i = 0; top.s_axil_rvalid == 0; ++i) {
        FPVS_CHECK(i < kRegisterCyclesMax, "the card does not answer a register read");
        model_->tick();
    }
    const std::uint32_t value = top.s_axil_rdata;
    top.s_axil_rready = 1;
    model_->tick();
    top.s_axil_rready = 0;
    return value;
}

void VerilatedCard::write_register(std::uint32_t offset, std::uint32_t value) {
    Vfpvs_card& top = model_->top;
    model_->wake();
    if (offset == abi::ring_register(abi::Ring::command, abi::reg::ring::host_index)) {
        model_->note_commands();
    }
    top.s_axil_awaddr = static_cast<SData>(offset);
    top.s_axil_awvalid = 1;
    top.s_axil_wdata = value;
    top.s_axil_wstrb = 0xf;
    top.s_axil_wvalid = 1;
    top.s_axil_bready = 1;
    model_->tick();  // The block takes a write whenever it owes no answer.
    top.s_axil_awvalid = 0;
    top.s_axil_wvalid = 0;
    for (int i = 0; top.s_axil_bvalid == 0; ++i) {
        FPVS_CHECK(i < kRegisterCyclesMax, "the card does not answer a register write");
        model_->tick();
    }
    model_->tick();
    top.s_axil_bready = 0;
}

HostMemory& VerilatedCard::memory() {
    return model_->memory;
}

void VerilatedCard::set_link(int port, bool up) {
    const CData bit = static_cast<CData>(1U << port);
    model_->top.link = static_cast<CData>(up ? model_->top.link | bit : model_->top.link & ~bit);
}

bool VerilatedCard::receive(int port, std::span<const std::uint8_t> frame) {
    if (frame.empty() || frame.size() > abi::kFrameBytesMax || receive_queue_full(port)) {
        return false;
    }
    model_->wake();
    model_->note_frame(frame.size());
    return model_->receivers.at(static_cast<std::size_t>(port))
        .queue.push(model_->padded(Frame(frame.begin(), frame.end())));
}

bool VerilatedCard::receive_queue_full(int port) const {
    return model_->receivers.at(static_cast<std::size_t>(port)).queue.full();
}

std::optional<Frame> VerilatedCard::transmitted(int port) {
    FrameQueue& queue = model_->transmitters.at(static_cast<std::size_t>(port)).queue;
    if (queue.full()) {
        model_->wake();  // What waited for room goes on.
    }
    auto frame = queue.pop_front();
    if (frame) {
        frame = model_->padded(std::move(*frame));
    }
    return frame;
}

bool VerilatedCard::transmit_waits(int port) const {
    return !model_->transmitters.at(static_cast<std::size_t>(port)).queue.empty();
}

std::uint64_t VerilatedCard::run(std::uint64_t cycles_max) {
    std::uint64_t cycles = 0;
    while (cycles < cycles_max && !model_->idle()) {
        model_->tick();
        ++cycles;
    }
    return cycles;
}

void VerilatedCard::run_to_transmission(std::uint64_t cycles_max) {
    for (std::uint64_t i = 0; i < cycles_max && !model_->idle(); ++i) {
        if (transmit_waits(0) || transmit_waits(1)) {
            return;
        }
        model_->tick();
    }
}

bool VerilatedCard::idle() const {
    return model_->idle();
}

std::uint64_t VerilatedCard::cycles() const {
    return model_->cycles();
}

std::string VerilatedCard::protocol_violation() const {
    return model_->protocol_violation();
}

}  // namespace fpvs::sim::card
