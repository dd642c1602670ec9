// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/packets/packets_pair.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "drivers/dpdk/frame_pool.hpp"
#include "host/engine/engine.hpp"
#include "host/slowpath/worker.hpp"
#include "host/util/check.hpp"
#include "sim/reference/director.hpp"
#include "sim/reference/tunnel.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/fake_ports.hpp"
#include "tests/kit/frame_diff.hpp"
#include "tests/parity/engine/translate.hpp"
#include "tests/parity/text.hpp"

namespace fpvs::parity {
namespace {

using reference::Bytes;
using reference::Fate;
using reference::IpPacket;
using reference::View8;

constexpr std::size_t kPoolFrames = 2048;
constexpr std::size_t kIpv6MtuMin = 1280;  // Goes everywhere.
constexpr std::size_t kLinkBytesMax = 18;  // With a VLAN tag.
constexpr std::uint64_t kStartMs = 1'000'000;

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

// --- The slow path, with engine and ports.

struct Passed {
    std::vector<reference::Frame> sent;
    std::vector<Bytes> to_host;
    std::uint64_t held_back = 0;  // ICMP errors not sent, to bound their rate.
};

class RealDirector {
  public:
    explicit RealDirector(const World& world) {
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
    RealDirector(const RealDirector&) = delete;
    RealDirector& operator=(const RealDirector&) = delete;
    ~RealDirector() {
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

[[nodiscard]] reference::Director make_reference(const World& world) {
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

// --- What left, put together again.

struct Leaving {
    int port = 0;
    Bytes link;
    IpPacket packet;
    bool made = false;
    std::size_t longest = 0;  // Piece.
};

[[nodiscard]] std::size_t link_bytes(View8 frame) {
    return reference::number(frame, 12, 2) == 0x8100 ? 18 : 14;
}

// IPv6: a fragment header before what is whole may as well not be there.
void strip_fragment_header(IpPacket& packet) {
    constexpr std::size_t kFragmentHeader = 8;
    const auto header = packet.bytes.begin() + static_cast<long>(packet.fragment_header);
    packet.bytes[packet.announced_at] = packet.protocol;
    packet.bytes.erase(header, header + kFragmentHeader);
    packet.header_bytes -= kFragmentHeader;
    packet.fragment_header = 0;
    packet.fix_length();
}

// Nothing if a frame is no IP packet, or a fragment's rest is missing.
[[nodiscard]] std::optional<std::vector<Leaving>> whole_packets(
    const std::vector<reference::Frame>& frames) {
    std::vector<Leaving> packets;
    reference::Reassembly reassembly;
    for (const reference::Frame& frame : frames) {
        const std::size_t link = link_bytes(frame.bytes);
        const int family = reference::number(frame.bytes, link - 2, 2) == 0x0800 ? 4 : 6;
        auto packet =
            reference::read_ip(View8(frame.bytes).subspan(link), family, reference::Extent::whole);
        if (!packet) {
            return std::nullopt;
        }
        std::size_t longest = packet->bytes.size();
        if (packet->is_fragment()) {
            packet = reassembly.add(*packet, 0);
            if (!packet) {
                continue;
            }
            longest = packet->largest_fragment;
        }
        if (packet->fragment_header != 0) {
            strip_fragment_header(*packet);
            longest = packet->bytes.size();
        }
        packets.push_back(
            {.port = frame.port,
             .link = {frame.bytes.begin(), frame.bytes.begin() + static_cast<long>(link)},
             .packet = std::move(*packet),
             .made = frame.made,
             .longest = longest});
    }
    if (reassembly.waiting() != 0) {
        return std::nullopt;
    }
    return packets;
}

// The expected packet with what no rule fixes as it is in ours.
[[nodiscard]] IpPacket adapted(const Leaving& expected, const IpPacket& ours) {
    IpPacket packet = expected.packet;
    if (!expected.made || packet.family != ours.family ||
        packet.bytes.size() != ours.bytes.size()) {
        return packet;
    }
    if (packet.family == 6) {
        packet.bytes[1] =
            static_cast<std::uint8_t>((packet.bytes[1] & 0xf0) | (ours.bytes[1] & 0x0f));
        std::copy_n(ours.bytes.begin() + 2, 2, packet.bytes.begin() + 2);
    } else {
        std::copy_n(ours.bytes.begin() + 4, 2, packet.bytes.begin() + 4);
        packet.fix_checksum();
    }
    if (packet.protocol != reference::kUdp) {
        return packet;
    }
    constexpr std::uint32_t kFirstPort = 32768;  // Of those that the kernel calls local.
    constexpr std::uint32_t kLastPort = 60999;
    const std::size_t udp = packet.header_bytes;
    const std::uint32_t port = reference::number(ours.bytes, udp, 2);
    if (port < kFirstPort || port > kLastPort) {
        return packet;
    }
    const Bytes before(packet.bytes.begin() + static_cast<long>(udp),
                       packet.bytes.begin() + static_cast<long>(udp) + 2);
    reference::put(packet.bytes, udp, 2, port);
    const auto old = static_cast<std::uint16_t>(reference::number(packet.bytes, udp + 6, 2));
    if (old != 0) {
        const std::uint16_t fresh =
            reference::updated(old, before, View8(packet.bytes).subspan(udp, 2));
        reference::put(packet.bytes, udp + 6, 2, fresh == 0 ? 0xffff : fresh);
    }
    return packet;
}

[[nodiscard]] std::string list(const char* who, const std::vector<reference::Frame>& frames) {
    std::string all;
    for (const reference::Frame& frame : frames) {
        all += fmt::format("  {} by port {}: {}\n", who, frame.port, kit::scapy_line(frame.bytes));
    }
    return all;
}

[[nodiscard]] std::string compare_sent(const std::vector<reference::Frame>& theirs,
                                       const std::vector<reference::Frame>& ours) {
    const auto expected = whole_packets(theirs);
    const auto sent = whole_packets(ours);
    FPVS_CHECK(expected.has_value());
    const std::string all = list("reference", theirs) + list("slow path", ours);
    if (!sent) {
        return "what the slow path sends is no whole IP packet\n" + all;
    }
    if (expected->size() != sent->size()) {
        return fmt::format("{} packets and not {}\n", sent->size(), expected->size()) + all;
    }
    for (std::size_t i = 0; i < sent->size(); ++i) {
        const Leaving& their = (*expected)[i];
        const Leaving& our = (*sent)[i];
        if (their.port != our.port) {
            return fmt::format("by port {} and not {}\n", our.port, their.port) + all;
        }
        Bytes want = their.link;
        reference::append(want, adapted(their, our.packet).bytes);
        Bytes have = our.link;
        reference::append(have, our.packet.bytes);
        if (want != have) {
            return kit::frame_diff(want, have) + all;
        }
        const std::size_t always = our.packet.family == 6 ? kIpv6MtuMin : 0;
        if (our.longest > std::max(their.longest, always)) {
            return fmt::format("pieces of {} bytes, {} fit\n", our.longest, their.longest) + all;
        }
    }
    return {};
}

// With or without what lies behind the IP packet.
[[nodiscard]] bool is_that(const Bytes& taken, const Bytes& frame) {
    const std::size_t link = link_bytes(frame);
    const int family = reference::number(frame, link - 2, 2) == 0x0800 ? 4 : 6;
    const auto packet =
        reference::read_ip(View8(frame).subspan(link), family, reference::Extent::whole);
    const std::size_t needed = packet ? link + packet->bytes.size() : frame.size();
    return taken.size() >= needed && taken.size() <= frame.size() &&
           std::equal(taken.begin(), taken.end(), frame.begin());
}

[[nodiscard]] std::string compare(const FrameOperation& operation,
                                  const reference::Outcome& outcome,
                                  const Passed& passed) {
    const bool in_pieces = operation.what.find("a fragment") != std::string::npos;
    const bool for_host = outcome.fate == Fate::host;
    if (in_pieces && for_host) {
        return {};  // Whether the host gets them one by one or whole is nobody's rule.
    }
    if (for_host && passed.to_host.empty()) {
        return "the slow path does not hand it to the host\n" + list("slow path", passed.sent);
    }
    if (for_host && !is_that(passed.to_host.front(), operation.bytes)) {
        return "the host gets it changed\n";
    }
    if (!for_host && !passed.to_host.empty() && !in_pieces) {
        return "the slow path hands it to the host\n" + list("reference", outcome.sent);
    }
    if (outcome.tells_sender && passed.sent.empty() && passed.held_back > 0) {
        return {};
    }
    return compare_sent(outcome.sent, passed.sent);
}

void count(const reference::Outcome& outcome, PacketTally& tally) {
    if (!outcome.fate) {
        ++tally.waiting;
    } else if (outcome.fate == Fate::forward) {
        ++tally.forwarded;
        tally.tunnelled += outcome.sent.front().made ? 1 : 0;
        tally.in_pieces += outcome.sent.size() > 1 ? 1 : 0;
    } else if (outcome.fate == Fate::host) {
        ++tally.to_host;
    } else {
        ++tally.dropped;
        tally.told += outcome.tells_sender ? 1 : 0;
    }
}

}  // namespace

std::optional<PacketFailure> play(const World& world,
                                  std::span<const FrameOperation> operations,
                                  PacketTally& tally) {
    RealDirector real(world);
    reference::Director model = make_reference(world);
    std::uint64_t now_ms = kStartMs;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const FrameOperation& operation = operations[i];
        now_ms += operation.pause_ms;
        const reference::Outcome outcome = model.receive(operation.port, operation.bytes, now_ms);
        count(outcome, tally);
        const Passed passed = real.receive(operation.port, operation.bytes, now_ms);
        if (std::string difference = compare(operation, outcome, passed); !difference.empty()) {
            return PacketFailure{i, std::move(difference)};
        }
    }
    return std::nullopt;
}

}  // namespace fpvs::parity
