// SPDX-License-Identifier: Apache-2.0
// Real TCP through the slow path, without a card: the director's port is AF_PACKET on a cable in a
// namespace of its own, and its kernel sees it as a TAP.
//
//      client .7          s1 .11          s2 .142
//         |                  |               |
//    =====+==================+=======+=======+=====  192.168.113.0/24 (a bridge)
//                                    |
//                         wire0 in "wire" --- worker --- ens160 (TAP) in "director" .149, VIP .100
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "drivers/dpdk/ethdev_port.hpp"
#include "drivers/dpdk/frame_pool.hpp"
#include "drivers/dpdk/tap_port.hpp"
#include "drivers/kernel/neighbour_cache.hpp"
#include "drivers/kernel/netns_scope.hpp"
#include "host/engine/engine.hpp"
#include "host/slowpath/worker_thread.hpp"
#include "tests/kit/monotonic_clock.hpp"
#include "tests/kit/tcp_peer.hpp"
#include "tests/kit/test_namespace.hpp"

namespace fpvs::slowpath {
namespace {

constexpr const char* kVip = "192.168.113.100";
constexpr int kPort = 3306;

// Namespaces and cables.  What is made here goes with the namespaces.
class Lab {
  public:
    Lab() {
        switch_.ip("link add br0 type bridge mcast_snooping 0");
        switch_.ip("link set br0 up");
        plug(client, "192.168.113.7/24");
        plug(s1, "192.168.113.11/24");
        plug(s2, "192.168.113.142/24");
        plug(wire, "");
        for (const kit::TestNamespace* server : {&s1, &s2}) {
            // Serves the virtual address, but never says so on the wire.
            server->ip(std::string("addr add ") + kVip + "/32 dev lo");
            server->run(
                "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2");
        }
    }

    kit::TestNamespace client{"client"};
    kit::TestNamespace s1{"s1"};
    kit::TestNamespace s2{"s2"};
    kit::TestNamespace director{"director"};
    kit::TestNamespace wire{"wire"};

  private:
    void plug(const kit::TestNamespace& host, const std::string& address) {
        const std::string port = "p" + std::to_string(ports_++);
        host.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        switch_.ip("link add " + port + " type veth peer name eth0 netns " + host.name());
        switch_.ip("link set " + port + " master br0 up");
        if (!address.empty()) {
            host.ip("addr add " + address + " dev eth0");
        }
        host.ip("link set eth0 up");
        // A veth leaves checksums to hardware that is not there; a wire carries them.
        host.run("ethtool -K eth0 tx off > /dev/null");
    }

    kit::TestNamespace switch_{"sw"};
    int ports_ = 0;
};

void insist(const Status& status) {
    if (!status) {
        throw std::runtime_error(status.error().text());
    }
}

// The slow path as the daemon puts it together.
class Director {
  public:
    explicit Director(const Lab& lab) : pool_(*dpdk::make_frame_pool({.name = "system"})) {
        {
            const auto scope = kernel::NetnsScope::enter(lab.wire.name()).value();
            wire_ = dpdk::EthdevPort::open({.devargs = "net_af_packet_wire,iface=eth0"}, *pool_)
                        .value();
        }
        const auto scope = kernel::NetnsScope::enter(lab.director.name()).value();
        auto tap = kernel::Tap::open({.name = "ens160", .mac = wire_->mac()}).value();
        lab.director.ip("addr add 192.168.113.149/24 dev ens160");
        lab.director.ip(std::string("addr add ") + kVip + "/32 dev ens160");
        neighbours_ = kernel::NeighbourCache::open(io_).value();
        host_ = std::make_unique<dpdk::TapPort>(std::move(tap), 0, *pool_);
        worker_.emplace(engine_, *neighbours_);
        insist(worker_->add_port({.number = 0,
                                  .interface = "ens160",
                                  .interface_index = host_->tap().interface_index(),
                                  .mac = wire_->mac()},
                                 host_.get()));
        worker_->carry(0, wire_.get(), Selection::by_worker);
        thread_.emplace(*worker_, clock_);
        neighbours_->on_change([this](const model::IpAddress& target, const auto& neighbour) {
            thread_->call([&] { worker_->neighbour_changed(target, neighbour); });
        });
        insist(thread_->start());
        io_thread_ = std::thread([this] { io_.run(); });
    }
    ~Director() {
        io_.stop();
        io_thread_.join();
        thread_->stop();
    }
    Director(const Director&) = delete;
    Director& operator=(const Director&) = delete;

    void add_service() {
        insist(thread_->call([&] { return engine_.add_service(key_, {.scheduler = "rr"}); }));
    }
    void add_server(const std::string& address) {
        const model::ServerKey server{.address = *model::parse_ipv4(address), .port = kPort};
        insist(thread_->call([&] { return engine_.add_server(key_, server, {}); }));
    }
    std::uint64_t count(Outcome outcome) {
        return thread_->call([&] { return worker_->counters()[outcome].frames; });
    }
    // What was forwarded is what the service counts, at any one moment.
    bool counters_agree() {
        return thread_->call([&] {
            return engine_.services().at(0).counters.packets_in ==
                   worker_->counters()[Outcome::forwarded].frames;
        });
    }

  private:
    const model::ServiceKey key_{.address = *model::parse_ipv4(kVip), .port = kPort};
    dpdk::FramePool pool_;
    boost::asio::io_context io_;
    kit::MonotonicClock clock_;
    engine::Engine engine_{engine::EngineOptions{.connections_max = 65536, .hash_seed = 5}};
    std::unique_ptr<dpdk::EthdevPort> wire_;
    std::unique_ptr<dpdk::TapPort> host_;
    std::unique_ptr<kernel::NeighbourCache> neighbours_;
    std::optional<Worker> worker_;
    std::optional<WorkerThread> thread_;
    std::thread io_thread_;
};

class DirectRouting : public ::testing::Test {
  protected:
    void SetUp() override {
        FPVS_NEEDS_ROOT();
        lab_.emplace();
        director_.emplace(*lab_);
    }
    void serve() {
        first_.emplace(lab_->s1.name(), "s1", kVip, kPort);
        second_.emplace(lab_->s2.name(), "s2", kVip, kPort);
        director_->add_service();
        director_->add_server("192.168.113.11");
        director_->add_server("192.168.113.142");
    }
    std::string ask(std::size_t bytes = 5) {
        return kit::tcp_ask(lab_->client.name(), kVip, kPort, bytes);
    }

    std::optional<Lab> lab_;
    std::optional<Director> director_;
    std::optional<kit::TcpServer> first_;
    std::optional<kit::TcpServer> second_;
};

TEST_F(DirectRouting, connections_alternate_between_the_servers) {
    serve();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(ask(), i % 2 == 0 ? "s2 5" : "s1 5") << "connection " << i;
    }
    EXPECT_GE(director_->count(Outcome::forwarded), 20U * 4);
    EXPECT_EQ(director_->count(Outcome::neighbour_timeout), 0U);
    EXPECT_TRUE(director_->counters_agree());
}

TEST_F(DirectRouting, a_long_transfer_arrives_whole) {
    constexpr std::size_t kBytes = 32u << 20;
    serve();
    EXPECT_EQ(ask(kBytes), "s2 " + std::to_string(kBytes));
}

TEST_F(DirectRouting, without_a_server_the_client_is_refused_at_once) {
    director_->add_service();
    EXPECT_EQ(ask(), "Connection refused");
    EXPECT_GE(director_->count(Outcome::no_server), 1U);
}

TEST_F(DirectRouting, the_director_itself_is_reached_through_its_tap) {
    const kit::TcpServer own(lab_->director.name(), "director", "192.168.113.149", 2222);
    EXPECT_EQ(kit::tcp_ask(lab_->client.name(), "192.168.113.149", 2222, 7), "director 7");
    EXPECT_EQ(kit::tcp_ask(lab_->client.name(), "192.168.113.149", 9, 1), "Connection refused");
}

}  // namespace
}  // namespace fpvs::slowpath
