// SPDX-License-Identifier: Apache-2.0
// Requests through a real server and client to a fake daemon.
#include "host/control/dispatcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "host/control/client.hpp"
#include "host/model/limits.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/fake_operations.hpp"

namespace fpvs::control {
namespace {

using ::testing::ElementsAre;

class DispatcherTest : public ::testing::Test {
  protected:
    Client client() {
        auto client = Client::connect(server_.path());
        FPVS_CHECK(client.has_value(), "{}", client.error().text());
        return std::move(*client);
    }
    api::Reply ask(const api::Request& request) {
        auto reply = client().call(request);
        EXPECT_TRUE(reply.has_value()) << reply.error().text();
        return reply ? *reply : api::Reply();
    }
    std::string refused(const api::Request& request) {
        const auto reply = client().call(request);
        return reply ? "accepted" : reply.error().text();
    }

    kit::FakeOperations operations_;
    Dispatcher dispatcher_{operations_};
    kit::ControlServer server_{dispatcher_};
};

api::ServiceKey web() {
    api::ServiceKey key;
    key.set_protocol(api::TCP);
    key.set_address("10.0.0.1");
    key.set_port(80);
    return key;
}

api::Request server_request(bool is_new) {
    api::Request request;
    api::ServerEdit& edit = is_new ? *request.mutable_add_server() : *request.mutable_edit_server();
    *edit.mutable_service() = web();
    edit.mutable_server()->set_address("10.0.0.2");
    edit.mutable_server()->set_port(8080);
    edit.mutable_settings()->set_forwarding(api::NAT);
    edit.mutable_settings()->set_weight(3);
    return request;
}

TEST_F(DispatcherTest, EveryEditReachesTheDaemon) {
    api::Request request;
    *request.mutable_add_service()->mutable_key() = web();
    request.mutable_add_service()->mutable_settings()->set_scheduler("rr");
    ask(request);
    *request.mutable_edit_service()->mutable_key() = web();
    request.mutable_edit_service()->mutable_settings()->set_scheduler("wlc");
    ask(request);
    ask(server_request(true));
    ask(server_request(false));
    *request.mutable_delete_server()->mutable_service() = web();
    request.mutable_delete_server()->mutable_server()->set_address("10.0.0.2");
    request.mutable_delete_server()->mutable_server()->set_port(8080);
    ask(request);
    *request.mutable_delete_service() = web();
    ask(request);
    request.mutable_flush();
    ask(request);
    request.mutable_zero();
    ask(request);
    *request.mutable_zero()->mutable_key() = web();
    ask(request);
    request.mutable_reload();
    ask(request);
    request.mutable_stop();
    ask(request);
    // The answer to `stop` comes before the deed, and the session ends after it.
    while (server_.counters().clients > 0) {
        std::this_thread::yield();
    }
    EXPECT_THAT(operations_.calls,
                ElementsAre("add_service 10.0.0.1:80/6 rr",
                            "edit_service 10.0.0.1:80/6 wlc",
                            "add_server 10.0.0.1:80/6 10.0.0.2:8080 weight 3",
                            "edit_server 10.0.0.1:80/6 10.0.0.2:8080 weight 3",
                            "delete_server 10.0.0.1:80/6 10.0.0.2:8080",
                            "delete_service 10.0.0.1:80/6",
                            "flush",
                            "zero all",
                            "zero 10.0.0.1:80/6",
                            "reload",
                            "stop"));
}

TEST_F(DispatcherTest, TheDaemonsSentenceComesBack) {
    operations_.answer = fail(Code::already_exists, "Destination already exists");
    const auto reply = client().call(server_request(true));
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().code, Code::already_exists);
    EXPECT_EQ(reply.error().message, "Destination already exists");
}

TEST_F(DispatcherTest, AZeroTimeoutStaysAsItIs) {
    api::Request request;
    request.mutable_set_timeouts()->set_tcp_fin_s(60);
    ask(request);
    EXPECT_EQ(operations_.timeouts_now,
              (model::ConnectionTimeouts{.tcp_s = 900, .tcp_fin_s = 60, .udp_s = 300}));
    request.mutable_get_timeouts();
    EXPECT_EQ(ask(request).timeouts().tcp_fin_s(), 60U);
}

TEST_F(DispatcherTest, OneServiceOrNone) {
    operations_.service_views = {
        {.key = {.address = model::Ipv4{0x0a000001}, .port = 80}, .settings = {}}};
    api::Request request;
    *request.mutable_list_services()->mutable_key() = web();
    EXPECT_EQ(ask(request).services().services_size(), 1);
    request.mutable_list_services()->mutable_key()->set_port(81);
    EXPECT_EQ(refused(request), "No such service");
}

TEST_F(DispatcherTest, LongListsComeInPieces) {
    constexpr std::size_t kEntries = 3 * model::kControlReplyEntriesMax + 7;
    model::ServiceView service{.key = {.address = model::Ipv4{0x0a000001}, .port = 80},
                               .settings = {}};
    for (std::size_t i = 0; i < kEntries; ++i) {
        const auto port = static_cast<std::uint16_t>(i + 1);
        service.servers.push_back(
            {.key = {.address = model::Ipv4{0xc0a80001}, .port = port}, .settings = {}});
        operations_.connection_views.push_back(
            {.state = "ESTABLISHED", .client_address = {}, .client_port = port});
        operations_.health_views.push_back(
            {.service = service.key, .server = service.servers.back().key, .last_result = "x"});
    }
    operations_.service_views = {service, service};
    operations_.service_views[1].key.port = 81;

    api::Request request;
    std::vector<std::size_t> servers_of_keys;
    request.mutable_list_services();
    unsigned port_before = 0;
    int replies = 0;
    ASSERT_TRUE(client().stream(request, [&](const api::Reply& reply) {
        ++replies;
        for (const api::Service& part : reply.services().services()) {
            if (part.key().port() != port_before) {
                servers_of_keys.push_back(0);
                EXPECT_TRUE(part.has_settings());
            }
            port_before = part.key().port();
            servers_of_keys.back() += static_cast<std::size_t>(part.servers_size());
        }
    }));
    EXPECT_GE(replies, 7);
    EXPECT_THAT(servers_of_keys, ElementsAre(kEntries, kEntries));

    std::size_t connections = 0;
    request.mutable_list_connections();
    ASSERT_TRUE(client().stream(request, [&](const api::Reply& reply) {
        connections += static_cast<std::size_t>(reply.connections().connections_size());
    }));
    EXPECT_EQ(connections, kEntries);

    std::size_t checks = 0;
    request.mutable_list_health_checks();
    ASSERT_TRUE(client().stream(request, [&](const api::Reply& reply) {
        checks += static_cast<std::size_t>(reply.health_checks().checks_size());
    }));
    EXPECT_EQ(checks, kEntries);
}

TEST_F(DispatcherTest, ViewsArriveWhole) {
    operations_.daemon_view = {.version = "0.1.0", .process_id = 7, .config_path = "/etc/k.conf"};
    operations_.card_view = {.present = true,
                             .state = "running",
                             .abi_hash = 0x0123456789abcdef,
                             .ports = {{.index = 1, .interface = "ens160", .link_up = true}},
                             .rings = {{.name = "punt", .level = 3, .slots = 256}},
                             .stages = {{.name = "parse", .counters = {{.name = "in"}}}}};
    operations_.vrrp_views = {{.name = "VI_1",
                               .interface = "ens160",
                               .state = "MASTER",
                               .addresses = {{.address = model::Ipv4{0x0a000001}}}}};
    api::Request request;
    request.mutable_get_daemon();
    EXPECT_EQ(ask(request).daemon().config_path(), "/etc/k.conf");
    request.mutable_get_card();
    const api::Card card = ask(request).card();
    EXPECT_EQ(card.abi_hash(), 0x0123456789abcdefU);
    EXPECT_EQ(card.ports(0).mac(), "00:00:00:00:00:00");
    EXPECT_EQ(card.rings(0).level(), 3U);
    EXPECT_EQ(card.stages(0).counters(0).name(), "in");
    request.mutable_list_vrrp_instances();
    EXPECT_EQ(ask(request).vrrp_instances().instances(0).addresses(0).address(), "10.0.0.1");
}

TEST_F(DispatcherTest, LoadingACardHoldsUpNobody) {
    api::Request load;
    load.mutable_load_card()->set_path("/x.xclbin");
    auto loaded = std::async(std::launch::async, [&] { return client().call(load); });
    // The request is known to have arrived when the daemon remembers it.
    bool arrived = false;
    while (!arrived) {
        api::Request other;
        other.mutable_get_daemon();
        ask(other);
        server_.on_server_thread([&] { arrived = static_cast<bool>(operations_.card_done); });
    }
    std::thread([&] { operations_.card_done(fail(Code::mismatch, "Other abi")); }).join();
    const auto reply = loaded.get();
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error().text(), "Other abi");
    EXPECT_EQ(reply.error().code, Code::mismatch);
}

TEST_F(DispatcherTest, SyncDaemons) {
    api::Request request;
    request.mutable_start_sync_daemon()->set_interface("d1");
    EXPECT_EQ(refused(request), "A daemon is master or backup");
    request.mutable_start_sync_daemon()->set_role(api::BACKUP);
    ask(request);
    request.mutable_start_sync_daemon()->set_sync_id(256);
    EXPECT_EQ(refused(request), "256 is no syncid");
    request.set_stop_sync_daemon(api::MASTER);
    ask(request);
    EXPECT_THAT(operations_.calls, ElementsAre("start_sync_daemon d1", "stop_sync_daemon master"));
    operations_.daemons = {{.role = model::SyncRole::backup, .interface = "d1", .sync_id = 5}};
    request.mutable_list_sync_daemons();
    const api::Reply listed = ask(request);
    ASSERT_EQ(listed.sync_daemons().daemons_size(), 1);
    EXPECT_EQ(listed.sync_daemons().daemons(0).group(), "224.0.0.81");
    EXPECT_EQ(listed.sync_daemons().daemons(0).message_bytes_max(), 1472U);
}

TEST_F(DispatcherTest, SettingsAndLocalAddresses) {
    api::Request request;
    request.mutable_set_setting()->set_name("sloppy_tcp");
    request.mutable_set_setting()->set_value(-1);
    ask(request);
    api::LocalAddressEdit& edit = *request.mutable_add_local_address();
    edit.mutable_service()->set_protocol(api::TCP);
    edit.mutable_service()->set_address("10.0.0.1");
    edit.mutable_service()->set_port(80);
    edit.set_address("10.1.0.x");
    EXPECT_EQ(refused(request), "'10.1.0.x' is no address");
    edit.set_address("10.1.0.1");
    ask(request);
    const api::LocalAddressEdit same = edit;
    *request.mutable_delete_local_address() = same;
    ask(request);
    EXPECT_THAT(operations_.calls,
                ElementsAre("set sloppy_tcp -1",
                            "add_local_address 10.0.0.1:80/6 10.1.0.1",
                            "delete_local_address 10.0.0.1:80/6 10.1.0.1"));
    operations_.setting_views = {
        {.name = "conn_reuse_mode", .value = 0, .initial = 1, .kernel_value = 1, .meaning = "why"}};
    request.mutable_list_settings();
    const api::Reply listed = ask(request);
    ASSERT_EQ(listed.settings().settings_size(), 1);
    EXPECT_EQ(listed.settings().settings(0).initial(), 1);
    EXPECT_EQ(listed.settings().settings(0).meaning(), "why");
}

TEST_F(DispatcherTest, MarkRules) {
    api::Request request;
    api::MarkRule& rule = *request.mutable_add_mark_rule();
    rule.set_mark(5);
    rule.set_destination("10.0.0.1/8");
    EXPECT_EQ(refused(request),
              "destination '10.0.0.1/8' is no address or block such as 10.0.0.0/8");
    rule.set_destination("10.0.0.0/8");
    rule.set_source("::/0");
    EXPECT_EQ(refused(request), "destination 10.0.0.0/8 and source ::/0 are of different families");
    rule.clear_source();
    rule.set_first_port(80);
    rule.set_last_port(65536);
    EXPECT_EQ(refused(request), "65536 is no port");
    rule.set_last_port(90);
    rule.set_vlan(12);
    ask(request);
    api::Request list;
    list.mutable_list_mark_rules();
    const api::Reply listed = ask(list);
    ASSERT_EQ(listed.mark_rules().rules_size(), 1);
    EXPECT_EQ(listed.mark_rules().rules(0).SerializeAsString(),
              request.add_mark_rule().SerializeAsString());
}

TEST_F(DispatcherTest, AnnouncementsAndDrain) {
    operations_.announce_view = {
        .configured = true,
        .drained = true,
        .state = "in step",
        .bgp_as = 65001,
        .addresses = {{.address = *model::parse_address("192.0.2.1"),
                       .wanted = true,
                       .announced = false}},
        .counters = {.looks = 5, .edits = 4, .announced = 3, .withdrawn = 2, .failures = 1}};
    api::Request list;
    list.mutable_get_announcements();
    const api::Announcements listed = ask(list).announcements();
    EXPECT_TRUE(listed.configured() && listed.drained());
    EXPECT_EQ(listed.state(), "in step");
    EXPECT_EQ(listed.bgp_as(), 65001U);
    ASSERT_EQ(listed.addresses_size(), 1);
    EXPECT_EQ(listed.addresses(0).address(), "192.0.2.1");
    EXPECT_TRUE(listed.addresses(0).wanted() && !listed.addresses(0).announced());
    EXPECT_EQ(listed.looks(), 5U);
    EXPECT_EQ(listed.edits(), 4U);
    EXPECT_EQ(listed.announced(), 3U);
    EXPECT_EQ(listed.withdrawn(), 2U);
    EXPECT_EQ(listed.failures(), 1U);
    for (const bool on : {true, false}) {
        api::Request request;
        request.mutable_drain()->set_on(on);
        ask(request);
        EXPECT_EQ(operations_.calls.back(), on ? "drain on" : "drain off");
    }
}

TEST_F(DispatcherTest, WhatIsNotKnownSaysSo) {
    api::Request request;
    EXPECT_EQ(refused(request), "This fpvsd does not know the request; is fpvsadm newer than it?");
}

}  // namespace
}  // namespace fpvs::control
