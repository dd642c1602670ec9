// SPDX-License-Identifier: Apache-2.0
// The slow path: frames from the wire to real servers, to the kernel or nowhere, and frames of the
// kernel to the wire.
//
// One step() takes a burst from each port and carries every frame to its end: parse, decide, edit,
// send.  All state, the engine included, belongs to the thread that steps; WorkerThread
// (host/slowpath/worker_thread.hpp) is such a thread, a test steps by hand with a clock of its own.
// After start-up nothing here allocates.
//
// Where there are several, whoever receives a frame of another's connection hands it over
// (docs/decisions/0009).  The first takes what the kernel sends.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/model/limits.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/neighbours.hpp"
#include "host/provider/network_port.hpp"
#include "host/provider/packet_port.hpp"
#include "host/slowpath/counters.hpp"
#include "host/slowpath/exchange.hpp"
#include "host/slowpath/forwarder.hpp"
#include "host/slowpath/mark_rules.hpp"
#include "host/slowpath/parse.hpp"
#include "host/slowpath/ports.hpp"
#include "host/slowpath/reassembly.hpp"
#include "host/slowpath/snapshots.hpp"
#include "host/util/result.hpp"

namespace fpvs::slowpath {

struct WorkerOptions {
    std::size_t servers_max = model::kRealServersMax;
    std::uint16_t first_identification = 0;  // Of the IP packets made here; take a random one.
    // For the fragments of packets that are cut here; none: such packets are dropped.
    rte_mempool* frames = nullptr;
    // For packets made whole (host/slowpath/reassembly.hpp); none: fragments are the kernel's.
    rte_mempool* whole_packets = nullptr;
    // What is configured; none: no routes and no firewall marks.
    const Snapshots* snapshots = nullptr;
    // Where there are several workers.
    Exchange* exchange = nullptr;
};

class Worker {
  public:
    using Time = provider::Nanoseconds;
    using StepHook = std::function<void(Time)>;

    // Engine, neighbours, pools and all ports must outlive the worker.
    Worker(engine::Engine& engine,
           provider::Neighbours& neighbours,
           const WorkerOptions& options = {});

    // --- At start-up.
    // `host` is the port's way to the kernel, a TAP; without one its frames are dropped.
    [[nodiscard]] Status add_port(const provider::NetworkPort& port, provider::PacketPort* host);
    // A VLAN interface on top of a port's own.
    void add_egress(const provider::Egress& egress) { forwarder_.next_hops().add_egress(egress); }

    // --- At any time, on the worker's thread.
    // From now on `wire` carries the port, or nothing does.  One wire may carry several ports.
    void carry(std::uint16_t port, provider::PacketPort* wire, Selection selection) {
        ports_.carry(port, wire, selection);
    }
    // Runs in every step, after the frames: the card's events and commands.  A hook may replace
    // itself; the new one begins with the next step.
    void set_step_hook(StepHook hook) {
        next_hook_ = std::move(hook);
        hook_changed_ = true;
    }
    void neighbour_changed(const model::IpAddress& target,
                           const std::optional<provider::Neighbour>& neighbour) {
        forwarder_.next_hops().neighbour_changed(target, neighbour);
    }
    // Told in the middle of a burst: who listens must not call back.
    void on_path_mtu(NextHops::PathMtuHandler handler) {
        forwarder_.next_hops().on_path_mtu(std::move(handler));
    }
    // By the routes in use.
    [[nodiscard]] std::optional<Way> way_to(const model::IpAddress& address) const noexcept {
        return forwarder_.next_hops().way_to(address);
    }
    // For MarkRules::make().
    [[nodiscard]] std::optional<std::uint16_t> port_of(std::string_view interface) const {
        return ports_.number_of(interface);
    }
    // True when there was anything to do.
    bool step(Time now);

    [[nodiscard]] std::size_t number() const { return engine_.worker(); }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    // Around a nap.  False if there is something to do already.
    [[nodiscard]] bool fall_asleep() noexcept;
    void wake_up() noexcept;
    // Descriptors that are readable when the kernel or another worker has frames for us.
    template <class Function>
    void for_each_wait_fd(Function&& function) const {
        if (exchange_ != nullptr) {
            function(exchange_->wait_fd(number()));
        }
        ports_.for_each_host([&function](const provider::PacketPort& host) {
            if (host.wait_fd() >= 0) {
                function(host.wait_fd());
            }
        });
    }

  private:
    [[nodiscard]] std::size_t take_from_wires(Time now);
    [[nodiscard]] std::size_t take_from_host();
    bool run_timers(Time now);
    [[nodiscard]] std::size_t take_from_workers(Time now);
    enum class Origin : std::uint8_t { wire, worker };
    template <Origin kOrigin>
    void handle_burst(std::span<rte_mbuf* const> frames, Selection selection, Time now);
    // Of the frame's place in the burst.
    [[gnu::always_inline]] void look_up(std::size_t place);
    [[gnu::always_inline]] void handle(rte_mbuf& frame, std::size_t place, Time now);
    // `reply`: null where the packet is none.
    [[nodiscard, gnu::always_inline]] engine::Verdict decide(rte_mbuf& frame,
                                                             const ParsedFrame& parsed,
                                                             const engine::Flow& flow,
                                                             const engine::Flow* reply,
                                                             Time now);
    void handle_unusual(rte_mbuf& frame, ParsedFrame& parsed, Time now);
    void handle_error(rte_mbuf& frame, ParsedFrame& parsed, Time now);
    void reassemble(rte_mbuf& frame, const ParsedFrame& fragment, Time now);
    void handle_whole(rte_mbuf& frame,
                      ParsedFrame& parsed,
                      std::uint16_t fragment_bytes_max,
                      Time now);
    void use_snapshots();

    // What is not ours.
    [[nodiscard]] bool give_to_owner(rte_mbuf& frame,
                                     const ParsedFrame& parsed,
                                     Passage passage) noexcept;
    void hand_over(rte_mbuf& frame, std::size_t worker, Passage passage) noexcept;
    void flush_hand_overs(std::size_t worker) noexcept;
    [[nodiscard]] Passage passage_of(const rte_mbuf& frame) const noexcept {
        return from_worker_ ? Passage::of(frame) : Passage{};
    }
    void mark(rte_mbuf& frame, ParsedFrame& parsed, Time now);

    engine::Engine& engine_;
    Counters counters_;
    Ports ports_{counters_};
    Forwarder forwarder_;
    std::optional<Reassembler> reassembler_;
    const Snapshots& snapshots_;
    const MarkRules* marks_ = nullptr;  // Of the step in hand; null: there are no rules.
    // Frames for each of the other workers, gathered into bursts.
    struct HandOver {
        std::array<rte_mbuf*, provider::kBurstMax> frames;
        std::size_t count = 0;
    };
    Exchange* exchange_;
    std::vector<HandOver> hand_overs_;
    bool from_worker_ = false;  // So came the burst in hand.
    // Of the burst in hand.  Here, because making them anew each time cost as much as parsing.
    std::array<ParsedFrame, provider::kBurstMax> parsed_;
    std::array<engine::Flow, provider::kBurstMax> flows_;
    std::array<engine::Flow, provider::kBurstMax> replies_;  // Where may_be_reply_.
    std::bitset<provider::kBurstMax> may_be_reply_;
    ParsedFrame parsed_whole_;  // Of a packet made whole.
    StepHook hook_;
    StepHook next_hook_;
    bool hook_changed_ = false;
    Time host_due_{};
    Time expiry_due_{};
    Time held_due_{};
    Time cleanup_due_{};
};

}  // namespace fpvs::slowpath
