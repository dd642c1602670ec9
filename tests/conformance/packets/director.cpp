// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/packets/director.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "host/cli/run.hpp"
#include "host/util/check.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::test {
namespace {

constexpr std::size_t kPoolFrames = 2048;
constexpr std::size_t kFrameBytesMax = 2048;
constexpr std::size_t kWholePackets = 8;
constexpr std::size_t kWholeBytesMax = slowpath::kReassembledBytesMax +
                                       slowpath::ethernet::kHeaderBytes +
                                       slowpath::ethernet::kVlanTagBytes;
constexpr std::uint32_t kFirstInterface = 10;
constexpr model::Ipv4 kNobody{0xc00002c8};  // 192.0.2.200

std::uint32_t interface_of(Side side) {
    return kFirstInterface + static_cast<std::uint32_t>(index(side));
}

dpdk::FramePool make_pool(std::size_t frames, std::size_t frame_bytes_max) {
    static int made = 0;
    auto pool = dpdk::make_frame_pool({.name = "director" + std::to_string(made++),
                                       .frames = frames,
                                       .frame_bytes_max = frame_bytes_max});
    FPVS_CHECK(pool.has_value(), "{}", pool.error().text());
    return std::move(*pool);
}

std::vector<std::string> words_in(const std::string& line) {
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return words;
}

}  // namespace

Director::Director(const std::array<model::MacAddress, 2>& macs)
    : macs_(macs),
      pool_(make_pool(kPoolFrames, kFrameBytesMax)),
      whole_packets_(make_pool(kWholePackets, kWholeBytesMax)),
      hosts_{kit::FakePort(*pool_, "d0"), kit::FakePort(*pool_, "d1")} {
    std::vector<provider::NetworkPort> ports;
    for (const Side side : kSides) {
        ports.push_back({.number = static_cast<std::uint16_t>(index(side)),
                         .interface = side == Side::client ? "d0" : "d1",
                         .interface_index = interface_of(side),
                         .mac = macs[index(side)]});
        const Status added = worker_.add_port(ports.back(), &hosts_[index(side)]);
        FPVS_CHECK(added.has_value(), "{}", added.error().text());
    }
    wires_ = plug_in({ports, operations_.engine, neighbours_, worker_, *pool_});
}

void Director::reach(const std::vector<Station>& stations, const Scenario& addresses) {
    for (const Station& station : stations) {
        const auto known = neighbours_.known.find(station.address);
        const auto before =
            known == neighbours_.known.end() ? std::nullopt : std::optional(known->second);
        neighbours_.learn(
            to_string(station.address), to_string(station.mac), interface_of(station.side));
        provider::Neighbour& now = neighbours_.known[station.address];
        const auto& own =
            station.side == Side::client ? addresses.client_side : addresses.server_side;
        const auto source = own.find(station.address.family);
        if (source != own.end()) {
            now.source = source->second;
        }
        if (before && *before != now) {
            worker_.neighbour_changed(station.address, now);
            wires_->neighbour_changed(station.address, now);
        }
        constexpr std::uint8_t kIpv4Bits = 32;
        constexpr std::uint8_t kIpv6Bits = 128;
        const std::uint8_t length = station.address.is_ipv4() ? kIpv4Bits : kIpv6Bits;
        routes_[station.address] = {.prefix = {.address = station.address, .length = length},
                                    .interface_index = interface_of(station.side)};
    }
    std::vector<provider::Route> routes;
    for (const auto& [address, route] : routes_) {
        routes.push_back(route);
    }
    (void)snapshots_.routes.replace(std::make_unique<const slowpath::RouteTable>(routes));
}

void Director::use_up_errors_to(const Station& client, std::size_t count) {
    constexpr std::uint8_t kUnused = 1;  // A service without servers refuses every connection.
    kit::FrameSpec spec;
    spec.destination_mac = mac(client.side).value();
    spec.source_mac = client.mac.value();
    spec.source_address = client.address.ipv4().value;
    spec.destination_address = kNobody.value;
    spec.destination_port = kUnused;
    spec.tcp_flags = kit::tcp::kSyn;
    const std::string service = fmt::format("-t {}:{}", to_string(kNobody), kUnused);
    FPVS_CHECK(run("-A " + service).has_value(), "a service cannot be added");
    for (std::size_t i = 0; i < count; ++i) {
        receive(client.side, kit::build_frame(spec));
    }
    FPVS_CHECK(run("-D " + service).has_value(), "a service cannot be deleted");
    for (const Side side : kSides) {
        (void)sent(side);
        (void)passed_to_host(side);
    }
}

Status Director::run(const std::string& options) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    cli::Environment environment{
        .socket_path = control_.path(), .names = names_, .in = in, .out = out, .err = err};
    if (cli::run(words_in(options), environment) != 0) {
        const std::string text = err.str();
        return fail(Code::failed_precondition, "{}", text.substr(0, text.find('\n')));
    }
    return {};
}

std::string Director::listing(const std::string& options) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    cli::Environment environment{
        .socket_path = control_.path(), .names = names_, .in = in, .out = out, .err = err};
    (void)cli::run(words_in(options), environment);
    return out.str() + err.str();
}

Status Director::set(const Settings& settings) {
    for (const auto& [name, value] : settings) {
        FPVS_TRY_STATUS(operations_.engine.set(name, value));
    }
    return {};
}

Settings Director::current(const Settings& settings) const {
    Settings values;
    for (const auto& [name, value] : settings) {
        if (const auto now = operations_.engine.settings().get(name)) {
            values[name] = *now;
        }
    }
    return values;
}

void Director::advance_to(provider::Nanoseconds time) {
    operations_.now = std::max(operations_.now, time);
    while (worker_.step(operations_.now)) {
    }
    wires_->settle(operations_.now);
}

void Director::receive(Side side, const Frame& frame) {
    wires_->receive(side, frame);
    wires_->settle(operations_.now);
}

std::vector<Frame> Director::passed_to_host(Side side) {
    std::vector<Frame> frames;
    for (auto& frame : hosts_[index(side)].take()) {
        frames.push_back(wires_->as_captured(std::move(frame.bytes)));
    }
    return frames;
}

}  // namespace fpvs::test
