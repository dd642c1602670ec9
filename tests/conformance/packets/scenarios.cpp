// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/packets/scenarios.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

#include "host/util/check.hpp"

namespace fpvs::test {

using model::Family;
using nlohmann::json;

// What a name says, before it becomes commands.
struct ScenarioTable::Setup {
    struct Server {
        model::MacAddress mac;
        model::IpAddress address;
    };
    Family family = Family::ipv4;
    std::optional<Family> server_family;
    std::vector<std::string> protocols;
    std::optional<std::string> protocol;  // Of a word: instead of the kind's.
    model::IpAddress service;
    std::uint16_t service_port = 0;
    std::vector<std::string> server_names;
    std::vector<Server> servers;
    std::optional<std::uint16_t> server_port;  // Else the service's.
    std::string method;
    std::string tunnel;
    std::string checksum;
    Settings settings;

    [[nodiscard]] bool is_nat() const { return method == "-m"; }
    [[nodiscard]] bool is_tunnel() const { return method == "-i"; }
    [[nodiscard]] std::vector<std::string> commands() const;
};

namespace {

const std::map<std::string, std::string, std::less<>> kServiceOptions = {
    {"tcp", "-t"}, {"udp", "-u"}, {"sctp", "--sctp-service"}};

const char* key_of(Family family) {
    return family == Family::ipv4 ? "4" : "6";
}

std::string endpoint(const model::IpAddress& address, std::uint16_t port) {
    return address.is_ipv4() ? fmt::format("{}:{}", to_string(address), port)
                             : fmt::format("[{}]:{}", to_string(address), port);
}

model::MacAddress mac_in(const json& entry) {
    const auto text = entry.at("mac").get<std::string>();
    const auto mac = model::parse_mac(text);
    FPVS_CHECK(mac.has_value(), "scenarios.json: {} is no MAC address", text);
    return *mac;
}

model::IpAddress address_in(const json& entry, Family family) {
    const auto text = entry.at(key_of(family)).get<std::string>();
    const auto address = model::parse_address(text);
    FPVS_CHECK(address.has_value(), "scenarios.json: {} is no address", text);
    return *address;
}

std::map<Family, model::IpAddress> addresses_in(const json& entry) {
    std::map<Family, model::IpAddress> addresses;
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        if (entry.contains(key_of(family))) {
            addresses[family] = address_in(entry, family);
        }
    }
    return addresses;
}

Settings settings_in(const json& entry) {
    return entry.contains("set") ? entry.at("set").get<Settings>() : Settings{};
}

std::vector<std::string> split(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; std::getline(stream, word, '-');) {
        words.push_back(word);
    }
    return words;
}

// "pmtu_disc0": a setting and its value.
std::optional<std::pair<std::string, int>> setting_in(const std::string& word) {
    const std::size_t digits = word.find_last_not_of("0123456789") + 1;
    int value = 0;
    if (digits == 0 || digits == word.size() ||
        std::from_chars(word.data() + digits, word.data() + word.size(), value).ec != std::errc()) {
        return std::nullopt;
    }
    return std::pair(word.substr(0, digits), value);
}

// A frame that the director sent to a server, and what it says about that server.
struct Sight {
    model::MacAddress mac;
    std::optional<model::IpAddress> address;
    std::optional<std::uint16_t> port;
};

std::vector<Sight> servers_seen(const Recording& recording) {
    std::vector<Sight> seen;
    for (const RecordedFrame& frame : recording.frames[index(Side::server)]) {
        const auto ip = view_ip(frame.bytes);
        if (!ip || ip->is_icmp() || ip->fragment_offset != 0) {
            continue;
        }
        const auto ports = ports_of(frame.bytes, *ip);
        if (frame.entered) {
            // A server that only answers: it is known by that.
            seen.push_back({source_mac(frame.bytes),
                            ip->source,
                            ports ? std::optional(ports->source) : std::nullopt});
        } else {
            seen.push_back({destination_mac(frame.bytes),
                            ip->destination,
                            ports ? std::optional(ports->destination) : std::nullopt});
        }
    }
    return seen;
}

// Direct routing does not tell a server's address: one of those for documentation will do.
model::IpAddress made_up(Family family, std::size_t number) {
    constexpr std::uint32_t kTestNet = 0xc0000201;  // 192.0.2.1
    constexpr std::uint32_t kDocumentation = 0x20010db8;
    const auto offset = static_cast<std::uint32_t>(number);
    return family == Family::ipv4 ? model::IpAddress(model::Ipv4{kTestNet + offset})
                                  : model::Ipv6{{kDocumentation, 0, 0, 1 + offset}};
}

}  // namespace

std::vector<std::string> ScenarioTable::Setup::commands() const {
    std::vector<std::string> lines = {"-C"};
    for (const std::string& name : protocol ? std::vector{*protocol} : protocols) {
        const std::string key =
            kServiceOptions.find(name)->second + " " + endpoint(service, service_port);
        lines.push_back(fmt::format("-A {} -s rr", key));
        for (const Server& server : servers) {
            std::string line =
                fmt::format("-a {} -r {} {}",
                            key,
                            endpoint(server.address, server_port.value_or(service_port)),
                            method);
            for (const std::string& option : {tunnel, tunnel.empty() ? "" : checksum}) {
                line += option.empty() ? "" : " " + option;
            }
            lines.push_back(line);
        }
    }
    return lines;
}

ScenarioTable::ScenarioTable(const std::filesystem::path& folder) {
    const std::filesystem::path own = folder / "scenarios.json";
    const std::filesystem::path path =
        std::filesystem::exists(own) ? own : "tests/data/pkt/scenarios.json";
    std::ifstream file(path);
    FPVS_CHECK(file.good(), "cannot read {}", path.string());
    table_ = json::parse(file);
}

std::array<model::MacAddress, 2> ScenarioTable::director() const {
    const json& director = table_.at("director");
    return {mac_in(director.at("client-side")), mac_in(director.at("server-side"))};
}

FlowEnds ScenarioTable::flow_ends(const std::string& method) const {
    const json& client = table_.at("client");
    const json& service = table_.at("service");
    const json& machine = table_.at("state_machine");
    FlowEnds ends;
    ends.client = {mac_in(client), address_in(client, Family::ipv4), Side::client};
    ends.service = address_in(service, Family::ipv4);
    ends.service_port = service.at("port").get<std::uint16_t>();
    ends.server_port = machine.at("server_port").value(method, ends.service_port);
    for (const json& server : table_.at("servers")) {
        if (server.at("name") == machine.at("server")) {
            ends.server = {mac_in(server), address_in(server, Family::ipv4), Side::server};
        }
    }
    return ends;
}

std::optional<Station> ScenarioTable::server_at(const model::IpAddress& address) const {
    for (const json& server : table_.at("servers")) {
        for (const auto& [family, own] : addresses_in(server)) {
            if (own == address) {
                return Station{mac_in(server), own, Side::server};
            }
        }
    }
    return std::nullopt;
}

Result<Scenario> ScenarioTable::scenario_of(const Recording& recording) const {
    Scenario scenario;
    const json& director = table_.at("director");
    scenario.client_side = addresses_in(director.at("client-side"));
    scenario.server_side = addresses_in(director.at("server-side"));
    const json described = table_.value("scenarios", json::object());
    if (const auto entry = described.find(recording.name); entry != described.end()) {
        scenario.commands = entry->at("commands").get<std::vector<std::string>>();
        scenario.settings = settings_in(*entry);
        scenario.stations = stations_of(recording);
    } else {
        FPVS_TRY(Setup setup, setup_of(recording.name));
        take_from_frames(setup, recording);
        scenario.commands = setup.commands();
        scenario.settings = setup.settings;
        scenario.stations = stations_of(recording);
        for (const auto& server : setup.servers) {
            scenario.stations.push_back({server.mac, server.address, Side::server});
        }
    }
    scenario.tunnel = std::any_of(
        scenario.commands.begin(), scenario.commands.end(), [](const std::string& command) {
            return (command + " ").find(" -i ") != std::string::npos;
        });
    take_own_addresses(scenario, recording);
    for (const json& change :
         table_.value("during", json::object()).value(recording.name, json::array())) {
        scenario.changes.push_back(
            {change.at("before_frame").get<std::size_t>(), settings_in(change)});
    }
    return scenario;
}

Result<ScenarioTable::Setup> ScenarioTable::setup_of(const std::string& name) const {
    std::string kind;
    for (const auto& [candidate, description] : table_.at("kinds").items()) {
        if ((name + "-").starts_with(candidate + "-") && candidate.size() > kind.size()) {
            kind = candidate;
        }
    }
    if (kind.empty()) {
        return fail(Code::not_found, "its name begins with no kind that scenarios.json has");
    }
    const json& description = table_.at("kinds").at(kind);
    Setup setup;
    setup.protocols = description.at("protocols").get<std::vector<std::string>>();
    setup.server_names = description.at("servers").get<std::vector<std::string>>();
    std::vector<std::string> words = description.value("words", std::vector<std::string>());
    if (name.size() > kind.size()) {
        const auto said = split(name.substr(kind.size() + 1));
        words.insert(words.end(), said.begin(), said.end());
    }
    for (const std::string& word : words) {
        FPVS_TRY_STATUS(apply_word(setup, word));
    }
    setup.service = address_in(table_.at("service"), setup.family);
    setup.service_port = table_.at("service").at("port").get<std::uint16_t>();
    for (const json& server : table_.at("servers")) {
        const auto& names = setup.server_names;
        const auto name_of_it = server.at("name").get<std::string>();
        if (std::find(names.begin(), names.end(), name_of_it) != names.end()) {
            setup.servers.push_back(
                {mac_in(server), address_in(server, setup.server_family.value_or(setup.family))});
        }
    }
    return setup;
}

Status ScenarioTable::apply_word(Setup& setup, const std::string& word) const {
    const json& words = table_.at("words");
    auto found = words.find(word);
    if (found == words.end() && word.ends_with('6')) {
        found = words.find(word.substr(0, word.size() - 1));
        setup.family = found != words.end() ? Family::ipv6 : setup.family;
    }
    if (found == words.end()) {
        const auto setting = setting_in(word);
        if (!setting) {
            return fail(Code::not_found, "scenarios.json does not have the word '{}'", word);
        }
        setup.settings.insert(*setting);
        return {};
    }
    const json& meaning = *found;
    const auto take = [&meaning](const char* key, auto& value) {
        if (meaning.contains(key)) {
            value = meaning.at(key).get<std::decay_t<decltype(value)>>();
        }
    };
    take("method", setup.method);
    take("tunnel", setup.tunnel);
    take("checksum", setup.checksum);
    if (meaning.contains("protocol")) {
        setup.protocol = meaning.at("protocol").get<std::string>();
    }
    if (meaning.contains("server_port")) {
        setup.server_port = meaning.at("server_port").get<std::uint16_t>();
    }
    if (meaning.contains("family")) {
        setup.family = static_cast<Family>(meaning.at("family").get<int>());
    }
    if (meaning.contains("server_family")) {
        setup.server_family = static_cast<Family>(meaning.at("server_family").get<int>());
    }
    return {};
}

// A folder may come from a lab with other addresses: where its frames disagree with the table, they
// are right.  Servers were added in the reverse of the order in which round robin gives them.
void ScenarioTable::take_from_frames(Setup& setup, const Recording& recording) const {
    for (const RecordedFrame& frame : recording.frames[index(Side::client)]) {
        const auto ip = view_ip(frame.bytes);
        const auto ports = ip ? ports_of(frame.bytes, *ip) : std::nullopt;
        if (frame.entered && ports && destination_mac(frame.bytes) == recording.director[0]) {
            setup.service = ip->destination;
            setup.service_port = ports->destination;
            break;
        }
    }
    const std::vector<Sight> sights = servers_seen(recording);
    const auto is_known = [&](const Sight& sight) {
        return std::any_of(setup.servers.begin(), setup.servers.end(), [&](const auto& server) {
            const bool address_told = setup.is_nat() || setup.is_tunnel();
            return server.mac == sight.mac && (!address_told || server.address == sight.address);
        });
    };
    if (!setup.servers.empty() && !std::all_of(sights.begin(), sights.end(), is_known)) {
        std::vector<Setup::Server> seen;
        for (const Sight& sight : sights) {
            const bool is_new = std::none_of(seen.begin(), seen.end(), [&](const auto& server) {
                return server.mac == sight.mac;
            });
            if (is_new && sight.address) {
                const bool address_told = setup.is_nat() || setup.is_tunnel();
                seen.push_back(
                    {sight.mac,
                     address_told ? *sight.address : made_up(setup.family, seen.size())});
            }
        }
        setup.servers.assign(seen.rbegin(), seen.rend());
    }
    if (setup.is_nat()) {
        for (const Sight& sight : sights) {
            if (sight.port) {
                setup.server_port = sight.port;
                break;
            }
        }
    }
}

// The director's own address on a side is the source of the tunnels' outer headers, and of ICMP
// errors about what servers sent.
void ScenarioTable::take_own_addresses(Scenario& scenario, const Recording& recording) {
    for (const RecordedFrame& frame : recording.frames[index(Side::server)]) {
        const auto ip = view_ip(frame.bytes);
        if (!ip || frame.entered) {
            continue;
        }
        const bool is_outer = scenario.tunnel && !ip->is_icmp() && ip->protocol != protocol::kTcp;
        constexpr std::uint8_t kErrorTos = 0xc0;  // RFC 1812 4.3.2.5, as the kernel does.
        if (is_outer || (ip->is_icmp() && !ip->is_ipv6 && ip->tos == kErrorTos)) {
            scenario.server_side[ip->is_ipv6 ? Family::ipv6 : Family::ipv4] = ip->source;
        }
    }
}

std::vector<Station> ScenarioTable::stations_of(const Recording& recording) const {
    std::vector<Station> stations;
    for (const json& server : table_.at("servers")) {
        for (const auto& [family, address] : addresses_in(server)) {
            stations.push_back({mac_in(server), address, Side::server});
        }
    }
    for (const Side side : kSides) {
        for (const RecordedFrame& frame : recording.frames[index(side)]) {
            const auto ip = view_ip(frame.bytes);
            if (frame.entered && ip) {
                stations.push_back({source_mac(frame.bytes), ip->source, side});
            }
        }
    }
    return stations;
}

}  // namespace fpvs::test
