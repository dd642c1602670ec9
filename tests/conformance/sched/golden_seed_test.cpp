// SPDX-License-Identifier: Apache-2.0
// The lab's own run: keepalived's configuration of the lab drove a real IPVS while servers died and
// came back.  The engine is given the same edits and connections at the same times.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <sstream>

#include "host/engine/engine.hpp"
#include "tests/conformance/sched/golden.hpp"

namespace fpvs::test {
namespace {

using engine::tcp_flag::kAck;
using engine::tcp_flag::kFin;
using engine::tcp_flag::kSyn;
using nlohmann::json;

constexpr model::ServiceKey kMysql = {.address = model::Ipv4{0xc0a87164}, .port = 3306};
constexpr model::ServerKey kDb01 = {.address = model::Ipv4{0xc0a8710b}, .port = 3306};
constexpr model::ServerKey kDb02 = {.address = model::Ipv4{0xc0a8718e}, .port = 3306};

class Lab {
  public:
    Lab() {
        // The run was made with `ipvsadm --set 900 20 300`, as its listings of FIN_WAIT show.
        engine_.set_timeouts({.tcp_s = 900, .tcp_fin_s = 20, .udp_s = 300});
        EXPECT_TRUE(engine_.add_service(
            kMysql, {.scheduler = "rr", .persistence = model::Persistence{.timeout_s = 50}}));
        add(kDb01);
        add(kDb02);
    }

    void at(double seconds) {
        now_ = std::chrono::milliseconds(static_cast<std::int64_t>((1000 + seconds) * 1000));
        while (engine_.expire(now_, 100)) {
        }
    }
    void add(const model::ServerKey& server) {
        EXPECT_TRUE(engine_.add_server(kMysql, server, {}));
    }
    void remove(const model::ServerKey& server) {
        EXPECT_TRUE(engine_.delete_server(kMysql, server));
    }

    // A client that connects, asks and closes; the answer names the server.
    std::string query() {
        ++port_;
        std::string answer;
        for (const int flags : {int{kSyn}, int{kAck}, int{kAck}, kFin | kAck}) {
            const auto verdict = engine_.handle({.tcp_flags = static_cast<std::uint8_t>(flags),
                                                 .ip_length_bytes = 54,
                                                 .source_address = model::Ipv4{0xc0a87132},
                                                 .source_port = port_,
                                                 .destination_address = kMysql.address,
                                                 .destination_port = kMysql.port},
                                                now_);
            if (verdict.action != engine::Action::forward) {
                return "refused";
            }
            answer = verdict.server_address == kDb01.address ? "I am db01" : "I am db02";
        }
        return answer;
    }

    // Address, weight, ActiveConn, InActConn.
    using Table = std::map<std::string, std::array<std::uint32_t, 3>>;
    [[nodiscard]] Table table() const {
        Table table;
        const auto view = engine_.service(kMysql);
        for (const auto& server : view->servers) {
            table[to_string(server.key.address)] = {
                static_cast<std::uint32_t>(server.settings.weight),
                server.active_connections,
                server.inactive_connections};
        }
        return table;
    }
    [[nodiscard]] static Table recorded_table(const json& entry) {
        Table table;
        std::istringstream lines(entry.at("table").get<std::string>());
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string arrow;
            std::string server;
            std::string method;
            std::array<std::uint32_t, 3> row{};
            if (words >> arrow >> server >> method >> row[0] >> row[1] >> row[2]) {
                table[server.substr(0, server.find(':'))] = row;
            }
        }
        return table;
    }

    // State and ends of every connection of the listing `ipvsadm -Lnc`, but not the clients' ports.
    [[nodiscard]] std::multiset<std::string> connections() const {
        std::multiset<std::string> lines;
        const auto page = engine_.connections(0, 100, now_);
        for (const auto& c : page.connections) {
            lines.insert(fmt::format("{} {} {}:{} {}:{}",
                                     c.state,
                                     c.client_port == 0,
                                     to_string(c.virtual_address),
                                     c.virtual_port,
                                     to_string(c.server_address),
                                     c.server_port));
        }
        return lines;
    }
    [[nodiscard]] static std::multiset<std::string> recorded_connections(const json& entry) {
        std::multiset<std::string> found;
        std::istringstream lines(entry.at("lnc").get<std::string>());
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string protocol;
            std::string expires;
            std::string state;
            std::string client;
            std::string service;
            std::string server;
            words >> protocol >> expires >> state >> client >> service >> server;
            if (protocol == "TCP") {
                found.insert(
                    fmt::format("{} {} {} {}", state, client.ends_with(":0"), service, server));
            }
        }
        return found;
    }

  private:
    engine::Engine engine_{{.connections_max = 64, .hash_seed = 1}};
    engine::Engine::Time now_{};
    std::uint16_t port_ = 50000;
};

TEST(GoldenSeed, the_labs_clients_get_the_servers_that_the_kernel_gave_them) {
    const json run = load_seed_run();
    const auto entry = [&run](std::string_view what) -> const json& {
        for (const json& candidate : run) {
            if (candidate.at("what").get<std::string>().starts_with(what)) {
                return candidate;
            }
        }
        ADD_FAILURE() << "not recorded: " << what;
        return run.front();
    };
    Lab lab;
    const auto check = [&lab](const json& recorded) {
        SCOPED_TRACE(recorded.at("what").get<std::string>());
        EXPECT_EQ(lab.table(), Lab::recorded_table(recorded));
        if (recorded.contains("lnc")) {
            EXPECT_EQ(lab.connections(), Lab::recorded_connections(recorded));
        }
    };
    const auto query_as = [&lab](const json& recorded) {
        constexpr double kBeforeListing = 0.5;
        lab.at(recorded.at("t").get<double>() - kBeforeListing);
        for (const auto& answer : recorded.at("answers")) {
            EXPECT_EQ(lab.query(), answer.get<std::string>());
        }
    };

    check(entry("both servers in the table"));
    query_as(entry("client, 4 connections"));
    check(entry("client, 4 connections"));
    lab.at(entry("db02 server killed").at("t"));
    lab.remove(kDb02);
    check(entry("db02 server killed"));
    query_as(entry("client after removal"));
    check(entry("client after removal"));
    lab.at(entry("db02 restarted").at("t"));
    lab.add(kDb02);
    check(entry("db02 restarted"));
    lab.at(entry("db01 link down").at("t"));
    lab.remove(kDb01);
    check(entry("db01 link down"));
    lab.at(entry("db01 link up").at("t"));
    lab.add(kDb01);
    check(entry("db01 link up"));
    lab.at(entry("both killed").at("t"));
    lab.remove(kDb01);
    lab.remove(kDb02);
    check(entry("both killed"));
    EXPECT_EQ(lab.query(), "refused");
}

}  // namespace
}  // namespace fpvs::test
