// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/engine/engine_kit.hpp"

namespace fpvs::engine {
namespace {

using EngineEdit = EngineTest;

[[nodiscard]] std::string sentence(const Status& status) {
    return status ? "" : status.error().message;
}

TEST_F(EngineEdit, mistakes_get_ipvsadms_sentences) {
    EXPECT_EQ(sentence(engine_.edit_service(kWeb, {})), "No such service");
    EXPECT_EQ(sentence(engine_.delete_service(kWeb)), "No such service");
    EXPECT_EQ(sentence(engine_.zero(kWeb)), "No such service");
    EXPECT_EQ(sentence(engine_.add_server(kWeb, server_key(1), {})), "Service not defined");
    EXPECT_EQ(sentence(engine_.add_service(kWeb, {.scheduler = "nosuch"})),
              "Scheduler or persistence engine not found");
    add(kWeb, {.scheduler = "rr"}, 1);
    EXPECT_EQ(sentence(engine_.add_service(kWeb, {.scheduler = "rr"})), "Service already exists");
    EXPECT_EQ(sentence(engine_.edit_service(kWeb, {.scheduler = "nosuch"})),
              "Scheduler or persistence engine not found");
    EXPECT_EQ(sentence(engine_.add_server(kWeb, server_key(1), {})), "Destination already exists");
    EXPECT_EQ(sentence(engine_.edit_server(kWeb, server_key(2), {})), "No such destination");
    EXPECT_EQ(sentence(engine_.delete_server(kWeb, server_key(2))), "No such destination");
    EXPECT_EQ(sentence(engine_.add_server(
                  kWeb, server_key(2), {.upper_threshold = 10, .lower_threshold = 20})),
              "Numerical result out of range");
    EXPECT_EQ(engine_.services().size(), 1u);
    EXPECT_EQ(engine_.service(kWeb)->settings.scheduler, "rr");
    EXPECT_EQ(engine_.service(kWeb)->servers.size(), 1u);
}

TEST_F(EngineEdit, direct_routing_and_tunnels_take_the_services_port_and_nat_its_own) {
    add(kWeb, {.scheduler = "rr"}, 0);
    ASSERT_TRUE(engine_.add_server(kWeb, server_key(1, 8080), {}));
    ASSERT_TRUE(
        engine_.add_server(kWeb, server_key(2, 8080), {.forwarding = model::Forwarding::tunnel}));
    ASSERT_TRUE(
        engine_.add_server(kWeb, server_key(3, 8080), {.forwarding = model::Forwarding::nat}));
    EXPECT_EQ(server_view(2).key.port, 80);
    EXPECT_EQ(server_view(1).key.port, 80);
    EXPECT_EQ(server_view(0).key.port, 8080);
}

TEST_F(EngineEdit, a_deleted_server_comes_back_with_its_connections_and_counters) {
    add(kWeb, {.scheduler = "rr"}, 1);
    ASSERT_EQ(open().action, Action::forward);
    ASSERT_TRUE(engine_.delete_server(kWeb, server_key(1)));
    const Verdict dropped = send(tcp_flag::kAck);
    EXPECT_EQ(dropped.action, Action::drop);
    EXPECT_EQ(dropped.reason, Reason::server_unavailable);
    ASSERT_TRUE(engine_.add_server(kWeb, server_key(1), {}));
    EXPECT_EQ(send(tcp_flag::kAck).action, Action::forward);
    EXPECT_EQ(server_view(0).active_connections, 1u);
    EXPECT_EQ(server_view(0).counters.connections, 1u);
    EXPECT_EQ(server_view(0).counters.packets_in, 3u);
    EXPECT_EQ(server_view(0).counters.bytes_in, 3u * kPacketBytes);
}

TEST_F(EngineEdit, the_trash_forgets_a_server_without_connections_after_two_minutes) {
    add(kWeb, {.scheduler = "rr"}, 1);
    const ServerIndex index = open().server;
    (void)send(tcp_flag::kRst);
    ASSERT_TRUE(engine_.delete_server(kWeb, server_key(1)));
    wait(12s);  // The connection ends.
    wait(115s);
    ASSERT_TRUE(engine_.add_server(kWeb, server_key(1), {}));
    EXPECT_EQ(server_view(0).counters.connections, 1u);
    ASSERT_TRUE(engine_.delete_server(kWeb, server_key(1)));
    wait(1s);
    wait(10s);
    wait(140s);
    ASSERT_TRUE(engine_.add_server(kWeb, server_key(1), {}));
    EXPECT_EQ(server_view(0).counters.connections, 0u);
    EXPECT_EQ(send(tcp_flag::kSyn).server, index) << "its index was free again";
}

TEST_F(EngineEdit, a_service_keeps_its_index_while_connections_remember_its_servers) {
    add(kWeb, {.scheduler = "rr"}, 1);
    const ServerIndex before = open().server;
    ASSERT_TRUE(engine_.delete_service(kWeb));
    EXPECT_EQ(send(tcp_flag::kAck).action, Action::drop);
    EXPECT_EQ(send(tcp_flag::kSyn, 40001).reason, Reason::no_service);
    add(kDns, {.scheduler = "rr"}, 1);
    add(kWeb, {.scheduler = "rr"}, 1);
    const Verdict again = send(tcp_flag::kAck);
    EXPECT_EQ(again.action, Action::forward);
    EXPECT_EQ(again.server, before);
    EXPECT_EQ(server_view(0).active_connections, 1u);
    EXPECT_EQ(server_view(0).counters.connections, 0u) << "totals belong to the new service";
}

TEST_F(EngineEdit, flush_leaves_no_service_and_zero_no_counts) {
    add(kWeb, {.scheduler = "rr"}, 2);
    add(kDns, {.scheduler = "rr"}, 2);
    (void)open();
    ASSERT_TRUE(engine_.zero(std::nullopt));
    EXPECT_EQ(engine_.service(kWeb)->counters.packets_in, 0u);
    EXPECT_EQ(server_view(1).counters.connections, 0u);
    EXPECT_EQ(engine_.services().front().key, kDns) << "the newest first";
    engine_.flush();
    EXPECT_TRUE(engine_.services().empty());
    EXPECT_EQ(send(tcp_flag::kSyn, 40001).reason, Reason::no_service);
}

// Recorded from a kernel: 800 packets of 156 bytes in 8 seconds, read every two seconds.
TEST_F(EngineEdit, rates_rise_and_fall_as_the_kernels) {
    add(kWeb, {.scheduler = "rr"}, 1);
    const ServerIndex server = send(tcp_flag::kSyn).server;
    ASSERT_TRUE(engine_.zero(std::nullopt));
    wait(2s);
    constexpr std::array<std::uint64_t, 6> kPackets = {134, 201, 202, 197, 66, 0};
    constexpr std::array<std::uint64_t, 6> kPacketRates = {17, 38, 54, 65, 57, 43};
    constexpr std::array<std::uint64_t, 6> kByteRates = {2613, 5879, 8348, 10103, 8864, 6648};
    for (std::size_t i = 0; i < kPackets.size(); ++i) {
        engine_.on_card_counters(server, Direction::to_server, kPackets[i], kPackets[i] * 156);
        wait(2s);
        EXPECT_EQ(server_view(0).rates.packets_in, kPacketRates[i]);
        EXPECT_EQ(engine_.service(kWeb)->rates.packets_in, kPacketRates[i]);
        EXPECT_EQ(server_view(0).rates.bytes_in, kByteRates[i]);
    }
    ASSERT_TRUE(engine_.zero(kWeb));
    EXPECT_EQ(server_view(0).rates.packets_in, 0u);
}

TEST_F(EngineEdit, a_change_of_scheduler_starts_it_afresh_and_other_edits_do_not) {
    add(kWeb, {.scheduler = "rr"}, 2);
    EXPECT_EQ(send(tcp_flag::kSyn, 1).server_address, server_key(2).address);
    ASSERT_TRUE(engine_.edit_service(kWeb, {.scheduler = "rr", .persistence = std::nullopt}));
    EXPECT_EQ(send(tcp_flag::kSyn, 2).server_address, server_key(1).address);
    EXPECT_EQ(send(tcp_flag::kSyn, 3).server_address, server_key(2).address);
    ASSERT_TRUE(engine_.edit_service(kWeb, {.scheduler = "wlc"}));
    EXPECT_EQ(send(tcp_flag::kSyn, 4).server_address, server_key(1).address);
}

TEST_F(EngineEdit, services_and_servers_are_bounded) {
    for (std::uint32_t i = 0; i < model::kVirtualServicesMax; ++i) {
        ASSERT_TRUE(
            engine_.add_service({.address = model::Ipv4{i}, .port = 80}, {.scheduler = "rr"}));
    }
    const auto refused = engine_.add_service(kWeb, {.scheduler = "rr"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::exhausted);
    EXPECT_EQ(engine_.services().size(), model::kVirtualServicesMax);
}

TEST_F(EngineEdit, settings_have_the_kernels_names_and_defaults) {
    EXPECT_EQ(engine_.settings().get("conn_reuse_mode"), 1);
    EXPECT_EQ(engine_.settings().get("expire_nodest_conn"), 0);
    EXPECT_EQ(engine_.settings().get("expire_quiescent_template"), 0);
    EXPECT_EQ(engine_.settings().get("sloppy_tcp"), 0);
    EXPECT_TRUE(engine_.set("sloppy_tcp", 1));
    EXPECT_EQ(engine_.settings().get("sloppy_tcp"), 1);
    EXPECT_EQ(engine_.set("nosuch", 1).error().code, Code::not_found);
    EXPECT_EQ(engine_.settings().get("nosuch"), std::nullopt);
}

}  // namespace
}  // namespace fpvs::engine
