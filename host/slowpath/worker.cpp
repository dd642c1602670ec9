// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/worker.hpp"

#include <rte_prefetch.h>

#include <algorithm>
#include <utility>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/plain_frame.hpp"

namespace fpvs::slowpath {
namespace {

using namespace std::chrono_literals;

// Looking for frames of the kernel is a system call, so under load it is not done every burst.
constexpr provider::Nanoseconds kHostInterval = 50us;
constexpr provider::Nanoseconds kExpiryInterval = 4ms;
constexpr provider::Nanoseconds kHeldInterval = 10ms;
constexpr std::size_t kExpiryBudget = 256;

// Nothing stands in the way of direct routing: no error to send, no room to make.
[[nodiscard]] inline bool may_go_straight(rte_mbuf& frame,
                                          const ParsedFrame& parsed,
                                          const NextHop& next_hop) noexcept {
    return next_hop.state == NextHop::State::resolved && parsed.ip_length <= next_hop.mtu &&
           bytes_at(frame, parsed.ip_offset)[ipv4::kTtl] > 1 &&
           frame.data_off + parsed.ip_offset >= next_hop.link.length;
}

}  // namespace

Worker::Worker(engine::Engine& engine,
               provider::Neighbours& neighbours,
               const WorkerOptions& options)
    : engine_(engine),
      next_hops_(neighbours, options.servers_max),
      identification_(options.first_identification) {
    wires_.reserve(provider::kNetworkPortsMax);
}

Status Worker::add_port(const provider::NetworkPort& port, provider::PacketPort* host) {
    if (port.number >= ports_.size()) {
        return fail(Code::exhausted,
                    "{}: port {} is too high, there are {}",
                    port.interface,
                    port.number,
                    ports_.size());
    }
    Port& added = ports_[port.number];
    if (added.exists) {
        return fail(Code::already_exists, "{}: port {} is taken", port.interface, port.number);
    }
    added.exists = true;
    added.mac = port.mac.value();
    if (host != nullptr) {
        added.host.emplace(*host);
    }
    next_hops_.add_egress({.interface_index = port.interface_index,
                           .port = port.number,
                           .mac = port.mac,
                           .mtu = port.mtu});
    return {};
}

void Worker::carry(std::uint16_t port, provider::PacketPort* wire, Selection selection) {
    flush();
    ports_[port].wire = nullptr;
    if (wire != nullptr) {
        auto found = std::find_if(wires_.begin(), wires_.end(), [wire](const auto& known) {
            return &known->tx.port() == wire;
        });
        if (found == wires_.end()) {
            found = wires_.insert(found, std::make_unique<Wire>(Wire{TxQueue(*wire), selection}));
        }
        ports_[port].wire = &(*found)->tx;
    }
    std::erase_if(wires_, [this](const auto& known) {
        return std::none_of(ports_.begin(), ports_.end(), [&known](const Port& candidate) {
            return candidate.wire == &known->tx;
        });
    });
}

[[gnu::always_inline]] inline void Worker::send_to_wire(rte_mbuf& frame) {
    TxQueue* wire = frame.port < ports_.size() ? ports_[frame.port].wire : nullptr;
    if (wire == nullptr) {
        counters_.count(Incident::no_wire, frame.pkt_len);
        rte_pktmbuf_free(&frame);
        return;
    }
    wire->push(&frame);
}

// What send_direct() does to a packet that may_go_straight(), in one go: padding off, one hop
// further, a new Ethernet header.
[[gnu::always_inline]] inline void Worker::send_straight(rte_mbuf& frame,
                                                         const ParsedFrame& parsed,
                                                         const NextHop& next_hop) noexcept {
    std::uint8_t* ip = bytes_at(frame, parsed.ip_offset);
    decrement_ttl(ip);
    next_hop.link.write_before(ip);
    frame.data_off =
        static_cast<std::uint16_t>(frame.data_off + parsed.ip_offset - next_hop.link.length);
    frame.data_len = static_cast<std::uint16_t>(next_hop.link.length + parsed.ip_length);
    frame.pkt_len = frame.data_len;
    frame.port = next_hop.port;
    counters_.count(Outcome::forwarded, frame.pkt_len);
    send_to_wire(frame);
}

bool Worker::step(Time now) {
    std::size_t frames = take_from_wires(now);
    if (frames == 0 || now >= host_due_) {
        host_due_ = now + kHostInterval;
        frames += take_from_host();
    }
    bool more = false;
    if (now >= expiry_due_) {
        more = engine_.expire(now, kExpiryBudget);
        expiry_due_ = more ? now : now + kExpiryInterval;
    }
    if (now >= held_due_) {
        held_due_ = now + kHeldInterval;
        release_held(now);
    }
    if (hook_changed_) {
        hook_ = std::move(next_hook_);
        hook_changed_ = false;
    }
    if (hook_) {
        hook_(now);
    }
    flush();
    return frames != 0 || more;
}

std::size_t Worker::take_from_wires(Time now) {
    std::size_t total = 0;
    for (const auto& wire : wires_) {
        std::array<rte_mbuf*, provider::kBurstMax> frames;
        const std::size_t count = wire->tx.port().rx_burst(frames);
        if (count != 0) {
            handle_burst(std::span(frames).first(count), wire->selection, now);
            total += count;
        }
    }
    return total;
}

std::size_t Worker::take_from_host() {
    std::size_t total = 0;
    for (Port& port : ports_) {
        if (!port.host) {
            continue;
        }
        std::array<rte_mbuf*, provider::kBurstMax> frames;
        const std::size_t count = port.host->port().rx_burst(frames);
        for (rte_mbuf* frame : std::span(frames).first(count)) {
            counters_.count(Incident::from_host, frame->pkt_len);
            send_to_wire(*frame);
        }
        total += count;
    }
    return total;
}

// In passes over the burst, so that what the decision about a frame reads is on its way from memory
// while its neighbours are looked at.
void Worker::handle_burst(std::span<rte_mbuf* const> frames, Selection selection, Time now) {
    for (const rte_mbuf* frame : frames) {
        rte_prefetch0(rte_pktmbuf_mtod(frame, const void*));
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
        rte_mbuf& frame = *frames[i];
        if (frame.nb_segs != 1 || frame.port >= ports_.size()) [[unlikely]] {
            parsed_[i].kind = ParsedFrame::Kind::settled;
            parsed_[i].outcome = frame.nb_segs != 1 ? Outcome::buffer : Outcome::port;
            continue;
        }
        const std::uint64_t station =
            selection == Selection::by_worker ? ports_[frame.port].mac : 0;
        const std::span<const std::uint8_t> bytes(bytes_at(frame, 0), frame.data_len);
        if (!parse_plain(bytes, station, parsed_[i])) [[unlikely]] {
            parse(bytes, station, parsed_[i]);
        }
        if (parsed_[i].kind == ParsedFrame::Kind::transport) {
            engine_.prefetch(parsed_[i].packet);
        }
    }
    for (const ParsedFrame& one : std::span(parsed_).first(frames.size())) {
        if (one.kind == ParsedFrame::Kind::transport) {
            engine_.prefetch_connection(one.packet);
        }
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
        handle(*frames[i], parsed_[i], now);
    }
}

void Worker::handle(rte_mbuf& frame, const ParsedFrame& parsed, Time now) {
    if (parsed.kind == ParsedFrame::Kind::transport && parsed.is_ipv4()) [[likely]] {
        const engine::Verdict verdict = engine_.handle(parsed.packet, now);
        if (verdict.action == engine::Action::forward &&
            verdict.forwarding == model::Forwarding::direct_routing) [[likely]] {
            const NextHop& next_hop = next_hops_.find(verdict.server, verdict.server_address.ipv4());
            if (may_go_straight(frame, parsed, next_hop)) [[likely]] {
                send_straight(frame, parsed, next_hop);
                return;
            }
        }
        obey(frame, parsed, verdict, now);
        return;
    }
    handle_rest(frame, parsed, now);
}

void Worker::handle_rest(rte_mbuf& frame, const ParsedFrame& parsed, Time now) {
    if (parsed.kind == ParsedFrame::Kind::settled) {
        end(frame, parsed.outcome);
        return;
    }
    // The rest is the kernel's as long as it is not handled here.
    if (parsed.kind != ParsedFrame::Kind::icmp_error || !parsed.is_ipv4()) {
        end(frame,
            parsed.kind == ParsedFrame::Kind::fragment ? Outcome::fragment : Outcome::protocol);
        return;
    }
    const engine::Verdict verdict = engine_.lookup(parsed.packet, now);
    if (verdict.action == engine::Action::forward) {
        obey(frame, parsed, verdict, now);
    } else {
        end(frame, Outcome::protocol);
    }
}

void Worker::obey(rte_mbuf& frame,
                  const ParsedFrame& parsed,
                  const engine::Verdict& verdict,
                  Time now) {
    trim(frame, parsed.ip_offset, parsed.ip_length);
    const bool icmp = parsed.kind == ParsedFrame::Kind::icmp_error;
    const HeldFrame held{&frame, verdict.server, icmp, parsed.ip_offset};
    switch (verdict.action) {
        case engine::Action::pass_to_host:
            end(frame, Outcome::pass_to_host);
            return;
        case engine::Action::drop:
            end(frame, Outcome::engine);
            return;
        case engine::Action::reject:
            refuse(held,
                   Outcome::no_server,
                   {icmp::kDestinationUnreachable, icmp::kPortUnreachable},
                   now);
            return;
        case engine::Action::forward:
            break;
    }
    if (verdict.forwarding == model::Forwarding::local) {
        end(frame, Outcome::local);
        return;
    }
    if (verdict.forwarding != model::Forwarding::direct_routing) {
        end(frame, Outcome::method);
        return;
    }
    send_to_server(held, verdict.server_address.ipv4(), now);
}

void Worker::send_to_server(const HeldFrame& held, model::Ipv4 server, Time now) {
    const NextHop& next_hop = next_hops_.find(held.server, server);
    switch (next_hop.state) {
        case NextHop::State::resolved:
            send_direct(held, next_hop, now);
            return;
        case NextHop::State::unreachable:
            end(*held.frame, Outcome::egress);
            return;
        case NextHop::State::unknown:
        case NextHop::State::waiting:
            if (rte_mbuf* displaced = next_hops_.hold(held, now)) {
                end(*displaced, Outcome::neighbour_queue);
            }
            return;
    }
}

// Direct routing: the packet as it is, one hop further, in a new Ethernet header.
void Worker::send_direct(const HeldFrame& held, const NextHop& next_hop, Time now) {
    rte_mbuf& frame = *held.frame;
    std::uint8_t* ip = bytes_at(frame, held.ip_offset);
    if (ip[ipv4::kTtl] <= 1) {
        refuse(held, Outcome::ttl, {icmp::kTimeExceeded, 0}, now);
        return;
    }
    // As in the kernel, a refusal from here on quotes the packet with its new TTL.
    decrement_ttl(ip);
    if (static_cast<std::size_t>(frame.data_len - held.ip_offset) > next_hop.mtu) {
        if ((load_be16(ip + ipv4::kFragment) & ipv4::kDontFragment) == 0) {
            end(frame, Outcome::fragmentation);
            return;
        }
        refuse(held,
               Outcome::mtu,
               {icmp::kDestinationUnreachable,
                icmp::kFragmentationNeeded,
                static_cast<std::uint16_t>(next_hop.mtu)},
               now);
        return;
    }
    if (!replace_link_header(frame, held.ip_offset, next_hop.link)) {
        end(frame, Outcome::buffer);
        return;
    }
    frame.port = next_hop.port;
    counters_.count(held.icmp ? Outcome::icmp_forwarded : Outcome::forwarded, frame.pkt_len);
    send_to_wire(frame);
}

// Drops a packet and tells its sender, but never about an ICMP error (RFC 1122 3.2.2).
void Worker::refuse(const HeldFrame& held, Outcome outcome, IcmpError error, Time now) {
    rte_mbuf& frame = *held.frame;
    if (held.icmp) {
        end(frame, outcome);
        return;
    }
    counters_.count(outcome, frame.pkt_len);
    const std::uint32_t client = load_be32(bytes_at(frame, held.ip_offset) + ipv4::kSource);
    const std::size_t ip_length = frame.data_len - held.ip_offset;
    if (!icmp_limit_.admit(client, now) ||
        !turn_into_icmp_error(frame, held.ip_offset, ip_length, error, identification_)) {
        counters_.count(Incident::icmp_held_back, frame.pkt_len);
        rte_pktmbuf_free(&frame);
        return;
    }
    ++identification_;
    counters_.count(Incident::icmp_sent, frame.pkt_len);
    send_to_wire(frame);
}

void Worker::release_held(Time now) {
    next_hops_.release(now, [this, now](std::span<const HeldFrame> frames) {
        for (const HeldFrame& held : frames) {
            const NextHop& next_hop = next_hops_.at(held.server);
            if (next_hop.state == NextHop::State::waiting) {
                end(*held.frame, Outcome::neighbour_timeout);
            } else {
                send_to_server(held, next_hop.server, now);
            }
        }
    });
}

void Worker::end(rte_mbuf& frame, Outcome outcome) {
    counters_.count(outcome, frame.pkt_len);
    if (fate(outcome) == Fate::host && ports_[frame.port].host) {
        ports_[frame.port].host->push(&frame);
        return;
    }
    rte_pktmbuf_free(&frame);
}

void Worker::flush() {
    for (const auto& wire : wires_) {
        wire->tx.flush();
    }
    for (Port& port : ports_) {
        if (port.host) {
            port.host->flush();
        }
    }
}

}  // namespace fpvs::slowpath
