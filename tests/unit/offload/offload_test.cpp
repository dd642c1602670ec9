// SPDX-License-Identifier: Apache-2.0
// Engine, offload and a card of memory together.
#include "host/offload/offload.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/slowpath/shared_neighbours.hpp"
#include "tests/kit/fake_card.hpp"
#include "tests/kit/fake_neighbours.hpp"

namespace fpvs::offload {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kInterface = 10;
constexpr provider::RingSizes kRings{
    .command_slots_log2 = 4, .event_slots_log2 = 9, .punt_slots_log2 = 4, .inject_slots_log2 = 4};

class OffloadTest : public ::testing::Test {
  protected:
    static model::ServiceKey service_key() {
        return {.address = *model::parse_ipv4("192.168.113.50"), .port = 3306};
    }
    static model::ServerKey server_key() {
        return {.address = *model::parse_ipv4("192.168.113.132"), .port = 3306};
    }

    void load(bool fresh = true) {
        auto rings = provider::CardRings::start(card_, kRings);
        ASSERT_TRUE(rings) << rings.error().text();
        rings_ = std::move(*rings);
        offload_.emplace(
            *rings_,
            engine_,
            shared_neighbours_.of(1),
            OffloadOptions{.ports = {{.number = 0,
                                      .interface = "ens160",
                                      .interface_index = kInterface,
                                      .mac = *model::parse_mac("02:00:00:00:13:95")}},
                           .way_to = [this](const model::IpAddress&) -> std::optional<ClientWay> {
                               return gateway_ ? std::optional(ClientWay{*gateway_, kInterface, 0})
                                               : std::nullopt;
                           },
                           .hash_key = {1, 2},
                           .fresh = fresh,
                           .on_state =
                               [this](CardState state, const std::string& sentence) {
                                   states_.emplace_back(state, sentence);
                               }});
    }
    void serve() {
        ASSERT_TRUE(engine_.add_service(service_key(), {.scheduler = "rr"}));
        ASSERT_TRUE(engine_.add_server(service_key(), server_key(), {}));
        neighbours_.learn("192.168.113.132", "02:00:00:00:01:32", kInterface);
    }
    void run() {
        load();
        serve();
        poll(1ms, 2);
        ASSERT_EQ(offload_->state(), CardState::running);
    }
    void poll(provider::Nanoseconds pass = 1ms, int times = 1) {
        for (int i = 0; i < times; ++i) {
            now_ += pass;
            engine_.expire(now_, 1000);
            offload_->poll(now_);
        }
    }
    // As the worker does it: time passes in steps small enough to answer echoes.
    void let_pass(provider::Nanoseconds time) { poll(100ms, static_cast<int>(time / 100ms)); }

    engine::Verdict packet(std::uint16_t port, std::uint8_t flags) {
        return engine_.handle({.tcp_flags = flags,
                               .ip_length_bytes = 60,
                               .source_address = *model::parse_ipv4("192.168.113.7"),
                               .source_port = port,
                               .destination_address = service_key().address,
                               .destination_port = 3306},
                              now_);
    }
    void establish(std::uint16_t port) {
        packet(port, engine::tcp_flag::kSyn);
        packet(port, engine::tcp_flag::kAck);
    }
    abi::Record<abi::Event> flags_event(std::uint16_t port, std::uint8_t flags) const {
        const auto& [position, entry] = *card_.flows.begin();
        abi::Record<abi::Event> event;
        event.set<abi::Event::kind>(static_cast<std::uint64_t>(abi::EventKind::flow_flags))
            .set<abi::Event::tcp_flags>(flags)
            .set<abi::Event::client_address_low>(entry.get<abi::FlowEntry::client_address>())
            .set<abi::Event::client_port>(port)
            .set<abi::Event::service>(entry.get<abi::FlowEntry::service>());
        return event;
    }
    // The server of the only flow.
    abi::Record<abi::ServerEntry> server_entry() const {
        return card_.servers.at(
            static_cast<std::uint32_t>(card_.flows.begin()->second.get<abi::FlowEntry::server>()));
    }
    abi::Record<abi::NextHopEntry> server_hop() const {
        return card_.next_hops.at(
            static_cast<std::uint32_t>(server_entry().get<abi::ServerEntry::next_hop>()));
    }
    std::uint64_t count(OffloadCounter counter) const { return offload_->counters()[counter]; }
    std::string state_of_only_connection() {
        const auto page = engine_.connections(0, 10, now_);
        return page.connections.size() == 1 ? page.connections[0].state : "not one connection";
    }
    bool offloaded() {
        const auto page = engine_.connections(0, 10, now_);
        return page.connections.size() == 1 && page.connections[0].offloaded;
    }

    kit::FakeCard card_;
    kit::FakeNeighbours neighbours_;
    slowpath::SharedNeighbours shared_neighbours_{neighbours_, 2};  // The slow path's, and ours.
    std::optional<model::IpAddress> gateway_ = *model::parse_ipv4("192.168.113.1");
    engine::Engine engine_{engine::EngineOptions{.connections_max = 1024, .hash_seed = 3}};
    std::unique_ptr<provider::CardRings> rings_;
    std::optional<Offload> offload_;
    std::vector<std::pair<CardState, std::string>> states_;
    provider::Nanoseconds now_ = 1000s;
};

TEST_F(OffloadTest, a_card_starts_shut_and_opens_when_all_is_written) {
    load();
    EXPECT_EQ(offload_->state(), CardState::starting);
    poll();
    poll();
    EXPECT_EQ(offload_->state(), CardState::running);
    using enum abi::Opcode;
    EXPECT_EQ(card_.opcodes, (std::vector{write_port, set_hash_key, set_epoch, write_port, echo}));
    EXPECT_EQ(card_.ports.at(0).get<abi::PortEntry::mac>(), 0x020000001395U);
    EXPECT_EQ(card_.ports.at(0).get<abi::PortEntry::enabled>(), 1U);
    EXPECT_EQ(card_.hash_key.low, 1U);
    EXPECT_EQ(card_.hash_key.high, 2U);
    ASSERT_EQ(states_.size(), 1U);
    EXPECT_EQ(states_[0].second, "running");
}

TEST_F(OffloadTest, a_card_that_ran_before_is_emptied_before_its_ports_open) {
    card_.flows[{5, 1}].set<abi::FlowEntry::valid>(1);
    card_.service_banks[0][{5, 1}].set<abi::ServiceEntry::valid>(1);
    card_.server_counters[{0, 0}] = {700, 70'000};
    load(false);
    serve();
    for (int i = 0; i < 10 && offload_->state() == CardState::starting; ++i) {
        poll();
    }
    ASSERT_EQ(offload_->state(), CardState::running);
    poll();
    EXPECT_TRUE(card_.flows.empty());
    EXPECT_EQ(card_.services().size(), 1U) << "only our own";
    let_pass(2s);
    EXPECT_EQ(engine_.services().at(0).counters.packets_in, 0U) << "the past is not ours";
    card_.server_counters[{0, 0}] = {703, 70'300};
    establish(30000);
    let_pass(2s);
    EXPECT_EQ(engine_.services().at(0).counters.packets_in, 2U + 3U);
}

TEST_F(OffloadTest, services_and_established_connections_reach_the_card) {
    run();
    poll();
    EXPECT_EQ(card_.services().size(), 1U);
    packet(30000, engine::tcp_flag::kSyn);
    poll();
    EXPECT_TRUE(card_.flows.empty()) << "half open";
    packet(30000, engine::tcp_flag::kAck);
    poll();
    ASSERT_EQ(card_.flows.size(), 1U);
    const auto hop = server_hop();
    EXPECT_EQ(hop.get<abi::NextHopEntry::destination_mac>(), 0x020000000132U);
    EXPECT_EQ(hop.get<abi::NextHopEntry::source_mac>(), 0x020000001395U);
    EXPECT_EQ(hop.get<abi::NextHopEntry::mtu>(), 1500U);
    EXPECT_EQ(hop.get<abi::NextHopEntry::valid>(), 1U);
    EXPECT_TRUE(offloaded());
}

// Of what nobody asks the kernel tells nothing: the card would go on with an old MAC address.
TEST_F(OffloadTest, a_neighbour_that_the_slow_path_lets_go_stays_known_for_the_card) {
    run();
    const model::IpAddress server = server_key().address;
    (void)shared_neighbours_.of(0).resolve(server);
    establish(30000);
    poll();
    ASSERT_TRUE(offloaded());
    shared_neighbours_.of(0).forget(server);
    EXPECT_TRUE(neighbours_.forgotten.empty());
    offload_->leave(now_);
    offload_.reset();
    EXPECT_EQ(neighbours_.forgotten, std::set{server}) << "nobody needs it any more";
}

TEST_F(OffloadTest, a_path_mtu_that_was_learnt_is_the_cards_too) {
    run();
    establish(30000);
    poll();
    offload_->path_mtu_changed(server_key().address, 1280);
    poll();
    EXPECT_EQ(server_hop().get<abi::NextHopEntry::mtu>(), 1280U);
    offload_->neighbour_changed(server_key().address, neighbours_.known.begin()->second);
    let_pass(17s);
    EXPECT_EQ(server_hop().get<abi::NextHopEntry::mtu>(), 1280U)
        << "news of the neighbour are none";
    offload_->path_mtu_changed(server_key().address, 0);
    poll();
    EXPECT_EQ(server_hop().get<abi::NextHopEntry::mtu>(), 1500U);
}

TEST_F(OffloadTest, a_fin_that_the_card_forwarded_moves_the_state) {
    run();
    establish(30000);
    poll();
    ASSERT_TRUE(card_.event(flags_event(30000, engine::tcp_flag::kFin)));
    poll();
    EXPECT_EQ(state_of_only_connection(), "FIN_WAIT");
    let_pass(130s);
    EXPECT_EQ(engine_.connection_count(), 0U);
    EXPECT_TRUE(card_.flows.empty());
}

TEST_F(OffloadTest, a_connection_lives_as_long_as_the_card_sees_packets_of_it) {
    run();
    establish(30000);
    poll();
    const auto place = card_.flows.begin()->first;
    for (int minute = 0; minute < 40; ++minute) {
        let_pass(60s);
        card_.activity[place] = card_.epoch;
    }
    EXPECT_EQ(engine_.connection_count(), 1U) << "busy for 40 minutes";
    let_pass(880s);
    EXPECT_EQ(engine_.connection_count(), 1U) << "idle for less than 15 minutes";
    let_pass(30s);
    EXPECT_EQ(engine_.connection_count(), 0U);
    EXPECT_TRUE(card_.flows.empty());
    EXPECT_EQ(offload_->view().flows, 0U);
}

TEST_F(OffloadTest, an_old_stamp_in_a_way_does_not_end_a_new_flow) {
    run();
    poll();
    card_.epoch = 0;  // Every way's stamp is 0, while the host's epoch is far ahead.
    let_pass(2000s);
    establish(30000);
    let_pass(890s);
    EXPECT_EQ(engine_.connection_count(), 1U);
    let_pass(220s);  // A stamp that looks young makes it stay, but not for long.
    EXPECT_EQ(engine_.connection_count(), 0U);
}

TEST_F(OffloadTest, without_a_mac_address_the_connection_stays_in_software_and_is_offered_again) {
    run();
    neighbours_.known.clear();
    offload_->neighbour_changed(server_key().address, std::nullopt);
    establish(30000);
    poll();
    poll();
    EXPECT_FALSE(offloaded());
    EXPECT_EQ(count(OffloadCounter::refused_neighbour), 1U);
    neighbours_.learn("192.168.113.132", "02:00:00:00:01:32", kInterface);
    let_pass(5s);
    packet(30000, engine::tcp_flag::kAck);
    poll();
    EXPECT_TRUE(offloaded());
}

TEST_F(OffloadTest, a_server_behind_another_port_stays_in_software) {
    run();
    neighbours_.learn("192.168.113.132", "02:00:00:00:01:32", 99);
    offload_->neighbour_changed(server_key().address, neighbours_.known.begin()->second);
    establish(30000);
    poll();
    EXPECT_EQ(count(OffloadCounter::refused_neighbour), 1U);
    EXPECT_TRUE(card_.flows.empty());
}

TEST_F(OffloadTest, servers_beyond_the_cards_numbers_stay_in_software) {
    run();
    for (std::uint32_t i = 1; i <= abi::kServersMax; ++i) {
        ASSERT_TRUE(engine_.add_server(
            service_key(), {.address = model::Ipv4{0x0a000000 + i}, .port = 3306}, {}));
    }
    EXPECT_EQ(count(OffloadCounter::servers_refused), 1U);
    establish(30000);  // The newest server's turn.
    poll();
    EXPECT_FALSE(offloaded());
    EXPECT_EQ(count(OffloadCounter::refused_number), 1U);
    EXPECT_EQ(offload_->state(), CardState::running);
}

TEST_F(OffloadTest, methods_that_the_card_has_not_stay_in_software) {
    run();
    ASSERT_TRUE(
        engine_.edit_server(service_key(), server_key(), {.forwarding = model::Forwarding::nat}));
    establish(30000);
    poll();
    EXPECT_TRUE(card_.flows.empty());
}

TEST_F(OffloadTest, neighbours_that_change_or_vanish_are_followed) {
    run();
    establish(30000);
    poll();
    const auto hop = [this] { return server_hop(); };
    const model::Ipv4 server = server_key().address.ipv4();
    neighbours_.learn("192.168.113.132", "02:00:00:00:01:99", kInterface);
    offload_->neighbour_changed(server, neighbours_.known.at(server));
    poll();
    EXPECT_EQ(hop().get<abi::NextHopEntry::destination_mac>(), 0x020000000199U);
    offload_->neighbour_changed(server, std::nullopt);
    poll();
    EXPECT_EQ(hop().get<abi::NextHopEntry::valid>(), 0U) << "the card punts its packets";
    EXPECT_EQ(card_.flows.size(), 1U);
    offload_->neighbour_changed(server, neighbours_.known.at(server));
    poll();
    EXPECT_EQ(hop().get<abi::NextHopEntry::valid>(), 1U);
}

TEST_F(OffloadTest, flows_of_a_deleted_server_come_to_the_host_until_it_is_back) {
    run();
    establish(30000);
    poll();
    const auto valid = [this] { return server_entry().get<abi::ServerEntry::valid>(); };
    ASSERT_TRUE(engine_.delete_server(service_key(), server_key()));
    poll();
    EXPECT_EQ(valid(), 0U);
    offload_->neighbour_changed(server_key().address.ipv4(), neighbours_.known.begin()->second);
    poll();
    EXPECT_EQ(valid(), 0U) << "a neighbour's news do not bring it back";
    ASSERT_TRUE(engine_.add_server(service_key(), server_key(), {}));
    poll();
    EXPECT_EQ(valid(), 1U);
}

TEST_F(OffloadTest, a_deleted_service_leaves_the_card) {
    run();
    poll();
    ASSERT_TRUE(engine_.delete_service(service_key()));
    poll();
    EXPECT_TRUE(card_.services().empty());
}

TEST_F(OffloadTest, what_the_card_forwarded_is_counted_for_the_server) {
    run();
    establish(30000);
    poll();
    const std::uint64_t before = engine_.services().at(0).counters.packets_in;
    const auto server =
        static_cast<std::uint32_t>(card_.flows.begin()->second.get<abi::FlowEntry::server>());
    for (std::uint32_t bank = 0; bank < abi::kCounterBanks; ++bank) {
        card_.server_counters[{server, bank}] = {10 + bank, 1000};
    }
    let_pass(2s);
    EXPECT_EQ(engine_.services().at(0).counters.packets_in, before + 46);
    EXPECT_EQ(engine_.services().at(0).servers.at(0).counters.packets_in, before + 46);
    // The last packets of a server without flows count too.
    card_.server_counters[{server, 0}] = {11, 1100};
    ASSERT_TRUE(card_.event(flags_event(30000, engine::tcp_flag::kRst)));
    let_pass(15s);
    EXPECT_EQ(engine_.connection_count(), 0U);
    EXPECT_EQ(engine_.services().at(0).counters.packets_in, before + 47);
}

TEST_F(OffloadTest, lost_answers_do_not_stop_the_questions) {
    run();
    establish(30000);
    poll();
    card_.answers_queries = false;
    let_pass(30s);
    card_.answers_queries = true;
    card_.server_counters[{0, 0}] = {5, 500};
    const std::uint64_t before = engine_.services().at(0).counters.packets_in;
    let_pass(3s);
    EXPECT_EQ(engine_.services().at(0).counters.packets_in, before + 5);
    EXPECT_EQ(offload_->state(), CardState::running);
}

TEST_F(OffloadTest, a_busy_command_ring_delays_but_loses_nothing) {
    run();
    poll();
    card_.stalled = true;
    for (std::uint16_t port = 30000; port < 30200; ++port) {
        establish(port);
    }
    poll();
    EXPECT_LE(card_.flows.size(), 16U);
    card_.stalled = false;
    card_.run();
    poll(1ms, 5);
    EXPECT_EQ(card_.flows.size(), 200U);
    EXPECT_EQ(offload_->view().flows, 200U);
}

TEST_F(OffloadTest, a_card_that_takes_no_commands_is_lost) {
    run();
    poll();
    card_.stalled = true;
    for (std::uint16_t port = 30000; port < 30050; ++port) {
        establish(port);
    }
    let_pass(900ms);
    EXPECT_EQ(offload_->state(), CardState::running);
    let_pass(1200ms);
    EXPECT_EQ(offload_->state(), CardState::lost);
}

TEST_F(OffloadTest, a_card_that_does_not_answer_an_echo_is_lost) {
    run();
    establish(30000);
    poll();
    ASSERT_TRUE(offloaded());
    card_.answers_echo = false;
    let_pass(3s);
    EXPECT_EQ(offload_->state(), CardState::lost);
    ASSERT_EQ(states_.size(), 2U);
    EXPECT_EQ(states_[1].second, "lost: the card does not answer");
    EXPECT_EQ(engine_.connection_count(), 1U);
    EXPECT_FALSE(offloaded());
    EXPECT_EQ(packet(30000, engine::tcp_flag::kAck).action, engine::Action::forward);
    const std::size_t reads = card_.register_reads;
    let_pass(2s);
    const model::CardView card = offload_->view();
    EXPECT_FALSE(card.present);
    EXPECT_EQ(card.state, "lost: the card does not answer");
    EXPECT_EQ(card_.register_reads, reads) << "a lost card is not touched";
}

TEST_F(OffloadTest, a_simulated_card_may_take_its_time) {
    card_.pretend_simulated();
    run();
    card_.answers_echo = false;
    let_pass(9s);
    EXPECT_EQ(offload_->state(), CardState::running);
    let_pass(3s);
    EXPECT_EQ(offload_->state(), CardState::lost);
}

TEST_F(OffloadTest, a_card_that_dies_is_lost_with_its_own_words) {
    run();
    establish(30000);
    poll();
    card_.die("the simulator's socket closed");
    let_pass(1100ms);
    EXPECT_EQ(offload_->state(), CardState::lost);
    EXPECT_EQ(offload_->view().state, "lost: the simulator's socket closed");
    EXPECT_FALSE(offloaded());
}

TEST_F(OffloadTest, a_card_that_dies_while_starting_is_lost_too) {
    load();
    card_.die("gone");
    poll();
    EXPECT_EQ(offload_->state(), CardState::lost);
    poll();
    EXPECT_EQ(states_.size(), 1U);
}

TEST_F(OffloadTest, the_operator_can_take_the_card_away) {
    run();
    establish(30000);
    poll();
    offload_->leave(now_);
    EXPECT_FALSE(offloaded());
    EXPECT_EQ(packet(30000, engine::tcp_flag::kAck).action, engine::Action::forward);
    offload_.reset();
    rings_.reset();
    EXPECT_FALSE(card_.running());
}

TEST_F(OffloadTest, events_out_of_the_blue_are_counted_and_change_nothing) {
    run();
    establish(30000);
    poll();
    abi::Record<abi::Event> unknown;
    unknown.set<abi::Event::kind>(99);
    ASSERT_TRUE(card_.event(unknown));
    abi::Record<abi::Event> activity;
    activity.set<abi::Event::kind>(static_cast<std::uint64_t>(abi::EventKind::activity))
        .set<abi::Event::index>(0xffffffff)
        .set<abi::Event::way>(200);
    ASSERT_TRUE(card_.event(activity));
    abi::Record<abi::Event> echo;
    echo.set<abi::Event::kind>(static_cast<std::uint64_t>(abi::EventKind::echo))
        .set<abi::Event::tag>(12345);
    ASSERT_TRUE(card_.event(echo));
    auto flags = flags_event(31000, engine::tcp_flag::kRst);
    ASSERT_TRUE(card_.event(flags));
    poll();
    EXPECT_EQ(count(OffloadCounter::events_unknown), 1U);
    EXPECT_EQ(count(OffloadCounter::events_late), 3U);
    EXPECT_EQ(state_of_only_connection(), "ESTABLISHED");
}

TEST_F(OffloadTest, the_view_names_stages_rings_and_ports) {
    run();
    card_.reason_counters[{static_cast<std::uint32_t>(abi::Reason::service_miss), 2}] = {4, 256};
    let_pass(2s);
    const model::CardView card = offload_->view();
    EXPECT_TRUE(card.present);
    EXPECT_EQ(card.state, "running");
    EXPECT_EQ(card.platform, "fpvs:fake:card:1.0");
    EXPECT_EQ(card.abi_hash, abi::kAbiHash);
    EXPECT_EQ(card.flows_max, static_cast<std::uint64_t>(abi::kFlowsMax));
    EXPECT_EQ(card.flows6_max, static_cast<std::uint64_t>(abi::kFlows6Max));
    EXPECT_EQ(card.capabilities.front(), "ipv6");
    ASSERT_EQ(card.ports.size(), 1U);
    EXPECT_EQ(card.ports[0].interface, "ens160");
    EXPECT_TRUE(card.ports[0].link_up);
    ASSERT_EQ(card.rings.size(), 5U);
    EXPECT_EQ(card.rings[1].name, "event");
    EXPECT_EQ(card.rings[1].slots, 512U);
    std::vector<std::string> names;
    for (const model::StageView& stage : card.stages) {
        names.push_back(stage.name);
    }
    EXPECT_EQ(names,
              (std::vector<std::string>{"parse",
                                        "service",
                                        "flow",
                                        "steer",
                                        "server",
                                        "next_hop",
                                        "inject",
                                        "punt",
                                        "ports",
                                        "rings",
                                        "tables",
                                        "offload"}));
    EXPECT_EQ(card.stages[1].counters.at(0).name, "service_miss");
    EXPECT_EQ(card.stages[1].counters.at(0).packets, 4U);
    EXPECT_EQ(card.stages[1].counters.at(0).bytes, 256U);
}

// --- NAT and FULLNAT.

class TranslatedTest : public OffloadTest {
  protected:
    void run_with(model::Forwarding forwarding) {
        load();
        ASSERT_TRUE(engine_.add_service(service_key(), {.scheduler = "rr"}));
        ASSERT_TRUE(engine_.add_local_address(service_key(), local_));
        ASSERT_TRUE(engine_.add_server(service_key(),
                                       {.address = server_key().address, .port = 8080},
                                       {.forwarding = forwarding}));
        neighbours_.learn("192.168.113.132", "02:00:00:00:01:32", kInterface);
        neighbours_.learn("192.168.113.1", "02:00:00:00:01:01", kInterface);
        neighbours_.learn("192.168.113.2", "02:00:00:00:01:02", kInterface);
        poll(1ms, 5);
        ASSERT_EQ(offload_->state(), CardState::running);
    }
    std::uint64_t reply_mac(const abi::Record<abi::FlowEntry>& entry) const {
        const auto hop = static_cast<std::uint32_t>(entry.get<abi::FlowEntry::next_hop>());
        return card_.next_hops.at(hop).get<abi::NextHopEntry::destination_mac>();
    }

    const model::IpAddress local_ = *model::parse_ipv4("192.168.113.200");
};

TEST_F(TranslatedTest, nat_has_a_way_back_and_its_servers_replies_are_known) {
    run_with(model::Forwarding::nat);
    ASSERT_EQ(card_.replies().size(), 1U);
    const auto& reply = card_.replies().begin()->second;
    EXPECT_EQ(reply.get<abi::ReplyEntry::address_low>(), 0xc0a87184U);
    EXPECT_EQ(reply.get<abi::ReplyEntry::port>(), 8080U);
    EXPECT_EQ(reply.get<abi::ReplyEntry::full_nat>(), 0U);
    EXPECT_EQ(card_.virtual_ends.at(0).get<abi::VirtualEndEntry::port>(), 3306U);
    establish(30000);
    poll();
    ASSERT_EQ(card_.flows.size(), 1U);
    const auto& entry = card_.flows.begin()->second;
    EXPECT_EQ(entry.get<abi::FlowEntry::method>(), 0U);
    EXPECT_EQ(reply_mac(entry), 0x020000000101U);
    EXPECT_EQ(server_entry().get<abi::ServerEntry::port>(), 8080U);
    EXPECT_EQ(server_entry().get<abi::ServerEntry::address_low>(), 0xc0a87184U);
}

TEST_F(TranslatedTest, without_a_route_to_the_client_the_connection_stays_in_software) {
    gateway_ = std::nullopt;
    run_with(model::Forwarding::nat);
    establish(30000);
    poll();
    EXPECT_TRUE(card_.flows.empty());
    EXPECT_EQ(count(OffloadCounter::refused_client_way), 1U);
    EXPECT_EQ(offload_->view().next_hops, 1U) << "the server's";
}

TEST_F(TranslatedTest, replies_follow_the_kernels_routes) {
    run_with(model::Forwarding::nat);
    establish(30000);
    establish(30001);
    poll();
    gateway_ = *model::parse_ipv4("192.168.113.2");
    offload_->routes_changed();
    poll(1ms, 120);
    ASSERT_EQ(card_.flows.size(), 2U);
    EXPECT_EQ(reply_mac(card_.flows.begin()->second), 0x020000000102U);
    EXPECT_EQ(count(OffloadCounter::rerouted), 2U);
    EXPECT_EQ(offload_->view().next_hops, 2U) << "the old gateway's is free again";
    let_pass(2s);
    EXPECT_EQ(neighbours_.forgotten, std::set{*model::parse_address("192.168.113.1")});
    gateway_ = std::nullopt;
    offload_->routes_changed();
    poll(1ms, 120);
    EXPECT_TRUE(card_.flows.empty());
    EXPECT_EQ(count(OffloadCounter::unrouted), 2U);
    EXPECT_EQ(engine_.connection_count(), 2U);
}

TEST_F(TranslatedTest, full_nat_has_two_flows_and_lives_by_either) {
    run_with(model::Forwarding::full_nat);
    EXPECT_EQ(card_.replies().begin()->second.get<abi::ReplyEntry::full_nat>(), 1U);
    establish(30000);
    poll();
    ASSERT_EQ(card_.flows.size(), 2U);
    std::pair<std::uint32_t, std::uint32_t> reply_place;
    for (const auto& [place, entry] : card_.flows) {
        EXPECT_EQ(entry.get<abi::FlowEntry::method>(), 5U);
        if (entry.get<abi::FlowEntry::reply>() == 1) {
            reply_place = place;
            EXPECT_EQ(entry.get<abi::FlowEntry::client_address>(), local_.ipv4().value);
            EXPECT_EQ(entry.get<abi::FlowEntry::other_port>(), 30000U);
            EXPECT_EQ(reply_mac(entry), 0x020000000101U);
        } else {
            EXPECT_EQ(entry.get<abi::FlowEntry::other_address>(), local_.ipv4().value);
        }
    }
    for (int minute = 0; minute < 40; ++minute) {
        let_pass(60s);
        card_.activity[reply_place] = card_.epoch;
    }
    EXPECT_EQ(engine_.connection_count(), 1U) << "the server had much to say";
    EXPECT_EQ(card_.flows.size(), 2U);
    let_pass(1000s);
    EXPECT_EQ(engine_.connection_count(), 0U);
    EXPECT_TRUE(card_.flows.empty());
    EXPECT_EQ(offload_->view().flows, 0U);
}

TEST_F(TranslatedTest, what_the_card_replied_counts_as_outgoing) {
    run_with(model::Forwarding::nat);
    establish(30000);
    poll();
    card_.reply_counters[{0, 1}] = {7, 7000};
    let_pass(2s);
    EXPECT_EQ(engine_.services().at(0).counters.packets_out, 7U);
    EXPECT_EQ(engine_.services().at(0).counters.bytes_out, 7000U);
}

// --- Tunnels, IPv6.

TEST_F(OffloadTest, a_tunnels_servers_entry_has_all_of_its_outer_header) {
    run();
    ASSERT_TRUE(engine_.edit_server(service_key(),
                                    server_key(),
                                    {.forwarding = model::Forwarding::tunnel,
                                     .tunnel = {.kind = model::TunnelKind::gue,
                                                .checksum = model::TunnelChecksum::checksum,
                                                .port = 6080}}));
    poll();
    establish(30000);
    poll();
    const auto server = server_entry();
    EXPECT_EQ(server.get<abi::ServerEntry::tunnel>(), 1U);
    EXPECT_EQ(server.get<abi::ServerEntry::tunnel_checksum>(), 1U);
    EXPECT_EQ(server.get<abi::ServerEntry::tunnel_port>(), 6080U);
    EXPECT_EQ(server.get<abi::ServerEntry::method>(), 2U);
    EXPECT_EQ(server.get<abi::ServerEntry::valid>(), 1U);
    ASSERT_TRUE(engine_.set("pmtu_disc", 0));
    poll();
    EXPECT_EQ(server_entry().get<abi::ServerEntry::valid>(), 0U)
        << "the card does not make such outer headers";
    ASSERT_TRUE(engine_.set("pmtu_disc", 1));
    poll();
    EXPECT_EQ(server_entry().get<abi::ServerEntry::valid>(), 1U);
}

TEST_F(OffloadTest, connections_of_ipv6_have_their_table) {
    run();
    const model::ServiceKey key{.address = *model::parse_ipv6("2001:db8::50"), .port = 80};
    ASSERT_TRUE(engine_.add_service(key, {.scheduler = "wlc"}));
    ASSERT_TRUE(
        engine_.add_server(key, {.address = *model::parse_ipv6("2001:db8::132"), .port = 80}, {}));
    neighbours_.learn("2001:db8::132", "02:00:00:00:01:32", kInterface);
    offload_->neighbour_changed(*model::parse_ipv6("2001:db8::132"),
                                neighbours_.known.rbegin()->second);
    for (const std::uint8_t flags : {engine::tcp_flag::kSyn, engine::tcp_flag::kAck}) {
        (void)engine_.handle({.tcp_flags = flags,
                              .ip_length_bytes = 60,
                              .source_address = *model::parse_ipv6("2001:db8::7"),
                              .source_port = 30000,
                              .destination_address = key.address,
                              .destination_port = 80},
                             now_);
    }
    poll();
    ASSERT_EQ(card_.flows6.size(), 1U);
    const auto place = card_.flows6.begin()->first;
    EXPECT_EQ(card_.flows6.begin()->second.get<abi::Flow6Entry::client_address_low>(), 7U);
    let_pass(190s);
    card_.activity6[place] = card_.epoch;
    let_pass(850s);
    EXPECT_EQ(engine_.connection_count(), 1U);
    let_pass(70s);
    EXPECT_EQ(engine_.connection_count(), 0U);
}

// --- Services that the card schedules for.

class SteeringTest : public OffloadTest {
  protected:
    void steer(std::string_view scheduler) {
        load();
        ASSERT_TRUE(engine_.add_service(service_key(), {.scheduler = std::string(scheduler)}));
        for (std::uint32_t i = 0; i < 3; ++i) {
            ASSERT_TRUE(engine_.add_server(service_key(), server(i), {}));
            neighbours_.learn(model::to_string(server(i).address), "02:00:00:00:01:32", kInterface);
        }
        poll(1ms, 5);
        poll(20ms);
        poll();
        ASSERT_EQ(offload_->state(), CardState::running);
    }
    static model::ServerKey server(std::uint32_t i) {
        return {.address = model::Ipv4{0xc0a87184 + i}, .port = 3306};
    }
    const abi::Record<abi::ServiceEntry>& entry() { return card_.services().begin()->second; }
    // The server at a place of the table that packets see; none: the host's choice.
    std::optional<std::uint64_t> word(std::uint64_t place) {
        const auto& found = card_.steer_words.at(
            static_cast<std::uint32_t>(entry().get<abi::ServiceEntry::steer_base>() + place));
        return found.get<abi::SteerEntry::valid>() != 0
                   ? std::optional(found.get<abi::SteerEntry::server>())
                   : std::nullopt;
    }
    bool learned(std::uint16_t port, std::uint64_t server, std::uint8_t flags) {
        abi::Record<abi::Event> event;
        event.set<abi::Event::kind>(static_cast<std::uint64_t>(abi::EventKind::learned))
            .set<abi::Event::tcp_flags>(flags)
            .set<abi::Event::client_address_low>(model::parse_ipv4("192.168.113.7")->value)
            .set<abi::Event::client_port>(port)
            .set<abi::Event::service>(entry().get<abi::ServiceEntry::service>())
            .set<abi::Event::server>(server);
        return card_.event(event);
    }
};

TEST_F(SteeringTest, the_table_is_the_schedulers_own) {
    steer("mh");
    EXPECT_EQ(entry().get<abi::ServiceEntry::steer>(), 2U);
    ASSERT_EQ(entry().get<abi::ServiceEntry::steer_size>(), 4093U);
    // Engine and card agree about any client: here by the place that mh's hash gives.
    const auto steering = engine_.steering(0, 4096);
    ASSERT_TRUE(steering);
    for (std::uint64_t place = 0; place < 4093; ++place) {
        ASSERT_EQ(word(place), steering->servers[place]);
    }
    const auto view = offload_->view();
    ASSERT_EQ(view.services.size(), 1U);
    EXPECT_EQ(view.services[0].steering, "maglev");
    EXPECT_EQ(view.services[0].steer_words, 4093U);
    EXPECT_EQ(view.steer_words, 4093U);
}

TEST_F(SteeringTest, weight_0_leaves_a_servers_places_to_the_host_and_flows_go_on) {
    steer("sh");
    EXPECT_EQ(entry().get<abi::ServiceEntry::steer_size>(), 256U);
    establish(30000);
    poll();
    ASSERT_EQ(card_.flows.size(), 1U);
    ASSERT_TRUE(engine_.edit_server(service_key(), server(0), {.weight = 0}));
    poll(20ms);
    poll();
    int left = 0;
    for (std::uint64_t place = 0; place < 256; ++place) {
        left += word(place) ? 0 : 1;
    }
    EXPECT_EQ(left, 85) << "a server of weight 0 still has its share of sh";
    EXPECT_EQ(server_entry().get<abi::ServerEntry::valid>(), 1U);
    EXPECT_EQ(card_.flows.size(), 1U);
}

TEST_F(SteeringTest, a_scheduler_that_the_card_has_not_stays_with_the_host) {
    steer("wlc");
    EXPECT_EQ(entry().get<abi::ServiceEntry::steer>(), 0U);
    ASSERT_TRUE(engine_.edit_service(service_key(), {.scheduler = "rr"}));
    poll(20ms);
    poll();
    EXPECT_EQ(entry().get<abi::ServiceEntry::steer>(), 4U);
    EXPECT_EQ(entry().get<abi::ServiceEntry::steer_size>(), 3U);
    ASSERT_TRUE(engine_.set("drop_packet", 3));
    poll(20ms);
    poll();
    EXPECT_EQ(entry().get<abi::ServiceEntry::steer>(), 0U);
}

TEST_F(SteeringTest, edits_close_together_make_one_table) {
    steer("sh");
    const std::uint64_t before = count(OffloadCounter::steer_tables);
    for (std::int32_t weight = 2; weight < 10; ++weight) {
        ASSERT_TRUE(engine_.edit_server(service_key(), server(0), {.weight = weight}));
        poll(1ms);
    }
    poll(20ms);
    poll();
    EXPECT_LE(count(OffloadCounter::steer_tables), before + 2);
}

TEST_F(SteeringTest, a_connection_that_the_card_scheduled_is_learned_and_then_offloaded) {
    steer("mh");
    ASSERT_TRUE(learned(30000, 1, engine::tcp_flag::kSyn));
    poll();
    EXPECT_EQ(state_of_only_connection(), "SYN_RECV");
    EXPECT_TRUE(card_.flows.empty()) << "a SYN costs an attacker nothing";
    ASSERT_TRUE(learned(30000, 1, engine::tcp_flag::kAck));
    poll();
    EXPECT_EQ(state_of_only_connection(), "ESTABLISHED");
    ASSERT_EQ(card_.flows.size(), 1U);
    EXPECT_EQ(card_.flows.begin()->second.get<abi::FlowEntry::server>(), 1U);
    EXPECT_EQ(count(OffloadCounter::learned), 2U);
}

TEST_F(SteeringTest, what_was_learned_before_a_packet_is_known_when_that_is_handled) {
    steer("mh");
    const auto other = packet(29999, engine::tcp_flag::kSyn).server;
    ASSERT_TRUE(learned(30000, other == 1 ? 2 : 1, engine::tcp_flag::kSyn));
    offload_->take_events(now_);
    EXPECT_EQ(packet(30000, engine::tcp_flag::kAck).server, other == 1 ? 2U : 1U);
}

TEST_F(SteeringTest, a_fin_of_a_connection_without_a_flow_is_its_own) {
    steer("mh");
    ASSERT_TRUE(learned(30000, 1, engine::tcp_flag::kSyn));
    abi::Record<abi::Event> fin;
    fin.set<abi::Event::kind>(static_cast<std::uint64_t>(abi::EventKind::flow_flags))
        .set<abi::Event::tcp_flags>(engine::tcp_flag::kFin)
        .set<abi::Event::client_address_low>(model::parse_ipv4("192.168.113.7")->value)
        .set<abi::Event::client_port>(30000);
    ASSERT_TRUE(card_.event(fin));
    poll();
    EXPECT_EQ(state_of_only_connection(), "TIME_WAIT");
    EXPECT_EQ(count(OffloadCounter::events_late), 0U);
}

TEST_F(SteeringTest, young_connections_places_are_swept_before_epochs_come_again) {
    steer("mh");
    let_pass(256s);
    EXPECT_GE(card_.young_cleared, static_cast<std::size_t>(abi::kYoungMax));
}

TEST_F(SteeringTest, nothing_that_a_card_says_is_believed_blindly) {
    steer("mh");
    std::uint64_t word = 1;
    for (int i = 0; i < 2000; ++i) {
        abi::Record<abi::Event> event;
        for (std::uint64_t& bits : event.words) {
            word = word * 6364136223846793005u + 1442695040888963407u;
            bits = word;
        }
        event.set<abi::Event::kind>(static_cast<std::uint64_t>(i) % 7);
        ASSERT_TRUE(card_.event(event));
        poll();
    }
    EXPECT_EQ(offload_->state(), CardState::running);
    EXPECT_EQ(engine_.connection_count(), 0U);
}

}  // namespace
}  // namespace fpvs::offload
