// SPDX-License-Identifier: Apache-2.0
#include "host/announce/frr.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "host/model/prefix.hpp"

namespace fpvs::announce {
namespace {

constexpr std::array<std::string_view, 4> kNoRouteNeeded = {"no", "bgp", "network", "import-check"};

std::vector<std::string_view> words_of(std::string_view line) {
    constexpr std::string_view kBlanks = " \t\r";
    std::vector<std::string_view> words;
    std::size_t begin = line.find_first_not_of(kBlanks);
    while (begin != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
        words.push_back(line.substr(begin, end - begin));
        begin = line.find_first_not_of(kBlanks, end);
    }
    return words;
}

std::uint8_t host_length(const model::IpAddress& address) {
    constexpr std::uint8_t kIpv4Bits = 32;
    constexpr std::uint8_t kIpv6Bits = 128;
    return address.is_ipv6() ? kIpv6Bits : kIpv4Bits;
}

// `network 192.0.2.1/32 route-map NAME`, perhaps with further words.
std::optional<model::IpAddress> our_network(const std::vector<std::string_view>& words,
                                            std::string_view route_map) {
    if (words.size() < 2 || words.front() != "network") {
        return std::nullopt;
    }
    const auto mark = std::find(words.begin() + 2, words.end(), "route-map");
    if (mark == words.end() || mark + 1 == words.end() || *(mark + 1) != route_map) {
        return std::nullopt;
    }
    const auto prefix = model::parse_prefix(std::string(words[1]));
    if (!prefix || prefix->length != host_length(prefix->address)) {
        return std::nullopt;  // An operator's own, under our mark.
    }
    return prefix->address;
}

std::string network(const model::IpAddress& address) {
    return fmt::format("network {}/{}", model::to_string(address), host_length(address));
}

// Commands of one address family, from within `router bgp`.
void edit_family(bool ipv6,
                 const std::vector<model::IpAddress>& withdrawn,
                 const std::vector<model::IpAddress>& announced,
                 const std::string& route_map,
                 std::vector<std::string>& commands) {
    std::vector<std::string> edits;
    for (const model::IpAddress& address : withdrawn) {
        if (address.is_ipv6() == ipv6) {
            edits.push_back("no " + network(address));
        }
    }
    for (const model::IpAddress& address : announced) {
        if (address.is_ipv6() == ipv6) {
            edits.push_back(fmt::format("{} route-map {}", network(address), route_map));
        }
    }
    if (!edits.empty()) {
        commands.push_back(ipv6 ? "address-family ipv6 unicast" : "address-family ipv4 unicast");
        commands.insert(commands.end(), edits.begin(), edits.end());
        commands.emplace_back("exit-address-family");
    }
}

}  // namespace

FrrState read_running_config(std::string_view text, const model::Announce& announce) {
    const std::string as = std::to_string(announce.bgp_as);
    FrrState state;
    bool in_router = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::vector<std::string_view> words = words_of(line);
        if (words.empty()) {
            continue;
        }
        // Blocks begin at the margin, what is within them is indented.
        if (line.front() != ' ' && line.front() != '!') {
            in_router =
                words.size() == 3 && words[0] == "router" && words[1] == "bgp" && words[2] == as;
            state.has_router |= in_router;
            state.has_route_map |=
                words.size() >= 2 && words[0] == "route-map" && words[1] == announce.route_map;
            continue;
        }
        if (!in_router) {
            continue;
        }
        if (std::equal(words.begin(), words.end(), kNoRouteNeeded.begin(), kNoRouteNeeded.end())) {
            state.needs_route = false;
        } else if (const auto address = our_network(words, announce.route_map)) {
            state.announced.insert(*address);
        }
    }
    return state;
}

FrrEdit edit_towards(const Addresses& wanted,
                     const FrrState& state,
                     const model::Announce& announce,
                     std::size_t changes_max) {
    std::vector<model::IpAddress> withdrawn;
    std::vector<model::IpAddress> announced;
    std::set_difference(state.announced.begin(),
                        state.announced.end(),
                        wanted.begin(),
                        wanted.end(),
                        std::back_inserter(withdrawn));
    std::set_difference(wanted.begin(),
                        wanted.end(),
                        state.announced.begin(),
                        state.announced.end(),
                        std::back_inserter(announced));
    withdrawn.resize(std::min(withdrawn.size(), changes_max));
    announced.resize(std::min(announced.size(), changes_max - withdrawn.size()));
    FrrEdit edit{.announced = announced.size(), .withdrawn = withdrawn.size()};
    if (withdrawn.empty() && announced.empty()) {
        return edit;
    }
    edit.commands.emplace_back("configure terminal");
    if (!announced.empty() && !state.has_route_map) {
        constexpr unsigned kSequence = 10;  // FRR's usual first, with room before it.
        edit.commands.push_back(
            fmt::format("route-map {} permit {}", announce.route_map, kSequence));
        edit.commands.emplace_back("exit");
    }
    edit.commands.push_back(fmt::format("router bgp {}", announce.bgp_as));
    edit_family(false, withdrawn, announced, announce.route_map, edit.commands);
    edit_family(true, withdrawn, announced, announce.route_map, edit.commands);
    return edit;
}

}  // namespace fpvs::announce
