// SPDX-License-Identifier: Apache-2.0
#include "host/offload/offload.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/util/check.hpp"
#include "host/util/log.hpp"
#include "hw/abi/abi_hash.hpp"
#include "hw/abi/reasons.hpp"

namespace fpvs::offload {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kEventsPerPoll = 256;
constexpr std::size_t kQueriesMax = 4096;
constexpr std::size_t kRefusalsMax = 1024;
// So many answers fit in any event ring beside what the card has to say by itself.
constexpr std::uint64_t kUnansweredMax = 256;
constexpr provider::Nanoseconds kRetryInterval = 50us;
constexpr std::uint32_t kMtuMax = abi::kFrameBytesMax - 18;

CommandRecord command_of(abi::Opcode opcode, std::uint64_t index = 0) {
    CommandRecord command;
    command.set<abi::Command::opcode>(static_cast<std::uint64_t>(opcode));
    command.set<abi::Command::index>(index);
    return command;
}

CommandRecord port_command(const provider::NetworkPort& port, bool enabled) {
    abi::Record<abi::PortEntry> entry;
    entry.set<abi::PortEntry::mac>(port.mac.value()).set<abi::PortEntry::enabled>(enabled ? 1 : 0);
    CommandRecord command = command_of(abi::Opcode::write_port, port.number);
    command.set<abi::Command::payload_low>(entry.words[0]);
    return command;
}

}  // namespace

Offload::Offload(provider::CardRings& rings,
                 engine::Engine& engine,
                 provider::Neighbours& neighbours,
                 OffloadOptions options)
    : rings_(rings),
      engine_(engine),
      neighbours_(neighbours),
      options_(std::move(options)),
      answer_time_(options_.answer_time.value_or(
          rings.card().bitstream().simulated ? kSimulatedAnswerTime : kAnswerTime)),
      tables_(options_.hash_key),
      reason_counters_(abi::kReasonsMax, true),
      server_counters_(abi::kServersMax, options_.fresh),
      servers_(abi::kServersMax),
      queries_(kQueriesMax),
      refusals_(kRefusalsMax) {
    for (const provider::NetworkPort& port : options_.ports) {
        FPVS_CHECK(port.number < abi::kPortsMax, "{} is no port of a card", port.number);
        egresses_.push_back({.interface_index = port.interface_index,
                             .port = port.number,
                             .mac = port.mac,
                             .mtu = port.mtu});
    }
    egresses_.insert(egresses_.end(), options_.vlans.begin(), options_.vlans.end());

    // Nothing is let in before the tables are known to be ours.
    setup_.push_back(command_of(abi::Opcode::set_epoch, epoch_));
    CommandRecord key = command_of(abi::Opcode::set_hash_key);
    key.set<abi::Command::payload_low>(options_.hash_key.low);
    key.set<abi::Command::payload_high>(options_.hash_key.high);
    setup_.push_back(key);
    for (const provider::NetworkPort& port : options_.ports) {
        setup_.push_back(port_command(port, false));
    }
    if (!options_.fresh) {
        tables_.write_everything();
    }
}

void Offload::poll(Time now) {
    if (state_ == CardState::lost) {
        return;
    }
    take_events(now);
    report_refusals(now);
    each_second(now);
    send_commands(now);
    check_answers(now);
}

void Offload::leave(Time now) {
    if (state_ == CardState::running) {
        engine_.on_card_lost(now);
    }
    if (state_ != CardState::lost) {
        enter(CardState::lost, "taken away by the operator");
    }
}

// --- Events.

void Offload::take_events(Time now) {
    provider::ConsumerRing& ring = rings_.events();
    for (std::size_t taken = 0; taken < kEventsPerPoll && state_ != CardState::lost; ++taken) {
        const auto slot = ring.front();
        if (slot.empty()) {
            return;
        }
        EventRecord event;
        std::memcpy(event.words.data(), slot.data(), sizeof event.words);
        ring.pop();
        handle(event, now);
    }
}

void Offload::handle(const EventRecord& event, Time now) {
    switch (static_cast<abi::EventKind>(event.get<abi::Event::kind>())) {
        case abi::EventKind::echo:
            on_echo(event, now);
            return;
        case abi::EventKind::flow_flags:
            on_flow_flags(event, now);
            return;
        case abi::EventKind::activity:
            ++answered_;
            on_activity(event, now);
            return;
        case abi::EventKind::counter:
            ++answered_;
            on_counter(event);
            return;
    }
    counters_.count(OffloadCounter::events_unknown);
}

void Offload::on_echo(const EventRecord& event, Time) {
    if (!echo_sent_ || event.get<abi::Event::tag>() != echo_tag_) {
        counters_.count(OffloadCounter::events_late);
        return;
    }
    echo_sent_.reset();
    answered_ = std::max(answered_, asked_before_echo_);
    if (state_ == CardState::starting) {
        enter(CardState::running, "running");
        engine_.attach_offload(*this);
    }
}

void Offload::on_flow_flags(const EventRecord& event, Time now) {
    const FlowKey key{
        .client_address = {static_cast<std::uint32_t>(event.get<abi::Event::client_address>())},
        .client_port = static_cast<std::uint16_t>(event.get<abi::Event::client_port>()),
        .service = static_cast<engine::ServiceIndex>(event.get<abi::Event::service>())};
    const auto flow = tables_.find_flow(key);
    if (!flow) {
        counters_.count(OffloadCounter::events_late);
        return;
    }
    engine_.on_card_flags(
        flow->connection, static_cast<std::uint8_t>(event.get<abi::Event::tcp_flags>()), now);
}

void Offload::on_activity(const EventRecord& event, Time now) {
    const auto flow = tables_.flow_at(static_cast<std::uint32_t>(event.get<abi::Event::index>()),
                                      static_cast<std::uint32_t>(event.get<abi::Event::way>()));
    if (!flow || flow->connection.value() != event.get<abi::Event::tag>()) {
        counters_.count(OffloadCounter::events_late);
        return;
    }
    // Epochs are seconds of 16 bits.  The way's stamp may be that of an earlier flow, so a flow is
    // never idle for longer than it has been there.  A stamp was taken somewhere within its second:
    // the younger end counts, so that nothing expires early.
    const auto hit = static_cast<std::uint16_t>(event.get<abi::Event::epoch>());
    const auto since_hit = static_cast<std::uint16_t>(epoch_ - hit);
    const auto since_offer = static_cast<std::uint16_t>(epoch_ - flow->offered_epoch);
    const std::uint32_t idle_s = std::min(since_hit, since_offer);
    engine_.on_activity(flow->connection, idle_s == 0 ? 0 : idle_s - 1, now);
}

void Offload::on_counter(const EventRecord& event) {
    const Traffic reading{event.get<abi::Event::packets>(), event.get<abi::Event::bytes>()};
    const std::uint64_t index = event.get<abi::Event::index>();
    const std::uint64_t bank = event.get<abi::Event::way>();
    if (event.get<abi::Event::table>() == static_cast<std::uint64_t>(abi::CounterTable::reasons)) {
        reason_counters_.read(index, bank, reading);
        return;
    }
    const Traffic growth = server_counters_.read(index, bank, reading);
    if (growth.packets != 0) {
        engine_.on_card_counters(
            static_cast<engine::ServerIndex>(index), growth.packets, growth.bytes);
    }
}

// --- Commands.

void Offload::each_second(Time now) {
    if (second_due_ && now < *second_due_) {
        return;
    }
    if (second_due_) {
        // Seconds that were slept through count too: the epoch is a clock.
        const std::uint64_t passed = 1 + static_cast<std::uint64_t>((now - *second_due_) / 1s);
        epoch_ = static_cast<std::uint16_t>(epoch_ + passed);
        epoch_due_ = true;
        echo_due_ = state_ == CardState::running;
        walk_.active = walk_.active || state_ == CardState::running;
        *second_due_ += passed * 1s;
    } else {
        second_due_ = now + 1s;
    }
    rings_.events().give_back();
    rings_.punts().give_back();
}

void Offload::send_commands(Time now) {
    provider::ProducerRing& ring = rings_.commands();
    if (full_since_ && now < retry_at_) {
        return;
    }
    bool sent = false;
    for (;;) {
        const auto slot = ring.reserve();
        if (slot.empty()) {
            full_since_ = full_since_ && !sent ? full_since_ : now;
            retry_at_ = now + kRetryInterval;
            break;
        }
        CommandRecord command;
        if (!next_command(command, now)) {
            full_since_.reset();
            break;
        }
        std::memcpy(slot.data(), command.words.data(), sizeof command.words);
        ring.commit();
        sent = true;
    }
    ring.publish();
}

bool Offload::next_command(CommandRecord& command, Time now) {
    if (state_ == CardState::starting) {
        return next_setup(command, now);
    }
    if (epoch_due_) {
        epoch_due_ = false;
        command = command_of(abi::Opcode::set_epoch, epoch_);
        return true;
    }
    if (tables_.next_write(command)) {
        return true;
    }
    if (echo_due_ && !echo_sent_) {
        echo_due_ = false;
        command = echo_command(now);
        return true;
    }
    return next_query(command) || next_counter(command);
}

// Ports shut, hash key, tables; then the ports open, and an echo tells that all of it was taken.
bool Offload::next_setup(CommandRecord& command, Time now) {
    if (setup_.empty() && !ports_opened_) {
        if (tables_.next_write(command)) {
            return true;
        }
        ports_opened_ = true;
        for (const provider::NetworkPort& port : options_.ports) {
            setup_.push_back(port_command(port, true));
        }
    }
    if (!setup_.empty()) {
        command = setup_.back();
        setup_.pop_back();
        return true;
    }
    if (!echo_sent_) {
        command = echo_command(now);
        return true;
    }
    return false;
}

CommandRecord Offload::echo_command(Time now) {
    echo_sent_ = now;
    asked_before_echo_ = asked_;
    CommandRecord command = command_of(abi::Opcode::echo);
    command.set<abi::Command::tag>(++echo_tag_);
    return command;
}

bool Offload::next_query(CommandRecord& command) {
    while (asked_ - answered_ < kUnansweredMax) {
        const auto query = queries_.pop();
        if (!query) {
            return false;
        }
        const auto flow = tables_.flow_at(query->bucket, query->way);
        if (!flow || flow->connection != query->connection) {
            continue;
        }
        ++asked_;
        command = command_of(abi::Opcode::read_activity, query->bucket);
        command.set<abi::Command::way>(query->way);
        command.set<abi::Command::tag>(query->connection.value());
        return true;
    }
    return false;
}

bool Offload::next_counter(CommandRecord& command) {
    if (!walk_.active || asked_ - answered_ >= kUnansweredMax || !walk_to_next_server()) {
        return false;
    }
    const bool of_server = walk_.position >= abi::kReasonsMax;
    const auto table = of_server ? abi::CounterTable::servers : abi::CounterTable::reasons;
    ++asked_;
    command = command_of(abi::Opcode::read_counter,
                         of_server ? walk_.position - abi::kReasonsMax : walk_.position);
    command.set<abi::Command::table>(static_cast<std::uint64_t>(table));
    command.set<abi::Command::way>(walk_.bank);
    if (++walk_.bank == abi::kCounterBanks) {
        walk_.bank = 0;
        ++walk_.position;
    }
    return true;
}

// Passes over servers that have nothing to count.  False: the walk is over.
bool Offload::walk_to_next_server() {
    while (walk_.position < abi::kReasonsMax + abi::kServersMax) {
        if (walk_.position < abi::kReasonsMax || walk_.bank != 0) {
            return true;
        }
        const engine::ServerIndex index = walk_.position - abi::kReasonsMax;
        Server& server = servers_[index];
        if (std::exchange(server.counted, tables_.flows_of(index) != 0) || server.counted) {
            return true;
        }
        ++walk_.position;
    }
    walk_ = CounterWalk{};
    return false;
}

// --- Flows.

void Offload::service_added(engine::ServiceIndex service, const model::ServiceKey& key) {
    if (!tables_.add_service(service, key)) {
        counters_.count(OffloadCounter::services_refused);
        log::warn("offload",
                  "service {}:{} stays in software: the card's table has no room for it",
                  model::to_string(key.address),
                  key.port);
    }
}

void Offload::service_removed(engine::ServiceIndex service) {
    tables_.remove_service(service);
}

void Offload::server_available(const engine::OffloadServer& server) {
    if (server.server >= servers_.size()) {
        if (counters_[OffloadCounter::servers_refused] == 0) {
            log::warn(
                "offload", "more than {} servers: those beyond stay in software", servers_.size());
        }
        counters_.count(OffloadCounter::servers_refused);
        return;
    }
    Server& known = servers_[server.server];
    known.known = true;
    known.available = true;
    // Counters of a card that ran before have to be read once, to know where they stand.
    known.counted = known.counted || !options_.fresh;
    tables_.name_server(server.server, server.key.address.ipv4());
    tables_.set_next_hop(server.server,
                         next_hop_to(neighbours_.resolve(server.key.address.ipv4())));
}

void Offload::server_unavailable(engine::ServerIndex server) {
    if (server < servers_.size()) {
        servers_[server].available = false;
        tables_.set_next_hop(server, NextHopRecord{});
    }
}

void Offload::neighbour_changed(const model::IpAddress& target,
                                const std::optional<provider::Neighbour>& neighbour) {
    const NextHopRecord record = next_hop_to(neighbour);
    for (engine::ServerIndex index = 0; index < servers_.size(); ++index) {
        if (servers_[index].available && tables_.server_address(index) == target) {
            tables_.set_next_hop(index, record);
        }
    }
}

NextHopRecord Offload::next_hop_to(const std::optional<provider::Neighbour>& neighbour) const {
    NextHopRecord record;
    if (!neighbour) {
        return record;
    }
    const auto egress =
        std::find_if(egresses_.begin(), egresses_.end(), [&](const provider::Egress& candidate) {
            return candidate.interface_index == neighbour->interface_index;
        });
    if (egress == egresses_.end()) {
        return record;
    }
    record.set<abi::NextHopEntry::destination_mac>(neighbour->mac.value())
        .set<abi::NextHopEntry::source_mac>(egress->mac.value())
        .set<abi::NextHopEntry::port>(egress->port)
        .set<abi::NextHopEntry::tagged>(egress->vlan ? 1 : 0)
        .set<abi::NextHopEntry::vlan>(egress->vlan.value_or(0))
        .set<abi::NextHopEntry::mtu>(std::min(egress->mtu, kMtuMax))
        .set<abi::NextHopEntry::valid>(1);
    return record;
}

void Offload::offer(const engine::OffloadFlow& flow) {
    counters_.count(OffloadCounter::offered);
    if (const auto refusal = try_offer(flow)) {
        counters_.count(*refusal);
        // A step offers at most a burst of connections for each port, and the queue is emptied in
        // each.
        FPVS_CHECK(refusals_.push(flow.connection), "{} refusals in one step", kRefusalsMax);
    }
}

std::optional<OffloadCounter> Offload::try_offer(const engine::OffloadFlow& flow) {
    if (flow.forwarding != model::Forwarding::direct_routing) {
        return OffloadCounter::refused_method;
    }
    if (flow.server >= servers_.size()) {
        return OffloadCounter::refused_number;
    }
    if (!tables_.has_service(flow.service)) {
        return OffloadCounter::refused_service;
    }
    if (!servers_[flow.server].available) {
        return OffloadCounter::refused_server;
    }
    const NextHopRecord next_hop = next_hop_to(neighbours_.resolve(flow.server_address));
    if (next_hop.get<abi::NextHopEntry::valid>() == 0) {
        return OffloadCounter::refused_neighbour;
    }
    tables_.set_next_hop(flow.server, next_hop);
    const auto refusal = tables_.add_flow({.client_address = flow.client_address,
                                           .client_port = flow.client_port,
                                           .service = flow.service},
                                          flow.server,
                                          abi::Method::direct_routing,
                                          flow.connection,
                                          epoch_,
                                          next_hop);
    if (refusal) {
        return *refusal == FlowRefusal::bucket_full ? OffloadCounter::refused_bucket
                                                    : OffloadCounter::refused_next_hops;
    }
    servers_[flow.server].counted = true;
    return std::nullopt;
}

void Offload::withdraw(const engine::OffloadFlow& flow) {
    const FlowKey key{.client_address = flow.client_address,
                      .client_port = flow.client_port,
                      .service = flow.service};
    const auto place = tables_.find_flow(key);
    if (place && place->connection == flow.connection && tables_.remove_flow(key)) {
        counters_.count(OffloadCounter::withdrawn);
    }
}

void Offload::query_activity(const engine::OffloadFlow& flow) {
    const auto place = tables_.find_flow({.client_address = flow.client_address,
                                          .client_port = flow.client_port,
                                          .service = flow.service});
    // The engine asks again if it gets no answer.
    if (place && !queries_.push(*place)) {
        counters_.count(OffloadCounter::queries_dropped);
    }
}

void Offload::report_refusals(Time now) {
    while (const auto connection = refusals_.pop()) {
        engine_.on_offload_refused(*connection, now);
    }
}

// --- Life.

void Offload::check_answers(Time now) {
    if (rings_.lost()) {
        lose(*rings_.lost(), now);
    } else if (echo_sent_ && now - *echo_sent_ > answer_time_) {
        lose({Code::unavailable, "the card does not answer", {}}, now);
    } else if (full_since_ && now - *full_since_ > answer_time_) {
        lose({Code::unavailable, "the card takes no commands", {}}, now);
    }
}

void Offload::lose(const Error& reason, Time now) {
    const bool attached = state_ == CardState::running;
    log::error("offload", "the card is lost, connections go on in software: {}", reason.text());
    rings_.declare_lost(reason);
    enter(CardState::lost, "lost: " + reason.text());
    if (attached) {
        engine_.on_card_lost(now);
    }
}

void Offload::enter(CardState state, std::string sentence) {
    state_ = state;
    sentence_ = std::move(sentence);
    log::info("offload", "card {}; flows={}", sentence_, tables_.flow_count());
    if (options_.on_state) {
        options_.on_state(state, sentence_);
    }
}

}  // namespace fpvs::offload
