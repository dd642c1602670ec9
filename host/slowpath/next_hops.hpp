// SPDX-License-Identifier: Apache-2.0
// Where frames to each real server go, and the few frames that wait until that is known.
//
// Servers have dense indices, so a known next hop is one load.  The kernel answers who a server's
// neighbour is (provider::Neighbours); while it does not know, up to kFramesPerServerMax frames of
// a server are held, the oldest giving way to the newest as in the kernel, and for at most
// kResolutionTime.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/engine/packet.hpp"
#include "host/model/address.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/neighbours.hpp"
#include "host/provider/network_port.hpp"
#include "host/slowpath/frame_edit.hpp"

namespace fpvs::slowpath {

constexpr std::size_t kFramesPerServerMax = 3;
constexpr std::size_t kWaitingServersMax = 256;
// The kernel gives up after three questions, one a second.
constexpr provider::Nanoseconds kResolutionTime = std::chrono::seconds(3);

struct alignas(64) NextHop {
    enum class State : std::uint8_t {
        unknown,     // Not asked for yet.
        waiting,     // Asked for.
        resolved,    // The rest is set.
        unreachable  // Behind an interface that is no port of ours.
    };
    model::Ipv4 server;
    State state = State::unknown;
    std::uint16_t port = 0;
    std::uint32_t mtu = 0;
    LinkHeader link;
};

// A frame on its way to a server, with where its IP packet begins.
struct HeldFrame {
    rte_mbuf* frame = nullptr;
    engine::ServerIndex server = engine::kNoIndex;
    bool icmp = false;  // It is an ICMP error about a connection.
    std::uint16_t ip_offset = 0;
};

class NextHops {
  public:
    NextHops(provider::Neighbours& neighbours, std::size_t servers_max);
    ~NextHops();
    NextHops(const NextHops&) = delete;
    NextHops& operator=(const NextHops&) = delete;

    // An interface of the kernel that is a port of ours, or a VLAN of one.  At start-up.
    void add_egress(const provider::Egress& egress) { egresses_.push_back(egress); }

    // The next hop of a server as far as it is known.
    [[nodiscard]] const NextHop& find(engine::ServerIndex server, model::Ipv4 address) noexcept {
        NextHop& next_hop = next_hops_[server];
        // An index that was given to another server, or never used, is asked for anew.
        if (next_hop.state == NextHop::State::unknown || next_hop.server != address) [[unlikely]] {
            ask(next_hop, address);
        }
        return next_hop;
    }

    // The same without asking, for a frame that was held.
    [[nodiscard]] const NextHop& at(engine::ServerIndex server) const { return next_hops_[server]; }

    // Holds a frame of a server that is waited for.  Returns the frame that had to give way, which
    // may be the one given, or null.
    [[nodiscard]] rte_mbuf* hold(const HeldFrame& frame, provider::Nanoseconds now) noexcept;

    // What the kernel says about an address has changed.
    void neighbour_changed(const model::IpAddress& target,
                           const std::optional<provider::Neighbour>& neighbour);

    // Frames that waited long enough: for each server that was resolved or given up, `done` gets
    // its frames; find() tells which it was.  Cheap while nothing waits.
    template <class Done>
    void release(provider::Nanoseconds now, Done&& done) {
        for (std::size_t i = 0; i < waiting_count_;) {
            Waiting& waiting = waiting_[i];
            if (!is_over(waiting, now)) {
                ++i;
                continue;
            }
            const Waiting over = waiting;
            waiting = waiting_[--waiting_count_];
            done(std::span(over.frames.data(), over.count));
        }
    }

    [[nodiscard]] bool anything_waits() const { return waiting_count_ != 0; }

  private:
    struct Waiting {
        engine::ServerIndex server = engine::kNoIndex;
        provider::Nanoseconds since{};
        std::size_t count = 0;
        std::array<HeldFrame, kFramesPerServerMax> frames;
    };

    void ask(NextHop& next_hop, model::Ipv4 address) noexcept;
    // Resolved, unreachable, or out of time, after one more question.
    [[nodiscard]] bool is_over(const Waiting& waiting, provider::Nanoseconds now) noexcept;
    void settle(NextHop& next_hop, const std::optional<provider::Neighbour>& neighbour) noexcept;

    provider::Neighbours& neighbours_;
    std::vector<provider::Egress> egresses_;
    std::vector<NextHop> next_hops_;  // By server index; grows never.
    std::array<Waiting, kWaitingServersMax> waiting_;
    std::size_t waiting_count_ = 0;
};

}  // namespace fpvs::slowpath
