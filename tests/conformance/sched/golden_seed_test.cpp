// SPDX-License-Identifier: Apache-2.0
// The lab's own run: keepalived's configuration of the lab drove a real IPVS while servers died and
// came back.  The engine is given the same edits and connections at the same times; its table, its
// connections and the servers that clients reach must be the recorded ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "host/engine/engine.hpp"
#include "tests/conformance/report/golden_folder.hpp"
#include "tests/conformance/report/tally.hpp"

namespace fpvs::test {
namespace {

using engine::tcp_flag::kAck;
using engine::tcp_flag::kFin;
using engine::tcp_flag::kSyn;
using nlohmann::json;

struct Endpoint {
    model::IpAddress address;
    std::uint16_t port = 0;

    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// "192.168.113.11:3306"
Endpoint endpoint_in(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    return {model::parse_address(text.substr(0, colon)).value(),
            static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)))};
}

// What `ipvsadm -Ln` printed about the only service.
struct Table {
    bool has_service = false;
    Endpoint service;
    std::string scheduler;
    std::uint32_t persistence_s = 0;
    // Weight, ActiveConn, InActConn.
    std::map<Endpoint, std::array<std::uint32_t, 3>> servers;
};

Table table_in(const json& entry) {
    Table table;
    std::istringstream lines(entry.at("table").get<std::string>());
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first;
        std::string second;
        std::string third;
        words >> first >> second >> third;
        if (first == "TCP") {
            table.has_service = true;
            table.service = endpoint_in(second);
            table.scheduler = third;
            std::string persistent;
            words >> persistent >> table.persistence_s;
        } else if (first == "->" && second.find("Remote") == std::string::npos) {
            std::array<std::uint32_t, 3> row{};
            words >> row[0] >> row[1] >> row[2];
            table.servers[endpoint_in(second)] = row;
        }
    }
    return table;
}

class Lab {
  public:
    Lab(const Table& table, model::IpAddress client)
        : key_{.address = table.service.address, .port = table.service.port}, client_(client) {
        // The run was made with `ipvsadm --set 900 20 300`, as its listings of FIN_WAIT show.
        engine_.set_timeouts({.tcp_s = 900, .tcp_fin_s = 20, .udp_s = 300});
        model::ServiceSettings settings{.scheduler = table.scheduler};
        if (table.persistence_s != 0) {
            settings.persistence = model::Persistence{.timeout_s = table.persistence_s};
        }
        EXPECT_TRUE(engine_.add_service(key_, settings));
    }

    void at(double seconds) {
        now_ = std::chrono::milliseconds(std::llround((1000 + seconds) * 1000));
        while (engine_.expire(now_, 100)) {
        }
    }

    // Servers come and go as the table says.
    void follow(const Table& table) {
        const std::set<Endpoint> present = servers();
        for (const Endpoint& server : present) {
            if (table.servers.count(server) == 0) {
                EXPECT_TRUE(
                    engine_.delete_server(key_, {.address = server.address, .port = server.port}));
            }
        }
        for (const auto& [server, row] : table.servers) {
            if (present.count(server) == 0) {
                EXPECT_TRUE(engine_.add_server(key_,
                                               {.address = server.address, .port = server.port},
                                               {.weight = static_cast<std::int32_t>(row[0])}));
            }
        }
    }

    // A client that connects, asks and closes; none if nobody took it.
    std::optional<Endpoint> query() {
        ++port_;
        std::optional<Endpoint> answered;
        for (const int flags : {int{kSyn}, int{kAck}, int{kAck}, kFin | kAck}) {
            const auto verdict = engine_.handle({.tcp_flags = static_cast<std::uint8_t>(flags),
                                                 .ip_length_bytes = 54,
                                                 .source_address = client_,
                                                 .source_port = port_,
                                                 .destination_address = key_.address,
                                                 .destination_port = key_.port},
                                                now_);
            if (verdict.action != engine::Action::forward) {
                return std::nullopt;
            }
            answered = {verdict.server_address, verdict.server_port};
        }
        return answered;
    }

    [[nodiscard]] std::string table_apart(const Table& recorded) const {
        std::string text;
        const auto view = engine_.service(key_);
        for (const auto& server : view->servers) {
            const std::array<std::uint32_t, 3> ours = {
                static_cast<std::uint32_t>(server.settings.weight),
                server.active_connections,
                server.inactive_connections};
            const auto found = recorded.servers.find({server.key.address, server.key.port});
            if (found == recorded.servers.end() || found->second != ours) {
                text +=
                    fmt::format("  server {}: weight {} active {} inactive {} is not recorded\n",
                                to_string(server.key.address),
                                ours[0],
                                ours[1],
                                ours[2]);
            }
        }
        return view->servers.size() == recorded.servers.size() ? text : text + "  other servers\n";
    }

    // State and ends of every connection of `ipvsadm -Lnc`, but not the client's ports.
    [[nodiscard]] std::string connections_apart(const json& entry) const {
        std::multiset<std::string> ours;
        for (const auto& c : engine_.connections(0, 1000, now_).connections) {
            ours.insert(fmt::format("{} {} {}:{} {}:{}",
                                    c.state,
                                    c.client_port == 0,
                                    to_string(c.virtual_address),
                                    c.virtual_port,
                                    to_string(c.server_address),
                                    c.server_port));
        }
        std::multiset<std::string> recorded;
        std::istringstream lines(entry.at("lnc").get<std::string>());
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::array<std::string, 6> word;
            for (std::string& one : word) {
                words >> one;
            }
            if (word[0] == "TCP") {
                recorded.insert(
                    fmt::format("{} {} {} {}", word[2], word[3].ends_with(":0"), word[4], word[5]));
            }
        }
        return ours == recorded ? "" : "  other connections\n";
    }

  private:
    [[nodiscard]] std::set<Endpoint> servers() const {
        std::set<Endpoint> all;
        const auto view = engine_.service(key_);
        for (const auto& server : view->servers) {
            all.insert({server.key.address, server.key.port});
        }
        return all;
    }

    engine::Engine engine_{{.connections_max = 1024, .hash_seed = 1}};
    model::ServiceKey key_;
    model::IpAddress client_;
    engine::Engine::Time now_{};
    std::uint16_t port_ = 50000;
};

// Every server has an answer of its own; where nobody took the connection, the client said so.
class Answers {
  public:
    [[nodiscard]] bool fits(const std::string& answer, const std::optional<Endpoint>& server) {
        if (!server) {
            return server_of_.count(answer) == 0;
        }
        const auto known = server_of_.emplace(answer, *server).first;
        const auto same = std::count_if(server_of_.begin(), server_of_.end(), [&](const auto& one) {
            return one.second == *server;
        });
        return known->second == *server && same == 1;
    }

  private:
    std::map<std::string, Endpoint> server_of_;
};

// The client's address, as the first list of connections has it.
model::IpAddress client_in(const json& run) {
    for (const json& entry : run) {
        std::istringstream lines(entry.value("lnc", ""));
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string protocol;
            std::string word;
            words >> protocol >> word >> word >> word;
            if (protocol == "TCP") {
                return endpoint_in(word).address;
            }
        }
    }
    return model::Ipv4{0xc0000201};
}

TEST(GoldenSeed, the_labs_clients_get_the_servers_that_the_kernel_gave_them) {
    const auto run = load_golden("seed/seed-run.json");
    if (!run) {
        GTEST_SKIP() << "no seed/seed-run.json";
    }
    constexpr double kBeforeListing = 0.5;
    Lab lab(table_in(run->front()), client_in(*run));
    Answers answers;
    Tally tally("seed", "moments");
    for (const json& entry : *run) {
        const auto what = entry.at("what").get<std::string>();
        const Table recorded = table_in(entry);
        if (!recorded.has_service) {
            continue;  // keepalived has ended.
        }
        std::string differences;
        lab.at(entry.at("t").get<double>() - (entry.contains("answers") ? kBeforeListing : 0));
        lab.follow(recorded);
        for (const auto& answer : entry.value("answers", json::array())) {
            if (!answers.fits(answer, lab.query())) {
                differences += "  answered by another server than " + answer.dump() + "\n";
            }
        }
        differences += lab.table_apart(recorded);
        if (entry.contains("lnc")) {
            differences += lab.connections_apart(entry);
        }
        differences.empty() ? tally.equal(what) : tally.different(what, differences);
    }
    EXPECT_EQ(tally.finish(), "");
}

}  // namespace
}  // namespace fpvs::test
