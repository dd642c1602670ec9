// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/worker.hpp"

#include <rte_prefetch.h>

#include <utility>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/plain_frame.hpp"
#include "host/util/check.hpp"

namespace fpvs::slowpath {
namespace {

using namespace std::chrono_literals;
using Kind = ParsedFrame::Kind;

// Looking for frames of the kernel is a system call, so under load it is not done every burst.
constexpr provider::Nanoseconds kHostInterval = 50us;
constexpr provider::Nanoseconds kExpiryInterval = 4ms;
constexpr provider::Nanoseconds kHeldInterval = 10ms;
constexpr provider::Nanoseconds kCleanupInterval = 250ms;
constexpr std::size_t kExpiryBudget = 256;

// What begins a connection even if there is one already: it may be over, and scheduled anew.
[[nodiscard]] bool may_begin_anew(const engine::Packet& packet) {
    constexpr std::uint8_t kSctpInit = 1;
    return packet.protocol == model::Protocol::tcp
               ? (packet.tcp_flags & engine::tcp_flag::kSyn) != 0
               : packet.protocol == model::Protocol::sctp && packet.sctp_chunk == kSctpInit;
}

[[nodiscard]] const Snapshots& nothing_configured() {
    static const Snapshots nothing;
    return nothing;
}

}  // namespace

Worker::Worker(engine::Engine& engine,
               provider::Neighbours& neighbours,
               const WorkerOptions& options)
    : engine_(engine),
      forwarder_(engine,
                 neighbours,
                 (options.snapshots != nullptr ? *options.snapshots : nothing_configured()).routes,
                 ports_,
                 counters_,
                 {.servers_max = options.servers_max,
                  .first_identification = options.first_identification,
                  .frames = options.frames}),
      snapshots_(options.snapshots != nullptr ? *options.snapshots : nothing_configured()),
      exchange_(options.exchange),
      hand_overs_(engine.workers()) {
    FPVS_CHECK(engine.workers() == 1 || exchange_ != nullptr);
    if (options.whole_packets != nullptr) {
        reassembler_.emplace(*options.whole_packets, counters_);
    }
}

Status Worker::add_port(const provider::NetworkPort& port, provider::PacketPort* host) {
    FPVS_TRY_STATUS(ports_.add(port, host));
    add_egress({.interface_index = port.interface_index,
                .port = port.number,
                .mac = port.mac,
                .mtu = port.mtu});
    return {};
}

void Worker::use_snapshots() {
    const MarkRules& marks = snapshots_.marks.get();
    if (marks.empty() && marks_ != nullptr) {
        // Nothing sets a mark any more, so nothing else would clear those of the last burst.
        for (ParsedFrame& parsed : parsed_) {
            parsed.packet.firewall_mark = 0;
        }
        parsed_whole_.packet.firewall_mark = 0;
    }
    marks_ = marks.empty() ? nullptr : &marks;
}

bool Worker::step(Time now) {
    use_snapshots();
    std::size_t frames = take_from_wires(now);
    if (exchange_ != nullptr) {
        frames += take_from_workers(now);
    }
    if (number() == 0 && (frames == 0 || now >= host_due_)) {
        host_due_ = now + kHostInterval;
        frames += take_from_host();
    }
    const bool more = run_timers(now);
    if (hook_changed_) {
        hook_ = std::move(next_hook_);
        hook_changed_ = false;
    }
    if (hook_) {
        hook_(now);
    }
    ports_.flush();
    return frames != 0 || more;
}

// True: connections are still to be looked at.
bool Worker::run_timers(Time now) {
    bool more = false;
    if (now >= expiry_due_) {
        more = engine_.expire(now, kExpiryBudget);
        expiry_due_ = more ? now : now + kExpiryInterval;
    }
    if (now >= held_due_) {
        held_due_ = now + kHeldInterval;
        forwarder_.release_held(now);
    }
    if (now >= cleanup_due_) {
        cleanup_due_ = now + kCleanupInterval;
        forwarder_.next_hops().forget_old_path_mtus(now);
        if (reassembler_) {
            reassembler_->expire(now);
        }
    }
    return more;
}

std::size_t Worker::take_from_wires(Time now) {
    std::size_t total = 0;
    for (const auto& wire : ports_.wires()) {
        std::array<rte_mbuf*, provider::kBurstMax> frames;
        const std::size_t count = wire->tx.port().rx_burst(frames);
        if (count != 0) {
            handle_burst<Origin::wire>(std::span(frames).first(count), wire->selection, now);
            total += count;
        }
    }
    return total;
}

// They were for our station where they came in.
std::size_t Worker::take_from_workers(Time now) {
    std::array<rte_mbuf*, provider::kBurstMax> frames;
    const std::size_t count = exchange_->take(number(), frames);
    if (count != 0) {
        from_worker_ = true;
        handle_burst<Origin::worker>(std::span(frames).first(count), Selection::by_wire, now);
        from_worker_ = false;
    }
    return count;
}

bool Worker::fall_asleep() noexcept {
    return exchange_ == nullptr || exchange_->fall_asleep(number());
}

void Worker::wake_up() noexcept {
    if (exchange_ != nullptr) {
        exchange_->wake_up(number());
    }
}

// True: another worker has the frame now.
bool Worker::give_to_owner(rte_mbuf& frame, const ParsedFrame& parsed, Passage passage) noexcept {
    const std::size_t owner = engine_.owner_of(parsed.packet);
    if (owner == number()) {
        return false;
    }
    hand_over(frame, owner, passage);
    return true;
}

void Worker::hand_over(rte_mbuf& frame, std::size_t worker, Passage passage) noexcept {
    ++passage.hand_overs;
    passage.write_to(frame);
    HandOver& gathered = hand_overs_[worker];
    gathered.frames[gathered.count++] = &frame;
    counters_.count(Incident::handed_over, frame.pkt_len);
    if (gathered.count == gathered.frames.size()) {
        flush_hand_overs(worker);
    }
}

void Worker::flush_hand_overs(std::size_t worker) noexcept {
    HandOver& gathered = hand_overs_[worker];
    if (gathered.count == 0) {
        return;
    }
    const auto frames = std::span(gathered.frames).first(gathered.count);
    const std::size_t taken = exchange_->put(worker, frames);
    for (rte_mbuf* lost : frames.subspan(taken)) {
        counters_.count(Incident::exchange_full, lost->pkt_len);
        rte_pktmbuf_free(lost);
    }
    gathered.count = 0;
}

std::size_t Worker::take_from_host() {
    std::size_t total = 0;
    ports_.for_each_host([this, &total](provider::PacketPort& host) {
        std::array<rte_mbuf*, provider::kBurstMax> frames;
        const std::size_t count = host.rx_burst(frames);
        for (rte_mbuf* frame : std::span(frames).first(count)) {
            counters_.count(Incident::from_host, frame->pkt_len);
            ports_.send(*frame);
        }
        total += count;
    });
    return total;
}

// Its keys, and where the engine will look for them is fetched.
inline void Worker::look_up(std::size_t place) {
    const engine::Packet& packet = parsed_[place].packet;
    engine_.set_flow(flows_[place], packet);
    engine_.prefetch(flows_[place]);
    if (engine_.may_be_reply(packet)) {
        engine_.set_reply(replies_[place], packet);
        engine_.prefetch_reply(replies_[place]);
        may_be_reply_.set(place);
    }
}

inline void Worker::handle(rte_mbuf& frame, std::size_t place, Time now) {
    ParsedFrame& parsed = parsed_[place];
    if (parsed.kind != Kind::transport) [[unlikely]] {
        handle_unusual(frame, parsed, now);
        return;
    }
    if (marks_ != nullptr) {
        mark(frame, parsed, now);
    }
    const engine::Flow* reply = may_be_reply_[place] ? &replies_[place] : nullptr;
    const engine::Verdict verdict = decide(frame, parsed, flows_[place], reply, now);
    if (verdict.action == engine::Action::hand_over) [[unlikely]] {
        hand_over(frame, engine_.sender_owner(parsed.packet), passage_of(frame));
        return;
    }
    forwarder_.obey(frame, parsed, verdict, now);
}

// A reply that has no hop left is refused where packets are routed, before IPVS sees it: nothing
// moves in its connection.
inline engine::Verdict Worker::decide(rte_mbuf& frame,
                                      const ParsedFrame& parsed,
                                      const engine::Flow& flow,
                                      const engine::Flow* reply,
                                      Time now) {
    const std::size_t hops = parsed.is_ipv4() ? ipv4::kTtl : ipv6::kHopLimit;
    if (*bytes_at(frame, parsed.ip_offset + hops) <= 1) [[unlikely]] {
        const engine::Verdict verdict = engine_.lookup(parsed.packet, now);
        if (verdict.action == engine::Action::forward &&
            verdict.direction == engine::Direction::to_client) {
            return verdict;
        }
    }
    return reply == nullptr ? engine_.handle(parsed.packet, flow, now)
                            : engine_.handle(parsed.packet, flow, *reply, now);
}

// In passes over the burst, so that what the decision about a frame reads is on its way from memory
// while its neighbours are looked at.
template <Worker::Origin kOrigin>
void Worker::handle_burst(std::span<rte_mbuf* const> frames, Selection selection, Time now) {
    const bool shared = kOrigin == Origin::wire && exchange_ != nullptr;
    may_be_reply_.reset();
    for (const rte_mbuf* frame : frames) {
        rte_prefetch0(rte_pktmbuf_mtod(frame, const void*));
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
        rte_mbuf& frame = *frames[i];
        ParsedFrame& parsed = parsed_[i];
        if (frame.nb_segs != 1 || !ports_.exists(frame.port)) [[unlikely]] {
            parsed.kind = Kind::settled;
            parsed.outcome = frame.nb_segs != 1 ? Outcome::buffer : Outcome::port;
            continue;
        }
        const std::uint64_t station =
            selection == Selection::by_worker ? ports_.station(frame.port) : 0;
        const std::span<const std::uint8_t> bytes(bytes_at(frame, 0), frame.data_len);
        // Each way by itself, so that the flow is made of what the quick look has in registers:
        // read back from `parsed`, it waits for the stores.
        if (parse_plain(bytes, station, parsed)) [[likely]] {
            if (shared && give_to_owner(frame, parsed, {})) {
                parsed.kind = Kind::handed_over;
                continue;
            }
            look_up(i);
            continue;
        }
        parse(bytes, station, parsed);
        // Where a fragment belongs is known once the packet is whole.
        const bool has_owner = parsed.kind == Kind::transport || parsed.kind == Kind::icmp_error ||
                               parsed.kind == Kind::tunnel_error;
        if (shared && has_owner && give_to_owner(frame, parsed, {})) {
            parsed.kind = Kind::handed_over;
        } else if (parsed.kind == Kind::transport) {
            look_up(i);
        }
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
        if (parsed_[i].kind == Kind::transport) {
            engine_.prefetch_connection(flows_[i]);
            if (may_be_reply_[i]) {
                engine_.prefetch_replied(replies_[i]);
            }
        }
    }
    for (std::size_t i = 0; i < frames.size(); ++i) {
        if (kOrigin == Origin::worker) {
            const std::uint16_t fragment_bytes = Passage::of(*frames[i]).fragment_bytes_max;
            if (fragment_bytes != 0 && parsed_[i].kind == Kind::transport) [[unlikely]] {
                handle_whole(*frames[i], parsed_[i], fragment_bytes, now);
                continue;
            }
        }
        handle(*frames[i], i, now);
    }
    if (exchange_ != nullptr) {
        for (std::size_t worker = 0; worker < hand_overs_.size(); ++worker) {
            flush_hand_overs(worker);
        }
    }
}

// Sets the firewall mark if it can matter: a packet that goes on with its connection is not
// scheduled, and only scheduling asks for the mark.
void Worker::mark(rte_mbuf& frame, ParsedFrame& parsed, Time now) {
    parsed.packet.firewall_mark = 0;
    if (!may_begin_anew(parsed.packet) &&
        engine_.lookup(parsed.packet, now).action == engine::Action::forward) {
        return;
    }
    Arrival arrival{.port = frame.port, .vlan = {}};
    if (parsed.ip_offset == ethernet::kHeaderBytes + ethernet::kVlanTagBytes) {
        arrival.vlan = load_be16(bytes_at(frame, ethernet::kHeaderBytes)) & ethernet::kVlanMask;
    }
    parsed.packet.firewall_mark = marks_->mark_of(parsed.packet, arrival);
}

void Worker::handle_unusual(rte_mbuf& frame, ParsedFrame& parsed, Time now) {
    switch (parsed.kind) {
        case Kind::fragment:
            reassemble(frame, parsed, now);
            return;
        case Kind::icmp_error:
        case Kind::tunnel_error:
            handle_error(frame, parsed, now);
            return;
        case Kind::settled:
            ports_.end(frame, parsed.outcome);
            return;
        case Kind::transport:  // Not unusual.
        case Kind::handed_over:
            return;
    }
}

void Worker::handle_error(rte_mbuf& frame, ParsedFrame& parsed, Time now) {
    engine::Verdict verdict = engine_.lookup(parsed.packet, now);
    if (parsed.kind == Kind::icmp_error && verdict.action == engine::Action::forward) {
        forwarder_.pass_error(frame, parsed, verdict, now);
        return;
    }
    // A tunnel by UDP looks like any other UDP packet until a server is found at its other end.
    const std::uint16_t udp_port = parsed.packet.source_port;
    const bool by_gue = parsed.kind == Kind::icmp_error &&
                        parse_as_gue({bytes_at(frame, 0), frame.data_len}, parsed);
    if (by_gue) {
        verdict = engine_.lookup(parsed.packet, now);
    }
    // The quoted packet may be another worker's, though who received it could not tell.
    const Passage passage = passage_of(frame);
    if (verdict.action == engine::Action::hand_over && passage.hand_overs < kHandOversMax) {
        hand_over(frame, engine_.sender_owner(parsed.packet), passage);
        return;
    }
    if (verdict.action != engine::Action::forward ||
        verdict.forwarding != model::Forwarding::tunnel) {
        ports_.end(frame, Outcome::protocol);
        return;
    }
    const model::Tunnel tunnel = engine_.tunnel_of(verdict.server);
    if (by_gue && (tunnel.kind != model::TunnelKind::gue || tunnel.port != udp_port)) {
        ports_.end(frame, Outcome::protocol);
        return;
    }
    forwarder_.pass_tunnel_error(frame, parsed, verdict, now);
}

void Worker::reassemble(rte_mbuf& frame, const ParsedFrame& fragment, Time now) {
    if (!reassembler_) {
        ports_.end(frame, Outcome::fragment);
        return;
    }
    const WholePacket whole = reassembler_->add(frame, fragment, now);
    if (whole.frame == nullptr) {
        return;
    }
    parse({bytes_at(*whole.frame, 0), whole.frame->data_len}, 0, parsed_whole_);
    if (parsed_whole_.kind != Kind::transport) {
        handle_unusual(*whole.frame, parsed_whole_, now);
        return;
    }
    if (exchange_ != nullptr &&
        give_to_owner(*whole.frame,
                      parsed_whole_,
                      {.hand_overs = 0, .fragment_bytes_max = whole.fragment_bytes_max})) {
        return;
    }
    handle_whole(*whole.frame, parsed_whole_, whole.fragment_bytes_max, now);
}

void Worker::handle_whole(rte_mbuf& frame,
                          ParsedFrame& parsed,
                          std::uint16_t fragment_bytes_max,
                          Time now) {
    if (marks_ != nullptr) {
        mark(frame, parsed, now);
    }
    const engine::Verdict verdict =
        decide(frame, parsed, engine_.flow_of(parsed.packet), nullptr, now);
    if (verdict.action == engine::Action::hand_over) {
        Passage passage = passage_of(frame);
        passage.fragment_bytes_max = fragment_bytes_max;
        hand_over(frame, engine_.sender_owner(parsed.packet), passage);
        return;
    }
    forwarder_.obey_thoroughly(frame, parsed, verdict, fragment_bytes_max, now);
}

}  // namespace fpvs::slowpath
