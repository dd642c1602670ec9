// SPDX-License-Identifier: Apache-2.0
// Where frames go next, to each real server and towards clients, and the few frames that wait until
// that is known.
//
// Servers have dense indices, so a known next hop is one load.  Replies to clients go by the route
// table; the hops that it names, gateways and clients on a common link, are kept by address in a
// table of kClientHops, the longest unused of a few giving way.  The kernel answers who a neighbour
// is (provider::Neighbours); while it does not know, up to kFramesPerHopMax frames of a hop are
// held, the oldest giving way to the newest as in the kernel, and for at most kResolutionTime.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "host/engine/packet.hpp"
#include "host/model/address.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/neighbours.hpp"
#include "host/provider/network_port.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/outgoing.hpp"
#include "host/slowpath/route_table.hpp"
#include "host/slowpath/snapshots.hpp"

namespace fpvs::slowpath {

constexpr std::size_t kClientHops = 4096;
constexpr std::size_t kFramesPerHopMax = 3;
constexpr std::size_t kWaitingHopsMax = 256;
// The kernel gives up after three questions, one a second.
constexpr provider::Nanoseconds kResolutionTime = std::chrono::seconds(3);
// A path's MTU that a router told of is believed this long, as by the kernel (mtu_expires).
constexpr provider::Nanoseconds kPathMtuTime = std::chrono::minutes(10);
constexpr std::size_t kPathMtusMax = 256;

// What sending reads comes first and fits a cache line.
struct alignas(64) NextHop {
    enum class State : std::uint8_t {
        unknown,     // Not asked for yet.
        waiting,     // Asked for.
        resolved,    // The rest is set.
        unreachable  // Behind an interface that is no port of ours.
    };
    State state = State::unknown;
    bool path_mtu_told = false;  // `mtu` is what a router told, not the egress's.
    std::uint16_t port = 0;
    std::uint32_t mtu = 0;
    model::IpAddress target;  // Whom the kernel is asked for.
    LinkHeader link;

    model::IpAddress source;  // What the director sends from by this hop.
    std::uint32_t interface_index = 0;
    // A hop towards clients: the key is not always the target (see towards()).
    model::IpAddress key;
    std::uint32_t key_interface = 0;
    std::uint32_t route_mtu = 0;  // 0: the route leaves it to the interface.
    std::uint32_t last_used = 0;
    std::uint32_t next_in_chain = 0;  // In NextHops.
};

class NextHops {
  public:
    NextHops(provider::Neighbours& neighbours,
             const Published<RouteTable>& routes,
             std::size_t servers_max);
    ~NextHops();
    NextHops(const NextHops&) = delete;
    NextHops& operator=(const NextHops&) = delete;

    // An interface of the kernel that is a port of ours, or a VLAN of one.  At start-up.
    void add_egress(const provider::Egress& egress) { egresses_.push_back(egress); }

    [[nodiscard]] std::optional<Way> way_to(const model::IpAddress& address) const noexcept {
        return routes_.get().find(address);
    }

    // The next hop of a server as far as it is known.
    [[nodiscard]] const NextHop& to_server(engine::ServerIndex server,
                                           const model::IpAddress& address) noexcept {
        NextHop& hop = hops_[server];
        // An index that was given to another server, or never used, is asked for anew.
        if (hop.state == NextHop::State::unknown || !same(hop.target, address)) [[unlikely]] {
            ask(hop, address);
        }
        return hop;
    }
    // The next hop towards any address; null where no route leads to it or no place is free.
    [[nodiscard]] const NextHop* towards(const model::IpAddress& address) noexcept;

    // Holds a packet for a hop that is waited for.  Returns the frame that had to give way, which
    // may be the one given, or null.
    [[nodiscard]] rte_mbuf* hold(const Outgoing& packet,
                                 const NextHop& hop,
                                 provider::Nanoseconds now) noexcept;

    // What the kernel says about an address has changed.
    void neighbour_changed(const model::IpAddress& target,
                           const std::optional<provider::Neighbour>& neighbour);

    // Told what is learnt of the way to an address, and 0 when that is forgotten; at once of all
    // that was learnt before.
    using PathMtuHandler = std::function<void(const model::IpAddress& target, std::uint32_t mtu)>;
    void on_path_mtu(PathMtuHandler handler);

    // A router on the way says that no longer packets pass.
    void learn_path_mtu(const NextHop& hop, std::uint32_t mtu, provider::Nanoseconds now) noexcept;
    void forget_old_path_mtus(provider::Nanoseconds now) noexcept;

    // Packets that waited long enough: done(hop, packets) for each hop that was resolved or given
    // up; its state tells which.  Cheap while nothing waits.
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
            done(hops_[over.hop], std::span(over.packets.data(), over.count));
        }
    }

  private:
    // Word by word: the address was just copied in parts, and loading it across their borders would
    // wait until they are in the cache.
    [[nodiscard, gnu::always_inline]] static bool same(const model::IpAddress& a,
                                                       const model::IpAddress& b) noexcept {
        return a.family == b.family && a.words[0] == b.words[0] &&
               (a.is_ipv4() ||
                (a.words[1] == b.words[1] && a.words[2] == b.words[2] && a.words[3] == b.words[3]));
    }

    static constexpr std::size_t kWays = 4;  // Places where the hop of an address can be.
    static constexpr std::uint32_t kEndOfChain = UINT32_MAX;

    struct Waiting {
        std::uint32_t hop = 0;
        provider::Nanoseconds since{};
        std::size_t count = 0;
        std::array<Outgoing, kFramesPerHopMax> packets;
    };
    struct PathMtu {
        std::uint32_t hop = 0;
        provider::Nanoseconds until{};
    };

    [[nodiscard]] std::uint32_t index_of(const NextHop& hop) const {
        return static_cast<std::uint32_t>(&hop - hops_.data());
    }
    void ask(NextHop& hop, const model::IpAddress& address, std::uint32_t route_mtu = 0) noexcept;
    // A hop leaves the address it stands for, which the kernel may forget if no other hop needs it.
    void leave_target(NextHop& hop) noexcept;
    [[nodiscard]] std::uint32_t& chain_of(const model::IpAddress& target) noexcept {
        return chains_[model::AddressHash()(target) % chains_.size()];
    }
    [[nodiscard]] NextHop* place_for(std::span<NextHop> candidates) noexcept;
    [[nodiscard]] bool is_waited_for(const NextHop& hop) const noexcept;
    // Resolved, unreachable, or out of time, after one more question.
    [[nodiscard]] bool is_over(const Waiting& waiting, provider::Nanoseconds now) noexcept;
    void settle(NextHop& hop, const std::optional<provider::Neighbour>& neighbour) noexcept;
    [[nodiscard]] const provider::Egress* egress_of(std::uint32_t interface_index) const noexcept;

    provider::Neighbours& neighbours_;
    std::vector<provider::Egress> egresses_;
    const Published<RouteTable>& routes_;
    std::size_t servers_max_;
    std::vector<NextHop> hops_;  // By server index, then those towards clients; grows never.
    // By a hash of the target, the first of the hops that stand for it; linked by next_in_chain.
    std::vector<std::uint32_t> chains_;
    std::uint32_t use_count_ = 0;
    std::array<Waiting, kWaitingHopsMax> waiting_;
    std::size_t waiting_count_ = 0;
    PathMtuHandler path_mtu_changed_ = [](const model::IpAddress&, std::uint32_t) {};
    std::vector<PathMtu> path_mtus_;  // Room for all is reserved.
};

}  // namespace fpvs::slowpath
