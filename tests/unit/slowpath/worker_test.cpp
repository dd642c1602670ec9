// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/worker.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "tests/unit/slowpath/director.hpp"

namespace fpvs::slowpath {
namespace {

using namespace std::chrono_literals;

kit::Bytes from_client(std::uint16_t port, std::uint8_t flags = 0x02) {
    return kit::make_frame({.source_port = port, .flags = flags});
}

TEST(worker, a_first_syn_is_scheduled_and_leaves_by_the_servers_port) {
    Director director;
    director.serve();
    director.receive(from_client(30000));
    const auto sent = director.server_wire.take();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].port, 1);
    EXPECT_EQ(director.engine.connection_count(), 1U);
    EXPECT_EQ(director.count(Outcome::forwarded), 1U);
}

TEST(worker, frames_of_one_wire_with_two_ports_go_where_they_belong) {
    Director director;
    director.serve();
    director.worker.carry(0, &director.client_wire, Selection::by_wire);
    director.worker.carry(1, &director.client_wire, Selection::by_wire);
    director.receive(from_client(30000));
    const auto sent = director.client_wire.take();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].port, 1);
}

TEST(worker, what_is_not_for_a_service_reaches_the_kernel_unchanged) {
    Director director;
    director.serve();
    kit::Bytes ssh = kit::make_frame({.destination_port = 22});
    ssh.resize(60);
    kit::Bytes arp = kit::make_frame({.destination_mac = "ff:ff:ff:ff:ff:ff"});
    kit::patch16(arp, 12, 0x0806);
    director.receive(ssh);
    director.receive(arp);
    director.receive(arp, 1);
    const auto client_side = director.client_host.take();
    ASSERT_EQ(client_side.size(), 2U);
    EXPECT_EQ(client_side[1].bytes, arp);
    EXPECT_EQ(director.server_host.take().size(), 1U);
    EXPECT_EQ(director.count(Outcome::pass_to_host), 1U);
    EXPECT_EQ(director.count(Outcome::group_address), 2U);
}

TEST(worker, frames_of_the_kernel_leave_unchanged_by_their_port) {
    Director director;
    const kit::Bytes frame = kit::pattern(60);
    director.server_host.waiting.push_back({1, frame});
    director.step();
    const auto sent = director.server_wire.take();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].bytes, frame);
    EXPECT_EQ(director.count(Incident::from_host), 1U);
}

TEST(worker, a_port_that_nothing_carries_loses_frames_and_counts_them) {
    Director director;
    director.serve();
    director.worker.carry(1, nullptr, Selection::by_worker);
    director.receive(from_client(30000));
    director.server_host.waiting.push_back({1, kit::pattern(60)});
    director.step();
    EXPECT_EQ(director.count(Incident::no_wire), 2U);

    director.worker.carry(1, &director.server_wire, Selection::by_worker);
    director.receive(from_client(30000, 0x10));
    EXPECT_EQ(director.server_wire.take().size(), 1U) << "the connection goes on";
}

TEST(worker, frames_to_other_stations_are_dropped_on_raw_ports_only) {
    const kit::Bytes stranger = kit::make_frame({.destination_mac = "02:00:00:00:00:77"});
    Director raw;
    raw.serve();
    raw.receive(stranger);
    EXPECT_EQ(raw.count(Outcome::other_host), 1U);
    Director selected(Selection::by_wire);
    selected.serve();
    selected.receive(stranger);
    EXPECT_EQ(selected.count(Outcome::forwarded), 1U);
}

TEST(worker, padding_is_cut_and_options_are_kept) {
    Director director;
    director.serve();
    kit::Bytes padded = from_client(30000);
    padded.resize(60);
    director.receive(padded);
    EXPECT_EQ(director.server_wire.take().at(0).bytes.size(), 54U);
    director.receive(kit::make_frame({.flags = 0x10, .options_bytes = 8}));
    EXPECT_EQ(director.server_wire.take().at(0).bytes.size(), 62U);
}

TEST(worker, vlan_tags_are_those_of_the_next_hop) {
    Director director;
    director.serve();
    director.worker.add_egress({.interface_index = 12,
                                .port = 1,
                                .mac = *model::parse_mac("02:00:00:00:00:d1"),
                                .vlan = 100});
    director.receive(kit::make_frame({.vlan = 7}));
    EXPECT_EQ(director.server_wire.take().at(0).bytes.size(), 54U) << "the tag is gone";

    director.neighbours.learn("192.168.113.15", kServerMac, 12);
    director.worker.neighbour_changed(*model::parse_ipv4("192.168.113.15"),
                                      director.neighbours.known.begin()->second);
    director.receive(from_client(30000, 0x10));
    const kit::Bytes tagged = director.server_wire.take().at(0).bytes;
    ASSERT_EQ(tagged.size(), 58U);
    EXPECT_EQ(kit::Bytes(tagged.begin() + 12, tagged.begin() + 18),
              (kit::Bytes{0x81, 0x00, 0x00, 100, 0x08, 0x00}));
}

TEST(worker, a_new_mac_address_of_a_server_holds_from_the_next_packet_on) {
    Director director;
    director.serve();
    director.receive(from_client(30000));
    director.server_wire.take();
    director.neighbours.learn("192.168.113.15", "02:00:00:00:01:99", kServerInterface);
    director.worker.neighbour_changed(*model::parse_ipv4("192.168.113.15"),
                                      director.neighbours.known.begin()->second);
    director.receive(from_client(30000, 0x10));
    EXPECT_EQ(director.server_wire.take().at(0).bytes[5], 0x99);
}

TEST(worker, frames_wait_for_the_servers_mac_address_and_leave_in_order) {
    Director director;
    director.add_service();
    director.add_server();
    for (std::uint16_t port = 30000; port < 30005; ++port) {
        director.receive(from_client(port));
    }
    EXPECT_TRUE(director.server_wire.take().empty());
    EXPECT_EQ(director.count(Outcome::neighbour_queue), 2U) << "the oldest two gave way";
    director.learn_server();
    director.step(20ms);
    const auto sent = director.server_wire.take();
    ASSERT_EQ(sent.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(sent[i].bytes[35], (30002 + i) & 0xff) << "frame " << i;
    }
}

TEST(worker, frames_do_not_wait_for_ever) {
    Director director;
    director.add_service();
    director.add_server();
    director.receive(from_client(30000));
    director.step(2900ms);
    EXPECT_EQ(director.count(Outcome::neighbour_timeout), 0U);
    director.step(200ms);
    EXPECT_EQ(director.count(Outcome::neighbour_timeout), 1U);
    director.learn_server();
    director.receive(from_client(30000));
    director.step(20ms);
    EXPECT_EQ(director.count(Outcome::forwarded), 1U) << "the next one is asked for anew";
}

TEST(worker, a_server_behind_no_port_of_ours_is_not_reached) {
    Director director;
    director.add_service();
    director.add_server();
    director.neighbours.learn("192.168.113.15", kServerMac, 99);
    director.receive(from_client(30000));
    EXPECT_EQ(director.count(Outcome::egress), 1U);
}

TEST(worker, a_packet_longer_than_the_next_hop_takes_is_refused_with_its_mtu) {
    Director director;
    director.serve();
    director.worker.add_egress({.interface_index = 12,
                                .port = 1,
                                .mac = *model::parse_mac("02:00:00:00:00:d1"),
                                .mtu = 1400});
    director.neighbours.learn("192.168.113.15", kServerMac, 12);
    director.receive(from_client(30000));
    director.server_wire.take();

    director.receive(kit::make_frame({.flags = 0x10, .payload_bytes = 1361}));
    EXPECT_EQ(director.count(Outcome::mtu), 1U);
    const auto sent = director.client_wire.take();
    ASSERT_EQ(sent.size(), 1U);
    const kit::Bytes& error = sent[0].bytes;
    ASSERT_EQ(error.size(), 14U + 576U);
    EXPECT_EQ(error[34], 3);
    EXPECT_EQ(error[35], 4);
    EXPECT_EQ(error[40] << 8 | error[41], 1400);
    EXPECT_EQ(error[42 + 8], 63) << "the quote has the new TTL, as the kernel's has";
    EXPECT_EQ(kit::internet_checksum(std::span(error).subspan(34)), 0);

    director.receive(kit::make_frame({.flags = 0x10, .payload_bytes = 1360}));
    EXPECT_EQ(director.server_wire.take().size(), 1U) << "just fits";
    director.receive(kit::make_frame({.flags = 0x10, .fragment = 0, .payload_bytes = 1361}));
    EXPECT_EQ(director.count(Outcome::fragmentation), 1U);
}

TEST(worker, errors_keep_the_tos_and_the_vlan_of_what_they_are_about) {
    Director director;
    director.add_service();
    director.receive(kit::make_frame({.vlan = 7, .tos = 0xb9}));
    const auto sent = director.client_wire.take();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].bytes[15], 7);
    EXPECT_EQ(sent[0].bytes[18 + 1], 0xd8);
}

TEST(worker, errors_to_one_client_are_limited_to_six_and_one_a_second) {
    Director director;
    director.add_service();
    for (std::uint16_t port = 30000; port < 30010; ++port) {
        director.receive(from_client(port));
    }
    EXPECT_EQ(director.client_wire.take().size(), 6U);
    EXPECT_EQ(director.count(Incident::icmp_held_back), 4U);
    director.receive(kit::make_frame({.source = "10.0.0.3"}));
    EXPECT_EQ(director.client_wire.take().size(), 1U) << "another client has its own";
    director.step(1s);
    director.receive(from_client(30010));
    director.receive(from_client(30011));
    EXPECT_EQ(director.client_wire.take().size(), 1U);
}

TEST(worker, errors_to_all_clients_are_limited_too) {
    Director director;
    director.add_service();
    for (int client = 1; client <= 100; ++client) {
        director.client_wire.waiting.push_back(
            {0, kit::make_frame({.source = "10.1.0." + std::to_string(client)})});
    }
    while (!director.client_wire.waiting.empty()) {
        director.step(0ns);
    }
    EXPECT_EQ(director.count(Incident::icmp_sent), 50U);
    EXPECT_EQ(director.count(Outcome::no_server), 100U);
}

TEST(worker, frames_from_unknown_ports_and_in_pieces_are_dropped) {
    Director director;
    director.serve();
    director.client_wire.waiting.push_back({200, from_client(30000)});
    director.step();
    EXPECT_EQ(director.count(Outcome::port), 1U);
}

TEST(worker, a_rule_for_firewall_marks_finds_the_service_until_it_is_gone) {
    Director director;
    const model::ServiceKey key{.address = model::IpAddress::any(model::Family::ipv4),
                                .firewall_mark = 7};
    Director::expect_ok(director.engine.add_service(key, {.scheduler = "rr"}));
    Director::expect_ok(director.engine.add_server(
        key, {.address = *model::parse_ipv4("192.168.113.15"), .port = 0}, {}));
    director.learn_server();
    director.receive(from_client(30000));
    EXPECT_EQ(director.count(Outcome::pass_to_host), 1U);

    const std::vector<model::MarkRule> rules = {{.mark = 7, .interface = "d0"}};
    const auto port_of = [&](std::string_view name) { return director.worker.port_of(name); };
    static_cast<void>(
        director.snapshots.marks.replace(std::move(MarkRules::make(rules, port_of).value())));
    director.receive(from_client(30000));
    EXPECT_EQ(director.count(Outcome::forwarded), 1U);

    static_cast<void>(director.snapshots.marks.replace(std::make_unique<const MarkRules>()));
    director.receive(from_client(30001));
    EXPECT_EQ(director.count(Outcome::pass_to_host), 2U);
    director.receive(from_client(30000, 0x10));
    EXPECT_EQ(director.count(Outcome::forwarded), 2U) << "the connection goes on";
}

TEST(worker, the_hook_runs_in_every_step) {
    Director director;
    int runs = 0;
    director.worker.set_step_hook([&runs](provider::Nanoseconds) { ++runs; });
    director.step();
    director.step();
    EXPECT_EQ(runs, 2);
}

TEST(worker, a_hook_can_end_itself_and_take_the_wire_along) {
    Director director;
    director.serve();
    auto token = std::make_shared<int>(0);
    std::weak_ptr<int> alive = token;
    director.worker.set_step_hook([&director, token = std::move(token)](provider::Nanoseconds) {
        director.worker.set_step_hook({});
        director.worker.carry(1, nullptr, Selection::by_worker);
        ++*token;
        EXPECT_EQ(*token, 1);
    });
    director.receive(from_client(30000));
    EXPECT_EQ(director.server_wire.take().size(), 1U);
    director.step();
    EXPECT_TRUE(alive.expired());
}

TEST(worker, connections_expire_while_it_steps) {
    Director director;
    director.serve();
    director.receive(from_client(30000));
    ASSERT_EQ(director.engine.connection_count(), 1U);
    for (int second = 0; second < 70; ++second) {
        director.step(1s);
    }
    EXPECT_EQ(director.engine.connection_count(), 0U) << "SYN_RECV lasts 60 seconds";
}

// Every frame ends in exactly one outcome, none is lost, nothing is read beyond its end.
TEST(worker, a_hundred_thousand_random_frames_are_each_settled_once) {
    constexpr int kFrames = 100'000;
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Director director;
    director.serve(model::Protocol::tcp);
    director.serve(model::Protocol::udp);
    const auto below = [&random](std::uint32_t limit) { return random() % limit; };
    for (int i = 0; i < kFrames; ++i) {
        kit::Bytes frame;
        if (below(4) == 0) {
            frame.resize(1 + below(200));
            for (std::uint8_t& byte : frame) {
                byte = static_cast<std::uint8_t>(random());
            }
        } else {
            frame = kit::make_frame(
                {.vlan = below(4) == 0 ? std::optional<std::uint16_t>(7) : std::nullopt,
                 .protocol = static_cast<std::uint8_t>(below(3) == 0   ? 17
                                                       : below(5) == 0 ? 1
                                                                       : 6),
                 .source_port = static_cast<std::uint16_t>(random()),
                 .flags = static_cast<std::uint8_t>(random()),
                 .ttl = static_cast<std::uint8_t>(below(66)),
                 .options_bytes = below(11) * 4,
                 .payload_bytes = below(1400)});
            for (std::uint32_t flips = below(4); flips > 0; --flips) {
                frame[below(static_cast<std::uint32_t>(std::min<std::size_t>(frame.size(), 80)))] =
                    static_cast<std::uint8_t>(random());
            }
            frame.resize(below(8) == 0 ? 1 + below(static_cast<std::uint32_t>(frame.size()))
                                       : frame.size());
        }
        director.client_wire.waiting.push_back({0, std::move(frame)});
        if (director.client_wire.waiting.size() == provider::kBurstMax) {
            director.step();
            director.client_wire.sent.clear();
            director.server_wire.sent.clear();
            director.client_host.sent.clear();
        }
    }
    director.step();
    std::uint64_t settled = 0;
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        settled += director.count(static_cast<Outcome>(i));
    }
    EXPECT_EQ(settled, kFrames);
    EXPECT_GT(director.count(Outcome::forwarded), 1000U);
    EXPECT_GT(director.count(Outcome::ip_checksum), 1000U);
    EXPECT_GT(director.count(Outcome::runt), 10U);
}

TEST(worker, ports_are_checked_at_start_up) {
    Director director;
    EXPECT_EQ(director.worker.add_port({.number = 0, .interface = "x"}, nullptr).error().code,
              Code::already_exists);
    EXPECT_EQ(director.worker.add_port({.number = 8, .interface = "x"}, nullptr).error().code,
              Code::exhausted);
}

TEST(counters, have_the_names_of_their_enumerators) {
    EXPECT_EQ(name(Outcome::forwarded), "forwarded");
    EXPECT_EQ(name(Outcome::port), "port");
    EXPECT_EQ(name(Incident::no_wire), "no_wire");
    EXPECT_EQ(fate(Outcome::group_address), Fate::host);
    Director director;
    director.receive(kit::pattern(10));
    const model::StageView stage = director.worker.counters().view();
    EXPECT_EQ(stage.counters.size(), kOutcomes + kIncidents);
    EXPECT_EQ(stage.counters[static_cast<std::size_t>(Outcome::runt)].packets, 1U);
    EXPECT_EQ(stage.counters[static_cast<std::size_t>(Outcome::runt)].bytes, 10U);
}

}  // namespace
}  // namespace fpvs::slowpath
