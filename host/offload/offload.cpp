// SPDX-License-Identifier: Apache-2.0
#include "host/offload/offload.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/util/check.hpp"
#include "host/util/log.hpp"
#include "hw/abi/reasons.hpp"

namespace fpvs::offload {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kQueriesMax = 4096;
constexpr std::size_t kRefusalsMax = 1024;
// So many answers fit in any event ring beside what the card has to say by itself.
constexpr std::uint64_t kUnansweredMax = 256;
constexpr provider::Nanoseconds kRetryInterval = 50us;
// Of the young connections' places, so many are swept each second: all within half the time after
// which an epoch comes again.
constexpr std::uint32_t kYoungPerSecond = abi::kYoungMax >> (abi::kEpochBits - 1);
static_assert(kYoungPerSecond > 0);
// Asked about a flow within this time, the host takes its stamp for the right one.
static_assert(engine::kCardMemorySeconds + 8 < 1 << abi::kEpochBits,
              "an answer takes some seconds at most");

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
    command.set<abi::Command::payload_0>(entry.words[0]);
    return command;
}

CommandRecord epoch_command(std::uint32_t epoch) {
    return command_of(abi::Opcode::set_epoch, epoch & ((1u << abi::kEpochBits) - 1));
}

// The client's end of an event's flow.
model::IpAddress client_of(const abi::Record<abi::Event>& event) {
    const std::uint64_t low = event.get<abi::Event::client_address_low>();
    if (event.get<abi::Event::ipv6>() == 0) {
        return model::Ipv4{static_cast<std::uint32_t>(low)};
    }
    const std::uint64_t high = event.get<abi::Event::client_address_high>();
    return model::Ipv6{{static_cast<std::uint32_t>(high >> 32),
                        static_cast<std::uint32_t>(high),
                        static_cast<std::uint32_t>(low >> 32),
                        static_cast<std::uint32_t>(low)}};
}

// The other one of a FULLNAT connection's two flows.
FlowKey other_key(const FlowView& flow) {
    return {.client_address = model::Ipv4{flow.flow.other_address},
            .client_port = flow.flow.other_port,
            .service = flow.key.service,
            .reply = !flow.key.reply};
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
      tables_(options_.hash_key, options_.limits.sizes),
      card_counters_{CardCounters(abi::kReasonsMax, true),
                     CardCounters(abi::kServersMax, options_.fresh),
                     CardCounters(abi::kServersMax, options_.fresh),
                     CardCounters(abi::kServicesMax, true)},
      servers_(abi::kServersMax),
      services_(abi::kServicesMax),
      steering_due_(abi::kServicesMax),
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

    adoption_ = std::move(options_.adoption);
    prepare_setup();
}

void Offload::prepare_setup() {
    if (adoption_) {
        // Behind all epochs that the card has stamped flows with: time stood still for it.
        epoch_ = (1u << abi::kEpochBits) + adoption_->ledger.epoch() + 1;
        tables_.set_epoch(epoch_);
        for (const provider::NetworkPort& port : options_.ports) {
            setup_.push_back(port_command(port, true));
        }
        setup_.push_back(epoch_command(epoch_));
        untold_ = adoption_->untold.size();
        setup_.insert(setup_.end(), adoption_->untold.rbegin(), adoption_->untold.rend());
        return;
    }
    // Nothing is let in before the tables are known to be ours.
    tables_.set_epoch(epoch_);
    setup_.push_back(epoch_command(epoch_));
    CommandRecord key = command_of(abi::Opcode::set_hash_key);
    key.set<abi::Command::payload_0>(options_.hash_key.low);
    key.set<abi::Command::payload_1>(options_.hash_key.high);
    setup_.push_back(key);
    for (const provider::NetworkPort& port : options_.ports) {
        setup_.push_back(port_command(port, false));
    }
    if (!options_.fresh) {
        tables_.write_everything();
    }
}

Offload::~Offload() {
    NextHopTable& hops = tables_.next_hops();
    hops.visit(
        0, hops.size(), [this](std::uint16_t, const model::IpAddress& target, std::uint32_t) {
            neighbours_.forget(target);
        });
}

void Offload::poll(Time now) {
    if (state_ == CardState::lost) {
        return;
    }
    last_poll_ = now;
    if (adoption_) {
        if (!may_adopt(now)) {
            return;  // The card goes on by itself, and what it says waits in its rings.
        }
        adopt(now);
    }
    take_events(now);
    report_refusals(now);
    each_second(now);
    if (state_ == CardState::running) {
        steer_services(now);
        reroute();
    }
    send_commands(now);
    check_answers(now);
}

// The card must not forward beside who takes over: its ports are shut before its rings stop.
void Offload::leave(Time now) {
    if (state_ == CardState::running) {
        provider::ProducerRing& ring = rings_.commands();
        for (const provider::NetworkPort& port : options_.ports) {
            const auto slot = ring.reserve();
            const CommandRecord command = port_command(port, false);
            if (!slot.empty()) {
                std::memcpy(slot.data(), command.words.data(), sizeof command.words);
                ring.commit();
            }
        }
        ring.wait_taken();
        engine_.on_card_lost(now);
    }
    if (state_ != CardState::lost) {
        enter(CardState::lost, "taken away by the operator");
    }
}

// --- Events.

void Offload::take_events(Time now) {
    if (adoption_) {
        return;  // They are about flows that we do not know yet.
    }
    provider::ConsumerRing& ring = rings_.events();
    for (std::size_t taken = 0; taken < ring.geometry().slots(); ++taken) {
        const auto slot = state_ == CardState::lost ? std::span<const std::byte>{} : ring.front();
        if (slot.empty()) {
            break;
        }
        EventRecord event;
        std::memcpy(event.words.data(), slot.data(), sizeof event.words);
        ring.pop();
        handle(event, now);
        // Each may have offered a connection.
        report_refusals(now);
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
        case abi::EventKind::learned:
            on_learned(event, now);
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
        steers_ = engine_.may_steer();
        engine_.attach_offload(*this);
    }
}

void Offload::on_flow_flags(const EventRecord& event, Time now) {
    const auto service = event.get<abi::Event::service>();
    const FlowKey key{
        .client_address = client_of(event),
        .client_port = static_cast<std::uint16_t>(event.get<abi::Event::client_port>()),
        .service = static_cast<engine::ServiceIndex>(service),
        .reply = event.get<abi::Event::reply>() != 0};
    engine::ConnectionHandle connection;
    if (const auto flow = tables_.find_flow(key)) {
        connection = flow->connection();
    } else if (is_known_service(service) && !key.reply) {
        // The card scheduled it and its flow is not there yet, or not any more.
        connection = engine_.connection_of(key.service, key.client_address, key.client_port);
    }
    if (!connection.valid()) {
        counters_.count(OffloadCounter::events_late);
        return;
    }
    engine_.on_card_flags(connection,
                          static_cast<std::uint8_t>(event.get<abi::Event::tcp_flags>()),
                          event.get<abi::Event::from_server>() != 0 ? engine::Direction::to_client
                                                                    : engine::Direction::to_server,
                          now);
}

void Offload::on_learned(const EventRecord& event, Time now) {
    const auto service = event.get<abi::Event::service>();
    if (!is_known_service(service)) {
        counters_.count(OffloadCounter::events_late);
        return;
    }
    counters_.count(OffloadCounter::learned);
    engine_.on_learned(
        {.service = static_cast<engine::ServiceIndex>(service),
         .server = static_cast<engine::ServerIndex>(event.get<abi::Event::server>()),
         .client_address = client_of(event),
         .client_port = static_cast<std::uint16_t>(event.get<abi::Event::client_port>()),
         .tcp_flags = static_cast<std::uint8_t>(event.get<abi::Event::tcp_flags>())},
        now);
}

// Of FULLNAT's two flows both are asked, that of the client first.
void Offload::on_activity(const EventRecord& event, Time now) {
    const auto flow =
        tables_.flow_at({.ipv6 = event.get<abi::Event::table>() != 0,
                         .bucket = static_cast<std::uint32_t>(event.get<abi::Event::index>()),
                         .way = static_cast<std::uint32_t>(event.get<abi::Event::way>())});
    if (!flow || flow->flow.connection != event.get<abi::Event::tag>()) {
        counters_.count(OffloadCounter::events_late);
        return;
    }
    // Epochs are seconds.  The way's stamp may be that of an earlier flow, so a flow is never idle
    // for longer than it is known not to be.  A stamp that is the same as the last time is no new
    // hit, though it looks young again and again.
    constexpr std::uint32_t kEpochMask = (1u << abi::kEpochBits) - 1;
    const auto stamp = static_cast<std::uint16_t>(event.get<abi::Event::epoch>());
    std::uint32_t idle_s = epoch_ - flow->flow.hit_epoch;
    if (stamp != flow->flow.stamp) {
        idle_s = std::min(idle_s, (epoch_ - stamp) & kEpochMask);
        tables_.note_hit(flow->key, epoch_ - idle_s, stamp);
    }
    if (flow->flow.method == abi::Method::full_nat) {
        const FlowKey other = other_key(*flow);
        const auto partner = tables_.find_flow(other);
        if (partner && !flow->key.reply) {
            query(other, flow->connection());
            return;
        }
        if (partner) {
            idle_s = std::min(idle_s, epoch_ - partner->flow.hit_epoch);
        }
    }
    // A stamp was taken somewhere within its second: the younger end counts, so that nothing
    // expires early.
    engine_.on_activity(flow->connection(), idle_s == 0 ? 0 : idle_s - 1, now);
}

void Offload::on_counter(const EventRecord& event) {
    const std::uint64_t table = event.get<abi::Event::table>();
    if (table >= card_counters_.size()) {
        counters_.count(OffloadCounter::events_unknown);
        return;
    }
    const std::uint64_t index = event.get<abi::Event::index>();
    const Traffic growth = card_counters_[table].read(
        index,
        event.get<abi::Event::way>(),
        {event.get<abi::Event::packets>(), event.get<abi::Event::bytes>()});
    if (growth.packets == 0) {
        return;
    }
    const auto counted = static_cast<abi::CounterTable>(table);
    if (counted == abi::CounterTable::servers || counted == abi::CounterTable::replies) {
        engine_.on_card_counters(static_cast<engine::ServerIndex>(index),
                                 counted == abi::CounterTable::servers
                                     ? engine::Direction::to_server
                                     : engine::Direction::to_client,
                                 growth.packets,
                                 growth.bytes);
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
        epoch_ += static_cast<std::uint32_t>(passed);
        epoch_due_ = true;
        tables_.set_epoch(epoch_);
        tables_.sweep_young(static_cast<std::uint32_t>(
            std::min<std::uint64_t>(passed * kYoungPerSecond, abi::kYoungMax)));
        refresh_hops();
        check_room();
        echo_due_ = state_ == CardState::running;
        walk_.active = walk_.active || state_ == CardState::running;
        *second_due_ += passed * 1s;
    } else {
        second_due_ = now + 1s;
    }
    rings_.events().give_back();
    rings_.punts().give_back();
    rings_.controls().give_back();
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
        if (!note(command)) {
            continue;
        }
        std::memcpy(slot.data(), command.words.data(), sizeof command.words);
        ring.commit();
        sent = true;
    }
    ring.publish();
}

// False: the card has it so already.
bool Offload::note(const CommandRecord& command) {
    if (options_.ledger == nullptr) {
        return true;
    }
    if (untold_ > 0) {
        --untold_;
        return true;
    }
    const auto index = static_cast<std::uint32_t>(command.get<abi::Command::index>());
    switch (static_cast<abi::Opcode>(command.get<abi::Command::opcode>())) {
        case abi::Opcode::write_next_hop: {
            const auto number = static_cast<std::uint16_t>(index);
            const NextHopTable& hops = tables_.next_hops();
            options_.ledger->note_hop(number, hops.key_of(number), hops.target_of(number));
            break;
        }
        case abi::Opcode::write_server: {
            const auto& [service, key] = tables_.name_of(index);
            options_.ledger->note_server(index, service, key);
            break;
        }
        default:
            break;
    }
    return options_.ledger->note_change(command);
}

bool Offload::next_command(CommandRecord& command, Time now) {
    if (state_ == CardState::starting) {
        return next_setup(command, now);
    }
    if (!setup_.empty()) {
        command = setup_.back();
        setup_.pop_back();
        return true;
    }
    if (epoch_due_) {
        epoch_due_ = false;
        command = epoch_command(epoch_);
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
        const auto flow = tables_.find_flow(query->key);
        if (!flow || flow->connection() != query->connection) {
            continue;
        }
        ++asked_;
        command = command_of(abi::Opcode::read_activity, flow->place.bucket);
        command.set<abi::Command::way>(flow->place.way);
        command.set<abi::Command::table>(flow->place.ipv6 ? 1 : 0);
        command.set<abi::Command::tag>(query->connection.value());
        return true;
    }
    return false;
}

bool Offload::next_counter(CommandRecord& command) {
    if (!walk_.active || asked_ - answered_ >= kUnansweredMax || !walk_to_next_counter()) {
        return false;
    }
    ++asked_;
    command = command_of(abi::Opcode::read_counter, walk_.index);
    command.set<abi::Command::table>(walk_.table);
    command.set<abi::Command::way>(walk_.bank);
    if (++walk_.bank == abi::kCounterBanks) {
        walk_.bank = 0;
        ++walk_.index;
    }
    return true;
}

// Passes over what has nothing to count.  False: the walk is over.
bool Offload::walk_to_next_counter() {
    for (; walk_.table < card_counters_.size(); ++walk_.table, walk_.index = 0) {
        for (; walk_.index < card_counters_[walk_.table].size(); ++walk_.index) {
            if (walk_.bank != 0 ||
                matters(static_cast<abi::CounterTable>(walk_.table), walk_.index)) {
                return true;
            }
        }
    }
    walk_ = CounterWalk{};
    return false;
}

// What a server counted last is read once more after its last flow went.
bool Offload::matters(abi::CounterTable table, std::uint32_t index) {
    switch (table) {
        case abi::CounterTable::reasons:
            return true;
        case abi::CounterTable::services:
            return services_[index].known;
        case abi::CounterTable::servers:
            return servers_[index].counted;
        case abi::CounterTable::replies: {
            Server& server = servers_[index];
            if (!server.known) {
                return false;
            }
            const bool busy = tables_.flows_of(index) != 0 ||
                              tables_.steering_of(server.is.service) != abi::Steer::none;
            const bool counted = std::exchange(server.counted, busy) || busy;
            const bool both_ways = server.is.forwarding == model::Forwarding::nat ||
                                   server.is.forwarding == model::Forwarding::full_nat;
            return counted && both_ways;
        }
    }
    return false;
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
    log::info("offload",
              "card {}; flows={} flows6={}",
              sentence_,
              tables_.flow_count(),
              tables_.flow6_count());
    if (options_.on_state) {
        options_.on_state(state, sentence_);
    }
}

}  // namespace fpvs::offload
