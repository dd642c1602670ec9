// SPDX-License-Identifier: Apache-2.0
// The slow path: frames from the wire to real servers, to the kernel or nowhere, and frames of the
// kernel to the wire.
//
// One step() takes a burst from each port and carries every frame to its end: parse, decide, edit,
// send.  All state, the engine included, belongs to the thread that steps; WorkerThread
// (host/slowpath/worker_thread.hpp) is such a thread, a test steps by hand with a clock of its own.
// After start-up nothing here allocates.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/model/limits.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/neighbours.hpp"
#include "host/provider/network_port.hpp"
#include "host/provider/packet_port.hpp"
#include "host/slowpath/counters.hpp"
#include "host/slowpath/icmp_limit.hpp"
#include "host/slowpath/next_hops.hpp"
#include "host/slowpath/parse.hpp"
#include "host/slowpath/tx_queue.hpp"
#include "host/util/result.hpp"

namespace fpvs::slowpath {

struct WorkerOptions {
    std::size_t servers_max = model::kRealServersMax;
    std::uint16_t first_identification = 0;  // Of the IP packets made here; take a random one.
};

// Whether a wire hands over only frames for its station, as the card does.
enum class Selection : std::uint8_t { by_wire, by_worker };

class Worker {
  public:
    using Time = provider::Nanoseconds;
    using StepHook = std::function<void(Time)>;

    // Engine, neighbours and all ports must outlive the worker.
    Worker(engine::Engine& engine,
           provider::Neighbours& neighbours,
           const WorkerOptions& options = {});

    // --- At start-up.
    // `host` is the port's way to the kernel, a TAP; without one its frames are dropped.
    [[nodiscard]] Status add_port(const provider::NetworkPort& port, provider::PacketPort* host);
    // A VLAN interface on top of a port's own.
    void add_egress(const provider::Egress& egress) { next_hops_.add_egress(egress); }

    // --- At any time, on the worker's thread.
    // From now on `wire` carries the port, or nothing does.  One wire may carry several ports.
    void carry(std::uint16_t port, provider::PacketPort* wire, Selection selection);
    // Runs in every step, after the frames: the card's events and commands.  A hook may replace
    // itself; the new one begins with the next step.
    void set_step_hook(StepHook hook) {
        next_hook_ = std::move(hook);
        hook_changed_ = true;
    }
    void neighbour_changed(const model::IpAddress& target,
                           const std::optional<provider::Neighbour>& neighbour) {
        next_hops_.neighbour_changed(target, neighbour);
    }
    // True when there was anything to do.
    bool step(Time now);

    [[nodiscard]] const Counters& counters() const { return counters_; }
    // Descriptors that are readable when the kernel has frames for us.
    template <class Function>
    void for_each_wait_fd(Function&& function) const {
        for (const Port& port : ports_) {
            if (port.host && port.host->port().wait_fd() >= 0) {
                function(port.host->port().wait_fd());
            }
        }
    }

  private:
    struct Port {
        bool exists = false;
        std::uint64_t mac = 0;
        TxQueue* wire = nullptr;  // Of one of wires_; null while nothing carries the port.
        std::optional<TxQueue> host;
    };
    struct Wire {
        TxQueue tx;
        Selection selection;
    };

    [[nodiscard]] std::size_t take_from_wires(Time now);
    [[nodiscard]] std::size_t take_from_host();
    void handle_burst(std::span<rte_mbuf* const> frames, Selection selection, Time now);
    void handle(rte_mbuf& frame, const ParsedFrame& parsed, Time now);
    void handle_rest(rte_mbuf& frame, const ParsedFrame& parsed, Time now);
    void send_straight(rte_mbuf& frame,
                       const ParsedFrame& parsed,
                       const NextHop& next_hop) noexcept;
    void obey(rte_mbuf& frame, const ParsedFrame& parsed, const engine::Verdict& verdict, Time now);
    void send_to_server(const HeldFrame& held, model::Ipv4 server, Time now);
    void send_direct(const HeldFrame& held, const NextHop& next_hop, Time now);
    void refuse(const HeldFrame& held, Outcome outcome, IcmpError error, Time now);
    void release_held(Time now);
    void end(rte_mbuf& frame, Outcome outcome);
    void send_to_wire(rte_mbuf& frame);
    void flush();

    engine::Engine& engine_;
    NextHops next_hops_;
    std::array<Port, provider::kNetworkPortsMax> ports_;
    std::vector<std::unique_ptr<Wire>> wires_;
    // Of the burst in hand.  Here, because making them anew each time cost as much as parsing.
    std::array<ParsedFrame, provider::kBurstMax> parsed_;
    StepHook hook_;
    StepHook next_hook_;
    bool hook_changed_ = false;
    Counters counters_;
    IcmpLimit icmp_limit_;
    std::uint16_t identification_;
    Time host_due_{};
    Time expiry_due_{};
    Time held_due_{};
};

}  // namespace fpvs::slowpath
