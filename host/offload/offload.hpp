// SPDX-License-Identifier: Apache-2.0
// A card at the engine's service: takes connections that the engine offers, lets the card schedule
// for the services whose choices it can make, keeps all of that right as servers, neighbours,
// routes and ports change, and reports what the card saw.
//
// Everything happens on the worker's thread, in poll(), which never blocks.  A card that refuses a
// register access, takes no command or does not answer an echo in time is lost: the engine goes on
// in software, and the card is not touched again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/engine/offload_sink.hpp"
#include "host/model/view.hpp"
#include "host/offload/bounded_queue.hpp"
#include "host/offload/card_counters.hpp"
#include "host/offload/card_ledger.hpp"
#include "host/offload/card_limits.hpp"
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

// Where replies to a client go, by the kernel's routes.
struct ClientWay {
    model::IpAddress next_hop;
    std::uint32_t interface_index = 0;
    std::uint32_t mtu = 0;  // 0: the interface's.
};

// None: no route leads there.
using WayToClient = std::function<std::optional<ClientWay>(const model::IpAddress& client)>;

// A card that ran on while nobody was there: what it was told, and what it was not told any more.
struct Adoption {
    CardLedger ledger;
    std::vector<CommandRecord> untold;
};

struct OffloadOptions {
    // The network ports that the card carries; their numbers are the card's.
    std::vector<provider::NetworkPort> ports;
    // VLAN interfaces on top of those.
    std::vector<provider::Egress> vlans = {};
    CardLimits limits = {};
    // Without it, replies stay with the host.
    WayToClient way_to = {};
    // Of the flow hash; take it from a random source.
    abi::HashKey hash_key{};
    // The card was just loaded: its tables are empty and its counters 0.  Otherwise every entry is
    // overwritten first.
    bool fresh = true;
    // Every command is noted there; null: nowhere.  It has begun, for this card and key.
    CardLedger* ledger = nullptr;
    // The card goes on with what it has; its ports stay open.  The untold commands are noted.
    std::optional<Adoption> adoption = {};
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
    // end (leave(), or the card is lost) before the object goes.  What is forgotten by `neighbours`
    // is what we asked for: others have a share of their own.
    Offload(provider::CardRings& rings,
            engine::Engine& engine,
            provider::Neighbours& neighbours,
            OffloadOptions options);
    ~Offload();
    Offload(const Offload&) = delete;
    Offload& operator=(const Offload&) = delete;

    // Events in, commands out.  Cheap when there is nothing to do; call it in every step.
    void poll(Time now);

    // Handles all events that are in the ring.  What the card learned before a packet has to be
    // known before that packet is handled: call it between taking punted frames and looking at
    // them.
    void take_events(Time now);

    // The operator takes the card away: the engine goes on in software.
    void leave(Time now);

    void neighbour_changed(const model::IpAddress& target,
                           const std::optional<provider::Neighbour>& neighbour);
    // No longer packets than that pass on the way to the address; 0: that is over.
    void path_mtu_changed(const model::IpAddress& target, std::uint32_t mtu);
    // Flows whose replies would go another way now are found little by little.
    void routes_changed() { reroute_position_ = 0; }

    [[nodiscard]] CardState state() const { return state_; }
    [[nodiscard]] const OffloadCounters& counters() const { return counters_; }
    // Reads some registers.
    [[nodiscard]] model::CardView view();

    // --- engine::OffloadSink
    void service_added(engine::ServiceIndex service, const model::ServiceKey& key) override;
    void service_removed(engine::ServiceIndex service) override;
    void steering_changed(engine::ServiceIndex service) override;
    void server_available(const engine::OffloadServer& server) override;
    void server_unavailable(engine::ServerIndex server) override;
    void offer(const engine::OffloadFlow& flow) override;
    void withdraw(const engine::OffloadFlow& flow) override;
    void query_activity(const engine::OffloadFlow& flow) override;

  private:
    using EventRecord = abi::Record<abi::Event>;

    struct Server {
        engine::OffloadServer is;
        bool known = false;
        bool available = false;
        bool counted = false;  // Its counters may have grown since they were last read.
        std::uint16_t next_hop = kNoNextHop;
    };
    struct Service {
        model::ServiceKey key;
        bool known = false;
        Time steered_at{};  // When its table was last made.
    };
    // Who is to be asked for.
    struct Query {
        FlowKey key;
        engine::ConnectionHandle connection;
    };
    // A walk over all counters that matter, table by table and bank by bank.
    struct CounterWalk {
        bool active = false;
        std::size_t table = 0;
        std::uint32_t index = 0;
        std::uint32_t bank = 0;
    };

    // --- Events.
    void handle(const EventRecord& event, Time now);
    void on_echo(const EventRecord& event, Time now);
    void on_flow_flags(const EventRecord& event, Time now);
    void on_learned(const EventRecord& event, Time now);
    void on_activity(const EventRecord& event, Time now);
    void on_counter(const EventRecord& event);
    [[nodiscard]] const CardCounters& counters_of(abi::CounterTable table) const {
        return card_counters_[static_cast<std::size_t>(table)];
    }
    [[nodiscard]] bool is_known_service(std::uint64_t service) const {
        return service < services_.size() && services_[service].known;
    }

    // --- Commands.
    void each_second(Time now);
    void send_commands(Time now);
    [[nodiscard]] bool next_command(CommandRecord& command, Time now);
    [[nodiscard]] bool next_setup(CommandRecord& command, Time now);
    [[nodiscard]] bool next_query(CommandRecord& command);
    [[nodiscard]] bool next_counter(CommandRecord& command);
    [[nodiscard]] bool walk_to_next_counter();
    [[nodiscard]] bool matters(abi::CounterTable table, std::uint32_t index);
    [[nodiscard]] CommandRecord echo_command(Time now);

    // --- Servers and services.
    void write_server(engine::ServerIndex index);
    [[nodiscard]] bool card_has(model::Forwarding forwarding, const model::Tunnel& tunnel) const;
    // The next hop to an address as the card may use it, or an invalid record.
    [[nodiscard]] NextHopRecord next_hop_to(const model::IpAddress& target,
                                            const std::optional<provider::Neighbour>& neighbour,
                                            std::uint32_t route_mtu) const;
    [[nodiscard]] std::uint16_t use_hop(const NextHopKey& key, const model::IpAddress& target);
    void refresh_hops();
    void check_room();
    void steer_services(Time now);
    void steer(engine::ServiceIndex service);

    // --- Flows.
    [[nodiscard]] std::optional<OffloadCounter> try_offer(const engine::OffloadFlow& flow);
    [[nodiscard]] std::optional<OffloadCounter> put_flows(const engine::OffloadFlow& flow);
    // A use of the hop by which the client is reached, or why there is none.
    [[nodiscard]] std::optional<OffloadCounter> find_client_hop(const model::IpAddress& client,
                                                                std::uint16_t& hop);
    void query(const FlowKey& key, engine::ConnectionHandle connection);
    void report_refusals(Time now);
    void reroute();
    [[nodiscard]] bool reroute(const FlowView& flow);

    // --- A card that ran on.
    [[nodiscard]] bool may_adopt(Time now);
    void adopt(Time now);
    void adopt_flow(const FlowPlace& place, const abi::Record<abi::FlowEntry>& entry, Time now);
    void adopt_flow6(const FlowPlace& place, const abi::Record<abi::Flow6Entry>& entry, Time now);
    void put_adopted(const FlowPlace& place,
                     const FlowKey& key,
                     const engine::OffloadFlow& flow,
                     Time now);

    // --- Life.
    void prepare_setup();
    [[nodiscard]] bool note(const CommandRecord& command);
    void check_answers(Time now);
    void lose(const Error& reason, Time now);
    void enter(CardState state, std::string sentence);

    [[nodiscard]] std::uint32_t read(std::uint32_t offset);
    [[nodiscard]] std::vector<model::RingView> ring_views();
    [[nodiscard]] std::vector<model::StageView> stage_views();
    [[nodiscard]] std::vector<model::CardServiceView> service_views() const;
    [[nodiscard]] std::vector<std::string> capability_names() const;

    provider::CardRings& rings_;
    engine::Engine& engine_;
    provider::Neighbours& neighbours_;
    OffloadOptions options_;
    provider::Nanoseconds answer_time_;
    std::vector<provider::Egress> egresses_;
    CardTables tables_;
    std::array<CardCounters, 4> card_counters_;  // By abi::CounterTable.
    OffloadCounters counters_;

    CardState state_ = CardState::starting;
    std::string sentence_ = "starting";
    std::vector<CommandRecord> setup_;  // To be sent before all else, the last first.
    std::size_t untold_ = 0;            // So many of them were noted already.
    std::optional<Adoption> adoption_;  // To be made.
    std::optional<Time> adoption_due_;  // In any case.
    // Where the director's ends of FULLNAT connections lie, while flows are adopted.
    std::unordered_map<std::uint64_t, FlowPlace> reply_places_;
    bool ports_opened_ = false;
    std::uint32_t epoch_ = 1;  // In seconds; the card knows its low bits.
    Time last_poll_{};
    std::optional<Time> second_due_;
    std::optional<Time> full_since_;  // The command ring has been, without a pause.
    Time retry_at_{};                 // Asking how full it is costs a register access.
    std::optional<Time> echo_sent_;   // Unanswered.
    std::uint64_t echo_tag_ = 0;
    bool epoch_due_ = false;
    bool echo_due_ = false;

    std::map<model::IpAddress, std::uint32_t> path_mtus_;  // Shorter than the interface's.
    std::vector<Server> servers_;
    std::vector<Service> services_;
    WriteQueue steering_due_;  // Services whose table is to be made.
    bool steers_ = false;      // What Engine::may_steer() last said.
    std::uint16_t refresh_position_ = 0;
    std::optional<std::size_t> reroute_position_;      // None: no flow is left to look at.
    BoundedQueue<Query> queries_;                      // About activity, still to be sent.
    BoundedQueue<engine::ConnectionHandle> refusals_;  // Still to be told to the engine.
    // Questions sent and answered; an echo settles all before it, also those whose answer was lost.
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    std::uint64_t asked_before_echo_ = 0;
    CounterWalk walk_;
};

}  // namespace fpvs::offload
