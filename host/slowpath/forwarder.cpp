// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/forwarder.hpp"

#include <array>
#include <span>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/client_address.hpp"
#include "host/slowpath/fragmentation.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"

namespace fpvs::slowpath {
namespace {

using engine::Action;
using engine::Direction;
using engine::Reason;
using engine::Verdict;
using model::Forwarding;
using model::IpAddress;

[[nodiscard]] IpAddress load_address(const std::uint8_t* at, model::Family family) noexcept {
    if (family == model::Family::ipv4) {
        return model::Ipv4{load_be32(at)};
    }
    model::Ipv6 address;
    for (std::uint32_t& word : address.words) {
        word = load_be32(at);
        at += sizeof word;
    }
    return address;
}

[[nodiscard]] IpAddress source_of(rte_mbuf& frame, const PacketLayout& layout) noexcept {
    return load_address(
        bytes_at(frame, layout.ip_offset + (layout.is_ipv4() ? ipv4::kSource : ipv6::kSource)),
        layout.family);
}

[[nodiscard]] IpAddress destination_of(rte_mbuf& frame, const PacketLayout& layout) noexcept {
    return load_address(
        bytes_at(frame,
                 layout.ip_offset + (layout.is_ipv4() ? ipv4::kDestination : ipv6::kDestination)),
        layout.family);
}

// As in the kernel: without them a path's MTU would not be found.
[[nodiscard]] bool is_limited(const IcmpError& error) noexcept {
    return error.mtu == 0;
}

[[nodiscard]] bool says_dont_fragment(rte_mbuf& frame, const PacketLayout& layout) noexcept {
    return (load_be16(bytes_at(frame, layout.ip_offset + ipv4::kFragment)) & ipv4::kDontFragment) !=
           0;
}

}  // namespace

Forwarder::Forwarder(engine::Engine& engine,
                     provider::Neighbours& neighbours,
                     const Published<RouteTable>& routes,
                     Ports& ports,
                     Counters& counters,
                     const ForwarderOptions& options)
    : engine_(engine),
      ports_(ports),
      counters_(counters),
      next_hops_(neighbours, routes, options.servers_max),
      tunnels_(options.servers_max),
      frames_(options.frames),
      identification_(options.first_identification),
      fragment_identification_(options.first_identification) {}

void Forwarder::obey_thoroughly(rte_mbuf& frame,
                                const ParsedFrame& parsed,
                                const Verdict& verdict,
                                std::uint16_t fragment_bytes_max,
                                Time now) noexcept {
    trim(frame, parsed.ip_offset, parsed.ip_length);
    Outgoing out{.fragment_bytes_max = fragment_bytes_max,
                 .layout = parsed,
                 .frame = &frame,
                 .verdict = verdict};
    switch (verdict.action) {
        case Action::pass_to_host:
            ports_.end(frame, Outcome::pass_to_host);
            return;
        case Action::drop:
        case Action::hand_over:  // The worker has done that.
            ports_.end(frame, Outcome::engine);
            return;
        case Action::reject:
            reject(out, now);
            return;
        case Action::forward:
            break;
    }
    if (verdict.forwarding == Forwarding::local) {
        ports_.end(frame, Outcome::local);
        return;
    }
    if (verdict.forwarding == Forwarding::nat || verdict.forwarding == Forwarding::full_nat) {
        out.translation = engine_.translation(parsed.packet, verdict);
    }
    carry_on(out, now);
}

void Forwarder::reject(const Outgoing& out, Time now) noexcept {
    rte_mbuf& frame = *out.frame;
    // In the kernel an unexpected reply is on its way through the director when it is noticed.
    if (out.verdict.reason == Reason::reply_of_no_connection) {
        if (hop_limit(frame, out.layout) <= 1) {
            refuse(out, Outcome::ttl, time_exceeded(out.layout.family), now);
            return;
        }
        decrement_hop_limit(frame, out.layout);
    }
    refuse(out, Outcome::no_server, port_unreachable(out.layout.family), now);
}

void Forwarder::pass_error(rte_mbuf& frame,
                           const ParsedFrame& parsed,
                           const Verdict& verdict,
                           Time now) noexcept {
    trim(frame, parsed.ip_offset, parsed.ip_length);
    if (verdict.forwarding == Forwarding::local) {
        ports_.end(frame, Outcome::local);
        return;
    }
    Outgoing out{
        .kind = Outgoing::Kind::error, .layout = parsed, .frame = &frame, .verdict = verdict};
    if (verdict.forwarding == Forwarding::nat || verdict.forwarding == Forwarding::full_nat) {
        out.translation = engine_.translation(parsed.packet, verdict);
        translate_icmp_error(frame, parsed, out.translation, verdict.direction);
    }
    carry_on(out, now);
}

void Forwarder::pass_tunnel_error(rte_mbuf& frame,
                                  ParsedFrame& parsed,
                                  const Verdict& verdict,
                                  Time now) noexcept {
    const NextHop& hop = next_hops_.to_server(verdict.server, verdict.server_address);
    IcmpError error = read_icmp_error(frame, parsed);
    const bool too_long = error.mtu != 0;
    const model::Family outer = parsed.family;
    uncover_quote(frame, parsed);
    bool useful = outer == parsed.family || too_long;
    if (too_long && hop.state == NextHop::State::resolved) {
        const TunnelHeader& tunnel =
            tunnels_.header(verdict.server, engine_.tunnel_of(verdict.server), hop);
        // As IPVS does: the MTU as it was known when the packet was sent.  A packet that is too
        // long for what is learned now is told that.
        const std::size_t known_mtu = tunnel.inner_mtu(hop.mtu);
        next_hops_.learn_path_mtu(hop, error.mtu, now);
        error = too_big(parsed.family, static_cast<std::uint32_t>(known_mtu));
        useful = !parsed.is_ipv4() || says_dont_fragment(frame, parsed);
    }
    const IpAddress client = source_of(frame, parsed);
    const IpAddress service = destination_of(frame, parsed);
    counters_.count(Outcome::tunnel_error, frame.pkt_len);
    if (!useful || (is_limited(error) && !icmp_limit_.admit(client, now)) ||
        !turn_into_icmp_error(frame, parsed, error, service, identification_)) {
        counters_.count(Incident::icmp_held_back, frame.pkt_len);
        rte_pktmbuf_free(&frame);
        return;
    }
    ++identification_;
    counters_.count(Incident::icmp_sent, frame.pkt_len);
    carry_on({.kind = Outgoing::Kind::own,
              .layout = parsed,
              .frame = &frame,
              .verdict = {.action = Action::forward,
                          .direction = Direction::to_client,
                          .forwarding = Forwarding::direct_routing},
              .translation = {.destination_address = client}},
             now);
}

// The kernel asks in this order: is there a route, has the packet a hop left, does it fit, who is
// the neighbour.  The third question needs the fourth's answer here; only then the packet changes.
void Forwarder::carry_on(Outgoing out, Time now) noexcept {
    rte_mbuf& frame = *out.frame;
    const NextHop* hop = hop_of(out);
    if (hop == nullptr || hop->state == NextHop::State::unreachable) {
        ports_.end(frame, Outcome::egress);
        return;
    }
    const bool comes_from_afar = out.kind != Outgoing::Kind::own;
    if (comes_from_afar && hop_limit(frame, out.layout) <= 1) {
        refuse(out, Outcome::ttl, time_exceeded(out.layout.family), now);
        return;
    }
    if (hop->state != NextHop::State::resolved) {
        hold(out, *hop, now);
        return;
    }
    // As in the kernel, a refusal from here on quotes the packet with its new hop limit.
    if (comes_from_afar) {
        decrement_hop_limit(frame, out.layout);
    }
    const std::size_t mtu = mtu_for(out, *hop);
    if (is_too_long(out, mtu)) {
        refuse(out, Outcome::mtu, too_big(out.layout.family, static_cast<std::uint32_t>(mtu)), now);
        return;
    }
    leave(out, *hop);
}

// The engine knows what to tell only as long as it is asked about no other packet.
void Forwarder::hold(Outgoing& out, const NextHop& hop, Time now) noexcept {
    if (!tell(out)) {
        ports_.end(*out.frame, Outcome::buffer);
        return;
    }
    if (rte_mbuf* displaced = next_hops_.hold(out, hop, now)) {
        ports_.end(*displaced, Outcome::neighbour_queue);
    }
}

bool Forwarder::is_to_be_told(const Outgoing& out) const noexcept {
    return out.verdict.forwarding == Forwarding::full_nat && out.kind == Outgoing::Kind::packet &&
           !out.told && out.layout.ip_protocol == ip_protocol::kTcp &&
           out.verdict.connection.valid();
}

bool Forwarder::tell(Outgoing& out) noexcept {
    if (!is_to_be_told(out)) {
        return true;
    }
    out.told = true;
    const engine::Origin origin = engine_.origin(out.verdict);
    if (out.verdict.direction == Direction::to_client) {
        hide_from_client(*out.frame, out.layout, origin);
        return true;
    }
    return tell_server(*out.frame, out.layout, origin);
}

std::size_t Forwarder::mtu_for(const Outgoing& out, const NextHop& hop) noexcept {
    if (is_tunnelled(out)) {
        return tunnel_of(out, hop).inner_mtu(hop.mtu);
    }
    if (out.verdict.direction == Direction::to_server && is_to_be_told(out)) {
        return hop.mtu - telling_bytes(*out.frame, out.layout, engine_.origin(out.verdict));
    }
    return hop.mtu;
}

bool Forwarder::is_tunnelled(const Outgoing& out) noexcept {
    return out.verdict.forwarding == Forwarding::tunnel;
}

const NextHop* Forwarder::hop_of(const Outgoing& out) noexcept {
    return out.verdict.direction == Direction::to_server
               ? &next_hops_.to_server(out.verdict.server, out.verdict.server_address)
               : next_hops_.towards(out.translation.destination_address);
}

const TunnelHeader& Forwarder::tunnel_of(const Outgoing& out, const NextHop& hop) noexcept {
    return tunnels_.header(out.verdict.server, engine_.tunnel_of(out.verdict.server), hop);
}

// Longer than the hop takes, and not to be cut.
bool Forwarder::is_too_long(const Outgoing& out, std::size_t mtu) const noexcept {
    if (out.layout.ip_length <= mtu) {
        return false;
    }
    if (!out.layout.is_ipv4()) {
        // What its sender has cut may leave in the same pieces.
        return out.fragment_bytes_max == 0 || out.fragment_bytes_max > mtu;
    }
    return says_dont_fragment(*out.frame, out.layout) &&
           (!is_tunnelled(out) || engine_.settings().pmtu_disc != 0);
}

void Forwarder::leave(Outgoing& out, const NextHop& hop) noexcept {
    rte_mbuf& frame = *out.frame;
    if (!tell(out)) {
        ports_.end(frame, Outcome::buffer);
        return;
    }
    const bool translated =
        out.verdict.forwarding == Forwarding::nat || out.verdict.forwarding == Forwarding::full_nat;
    if (translated && out.kind == Outgoing::Kind::packet) {
        translate(frame, out.layout, out.translation);
    }
    if (is_tunnelled(out)) {
        out.fragment_bytes_max = 0;  // The tunnel's packet never came in pieces.
        if (!encapsulate(frame,
                         out.layout,
                         tunnel_of(out, hop),
                         engine_.settings().pmtu_disc != 0,
                         identification_)) {
            ports_.end(frame, Outcome::buffer);
            return;
        }
    }
    if (!replace_link_header(frame, out.layout, hop.link)) {
        ports_.end(frame, Outcome::buffer);
        return;
    }
    frame.port = hop.port;
    if (out.fragment_bytes_max != 0 || out.layout.ip_length > hop.mtu) {
        leave_in_fragments(out, fragment_bytes(out.layout, hop.mtu, out.fragment_bytes_max));
        return;
    }
    count_sent(out, frame.pkt_len);
    ports_.send(frame);
}

void Forwarder::count_sent(const Outgoing& out, std::uint32_t bytes) noexcept {
    switch (out.kind) {
        case Outgoing::Kind::packet:
            counters_.count(out.verdict.direction == Direction::to_server ? Outcome::forwarded
                                                                          : Outcome::replied,
                            bytes);
            return;
        case Outgoing::Kind::error:
            counters_.count(Outcome::icmp_forwarded, bytes);
            return;
        case Outgoing::Kind::own:  // Counted when it was made.
            return;
    }
}

void Forwarder::leave_in_fragments(const Outgoing& out, std::size_t bytes_max) noexcept {
    std::array<rte_mbuf*, kFragmentsMax> fragments;
    const std::uint32_t bytes = out.frame->pkt_len;
    const std::uint16_t port = out.frame->port;
    const std::size_t count = frames_ == nullptr ? 0
                                                 : fragment(*out.frame,
                                                            out.layout,
                                                            bytes_max,
                                                            ++fragment_identification_,
                                                            *frames_,
                                                            fragments);
    if (count == 0) {
        ports_.end(*out.frame, Outcome::fragmentation);
        return;
    }
    count_sent(out, bytes);
    for (rte_mbuf* piece : std::span(fragments).first(count)) {
        piece->port = port;
        counters_.count(Incident::fragment_sent, piece->pkt_len);
        ports_.send(*piece);
    }
}

// Drops a packet and tells its sender, but never about an ICMP error.
void Forwarder::refuse(const Outgoing& out,
                       Outcome outcome,
                       const IcmpError& error,
                       Time now) noexcept {
    rte_mbuf& frame = *out.frame;
    if (out.kind != Outgoing::Kind::packet) {
        ports_.end(frame, outcome);
        return;
    }
    counters_.count(outcome, frame.pkt_len);
    PacketLayout layout = out.layout;
    const IpAddress sender = source_of(frame, layout);
    const IpAddress source = answering_address(out);
    if (source.is_any() || (is_limited(error) && !icmp_limit_.admit(sender, now)) ||
        !turn_into_icmp_error(frame, layout, error, source, identification_)) {
        counters_.count(Incident::icmp_held_back, frame.pkt_len);
        rte_pktmbuf_free(&frame);
        return;
    }
    ++identification_;
    counters_.count(Incident::icmp_sent, frame.pkt_len);
    ports_.send(frame);
}

// Whom an error about the packet comes from: a client hears the address it talks to, a server the
// one that the director has towards it.
IpAddress Forwarder::answering_address(const Outgoing& out) noexcept {
    const bool is_reply = out.verdict.direction == Direction::to_client ||
                          out.verdict.reason == Reason::reply_of_no_connection;
    if (!is_reply) {
        return destination_of(*out.frame, out.layout);
    }
    const IpAddress server = source_of(*out.frame, out.layout);
    const NextHop* hop = next_hops_.towards(server);
    return hop != nullptr && hop->state == NextHop::State::resolved
               ? hop->source
               : IpAddress::any(out.layout.family);
}

void Forwarder::release_held(Time now) noexcept {
    next_hops_.release(now, [this, now](const NextHop& hop, std::span<const Outgoing> packets) {
        for (const Outgoing& held : packets) {
            if (hop.state == NextHop::State::waiting) {
                ports_.end(*held.frame, Outcome::neighbour_timeout);
            } else {
                carry_on(held, now);
            }
        }
    });
}

}  // namespace fpvs::slowpath
