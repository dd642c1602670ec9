// SPDX-License-Identifier: Apache-2.0
// Plays the recorded scenarios to the engine: after every step the server that got the packet, the
// table and, where it was recorded, the list of connections must be what the kernel's were.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>

#include "host/engine/engine.hpp"
#include "tests/conformance/sched/golden.hpp"
#include "tests/conformance/sched/ipvsadm_command.hpp"

namespace fpvs::test {
namespace {

using engine::tcp_flag::kAck;
using engine::tcp_flag::kFin;
using engine::tcp_flag::kRst;
using engine::tcp_flag::kSyn;
using nlohmann::json;

constexpr std::uint8_t kPsh = 0x08;

// What was done for each scheduler, printed at the end.
struct Tally {
    int scenarios = 0;
    int steps = 0;
    int decisions = 0;
};
std::map<std::string, Tally>& tallies() {
    static std::map<std::string, Tally> all;
    return all;
}
std::map<std::string, std::string>& skipped() {
    static std::map<std::string, std::string> all;
    return all;
}

class Player {
  public:
    explicit Player(const json& scenario) : scenario_(scenario) {
        for (const auto& [name, address] : scenario.at("servers").items()) {
            names_[address.get<std::string>()] = name;
        }
    }

    // Empty, or why the scenario cannot be played.
    std::string set_up() {
        for (const auto& command : scenario_.at("setup")) {
            const auto result = run_ipvsadm(engine_, command.get<std::string>());
            if (!result) {
                return result.error().reason;
            }
            if (result->exit_code != 0) {
                return "setup: " + result->output;
            }
            service_ = result->service;
        }
        return {};
    }

    void play(const json& step, Tally& tally) {
        advance(step.at("t").get<double>());
        const auto op = step.at("op").get<std::string>();
        if (op == "cmd") {
            command(step);
        } else if (op == "sysctl") {
            const auto set =
                engine_.set(step.at("key").get<std::string>(), step.at("value").get<int>());
            EXPECT_TRUE(set.has_value()) << step.dump();
        } else if (op == "conns") {
            EXPECT_EQ(connections(), recorded_connections(step));
        } else if (op != "wait") {
            packets(op, step);
            ++tally.decisions;
        }
        ++tally.steps;
        EXPECT_EQ(table(), step.at("table"));
    }

    // PersistConn of every server, from the listing at the end.
    void check_templates() {
        const auto& final = scenario_.at("final");
        const auto listing = final.find("ipvsadm -Ln --persistent-conn");
        if (listing == final.end()) {
            return;
        }
        std::map<std::string, std::uint32_t> recorded;
        std::istringstream lines(listing->get<std::string>());
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string arrow;
            std::string server;
            std::uint32_t weight = 0;
            std::uint32_t templates = 0;
            if (words >> arrow >> server >> weight >> templates && arrow == "->") {
                recorded[server.substr(0, server.find(':'))] = templates;
            }
        }
        std::map<std::string, std::uint32_t> ours;
        if (const auto view = engine_.service(service_)) {
            for (const auto& server : view->servers) {
                ours[to_string(server.key.address)] = server.persistent_connections;
            }
        }
        EXPECT_EQ(ours, recorded);
    }

  private:
    void advance(double seconds) {
        constexpr double kStart = 1000;  // Some time after the clock's own start.
        now_ = std::chrono::milliseconds(std::llround((kStart + seconds) * 1000));
        while (engine_.expire(now_, 1000)) {
        }
    }

    void command(const json& step) {
        const auto result = run_ipvsadm(engine_, step.at("cmd").get<std::string>());
        ASSERT_TRUE(result.has_value()) << result.error().reason;
        EXPECT_EQ(result->exit_code, step.at("rc").get<int>());
        EXPECT_EQ(result->output, step.at("out").get<std::string>());
    }

    void packets(const std::string& op, const json& step) {
        static const std::map<std::string, std::uint8_t> kFlags = {{"open", kSyn},
                                                                   {"syn", kSyn},
                                                                   {"fin", kFin | kAck},
                                                                   {"rst", kRst},
                                                                   {"ack", kAck},
                                                                   {"data", kPsh | kAck},
                                                                   {"udp", std::uint8_t{0}}};
        ASSERT_TRUE(kFlags.count(op) == 1) << op;
        EXPECT_EQ(send(step, kFlags.at(op)), step.at("server"));
        if (op == "open") {
            EXPECT_EQ(send(step, kAck), step.value("ack_server", step.at("server")));
        }
    }

    json send(const json& step, std::uint8_t flags) {
        constexpr std::uint16_t kTcpBytes = 40;
        constexpr std::uint16_t kUdpBytes = 33;
        const bool is_udp = scenario_.at("proto") == "udp";
        const std::string destination = step.contains("dip") ? step.at("dip") : scenario_.at("vip");
        const int port = step.contains("dport") ? step.at("dport") : scenario_.at("vport");
        const auto& mark = scenario_.at("fwmark");
        const engine::Packet packet = {
            .protocol = is_udp ? model::Protocol::udp : model::Protocol::tcp,
            .tcp_flags = flags,
            .ip_length_bytes = is_udp ? kUdpBytes : kTcpBytes,
            .source_address = model::parse_ipv4(step.at("cip").get<std::string>()).value(),
            .source_port = step.at("cport").get<std::uint16_t>(),
            .destination_address = model::parse_ipv4(destination).value(),
            .destination_port = static_cast<std::uint16_t>(port),
            .firewall_mark = mark.is_null() ? 0 : mark.get<std::uint32_t>()};
        const engine::Verdict verdict = engine_.handle(packet, now_);
        if (verdict.action != engine::Action::forward) {
            return nullptr;
        }
        return names_.at(to_string(verdict.server_address));
    }

    json table() const {
        json rows = json::array();
        if (const auto view = engine_.service(service_)) {
            for (const auto& server : view->servers) {
                rows.push_back({names_.at(to_string(server.key.address)),
                                server.settings.weight,
                                server.active_connections,
                                server.inactive_connections});
            }
        }
        return rows;
    }

    // A line a connection.  The kernel's remaining seconds are read some time after its packets;
    // they are compared apart, within `kSlackSeconds`.
    std::multiset<std::string> connections() {
        expires_.clear();
        std::multiset<std::string> lines;
        for (std::uint64_t cursor = 0;;) {
            constexpr std::size_t kPage = 7;  // Small, so that pages are tried too.
            const auto page = engine_.connections(cursor, kPage, now_);
            for (const auto& c : page.connections) {
                const bool by_mark = c.firewall_mark != 0;
                const auto line = fmt::format(
                    "{} {}:{} {}:{} {}:{} {}",
                    by_mark                              ? "IP"
                    : c.protocol == model::Protocol::tcp ? "TCP"
                                                         : "UDP",
                    to_string(c.client_address),
                    c.client_port,
                    to_string(by_mark ? model::Ipv4{c.firewall_mark} : c.virtual_address),
                    c.virtual_port,
                    to_string(c.server_address),
                    c.server_port,
                    c.state);
                expires_[line] = c.expires_s;
                lines.insert(line);
            }
            cursor = page.next_cursor;
            if (cursor == 0) {
                return lines;
            }
        }
    }

    std::multiset<std::string> recorded_connections(const json& step) {
        constexpr int kSlackSeconds = 1;
        std::multiset<std::string> lines;
        for (const auto& c : step.at("conns")) {
            const auto line = fmt::format("{} {}:{} {}:{} {}:{} {}",
                                          c.at("proto").get<std::string>(),
                                          c.at("cip").get<std::string>(),
                                          c.at("cport").get<int>(),
                                          c.at("vip").get<std::string>(),
                                          c.at("vport").get<int>(),
                                          c.at("dip").get<std::string>(),
                                          c.at("dport").get<int>(),
                                          c.at("state").get<std::string>());
            lines.insert(line);
            if (expires_.count(line) == 1) {
                EXPECT_NEAR(expires_.at(line), c.at("expires").get<int>(), kSlackSeconds) << line;
            }
        }
        return lines;
    }

    const json& scenario_;
    engine::Engine engine_{{.connections_max = 4096, .hash_seed = 1}};
    model::ServiceKey service_;
    engine::Engine::Time now_{};
    std::map<std::string, std::string> names_;  // From address to s1 ... s8.
    std::map<std::string, int> expires_;
};

class GoldenSched : public testing::TestWithParam<json> {};

TEST_P(GoldenSched, every_step_is_the_kernels) {
    const json& scenario = GetParam();
    const auto name = scenario.at("name").get<std::string>();
    Player player(scenario);
    if (const std::string reason = player.set_up(); !reason.empty()) {
        skipped()[name] = reason;
        GTEST_SKIP() << reason;
    }
    Tally& tally = tallies()[scenario.at("scheduler").get<std::string>()];
    ++tally.scenarios;
    int number = 0;
    for (const auto& step : scenario.at("steps")) {
        SCOPED_TRACE(fmt::format("{} step {}: {}", name, number++, step.dump()));
        player.play(step, tally);
        if (HasFailure()) {
            return;
        }
    }
    player.check_templates();
}

INSTANTIATE_TEST_SUITE_P(All,
                         GoldenSched,
                         testing::ValuesIn(load_scenarios()),
                         [](const auto& scenario) {
                             std::string name = scenario.param.at("name");
                             for (char& c : name) {
                                 c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                             }
                             return name;
                         });

class Summary : public testing::Environment {
    void TearDown() override {
        Tally total;
        for (const auto& [scheduler, tally] : tallies()) {
            std::printf("%-6s %3d scenarios %5d steps %5d packets decided\n",
                        scheduler.c_str(),
                        tally.scenarios,
                        tally.steps,
                        tally.decisions);
            total.scenarios += tally.scenarios;
            total.steps += tally.steps;
            total.decisions += tally.decisions;
        }
        std::printf("total  %3d scenarios %5d steps %5d packets decided\n",
                    total.scenarios,
                    total.steps,
                    total.decisions);
        for (const auto& [name, reason] : skipped()) {
            std::printf("not played: %s (%s)\n", name.c_str(), reason.c_str());
        }
    }
};
const testing::Environment* const kSummary = testing::AddGlobalTestEnvironment(new Summary);

}  // namespace
}  // namespace fpvs::test
