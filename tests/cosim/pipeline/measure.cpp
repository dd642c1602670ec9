// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/pipeline/measure.hpp"

#include <algorithm>
#include <stdexcept>

namespace fpvs::cosim_test {
namespace {

using Kind = Path::Kind;

constexpr std::uint8_t kTcp = 6;
constexpr std::uint64_t kPortMac[] = {0x0200000000d0, 0x0200000000d1};
constexpr kit::Address kVip = 0x0a000064;
constexpr kit::Address kVip6{0x20010db800000000, 0x64};
constexpr kit::Address kClient = 0x0a000002;
constexpr kit::Address kClient6{0x20010db800000000, 2};
constexpr kit::Address kOwn = 0xc0a80001;
constexpr std::uint16_t kClientPort = 30000;
constexpr std::uint16_t kLocalPort = 50000;
constexpr std::uint16_t kServerPort = 8080;
constexpr std::uint16_t kToServers = 0;
constexpr std::uint16_t kToClients = 1;
constexpr std::size_t kMaglevSize = 4093;

kit::Address server_address(const Path& path) {
    return path.ipv6 ? kit::Address(0x20010db800010000, path.service)
                     : kit::Address(0xc0a80100u + path.service);
}

std::uint16_t port_of(const Path& path) {
    return static_cast<std::uint16_t>(1000 + path.service);
}

abi::Method method_of(const Path& path) {
    switch (path.kind) {
        case Kind::nat:
            return abi::Method::nat;
        case Kind::full_nat:
            return abi::Method::full_nat;
        case Kind::tunnel:
            return abi::Method::tunnel;
        default:
            return abi::Method::direct_routing;
    }
}

kit::NextHopSetup hop(std::uint16_t number, std::uint8_t port) {
    kit::NextHopSetup setup;
    setup.next_hop = number;
    setup.destination_mac = 0x020000000105u + number;
    setup.source_mac = kPortMac[port];
    setup.port = port;
    setup.mtu = 9582;
    return setup;
}

void set_ends(kit::FrameSpec& spec, const kit::Address& source, const kit::Address& destination) {
    spec.ipv6 = source.ipv6;
    spec.source = source;
    spec.destination = destination;
    spec.source_address = static_cast<std::uint32_t>(source.low);
    spec.destination_address = static_cast<std::uint32_t>(destination.low);
}

void add_path(kit::Setup& setup, const Path& path) {
    const bool known = path.kind != Kind::maglev && path.kind != Kind::miss;
    kit::ServiceSetup service{path.ipv6 ? kVip6 : kVip, port_of(path), kTcp, path.service};
    if (path.kind == Kind::maglev) {
        service.steer.kind = abi::Steer::maglev;
        service.steer.use_port = true;
        service.steer.places.assign(kMaglevSize, path.service);
    }
    setup.services.push_back(service);
    kit::ServerSetup server;
    server.server = path.service;
    server.next_hop = kToServers;
    server.method = method_of(path);
    server.address = server_address(path);
    server.port = kServerPort;
    server.tunnel = path.tunnel;
    server.tunnel_checksum = path.tunnel != abi::Tunnel::ipip;
    server.tunnel_port = 6080;
    server.outer_source = kOwn;
    setup.servers.push_back(server);
    if (!known) {
        return;
    }
    kit::FlowSetup flow;
    flow.client = path.ipv6 ? kClient6 : kClient;
    flow.client_port = kClientPort;
    flow.service = path.service;
    flow.server = path.service;
    flow.method = method_of(path);
    flow.next_hop = kToClients;
    if (path.kind == Kind::full_nat) {
        kit::FlowSetup reply = flow;
        reply.client = kOwn;
        reply.client_port = kLocalPort;
        reply.reply = true;
        reply.other_address = static_cast<std::uint32_t>(kClient.low);
        reply.other_port = kClientPort;
        setup.flows.push_back(reply);
        flow.other_address = static_cast<std::uint32_t>(kOwn.low);
        flow.other_port = kLocalPort;
    }
    setup.flows.push_back(flow);
    if (path.kind == Kind::nat || path.kind == Kind::full_nat) {
        setup.replies.push_back({server.address,
                                 server.port,
                                 kTcp,
                                 path.service,
                                 path.service,
                                 path.kind == Kind::full_nat});
    }
}

std::vector<Path> make_paths() {
    std::vector<Path> paths = {{"direct", Kind::direct},
                               {"NAT", Kind::nat},
                               {"NAT reply", Kind::nat, false, {}, true},
                               {"FULLNAT", Kind::full_nat},
                               {"FULLNAT reply", Kind::full_nat, false, {}, true},
                               {"ipip", Kind::tunnel},
                               {"gue", Kind::tunnel, false, abi::Tunnel::gue},
                               {"gre", Kind::tunnel, false, abi::Tunnel::gre},
                               {"IPv6 direct", Kind::direct, true},
                               {"IPv6 NAT", Kind::nat, true},
                               {"new, by mh", Kind::maglev},
                               {"miss", Kind::miss}};
    std::uint16_t number = 1;
    for (Path& path : paths) {
        path.service = number++;
    }
    return paths;
}

std::uint64_t give(PipelineCosim& streams, const Path& path, const kit::FrameBytes& frame) {
    const auto beats = kit::beats_of(frame);
    for (const kit::StreamBeat& beat : beats) {
        streams.give(path.reply ? kit::FrameInput::rx_1 : kit::FrameInput::rx_0, beat);
    }
    return beats.size();
}

}  // namespace

const std::vector<Path>& all_paths() {
    static const std::vector<Path> paths = make_paths();
    return paths;
}

const Path& path_named(const std::string& name) {
    const auto& paths = all_paths();
    const auto found =
        std::find_if(paths.begin(), paths.end(), [&](const Path& one) { return one.name == name; });
    if (found == paths.end()) {
        throw std::runtime_error("there is no path " + name);
    }
    return *found;
}

kit::Setup director_of_all_paths() {
    kit::Setup setup;
    setup.ports[0] = {kPortMac[0], true};
    setup.ports[1] = {kPortMac[1], true};
    setup.next_hops = {hop(kToServers, 1), hop(kToClients, 0)};
    for (const Path& path : all_paths()) {
        add_path(setup, path);
    }
    return setup;
}

kit::FrameBytes frame_of(const Path& path, std::size_t bytes, std::uint32_t number) {
    kit::FrameSpec spec;
    spec.transport_checksum.reset();
    spec.destination_port = port_of(path);
    spec.source_port = kClientPort;
    set_ends(spec, path.ipv6 ? kClient6 : kClient, path.ipv6 ? kVip6 : kVip);
    if (path.kind == Kind::maglev) {
        spec.tcp_flags = kit::tcp::kSyn;
        spec.source_address += number >> 15;
        spec.source_port = static_cast<std::uint16_t>(1024 + (number & 0x7fff));
    } else if (path.kind == Kind::miss) {
        spec.source_port = 1;
    }
    if (path.reply) {
        const bool full = path.kind == Kind::full_nat;
        spec.destination_mac = kPortMac[1];
        set_ends(spec, server_address(path), full ? kOwn : path.ipv6 ? kClient6 : kClient);
        spec.source_port = kServerPort;
        spec.destination_port = full ? kLocalPort : kClientPort;
    }
    spec.payload_bytes = 0;
    const std::size_t headers = kit::build_frame(spec).size();
    spec.payload_bytes = bytes > headers ? bytes - headers : 0;
    return kit::build_frame(spec);
}

kit::FrameOutput output_of(const Path& path) {
    return path.kind == Kind::miss ? kit::FrameOutput::punt
           : path.reply            ? kit::FrameOutput::tx_0
                                   : kit::FrameOutput::tx_1;
}

Rate measure_rate(PipelineCosim& streams, const Path& path, std::size_t frame_bytes, int frames) {
    const kit::FrameInput port = path.reply ? kit::FrameInput::rx_1 : kit::FrameInput::rx_0;
    Rate rate;
    for (int i = 0; i < frames; ++i) {
        rate.beats_in +=
            give(streams, path, frame_of(path, frame_bytes, static_cast<std::uint32_t>(i)));
    }
    const std::uint64_t before = streams.last_offer(port);
    while (streams.last_offer(port) == before) {
        streams.cycle();
    }
    const std::uint64_t first = streams.last_offer(port);
    streams.settle();
    rate.cycles = streams.last_offer(port) - first;
    rate.cycles_out = streams.last_take(output_of(path)) - first;
    const auto out = streams.take(output_of(path));
    rate.beats_out = out.size();
    rate.frames_out = static_cast<std::uint64_t>(
        std::count_if(out.begin(), out.end(), [](const auto& beat) { return beat.last; }));
    streams.take_events();
    return rate;
}

std::uint64_t measure_latency(PipelineCosim& streams, const Path& path, std::size_t frame_bytes) {
    const kit::FrameInput port = path.reply ? kit::FrameInput::rx_1 : kit::FrameInput::rx_0;
    give(streams, path, frame_of(path, frame_bytes, 0x12345));
    streams.cycle();
    const std::uint64_t first = streams.last_offer(port);
    streams.settle();
    const std::uint64_t last = streams.last_take(output_of(path));
    streams.take(output_of(path));
    streams.take_events();
    return last - first;
}

}  // namespace fpvs::cosim_test
