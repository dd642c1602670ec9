// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/packets/real_director.hpp"

#include "drivers/dpdk/frame_pool.hpp"
#include "host/engine/engine.hpp"
#include "host/slowpath/worker.hpp"
#include "host/util/check.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/fake_ports.hpp"
#include "tests/parity/engine/translate.hpp"

namespace fpvs::parity {

using reference::Bytes;

namespace {

constexpr std::size_t kPoolFrames = 2048;
constexpr std::size_t kLinkBytesMax = 18;  // With a VLAN tag.

// As old as the EAL, which ends before statics do: never freed.
rte_mempool* pool() {
    static rte_mempool* const made =
        dpdk::make_frame_pool({.name = "parity", .frames = kPoolFrames})->release();
    return made;
}
// For packets put together again, of any length.
rte_mempool* whole_pool() {
    static rte_mempool* const made =
        dpdk::make_frame_pool({.name = "parity whole",
                               .frames = 32,
                               .frame_bytes_max = slowpath::kReassembledBytesMax + kLinkBytesMax})
            ->release();
    return made;
}

[[nodiscard]] model::MacAddress to_model(const reference::Mac& mac) {
    return {mac};
}

}  // namespace

class RealDirector::Parts {
  public:
    explicit Parts(const World& world) {
        for (const int port : {kClientPort, kServerPort}) {
            must(worker_.add_port({.number = static_cast<std::uint16_t>(port),
                                   .interface = port == kClientPort ? "d0" : "d1",
                                   .interface_index = world.interfaces[main_interface(port)].index,
                                   .mac = to_model(own_mac(port))},
                                  &host(port)));
            worker_.carry(
                static_cast<std::uint16_t>(port), &wire(port), slowpath::Selection::by_worker);
        }
        for (const Interface& interface : world.interfaces) {
            if (interface.vlan) {
                worker_.add_egress({.interface_index = interface.index,
                                    .port = static_cast<std::uint16_t>(interface.port),
                                    .mac = to_model(own_mac(interface.port)),
                                    .mtu = static_cast<std::uint32_t>(interface.mtu),
                                    .vlan = interface.vlan});
            }
        }
        std::vector<provider::Route> routes;
        for (const Station& station : world.stations) {
            const Interface& interface = world.interfaces[station.interface];
            const auto address = parity::to_model(station.address);
            const auto bits = static_cast<std::uint8_t>(8 * station.address.size());
            routes.push_back({.prefix = {.address = address, .length = bits},
                              .gateway = {},
                              .interface_index = interface.index});
            neighbours_.known[address] = {
                .mac = to_model(station.mac),
                .next_hop = address,
                .source = parity::to_model(own_address(interface.port, station.address.family)),
                .interface_index = interface.index,
                .interface = "if" + std::to_string(interface.index)};
        }
        (void)snapshots_.routes.replace(std::make_unique<const slowpath::RouteTable>(routes));
        for (const reference::ServiceId& service : world.services) {
            must(engine_.add_service(parity::to_model(service), {.scheduler = "rr"}));
        }
        for (const ServerPlan& plan : world.servers) {
            must(engine_.add_server(parity::to_model(plan.service),
                                    parity::to_model(plan.server),
                                    parity::to_model(plan.settings)));
        }
        set("sloppy_tcp", world.sloppy_tcp);
        set("pmtu_disc", world.path_mtu_discovery);
        set("nat_icmp_send", world.nat_icmp_send);
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    ~Parts() {
        for (kit::FakePort* port : {&client_wire_, &server_wire_}) {
            port->waiting.clear();
        }
    }

    Passed receive(int port, const Bytes& frame, std::uint64_t now_ms) {
        const std::uint64_t held_before = held_back();
        wire(port).waiting.push_back({port, frame});
        worker_.step(std::chrono::milliseconds(now_ms));
        Passed passed;
        for (const int out : {kClientPort, kServerPort}) {
            for (kit::FakePort::Frame& sent : wire(out).take()) {
                passed.sent.push_back({.port = out, .bytes = std::move(sent.bytes)});
            }
            for (kit::FakePort::Frame& taken : host(out).take()) {
                passed.to_host.push_back(std::move(taken.bytes));
            }
        }
        passed.held_back = held_back() - held_before;
        return passed;
    }

  private:
    static std::size_t main_interface(int port) { return port == kClientPort ? 0 : 1; }
    static void must(const Status& status) {
        FPVS_CHECK(status.has_value(), "{}", status ? "" : status.error().text());
    }
    void set(const char* name, bool value) { must(engine_.set(name, value ? 1 : 0)); }
    kit::FakePort& wire(int port) { return port == kClientPort ? client_wire_ : server_wire_; }
    kit::FakePort& host(int port) { return port == kClientPort ? client_host_ : server_host_; }
    std::uint64_t held_back() const {
        return worker_.counters()[slowpath::Incident::icmp_held_back].frames;
    }

    kit::FakePort client_wire_{*pool(), "client wire"};
    kit::FakePort server_wire_{*pool(), "server wire"};
    kit::FakePort client_host_{*pool(), "d0"};
    kit::FakePort server_host_{*pool(), "d1"};
    kit::FakeNeighbours neighbours_;
    engine::Engine engine_{engine::EngineOptions{.connections_max = 4096, .hash_seed = 1}};
    slowpath::Snapshots snapshots_;
    slowpath::Worker worker_{
        engine_,
        neighbours_,
        {.frames = pool(), .whole_packets = whole_pool(), .snapshots = &snapshots_}};
};

RealDirector::RealDirector(const World& world) : parts_(std::make_unique<Parts>(world)) {}

RealDirector::~RealDirector() = default;

Passed RealDirector::receive(int port, const Bytes& frame, std::uint64_t now_ms) {
    return parts_->receive(port, frame, now_ms);
}

reference::Director make_reference(const World& world) {
    reference::Director director;
    for (const int port : {kClientPort, kServerPort}) {
        director.ports[port] = {.mac = own_mac(port),
                                .addresses = {own_address(port, 4), own_address(port, 6)}};
    }
    for (const Station& station : world.stations) {
        const Interface& interface = world.interfaces[station.interface];
        director.next_hops[station.address] = {
            .port = interface.port,
            .mac = station.mac,
            .source = own_mac(interface.port),
            .vlan = interface.vlan,
            .mtu = interface.mtu,
            .address = own_address(interface.port, station.address.family)};
    }
    for (const reference::ServiceId& service : world.services) {
        FPVS_CHECK(director.ipvs.add_service(service, {.scheduler = "rr"}).empty());
    }
    for (const ServerPlan& plan : world.servers) {
        FPVS_CHECK(director.ipvs.add_server(plan.service, plan.server, plan.settings).empty());
    }
    director.path_mtu_discovery = world.path_mtu_discovery;
    director.ipvs.switches.sloppy_tcp = world.sloppy_tcp;
    director.ipvs.switches.nat_icmp_send = world.nat_icmp_send;
    return director;
}

}  // namespace fpvs::parity
