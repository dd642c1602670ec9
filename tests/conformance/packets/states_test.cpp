// SPDX-License-Identifier: Apache-2.0
// Connection states of a real director, event by event: pkt/tcp-state-machine.json has every path
// of events that leads to a state of its own, and what one more event did; pkt/flows.json has whole
// flows with the connection and its server's counters after every packet.
#include <gtest/gtest.h>

#include <memory>
#include <sstream>

#include "tests/conformance/packets/flow.hpp"
#include "tests/conformance/report/golden_folder.hpp"
#include "tests/conformance/report/tally.hpp"

namespace fpvs::test {
namespace {

using nlohmann::json;

// A timer of the recording was read up to a second after it was set.
constexpr int kSlackSeconds = 1;

std::string method_of(const std::string& name) {
    return name.starts_with("nat") ? "-m" : name.starts_with("tun") ? "-i" : "-g";
}

class Lab {
  public:
    Lab()
        : table_(golden_path("pkt")),
          director_(std::make_unique<Director>(table_.director())),
          addresses_(*table_.scenario_of({.name = "no-dest", .director = {}, .frames = {}})),
          player_(*director_, addresses_) {
        constexpr std::chrono::seconds kStart(1000);
        director_->advance_to(kStart);
        now_ = kStart;
    }

    void pass(std::chrono::milliseconds time) {
        now_ += time;
        director_->advance_to(now_);
    }

    [[nodiscard]] const ScenarioTable& table() const { return table_; }
    Director& director() { return *director_; }
    FlowPlayer& player() { return player_; }

  private:
    ScenarioTable table_;
    std::unique_ptr<Director> director_;
    Scenario addresses_;
    FlowPlayer player_;
    provider::Nanoseconds now_{};
};

// ---- The state machine.

// What came of the last event: [state, seconds, ActiveConn, InActConn], the last two as this
// connection changed them; null without a connection.
json outcome_of(FlowPlayer& player, const FlowEnds& ends, const ServerRow& before) {
    const auto row = player.connection(ends);
    if (!row) {
        return nullptr;
    }
    const ServerRow now = player.server();
    return {row->state, row->expires_s, now.active - before.active, now.inactive - before.inactive};
}

bool is_same(const json& ours, const json& recorded) {
    if (ours.is_null() || recorded.is_null()) {
        return ours.is_null() && recorded.is_null();
    }
    return ours[0] == recorded[0] &&
           std::abs(ours[1].get<int>() - recorded[1].get<int>()) <= kSlackSeconds &&
           ours[2] == recorded[2] && ours[3] == recorded[3];
}

void play_path(Lab& lab, FlowEnds& ends, const json& entry, const std::string& name, Tally& tally) {
    ++ends.client_port;
    FlowPlayer& player = lab.player();
    const ServerRow before = player.server();
    for (const auto& event : entry.at("path")) {
        player.send(ends, event);
    }
    const auto reached = player.connection(ends);
    player.send(ends, entry.at("event"));
    const json after = outcome_of(player, ends, before);
    const std::string item =
        fmt::format("{} {} {}", name, entry.at("path").dump(), entry.at("event").dump());
    const json before_event = reached ? json(reached->state) : json(nullptr);
    if (before_event == entry.at("before") && is_same(after, entry.at("after"))) {
        tally.equal(item);
    } else {
        tally.different(
            item,
            fmt::format("  before the event {}, recorded {}\n  after it {}, recorded {}\n",
                        before_event.dump(),
                        entry.at("before").dump(),
                        after.dump(),
                        entry.at("after").dump()));
    }
}

void play_mode(const json& mode, Tally& tally) {
    const auto name = mode.at("mode").get<std::string>();
    const std::string method = method_of(name);
    Lab lab;
    FlowEnds ends = lab.table().flow_ends(method);
    Status ready = lab.player().set_up(ends, "-t", method);
    if (const int secure = mode.at("secure_tcp"); ready && secure != 0) {
        ready = lab.director().set({{"secure_tcp", secure}});
    }
    constexpr std::uint16_t kFirstPort = 20000;
    ends.client_port = kFirstPort;
    for (const auto& entry : mode.at("log")) {
        if (ready) {
            play_path(lab, ends, entry, name, tally);
        } else {
            tally.not_supported(
                fmt::format("{} {} {}", name, entry.at("path").dump(), entry.at("event").dump()),
                ready.error().message);
        }
    }
}

TEST(States, every_path_of_events_leads_where_the_kernel_was) {
    const auto recorded = load_golden("pkt/tcp-state-machine.json");
    if (!recorded) {
        GTEST_SKIP() << "no pkt/tcp-state-machine.json";
    }
    Tally tally("tcp-state-machine", "events");
    for (const json& mode : *recorded) {
        play_mode(mode, tally);
    }
    EXPECT_EQ(tally.finish(), "");
}

// ---- Whole flows.

// "{'proto': 'TCP', 'cip': '10.0.0.2', ...}", as Python prints it, maybe with a listing behind it.
json connection_in(const std::string& text) {
    if (text.starts_with("None")) {
        return nullptr;
    }
    std::string line = text.substr(0, text.find('\n'));
    std::replace(line.begin(), line.end(), '\'', '"');
    return json::parse(line);
}

// "-> C0A8710F:1F90      Masq    1      72         67"
std::optional<ServerRow> server_in(const json& step) {
    if (step.size() < 3) {
        return std::nullopt;
    }
    std::istringstream words(step.at(2).at(0).get<std::string>());
    std::string word;
    ServerRow row;
    words >> word >> word >> word >> word >> row.active >> row.inactive;
    return words ? std::optional(row) : std::nullopt;
}

FlowEnds ends_in(const json& connection, const ScenarioTable& table, const std::string& method) {
    FlowEnds ends = table.flow_ends(method);
    ends.client.address = *model::parse_address(connection.at("cip").get<std::string>());
    ends.client_port = connection.at("cport");
    ends.service = *model::parse_address(connection.at("vip").get<std::string>());
    ends.service_port = connection.at("vport");
    ends.server_port = connection.at("dport");
    const auto server = *model::parse_address(connection.at("dip").get<std::string>());
    ends.server = table.server_at(server).value_or(Station{ends.server.mac, server, Side::server});
    return ends;
}

std::string row_text(const std::optional<ConnectionRow>& row) {
    return row ? fmt::format("{} {} {}s {}", row->protocol, row->state, row->expires_s, row->server)
               : "no connection";
}

// Empty if the row is the recorded one.
std::string row_difference(const std::optional<ConnectionRow>& row, const json& connection) {
    std::optional<ConnectionRow> recorded;
    if (!connection.is_null()) {
        recorded = {connection.at("proto"),
                    connection.at("expires"),
                    connection.at("state"),
                    fmt::format("{}:{}",
                                connection.at("dip").get<std::string>(),
                                connection.at("dport").get<int>())};
    }
    const bool same = row.has_value() == recorded.has_value() &&
                      (!row || (row->protocol == recorded->protocol &&
                                row->state == recorded->state && row->server == recorded->server &&
                                std::abs(row->expires_s - recorded->expires_s) <= kSlackSeconds));
    return same ? "" : fmt::format("{}, recorded {}", row_text(row), row_text(recorded));
}

// A flow of packets with the connection after each.
void play_flow(const std::string& name, const json& steps, Tally& tally) {
    Lab lab;
    const std::string method = name.ends_with("-nat") ? "-m" : name.ends_with("-tun") ? "-i" : "-g";
    const json first = connection_in(steps.at(0).at(1));
    const FlowEnds ends = ends_in(first, lab.table(), method);
    const std::string protocol = first.at("proto") == "UDP" ? "-u" : "-t";
    if (const Status ready = lab.player().set_up(ends, protocol, method); !ready) {
        tally.not_supported(name, ready.error().message);
        return;
    }
    std::string differences;
    std::optional<ServerRow> recorded_last;
    ServerRow last;
    for (const json& step : steps) {
        const auto event = step.at(0).get<std::string>();
        lab.player().send(ends, event);
        const std::string difference =
            row_difference(lab.player().connection(ends), connection_in(step.at(1)));
        if (!difference.empty()) {
            differences += fmt::format("  after {}: {}\n", event, difference);
        }
        // The recorded server had connections of earlier flows: its counters' changes count.
        const auto recorded = server_in(step);
        const ServerRow now = lab.player().server();
        if (recorded && recorded_last &&
            (now.active - last.active != recorded->active - recorded_last->active ||
             now.inactive - last.inactive != recorded->inactive - recorded_last->inactive)) {
            differences +=
                fmt::format("  after {}: the server's counters change otherwise\n", event);
        }
        recorded_last = recorded;
        last = now;
    }
    differences.empty() ? tally.equal(name) : tally.different(name, differences);
}

// "TCP 00:59  SYN_RECV    10.0.0.2:36500     10.0.0.100:80      192.168.113.15:8080": of that
// client port, as connection_in() gives it.
json connection_listed(const std::string& listing, int client_port) {
    std::istringstream lines(listing);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string protocol;
        std::string expires;
        std::string state;
        std::array<std::string, 3> ends;
        words >> protocol >> expires >> state >> ends[0] >> ends[1] >> ends[2];
        if (!words || !ends[0].ends_with(fmt::format(":{}", client_port))) {
            continue;
        }
        const auto address = [&ends](std::size_t i) {
            return ends[i].substr(0, ends[i].find(':'));
        };
        const auto port = [&ends](std::size_t i) {
            return std::stoi(ends[i].substr(ends[i].find(':') + 1));
        };
        const int seconds = std::stoi(expires) * 60 + std::stoi(expires.substr(3));
        return {{"proto", protocol},
                {"cip", address(0)},
                {"cport", port(0)},
                {"vip", address(1)},
                {"vport", port(1)},
                {"dip", address(2)},
                {"dport", port(2)},
                {"state", state},
                {"expires", seconds}};
    }
    return nullptr;
}

// Two listings with time between them; scenarios.json tells what was played before the first.
void play_listings(const std::string& name, const json& listings, Tally& tally) {
    Lab lab;
    const json script = lab.table().part("flows").value(name, json::object());
    if (script.empty()) {
        tally.not_supported(name, "scenarios.json does not say what was played");
        return;
    }
    const int port = script.at("client_port");
    const json first = connection_listed(listings.at(0), port);
    const FlowEnds ends = ends_in(first, lab.table(), "-m");
    if (const Status ready = lab.player().set_up(ends, "-t", "-m"); !ready) {
        tally.not_supported(name, ready.error().message);
        return;
    }
    for (const auto& event : script.at("events")) {
        lab.player().send(ends, event);
    }
    std::string differences = row_difference(lab.player().connection(ends), first);
    lab.pass(std::chrono::milliseconds(script.at("then_wait_ms").get<int>()));
    differences +=
        row_difference(lab.player().connection(ends), connection_listed(listings.at(1), port));
    differences.empty() ? tally.equal(name) : tally.different(name, "  " + differences + "\n");
}

TEST(States, flows_are_seen_as_the_kernel_showed_them) {
    const auto recorded = load_golden("pkt/flows.json");
    if (!recorded) {
        GTEST_SKIP() << "no pkt/flows.json";
    }
    Tally tally("flows", "flows");
    for (const auto& [name, steps] : recorded->items()) {
        if (steps.at(0).is_string()) {
            play_listings(name, steps, tally);
        } else {
            play_flow(name, steps, tally);
        }
    }
    EXPECT_EQ(tally.finish(), "");
}

}  // namespace
}  // namespace fpvs::test
