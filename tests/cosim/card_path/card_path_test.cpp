// SPDX-License-Identifier: Apache-2.0
// The whole way of a packet with a card: wire, card, rings, slow path, engine, offload, and the
// card again.  Everything is real but the wire, the kernel and time.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drivers/dpdk/card_port.hpp"
#include "drivers/dpdk/frame_pool.hpp"
#include "host/engine/engine.hpp"
#include "host/offload/offload.hpp"
#include "host/provider/card_rings.hpp"
#include "host/slowpath/worker.hpp"
#include "sim/card/in_process_card.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/fake_ports.hpp"
#include "tests/kit/packet.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kIpOffset = 14;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;
constexpr std::uint8_t kFinAck = 0x11;

// A MAC pads short frames: what counts is the IP packet and what lies before it.
kit::Bytes without_padding(kit::Bytes frame) {
    if (frame.size() > kIpOffset + 4 && frame[12] == 0x08 && frame[13] == 0x00) {
        const std::size_t length = kIpOffset + (frame[16] << 8 | frame[17]);
        frame.resize(std::min(frame.size(), length));
    }
    return frame;
}

class CardPath : public ::testing::Test {
  protected:
    // The host schedules, unless the card can.
    explicit CardPath(std::string scheduler = "wlc") : scheduler_(std::move(scheduler)) {}

    void SetUp() override {
        auto rings = provider::CardRings::start(card_);
        ASSERT_TRUE(rings) << rings.error().text();
        rings_ = std::move(*rings);
        wire_.emplace(*rings_, *pool_);
        std::vector<provider::NetworkPort> ports;
        for (std::uint16_t number : {std::uint16_t{0}, std::uint16_t{1}}) {
            ports.push_back(
                {.number = number,
                 .interface = "d" + std::to_string(number),
                 .interface_index = 10u + number,
                 .mac = *model::parse_mac("02:00:00:00:00:d" + std::to_string(number))});
            card_.set_link(number, true);
            ASSERT_TRUE(
                worker_.add_port(ports.back(), number == 0 ? &client_host_ : &server_host_));
            worker_.carry(number, &*wire_, slowpath::Selection::by_wire);
        }
        neighbours_.learn("192.168.113.15", "02:00:00:00:01:05", 11);
        ASSERT_TRUE(engine_.add_service(service_, {.scheduler = scheduler_}));
        ASSERT_TRUE(engine_.add_server(service_, server_, {}));
        ports_ = ports;
        load(true);
    }

    void load(bool fresh) {
        offload_.emplace(
            *rings_,
            engine_,
            neighbours_,
            offload::OffloadOptions{.ports = ports_, .hash_key = {7, 11}, .fresh = fresh});
        worker_.set_step_hook([this](provider::Nanoseconds now) { offload_->poll(now); });
        constexpr int kPumpsMax = 300;
        for (int i = 0; i < kPumpsMax && offload_->state() == offload::CardState::starting; ++i) {
            pump();
        }
        ASSERT_EQ(offload_->state(), offload::CardState::running);
        let_pass(2);
    }

    // Until both sides have nothing more to say.
    void pump(provider::Nanoseconds pass = 100us) {
        constexpr int kRounds = 4;
        now_ += pass;
        for (int round = 0; round < kRounds; ++round) {
            card_.settle();
            worker_.step(now_);
        }
        card_.settle();
    }
    void let_pass(int seconds) {
        for (int second = 0; second < seconds; ++second) {
            pump(1s);
        }
    }
    void receive(const kit::Bytes& frame, int port = 0) {
        ASSERT_TRUE(card_.receive(port, frame));
        pump();
    }
    void establish(std::uint16_t port) {
        receive(kit::make_frame({.source_port = port, .flags = kSyn}));
        receive(kit::make_frame({.source_port = port, .flags = kAck}));
    }
    std::vector<kit::Bytes> sent(int port) {
        std::vector<kit::Bytes> frames;
        while (const auto frame = card_.transmitted(port)) {
            frames.emplace_back(frame->begin(), frame->end());
        }
        return frames;
    }
    std::uint64_t by_software() const {
        return worker_.counters()[slowpath::Outcome::forwarded].frames;
    }
    std::string state() {
        const auto page = engine_.connections(0, 10, now_);
        return page.connections.empty() ? "gone" : page.connections.front().state;
    }

    const std::string scheduler_;
    const model::ServiceKey service_{.address = *model::parse_ipv4("10.0.0.100"), .port = 80};
    const model::ServerKey server_{.address = *model::parse_ipv4("192.168.113.15"), .port = 80};
    dpdk::FramePool pool_ = *dpdk::make_frame_pool({.name = "card_path", .frames = 512});
    sim::card::InProcessCard card_;
    kit::FakePort client_host_{*pool_, "d0"};
    kit::FakePort server_host_{*pool_, "d1"};
    kit::FakeNeighbours neighbours_;
    engine::Engine engine_{engine::EngineOptions{.connections_max = 1024, .hash_seed = 9}};
    slowpath::Worker worker_{engine_, neighbours_};
    std::unique_ptr<provider::CardRings> rings_;
    std::optional<dpdk::CardPort> wire_;
    std::vector<provider::NetworkPort> ports_;
    std::optional<offload::Offload> offload_;
    provider::Nanoseconds now_ = 1000s;
};

TEST_F(CardPath, two_packets_of_a_connection_take_the_slow_path_and_the_rest_the_card) {
    constexpr int kPackets = 100;
    establish(30000);
    ASSERT_EQ(sent(1).size(), 2U);
    ASSERT_EQ(by_software(), 2U);
    for (int i = 0; i < kPackets; ++i) {
        receive(
            kit::make_frame({.flags = kAck, .payload_bytes = static_cast<std::size_t>(i) * 14}));
    }
    EXPECT_EQ(sent(1).size(), static_cast<std::size_t>(kPackets));
    EXPECT_EQ(by_software(), 2U);
    let_pass(2);
    EXPECT_EQ(engine_.services().at(0).counters.packets_in, 2U + kPackets)
        << "the engine counts what the card forwarded";
}

TEST_F(CardPath, whoever_forwards_it_a_packet_is_what_ipvs_sends) {
    const auto offered = kit::read_pcap("tests/data/pkt/xform-dr-tcp.client-side.pcap");
    const auto expected = kit::read_pcap("tests/data/pkt/xform-dr-tcp.server-side.pcap");
    for (const kit::Bytes& frame : offered) {
        receive(frame);
    }
    const auto frames = sent(1);
    ASSERT_EQ(frames.size(), expected.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
        EXPECT_EQ(without_padding(frames[i]), expected[i]) << "frame " << i;
    }
    EXPECT_LT(by_software(), expected.size()) << "the card took its part";
}

TEST_F(CardPath, a_fin_through_the_card_closes_the_connection) {
    establish(30000);
    receive(kit::make_frame({.flags = kFinAck}));
    EXPECT_EQ(by_software(), 2U);
    EXPECT_EQ(sent(1).size(), 3U);
    EXPECT_EQ(state(), "FIN_WAIT");
    let_pass(125);
    EXPECT_EQ(state(), "gone");
    receive(kit::make_frame({.flags = kAck}));
    EXPECT_TRUE(sent(1).empty());
    EXPECT_EQ(client_host_.take().size(), 1U) << "no connection: the kernel answers";
}

TEST_F(CardPath, a_connection_stays_while_the_card_sees_packets_of_it) {
    engine_.set_timeouts({.tcp_s = 60});
    establish(30000);
    let_pass(40);
    receive(kit::make_frame({.flags = kAck}));
    EXPECT_EQ(by_software(), 2U);
    let_pass(40);
    EXPECT_EQ(state(), "ESTABLISHED");
    let_pass(25);
    EXPECT_EQ(state(), "gone");
    EXPECT_EQ(offload_->view().flows, 0U);
}

TEST_F(CardPath, a_new_host_program_empties_the_tables_that_the_old_one_left) {
    establish(30000);
    receive(kit::make_frame({.flags = kAck}));
    ASSERT_EQ(by_software(), 2U);
    sent(1);
    worker_.set_step_hook({});
    offload_->leave(now_);
    pump();
    load(false);
    receive(kit::make_frame({.flags = kAck}));
    EXPECT_EQ(by_software(), 3U) << "the old flow is gone, the engine still knows the connection";
    receive(kit::make_frame({.flags = kAck}));
    EXPECT_EQ(by_software(), 3U) << "and has offered it again";
    EXPECT_EQ(sent(1).size(), 2U);
}

TEST_F(CardPath, a_deleted_server_gets_nothing_more_and_a_returning_one_all) {
    establish(30000);
    sent(1);
    ASSERT_TRUE(engine_.delete_server(service_, server_));
    pump();
    receive(kit::make_frame({.flags = kAck}));
    EXPECT_TRUE(sent(1).empty());
    EXPECT_EQ(worker_.counters()[slowpath::Outcome::engine].frames, 1U);
    ASSERT_TRUE(engine_.add_server(service_, server_, {}));
    pump();
    receive(kit::make_frame({.flags = kAck}));
    EXPECT_EQ(sent(1).size(), 1U);
    EXPECT_EQ(by_software(), 2U) << "the card again";
}

TEST_F(CardPath, the_kernel_talks_through_the_card) {
    kit::Bytes arp = kit::make_frame({.destination_mac = "ff:ff:ff:ff:ff:ff"});
    kit::patch16(arp, 12, 0x0806);
    arp.resize(60);
    receive(arp, 1);
    const auto heard = server_host_.take();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].bytes, arp);

    const kit::Bytes reply = kit::pattern(1514, 2);
    server_host_.waiting.push_back({1, reply});
    pump();
    const auto frames = sent(1);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0], reply);
    EXPECT_TRUE(sent(0).empty());
}

TEST_F(CardPath, the_card_says_what_became_of_each_frame) {
    const auto packets = [this] {
        std::map<std::string, std::uint64_t> counters;
        for (const model::StageView& stage : offload_->view().stages) {
            for (const model::StageCounterView& counter : stage.counters) {
                counters[counter.name] = counter.packets;
            }
        }
        return counters;
    };
    auto before = packets();
    establish(30000);
    receive(kit::make_frame({.flags = kAck}));
    receive(kit::make_frame({.destination_port = 22}));
    receive(kit::make_frame({.destination_mac = "02:00:00:00:00:77"}));
    let_pass(2);
    auto after = packets();
    const auto growth = [&](const std::string& name) { return after.at(name) - before.at(name); };
    EXPECT_EQ(growth("forwarded"), 1U);
    EXPECT_EQ(growth("flow_miss"), 2U);
    EXPECT_EQ(growth("service_miss"), 1U);
    EXPECT_EQ(growth("other_host"), 1U);
    EXPECT_EQ(growth("injected"), 2U);
    EXPECT_EQ(growth("port0_rx_frames"), 5U);
    EXPECT_EQ(growth("port1_tx_frames"), 3U);
    EXPECT_TRUE(offload_->view().ports.at(1).link_up);
}

// The card schedules new connections by itself; the host hears of them.
class CardSchedules : public CardPath, public ::testing::WithParamInterface<const char*> {
  protected:
    CardSchedules() : CardPath(GetParam()) {}

    void add_server(int number) {
        const std::string address = "192.168.113." + std::to_string(number);
        neighbours_.learn(address, "02:00:00:00:01:" + std::to_string(number), 11);
        ASSERT_TRUE(
            engine_.add_server(service_, {.address = *model::parse_ipv4(address), .port = 80}, {}));
        pump();
    }
    // The last octet of the MAC address that the packet left for.
    std::uint8_t server_of(std::uint16_t port, std::uint8_t flags) {
        receive(kit::make_frame({.source_port = port, .flags = flags}));
        const auto frames = sent(1);
        return frames.size() == 1 ? frames[0].at(5) : std::uint8_t{0};
    }
};

TEST_P(CardSchedules, a_connection_has_one_server_whatever_becomes_of_the_table) {
    constexpr std::uint16_t kConnections = 24;
    add_server(16);
    for (int i = 0; i < 50; ++i) {
        pump();  // A long table is written in parts.
    }
    std::map<std::uint16_t, std::uint8_t> servers;
    std::set<std::uint8_t> used;
    const auto everyone_keeps_his = [&](std::uint8_t flags) {
        for (const auto& [port, server] : servers) {
            EXPECT_EQ(server_of(port, flags), server) << "port " << port;
        }
    };
    for (std::uint16_t i = 0; i < kConnections; ++i) {
        servers[30000 + i] = server_of(30000 + i, kSyn);
        used.insert(servers[30000 + i]);
    }
    EXPECT_EQ(used.count(0), 0U) << "a first packet left at once";
    EXPECT_EQ(used.size(), scheduler_ == "sh" || scheduler_ == "mh" ? 1U : 2U)
        << "one client has one server by hash, and each its turn otherwise";
    everyone_keeps_his(kAck);
    add_server(17);
    everyone_keeps_his(kAck);
    EXPECT_EQ(engine_.connections(0, 100, now_).connections.size(), std::size_t{kConnections});
    // In the next epoch the host is told again, that they are established, and writes their flows.
    let_pass(1);
    everyone_keeps_his(kAck);
    EXPECT_EQ(offload_->view().flows, kConnections);
    everyone_keeps_his(kAck);
    EXPECT_EQ(by_software(), 0U);
    let_pass(2);
    const auto service = engine_.services().at(0);
    EXPECT_EQ(service.counters.connections, kConnections);
    EXPECT_EQ(service.counters.packets_in, 5U * kConnections);
}

INSTANTIATE_TEST_SUITE_P(Schedulers,
                         CardSchedules,
                         testing::Values("rr", "wrr", "sh", "mh"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace fpvs
