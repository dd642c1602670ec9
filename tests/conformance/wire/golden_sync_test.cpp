// SPDX-License-Identifier: Apache-2.0
// What a kernel's master said of some traffic, and what FPVS's says of the same: the same
// connections, in the same order, in the same octets.  FPVS's own damping of templates is off.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/conformance/report/golden_folder.hpp"
#include "tests/kit/pcap_reader.hpp"
#include "tests/kit/sync_pair.hpp"

namespace fpvs::test {
namespace {

using engine::Engine;
using engine::Packet;
using kit::Datagram;
using model::Forwarding;
using model::Protocol;
using namespace std::chrono_literals;
namespace tcp_flag = engine::tcp_flag;

constexpr std::size_t kHeaderBytes = 14 + 20 + 8;
constexpr std::size_t kV1HeaderBytes = 8;

const model::IpAddress kVip = model::Ipv4{0x0a000064};
const model::IpAddress kVip6 = model::Ipv6{{0xfd00000c, 0, 0, 0x100}};
const model::IpAddress kClient = model::Ipv4{0x0a000002};
const model::IpAddress kServer = model::Ipv4{0xc0a8710f};  // 192.168.113.15
const model::ServiceKey kWeb{.address = kVip, .port = 80};
const model::ServiceKey kDatabase{.address = kVip, .port = 3306};
const model::ServiceKey kDns{.address = kVip, .port = 53, .protocol = Protocol::udp};
const model::ServiceKey kWeb6{.address = kVip6, .port = 80};

std::vector<Datagram> recorded(const std::string& name) {
    std::vector<Datagram> messages;
    for (const kit::Frame& frame : kit::read_pcap(golden_path("pkt/" + name).string())) {
        if (frame.size() > kHeaderBytes && frame[12] == 8 && frame[13] == 0 && frame[23] == 17) {
            messages.emplace_back(frame.begin() + kHeaderBytes, frame.end());
        }
    }
    return messages;
}

// The entries of messages of version 1 one after the other, however they were packed.
Datagram entries_of(const std::vector<Datagram>& messages) {
    Datagram entries;
    for (const Datagram& message : messages) {
        entries.insert(entries.end(), message.begin() + kV1HeaderBytes, message.end());
    }
    return entries;
}

class GoldenSync : public testing::Test {
  protected:
    GoldenSync() : director_({.connections_max = 64}, 1) {
        Engine& engine = director_.first();
        const model::ServiceSettings rr{.scheduler = "rr"};
        model::ServiceSettings persistent = rr;
        persistent.persistence = model::Persistence{.timeout_s = 50};
        add(kDatabase, persistent);
        add(kWeb, {.scheduler = "wlc"});
        add(kDns, rr);
        add(kWeb6, rr);
        add(kDatabase, kServer, 3306, Forwarding::direct_routing);
        add(kDatabase, model::Ipv4{0xc0a87110}, 3306, Forwarding::direct_routing);
        add(kWeb, kServer, 8080, Forwarding::nat);
        add(kDns, kServer, 53, Forwarding::tunnel);
        add(kWeb6, model::Ipv6{{0xfd00000d, 0, 0, 0x15}}, 80, Forwarding::direct_routing);
        EXPECT_TRUE(engine.set("sync_template_refresh", 0));
        EXPECT_TRUE(engine.set("sync_flush_ms", 2'000));
    }

    void add(const model::ServiceKey& key, const model::ServiceSettings& settings) {
        EXPECT_TRUE(director_.first().add_service(key, settings));
    }
    void add(const model::ServiceKey& key,
             const model::IpAddress& address,
             std::uint16_t port,
             Forwarding forwarding) {
        EXPECT_TRUE(director_.first().add_server(
            key, {.address = address, .port = port}, {.forwarding = forwarding}));
    }

    void begin(std::uint8_t sync_id) {
        teller_.emplace(director_, model::SyncDaemon{.sync_id = sync_id}, [this](Datagram message) {
            said_.push_back(std::move(message));
        });
    }

    void send(const model::IpAddress& client,
              std::uint16_t port,
              const model::ServiceKey& service,
              std::uint8_t flags) {
        (void)director_.handle({.protocol = service.protocol,
                                .tcp_flags = flags,
                                .ip_length_bytes = 60,
                                .source_address = client,
                                .source_port = port,
                                .destination_address = service.address,
                                .destination_port = service.port},
                               now_);
    }
    // A SYN and ACKs.
    void open(const model::IpAddress& client,
              std::uint16_t port,
              const model::ServiceKey& service,
              int acks) {
        send(client, port, service, tcp_flag::kSyn);
        for (; acks > 0; --acks) {
            send(client, port, service, tcp_flag::kAck);
        }
    }
    void wait(Engine::Time time) {
        teller_->step(now_);
        now_ += time;
        director_.expire(now_);
        teller_->step(now_);
    }

    Engine::Time now_ = 1000s;
    kit::EngineGroup director_;
    std::vector<Datagram> said_;
    std::optional<kit::SyncTeller> teller_;
};

TEST_F(GoldenSync, messages_of_version_1) {
    begin(5);
    for (std::uint16_t i = 0; i < 5; ++i) {
        open(model::Ipv4{0x0a010001u + i}, static_cast<std::uint16_t>(41000 + i), kDatabase, 4);
    }
    send(kClient, 42000, kWeb, tcp_flag::kSyn);
    (void)director_.handle({.tcp_flags = tcp_flag::kSyn | tcp_flag::kAck,
                            .source_address = kServer,
                            .source_port = 8080,
                            .destination_address = kClient,
                            .destination_port = 42000},
                           now_);
    for (int i = 0; i < 4; ++i) {
        send(kClient, 42000, kWeb, tcp_flag::kAck);
    }
    for (int i = 0; i < 5; ++i) {
        send(kClient, 43000, kDns, 0);
    }
    open(model::Ipv6{{0xfd00000c, 0, 0, 2}}, 44000, kWeb6, 4);
    wait(3s);
    send(kClient, 42000, kWeb, tcp_flag::kFin | tcp_flag::kAck);
    send(model::Ipv4{0x0a010001}, 41000, kDatabase, tcp_flag::kRst);
    wait(3s);
    EXPECT_EQ(said_, recorded("sync-v1.backup-if.pcap"));
}

// A template does not go without its connection there.
TEST_F(GoldenSync, message_of_version_0) {
    ASSERT_TRUE(director_.first().set("sync_version", 0));
    // The recording's other connections were served before; the next server is the one it names.
    open(model::Ipv4{0x0a010001}, 41000, kDatabase, 0);
    begin(5);
    open(kClient, 45000, kDatabase, 4);
    wait(3s);
    EXPECT_EQ(said_, recorded("sync-v0.backup-if.pcap"));
}

TEST_F(GoldenSync, threshold_1_of_period_4) {
    ASSERT_TRUE(director_.first().set("sync_threshold", 1));
    ASSERT_TRUE(director_.first().set("sync_period", 4));
    // The client's template was there, and assured.
    open(model::Ipv4{0x0a010001}, 41000, kDatabase, 0);
    open(kClient, 45000, kDatabase, 4);
    begin(9);
    for (int i = 0; i < 12; ++i) {
        send(kClient, 46000, kDatabase, i == 0 ? tcp_flag::kSyn : tcp_flag::kAck);
        wait(600ms);
    }
    wait(3s);
    const auto messages = recorded("sync-v1-threshold-1-4.backup-if.pcap");
    ASSERT_FALSE(messages.empty());
    EXPECT_EQ(entries_of(said_), entries_of(messages));
}

}  // namespace
}  // namespace fpvs::test
