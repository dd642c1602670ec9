// SPDX-License-Identifier: Apache-2.0
// Three fpvsadm at once, each command over a socket of its own: doubled, out of order and out of
// range.  Every command is answered as if it were alone, with ipvsadm's sentence where it cannot be
// done, and what cannot be done changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "host/cli/run.hpp"
#include "host/control/convert.hpp"
#include "host/control/dispatcher.hpp"
#include "tests/conformance/cli/recording.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/engine_operations.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::test {
namespace {

constexpr std::size_t kClients = 3;

// The table as bytes: settings, counters and order included.
std::string image_of(const std::vector<model::ServiceView>& services) {
    std::string image;
    for (const model::ServiceView& service : services) {
        image += control::to_api_without_servers(service).SerializeAsString();
        for (const model::ServerView& server : service.servers) {
            image += control::to_api(server).SerializeAsString();
        }
    }
    return image;
}

// An engine that is looked at before and after every edit that fails.
class WatchedOperations final : public kit::EngineOperations {
  public:
    std::size_t refused = 0;
    std::size_t refused_and_changed = 0;

    Status add_service(const model::ServiceKey& key, const model::ServiceSettings& s) override {
        return watch([&] { return EngineOperations::add_service(key, s); });
    }
    Status edit_service(const model::ServiceKey& key, const model::ServiceSettings& s) override {
        return watch([&] { return EngineOperations::edit_service(key, s); });
    }
    Status delete_service(const model::ServiceKey& key) override {
        return watch([&] { return EngineOperations::delete_service(key); });
    }
    Status add_server(const model::ServiceKey& service,
                      const model::ServerKey& server,
                      const model::ServerSettings& s) override {
        return watch([&] { return EngineOperations::add_server(service, server, s); });
    }
    Status edit_server(const model::ServiceKey& service,
                       const model::ServerKey& server,
                       const model::ServerSettings& s) override {
        return watch([&] { return EngineOperations::edit_server(service, server, s); });
    }
    Status delete_server(const model::ServiceKey& service,
                         const model::ServerKey& server) override {
        return watch([&] { return EngineOperations::delete_server(service, server); });
    }

  private:
    template <class Edit>
    Status watch(Edit&& edit) {
        const std::string before = image_of(services());
        Status status = edit();
        if (!status) {
            ++refused;
            refused_and_changed += image_of(services()) != before ? 1 : 0;
        }
        return status;
    }
};

class ThreeClients : public ::testing::Test {
  protected:
    Outcome type(const std::string& command) {
        kit::TableNames names;
        return play({.command = "ipvsadm " + command}, server_.path(), "", names);
    }
    // What each of them is told when all type it at the same moment, in sorted order.
    std::vector<std::string> type_at_once(const std::string& command) {
        std::vector<std::string> answers(kClients);
        std::barrier together(kClients);
        std::vector<std::jthread> clients;
        for (std::string& answer : answers) {
            clients.emplace_back([&] {
                together.arrive_and_wait();
                const Outcome outcome = type(command);
                answer = fmt::format("{} {}", outcome.exit_code, outcome.err);
            });
        }
        clients.clear();
        std::sort(answers.begin(), answers.end());
        return answers;
    }

    WatchedOperations operations_;
    control::Dispatcher dispatcher_{operations_};
    kit::ControlServer server_{dispatcher_};
};

std::vector<std::string> one_done(const std::string& sentence) {
    const std::string refusal = "255 " + sentence + "\n";
    return {"0 ", refusal, refusal};
}

TEST_F(ThreeClients, OfTheSameCommandOneIsDone) {
    constexpr int kRounds = 50;
    for (int round = 0; round < kRounds; ++round) {
        EXPECT_EQ(type_at_once("-A -t 10.0.0.1:80 -s rr"), one_done("Service already exists"));
        EXPECT_EQ(type_at_once("-a -t 10.0.0.1:80 -r 10.1.0.1 -m"),
                  one_done("Destination already exists"));
        EXPECT_EQ(type_at_once("-d -t 10.0.0.1:80 -r 10.1.0.1"), one_done("No such destination"));
        EXPECT_EQ(type_at_once("-D -t 10.0.0.1:80"), one_done("No such service"));
        EXPECT_EQ(type_at_once("--start-daemon master --mcast-interface d1"),
                  one_done("Daemon has already run"));
        EXPECT_EQ(type_at_once("--stop-daemon master"), one_done("No daemon is running"));
    }
    EXPECT_EQ(operations_.refused_and_changed, 0U);
}

template <class Items>
const auto& one_of(const Items& items, std::mt19937& random) {
    return items[random() % std::size(items)];
}

// Of a small world, so that commands meet; one in ten cannot be meant at all.
std::string random_command(std::mt19937& random) {
    static constexpr std::array kServices = {"-t 10.0.0.1:80",
                                             "-u 10.0.0.1:80",
                                             "-t [2001:db8::1]:80",
                                             "-f 5",
                                             "-f 5 -6",
                                             "--sctp-service 10.0.0.1:80"};
    static constexpr std::array kServers = {"10.1.0.1", "10.1.0.2:8080", "[2001:db8::2]:80"};
    static constexpr std::array kSettings = {
        "-s rr", "-s nosuch", "-s mh -b mh-port", "-p 50", "-s sh -p 50 --pe sip", "-p 50 --pe no"};
    static constexpr std::array kMethods = {
        "-m", "-i", "-i --tun-type gue --tun-port 6080", "-b -w 3", "-g -x 10 -y 20", "-w 0"};
    static constexpr std::array kNonsense = {"-A -t 10.0.0.1:65536",
                                             "-A -t 10.0.0.1",
                                             "-a -t 10.0.0.1:80 -r 10.1.0.1 -w -1",
                                             "-a -t 10.0.0.1:80 -r 10.1.0.1:99999",
                                             "-E -f 0",
                                             "-D",
                                             "-A -t 10.0.0.1:80 -p 0"};
    const std::string service = one_of(kServices, random);
    const std::string server = one_of(kServers, random);
    switch (random() % 10) {
        case 0:
            return one_of(kNonsense, random);
        case 1:
        case 2:
            return fmt::format("-A {} {}", service, one_of(kSettings, random));
        case 3:
            return fmt::format("-E {} {}", service, one_of(kSettings, random));
        case 4:
            return "-D " + service;
        case 5:
            return fmt::format("-d {} -r {}", service, server);
        case 6:
            return fmt::format("-e {} -r {} {}", service, server, one_of(kMethods, random));
        case 7:
            return "-Z " + service;
        default:
            return fmt::format("-a {} -r {} {}", service, server, one_of(kMethods, random));
    }
}

TEST_F(ThreeClients, WhatCannotBeDoneChangesNothing) {
    // ipvsadm's sentences for what the table refuses; everything else is its grammar's, exit 2.
    static const std::set<std::string> kSentences = {"",
                                                     "Service already exists\n",
                                                     "No such service\n",
                                                     "Service not defined\n",
                                                     "Destination already exists\n",
                                                     "No such destination\n",
                                                     "Scheduler or persistence engine not found\n",
                                                     "Numerical result out of range\n"};
    constexpr int kCommandsEach = 1000;
    const unsigned seed = std::random_device{}();
    std::cout << "seed " << seed << "\n";
    std::array<std::vector<std::string>, kClients> surprises;
    {
        std::vector<std::jthread> clients;
        for (std::size_t i = 0; i < kClients; ++i) {
            clients.emplace_back([&, i] {
                std::mt19937 random(seed + static_cast<unsigned>(i));
                for (int n = 0; n < kCommandsEach; ++n) {
                    const std::string command = random_command(random);
                    const Outcome outcome = type(command);
                    const bool expected = outcome.exit_code == 2
                                              ? !outcome.err.empty()
                                              : (outcome.exit_code == 0) == outcome.err.empty() &&
                                                    kSentences.contains(outcome.err);
                    if (!expected || !outcome.out.empty()) {
                        surprises[i].push_back(fmt::format(
                            "{}: {} {}{}", command, outcome.exit_code, outcome.err, outcome.out));
                    }
                }
            });
        }
    }
    for (const std::vector<std::string>& of_one : surprises) {
        for (const std::string& surprise : of_one) {
            ADD_FAILURE() << surprise;
        }
    }
    EXPECT_EQ(operations_.refused_and_changed, 0U);
    EXPECT_GT(operations_.refused, 500U);
    EXPECT_EQ(type("-Ln").exit_code, 0);
}

}  // namespace
}  // namespace fpvs::test
