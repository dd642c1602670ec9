// SPDX-License-Identifier: Apache-2.0
// Carries out what the engine decided about a packet: to its server or its client by the method of
// the connection, to the kernel, or nowhere and with a word to its sender.
//
// Nearly every packet has nothing in its way: the next hop is known, the packet fits and has hops
// left to live.  For those the step of each method is inlined into the burst (quick()).  All others
// go the thorough way, where the order of the questions is the kernel's.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>

#include "host/engine/engine.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/neighbours.hpp"
#include "host/slowpath/counters.hpp"
#include "host/slowpath/icmp.hpp"
#include "host/slowpath/icmp_limit.hpp"
#include "host/slowpath/nat.hpp"
#include "host/slowpath/next_hops.hpp"
#include "host/slowpath/outgoing.hpp"
#include "host/slowpath/parse.hpp"
#include "host/slowpath/ports.hpp"
#include "host/slowpath/tunnel.hpp"
#include "host/slowpath/tunnels.hpp"

namespace fpvs::slowpath {

struct ForwarderOptions {
    std::size_t servers_max = model::kRealServersMax;
    std::uint16_t first_identification = 0;  // Of the IP packets made here; take a random one.
    // Where fragments that are cut here come from; none: such packets are dropped.
    rte_mempool* frames = nullptr;
};

class Forwarder {
  public:
    using Time = provider::Nanoseconds;

    // All of these must outlive the forwarder.
    Forwarder(engine::Engine& engine,
              provider::Neighbours& neighbours,
              const Published<RouteTable>& routes,
              Ports& ports,
              Counters& counters,
              const ForwarderOptions& options);

    [[nodiscard]] NextHops& next_hops() { return next_hops_; }
    [[nodiscard]] const NextHops& next_hops() const { return next_hops_; }

    // A frame of kind transport.
    [[gnu::always_inline]] void obey(rte_mbuf& frame,
                                     const ParsedFrame& parsed,
                                     const engine::Verdict& verdict,
                                     Time now) noexcept {
        if (verdict.action != engine::Action::forward || !quick(frame, parsed, verdict))
            [[unlikely]] {
            obey_thoroughly(frame, parsed, verdict, 0, now);
        }
    }
    // The same for any packet.  `fragment_bytes_max`: of the fragments that it came in, or 0.
    void obey_thoroughly(rte_mbuf& frame,
                         const ParsedFrame& parsed,
                         const engine::Verdict& verdict,
                         std::uint16_t fragment_bytes_max,
                         Time now) noexcept;
    // A frame of kind icmp_error whose connection `verdict` is about.
    void pass_error(rte_mbuf& frame,
                    const ParsedFrame& parsed,
                    const engine::Verdict& verdict,
                    Time now) noexcept;
    // A frame of kind tunnel_error: what a router says about the tunnel is for the client to know.
    void pass_tunnel_error(rte_mbuf& frame,
                           ParsedFrame& parsed,
                           const engine::Verdict& verdict,
                           Time now) noexcept;

    // From time to time.
    void release_held(Time now) noexcept;

  private:
    enum class Method : std::uint8_t { direct, translated, tunnelled };

    [[nodiscard, gnu::always_inline]] bool quick(rte_mbuf& frame,
                                                 const ParsedFrame& parsed,
                                                 const engine::Verdict& verdict) noexcept;
    template <Method kMethod>
    [[nodiscard, gnu::always_inline]] bool quick_step(
        rte_mbuf& frame,
        const ParsedFrame& parsed,
        const engine::Verdict& verdict,
        const NextHop& hop,
        const engine::Translation* ends = nullptr) noexcept;

    void carry_on(Outgoing out, Time now) noexcept;
    [[nodiscard]] const NextHop* hop_of(const Outgoing& out) noexcept;
    [[nodiscard]] static bool is_tunnelled(const Outgoing& out) noexcept;
    [[nodiscard]] bool is_too_long(const Outgoing& out, std::size_t mtu) const noexcept;
    [[nodiscard]] const TunnelHeader& tunnel_of(const Outgoing& out, const NextHop& hop) noexcept;
    // The longest packet that fits as it came, before anything is put before or into it.
    [[nodiscard]] std::size_t mtu_for(const Outgoing& out, const NextHop& hop) noexcept;
    [[nodiscard]] bool is_to_be_told(const Outgoing& out) const noexcept;
    [[nodiscard]] bool tell(Outgoing& out) noexcept;
    void hold(Outgoing& out, const NextHop& hop, Time now) noexcept;
    void leave(Outgoing& out, const NextHop& hop) noexcept;
    void leave_in_fragments(const Outgoing& out, std::size_t bytes_max) noexcept;
    void count_sent(const Outgoing& out, std::uint32_t bytes) noexcept;
    void reject(const Outgoing& out, Time now) noexcept;
    void refuse(const Outgoing& out, Outcome outcome, const IcmpError& error, Time now) noexcept;
    [[nodiscard]] model::IpAddress answering_address(const Outgoing& out) noexcept;

    engine::Engine& engine_;
    Ports& ports_;
    Counters& counters_;
    NextHops next_hops_;
    Tunnels tunnels_;
    IcmpLimit icmp_limit_;
    rte_mempool* frames_;
    std::uint16_t identification_;
    std::uint32_t fragment_identification_;
};

// False, and nothing has changed, where something stands in the way.
inline bool Forwarder::quick(rte_mbuf& frame,
                             const ParsedFrame& parsed,
                             const engine::Verdict& verdict) noexcept {
    const bool to_server = verdict.direction == engine::Direction::to_server;
    switch (verdict.forwarding) {
        case model::Forwarding::direct_routing:
            return quick_step<Method::direct>(
                frame,
                parsed,
                verdict,
                next_hops_.to_server(verdict.server, verdict.server_address));
        case model::Forwarding::nat: {
            const engine::Translation ends = engine_.translation(parsed.packet, verdict);
            const NextHop* hop = to_server
                                     ? &next_hops_.to_server(verdict.server, verdict.server_address)
                                     : next_hops_.towards(ends.destination_address);
            return hop != nullptr &&
                   quick_step<Method::translated>(frame, parsed, verdict, *hop, &ends);
        }
        case model::Forwarding::tunnel:
            return quick_step<Method::tunnelled>(
                frame,
                parsed,
                verdict,
                next_hops_.to_server(verdict.server, verdict.server_address));
        case model::Forwarding::full_nat:
        case model::Forwarding::local:
            return false;
    }
    return false;
}

template <Forwarder::Method kMethod>
inline bool Forwarder::quick_step(rte_mbuf& frame,
                                  const ParsedFrame& parsed,
                                  const engine::Verdict& verdict,
                                  const NextHop& hop,
                                  const engine::Translation* ends) noexcept {
    if (hop.state != NextHop::State::resolved || hop_limit(frame, parsed) <= 1) {
        return false;
    }
    const TunnelHeader* tunnel = nullptr;
    std::size_t mtu = hop.mtu;
    std::size_t room = hop.link.length;
    if constexpr (kMethod == Method::tunnelled) {
        tunnel = &tunnels_.header(verdict.server, engine_.tunnel_of(verdict.server), hop);
        mtu = tunnel->inner_mtu(mtu);
        room += tunnel->size_bytes();
    }
    if (parsed.ip_length > mtu || frame.data_off + parsed.ip_offset < room) {
        return false;
    }
    PacketLayout layout = parsed;
    frame.data_len = static_cast<std::uint16_t>(layout.ip_offset + layout.ip_length);
    frame.pkt_len = frame.data_len;
    decrement_hop_limit(frame, layout);
    if constexpr (kMethod == Method::translated) {
        translate(frame, layout, *ends);
    }
    if constexpr (kMethod == Method::tunnelled) {
        // There is room, so it cannot fail.
        static_cast<void>(encapsulate(
            frame, layout, *tunnel, engine_.settings().pmtu_disc != 0, identification_));
    }
    put_link_header(frame, layout, hop.link);
    frame.port = hop.port;
    counters_.count(
        kMethod == Method::translated && verdict.direction == engine::Direction::to_client
            ? Outcome::replied
            : Outcome::forwarded,
        frame.pkt_len);
    ports_.send(frame);
    return true;
}

}  // namespace fpvs::slowpath
