// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/card/case_file.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "tests/parity/text.hpp"

namespace fpvs::parity {
namespace {

using Json = nlohmann::ordered_json;
using reference::Bytes;
using reference::Forwarding;

constexpr std::array<const char*, 5> kMethods = {
    "nat", "local", "tunnel", "direct_routing", "full_nat"};
constexpr std::array<const char*, 3> kTunnels = {"ipip", "gue", "gre"};
constexpr std::array<const char*, 5> kVerdicts = {"forward", "host", "drop", "refuse", "wait"};

template <class Words>
[[nodiscard]] std::size_t index_in(const Words& words, const std::string& word) {
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) {
        throw std::runtime_error(fmt::format("'{}' is none of the words that fit here", word));
    }
    return static_cast<std::size_t>(found - words.begin());
}

[[nodiscard]] std::string to_hex(const Bytes& bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += fmt::format("{:02x}", byte);
    }
    return text;
}

[[nodiscard]] Bytes from_hex(const std::string& text) {
    if (text.size() % 2 != 0 ||
        text.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
        throw std::runtime_error("a frame is not in hexadecimal digits, two a byte");
    }
    Bytes bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

[[nodiscard]] reference::Address parse_address(const std::string& text) {
    const bool ipv6 = text.find(':') != std::string::npos;
    reference::Address address = {.family = ipv6 ? 6 : 4};
    if (inet_pton(ipv6 ? AF_INET6 : AF_INET, text.c_str(), address.bytes.data()) != 1) {
        throw std::runtime_error(fmt::format("'{}' is no address", text));
    }
    return address;
}

[[nodiscard]] reference::Mac to_mac(const std::string& text) {
    const Bytes bytes = from_hex(text);
    reference::Mac mac{};
    if (bytes.size() != mac.size()) {
        throw std::runtime_error(fmt::format("'{}' is no MAC address of 12 digits", text));
    }
    std::copy(bytes.begin(), bytes.end(), mac.begin());
    return mac;
}

[[nodiscard]] reference::Protocol to_protocol(const std::string& text) {
    constexpr std::array<const char*, 3> kNames = {"tcp", "udp", "sctp"};
    constexpr std::array<reference::Protocol, 3> kProtocols = {
        reference::Protocol::tcp, reference::Protocol::udp, reference::Protocol::sctp};
    return kProtocols[index_in(kNames, text)];
}

[[nodiscard]] std::string to_text(reference::Protocol protocol) {
    return protocol == reference::Protocol::tcp   ? "tcp"
           : protocol == reference::Protocol::udp ? "udp"
                                                  : "sctp";
}

[[nodiscard]] ServerPlan to_plan(const Json& json, const World& world) {
    ServerPlan plan;
    plan.service = world.services.at(json.at("service").get<std::size_t>());
    plan.server = {parse_address(json.at("address")), json.at("port").get<std::uint16_t>()};
    plan.settings.forwarding =
        static_cast<Forwarding>(index_in(kMethods, json.at("method").get<std::string>()));
    if (plan.settings.forwarding == Forwarding::tunnel) {
        reference::Tunnel& tunnel = plan.settings.tunnel;
        tunnel.kind = static_cast<reference::Tunnel::Kind>(
            index_in(kTunnels, json.value("tunnel", std::string("ipip"))));
        tunnel.port = json.value("tunnel_port", std::uint16_t{0});
        tunnel.checksum = json.value("checksum", false) ? reference::Tunnel::Checksum::full
                                                        : reference::Tunnel::Checksum::none;
    }
    return plan;
}

[[nodiscard]] World to_world(const Json& json) {
    World world;
    const Json settings = json.value("settings", Json::object());
    world.path_mtu_discovery = settings.value("pmtu_disc", 1) != 0;
    world.nat_icmp_send = settings.value("nat_icmp_send", 0) != 0;
    world.sloppy_tcp = settings.value("sloppy_tcp", 0) != 0;
    for (const Json& one : json.at("interfaces")) {
        Interface interface;
        interface.index = static_cast<std::uint32_t>(10 + world.interfaces.size());
        interface.port = one.at("port");
        interface.mtu = one.value("mtu", std::size_t{1500});
        if (one.contains("vlan")) {
            interface.vlan = one.at("vlan").get<std::uint16_t>();
        }
        world.interfaces.push_back(interface);
    }
    for (const Json& one : json.at("stations")) {
        world.stations.push_back({parse_address(one.at("address")),
                                  to_mac(one.at("mac")),
                                  one.at("interface").get<std::size_t>()});
    }
    for (const Json& one : json.at("services")) {
        world.services.push_back({.address = parse_address(one.at("address")),
                                  .port = one.at("port").get<std::uint16_t>(),
                                  .protocol = to_protocol(one.at("protocol"))});
    }
    for (const Json& one : json.at("servers")) {
        world.servers.push_back(to_plan(one, world));
    }
    return world;
}

[[nodiscard]] CaseStep to_step(const Json& json) {
    CaseStep step;
    step.operation = {.port = json.at("port"),
                      .bytes = from_hex(json.at("in")),
                      .pause_ms = json.value("after_ms", 1u),
                      .what = json.value("what", std::string())};
    step.verdict = json.at("verdict");
    (void)index_in(kVerdicts, step.verdict);
    for (const Json& one : json.value("out", Json::array())) {
        step.out.push_back({.port = one.at("port"), .bytes = from_hex(one.at("frame"))});
    }
    step.card = json.value("card", std::string());
    if (json.contains("counted")) {
        const Json& one = json.at("counted");
        CountedFor counted;
        counted.server = one.at("server");
        counted.counters.packets_in = one.value("packets_in", 0u);
        counted.counters.bytes_in = one.value("bytes_in", 0u);
        counted.counters.packets_out = one.value("packets_out", 0u);
        counted.counters.bytes_out = one.value("bytes_out", 0u);
        step.counted = counted;
    }
    return step;
}

[[nodiscard]] Json world_json(const World& world) {
    Json json;
    json["settings"] = {{"pmtu_disc", world.path_mtu_discovery ? 1 : 0},
                        {"nat_icmp_send", world.nat_icmp_send ? 1 : 0},
                        {"sloppy_tcp", world.sloppy_tcp ? 1 : 0}};
    for (const Interface& interface : world.interfaces) {
        Json one = {{"port", interface.port}, {"mtu", interface.mtu}};
        if (interface.vlan) {
            one["vlan"] = *interface.vlan;
        }
        json["interfaces"].push_back(one);
    }
    for (const Station& station : world.stations) {
        json["stations"].push_back({{"address", parity::to_text(station.address)},
                                    {"mac", to_hex({station.mac.begin(), station.mac.end()})},
                                    {"interface", station.interface}});
    }
    for (const reference::ServiceId& service : world.services) {
        json["services"].push_back({{"address", parity::to_text(service.address)},
                                    {"port", service.port},
                                    {"protocol", to_text(service.protocol)}});
    }
    for (const ServerPlan& plan : world.servers) {
        const auto service = std::find(world.services.begin(), world.services.end(), plan.service);
        Json one = {{"service", service - world.services.begin()},
                    {"address", parity::to_text(plan.server.address)},
                    {"port", plan.server.port},
                    {"method", kMethods[static_cast<std::size_t>(plan.settings.forwarding)]}};
        if (plan.settings.forwarding == Forwarding::tunnel) {
            const reference::Tunnel& tunnel = plan.settings.tunnel;
            one["tunnel"] = kTunnels[static_cast<std::size_t>(tunnel.kind)];
            one["tunnel_port"] = tunnel.port;
            one["checksum"] = tunnel.checksum != reference::Tunnel::Checksum::none;
        }
        json["servers"].push_back(one);
    }
    return json;
}

[[nodiscard]] Json step_json(const CaseStep& step) {
    Json json = {{"what", step.operation.what},
                 {"port", step.operation.port},
                 {"after_ms", step.operation.pause_ms},
                 {"in", to_hex(step.operation.bytes)},
                 {"verdict", step.verdict}};
    for (const reference::Frame& frame : step.out) {
        json["out"].push_back({{"port", frame.port}, {"frame", to_hex(frame.bytes)}});
    }
    json["card"] = step.card;
    if (step.counted) {
        const reference::Counters& counters = step.counted->counters;
        Json one = {{"server", step.counted->server}};
        const auto put = [&](const char* name, std::uint64_t value) {
            if (value != 0) {
                one[name] = value;
            }
        };
        put("packets_in", counters.packets_in);
        put("bytes_in", counters.bytes_in);
        put("packets_out", counters.packets_out);
        put("bytes_out", counters.bytes_out);
        json["counted"] = one;
    }
    return json;
}

}  // namespace

CaseFile read_case(const std::string& path) {
    try {
        std::ifstream stream(path);
        const Json json = Json::parse(stream);
        CaseFile file = {
            .about = json.value("about", std::string()), .world = to_world(json), .steps = {}};
        for (const Json& one : json.at("steps")) {
            file.steps.push_back(to_step(one));
        }
        return file;
    } catch (const std::exception& exception) {
        throw std::runtime_error(path + ": " + exception.what());
    }
}

void write_case(const std::string& path, const CaseFile& file) {
    Json json = {{"about", file.about}};
    json.update(world_json(file.world));
    for (const CaseStep& step : file.steps) {
        json["steps"].push_back(step_json(step));
    }
    std::ofstream(path) << json.dump(1) << "\n";
}

std::vector<std::string> case_files(const std::string& folder) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".json") {
            paths.push_back(entry.path().string());
        }
    }
    if (paths.empty()) {
        throw std::runtime_error(folder + " has no case (*.json)");
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

std::string verdict_of(const reference::Outcome& outcome) {
    if (!outcome.fate) {
        return "wait";
    }
    switch (*outcome.fate) {
        case reference::Fate::forward:
            return "forward";
        case reference::Fate::host:
            return "host";
        case reference::Fate::drop:
            return "drop";
        case reference::Fate::reject:
            return "refuse";
    }
    return "drop";
}

}  // namespace fpvs::parity
