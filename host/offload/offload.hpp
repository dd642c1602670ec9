// SPDX-License-Identifier: Apache-2.0
// A card at the engine's service: takes connections that the engine offers, keeps their flows right
// as servers, neighbours and ports change, and reports what the card saw.
//
// Everything happens on the worker's thread, in poll(), which never blocks.  A card that refuses a
// register access, takes no command or does not answer an echo in time is lost: the engine goes on
// in software, and the card is not touched again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/engine/offload_sink.hpp"
#include "host/model/view.hpp"
#include "host/offload/bounded_queue.hpp"
#include "host/offload/card_counters.hpp"
#include "host/offload/card_tables.hpp"
#include "host/offload/offload_counters.hpp"
#include "host/provider/card_rings.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/neighbours.hpp"
#include "host/provider/network_port.hpp"
#include "hw/abi/events.hpp"

namespace fpvs::offload {

constexpr provider::Nanoseconds kAnswerTime = std::chrono::seconds(1);
constexpr provider::Nanoseconds kSimulatedAnswerTime = std::chrono::seconds(10);

enum class CardState : std::uint8_t {
    starting,  // Tables and ports are being written.
    running,
    lost
};

struct OffloadOptions {
    // The network ports that the card carries; their numbers are the card's.
    std::vector<provider::NetworkPort> ports;
    // VLAN interfaces on top of those.
    std::vector<provider::Egress> vlans = {};
    // Of the flow hash; take it from a random source.
    abi::HashKey hash_key{};
    // The card was just loaded: its tables are empty and its counters 0.  Otherwise every entry is
    // overwritten first.
    bool fresh = true;
    // How long the card may take to answer an echo, or to take a command while its ring is full.
    // By default kAnswerTime, or kSimulatedAnswerTime for a card that shares the processors with
    // everything else; the death of its process shows at the next register access anyway.
    std::optional<provider::Nanoseconds> answer_time = {};
    // Told of each change, on the worker's thread, with the sentence for the operator.
    std::function<void(CardState, const std::string&)> on_state = {};
};

class Offload final : public engine::OffloadSink {
  public:
    using Time = provider::Nanoseconds;

    // All three must outlive the object, and after the card has run the engine must be told of its
    // end (leave(), or the card is lost) before the object goes.
    Offload(provider::CardRings& rings,
            engine::Engine& engine,
            provider::Neighbours& neighbours,
            OffloadOptions options);

    // Events in, commands out.  Cheap when there is nothing to do; call it in every step.
    void poll(Time now);

    // The operator takes the card away: the engine goes on in software.
    void leave(Time now);

    void neighbour_changed(const model::IpAddress& target,
                           const std::optional<provider::Neighbour>& neighbour);

    [[nodiscard]] CardState state() const { return state_; }
    [[nodiscard]] const OffloadCounters& counters() const { return counters_; }
    // Reads some registers.
    [[nodiscard]] model::CardView view();

    // --- engine::OffloadSink
    void service_added(engine::ServiceIndex service, const model::ServiceKey& key) override;
    void service_removed(engine::ServiceIndex service) override;
    void server_available(const engine::OffloadServer& server) override;
    void server_unavailable(engine::ServerIndex server) override;
    void offer(const engine::OffloadFlow& flow) override;
    void withdraw(const engine::OffloadFlow& flow) override;
    void query_activity(const engine::OffloadFlow& flow) override;

  private:
    using EventRecord = abi::Record<abi::Event>;

    struct Server {
        bool known = false;
        bool available = false;
        bool counted = false;  // Its counters may have grown since they were last read.
    };
    // A walk over all counters that matter: first those of reasons, then those of servers.
    struct CounterWalk {
        bool active = false;
        std::uint32_t position = 0;
        std::uint32_t bank = 0;
    };

    // --- Events.
    void take_events(Time now);
    void handle(const EventRecord& event, Time now);
    void on_echo(const EventRecord& event, Time now);
    void on_flow_flags(const EventRecord& event, Time now);
    void on_activity(const EventRecord& event, Time now);
    void on_counter(const EventRecord& event);

    // --- Commands.
    void each_second(Time now);
    void send_commands(Time now);
    [[nodiscard]] bool next_command(CommandRecord& command, Time now);
    [[nodiscard]] bool next_setup(CommandRecord& command, Time now);
    [[nodiscard]] bool next_query(CommandRecord& command);
    [[nodiscard]] bool next_counter(CommandRecord& command);
    [[nodiscard]] bool walk_to_next_server();
    [[nodiscard]] CommandRecord echo_command(Time now);

    // --- Flows.
    [[nodiscard]] std::optional<OffloadCounter> try_offer(const engine::OffloadFlow& flow);
    // The next hop to an address as the card may use it, or an invalid record.
    [[nodiscard]] NextHopRecord next_hop_to(
        const std::optional<provider::Neighbour>& neighbour) const;
    void report_refusals(Time now);

    // --- Life.
    void check_answers(Time now);
    void lose(const Error& reason, Time now);
    void enter(CardState state, std::string sentence);

    [[nodiscard]] std::uint32_t read(std::uint32_t offset);
    [[nodiscard]] std::vector<model::RingView> ring_views();
    [[nodiscard]] std::vector<model::StageView> stage_views();

    provider::CardRings& rings_;
    engine::Engine& engine_;
    provider::Neighbours& neighbours_;
    OffloadOptions options_;
    provider::Nanoseconds answer_time_;
    std::vector<provider::Egress> egresses_;
    CardTables tables_;
    CardCounters reason_counters_;
    CardCounters server_counters_;
    OffloadCounters counters_;

    CardState state_ = CardState::starting;
    std::string sentence_ = "starting";
    std::vector<CommandRecord> setup_;  // To be sent next, the last first; only while starting.
    bool ports_opened_ = false;
    std::uint16_t epoch_ = 1;
    std::optional<Time> second_due_;
    std::optional<Time> full_since_;  // The command ring has been, without a pause.
    Time retry_at_{};                 // Asking how full it is costs a register access.
    std::optional<Time> echo_sent_;   // Unanswered.
    std::uint64_t echo_tag_ = 0;
    bool epoch_due_ = false;
    bool echo_due_ = false;

    std::vector<Server> servers_;
    BoundedQueue<FlowPlace> queries_;                  // About activity, still to be sent.
    BoundedQueue<engine::ConnectionHandle> refusals_;  // Still to be told to the engine.
    // Questions sent and answered; an echo settles all before it, also those whose answer was lost.
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    std::uint64_t asked_before_echo_ = 0;
    CounterWalk walk_;
};

}  // namespace fpvs::offload
