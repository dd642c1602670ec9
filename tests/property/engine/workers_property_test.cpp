// SPDX-License-Identifier: Apache-2.0
// Random commands, packets and waits to a director with one worker and to others with more: every
// verdict, list and counter is the same, whatever the scheduler.
// RC_PARAMS="seed=N" plays a failure again.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/kit/engine_group.hpp"

namespace fpvs::engine {
namespace {

using model::Forwarding;
using model::Protocol;

std::string text_of(const model::TrafficCounters& counters) {
    std::string text;
    for (const std::uint64_t value : {counters.connections,
                                      counters.packets_in,
                                      counters.packets_out,
                                      counters.bytes_in,
                                      counters.bytes_out}) {
        text += " " + std::to_string(value);
    }
    return text;
}

std::string text_of(const model::TrafficRates& rates) {
    return " " + std::to_string(rates.connections) + " " + std::to_string(rates.packets_in) + " " +
           std::to_string(rates.bytes_out);
}

std::vector<std::string> lists_of(kit::EngineGroup& group, Engine::Time now) {
    std::vector<std::string> lines;
    for (const auto& service : group.first().services()) {
        lines.push_back(model::to_string(service.key) + text_of(service.counters) +
                        text_of(service.rates));
        for (const auto& server : service.servers) {
            lines.push_back(model::to_string(server.key) + " " +
                            std::to_string(server.active_connections) + " " +
                            std::to_string(server.inactive_connections) + " " +
                            std::to_string(server.persistent_connections) +
                            text_of(server.counters) + text_of(server.rates));
        }
    }
    const std::size_t first_connection = lines.size();
    for (const auto& connection : group.connections(now)) {
        // Which local port FULLNAT takes is each worker's own affair.
        lines.push_back(model::to_string(connection.client_address) + ":" +
                        std::to_string(connection.client_port) + " " +
                        model::to_string(connection.virtual_address) + ":" +
                        std::to_string(connection.virtual_port) + " " +
                        model::to_string(connection.server_address) + ":" +
                        std::to_string(connection.server_port) + " " + connection.state + " " +
                        std::to_string(connection.expires_s) +
                        (connection.template_entry ? " template" : ""));
    }
    std::sort(lines.begin() + static_cast<std::ptrdiff_t>(first_connection), lines.end());
    return lines;
}

// The same operations to groups of one, two, three and four workers.
class World {
  public:
    World(std::uint32_t seed, std::string scheduler)
        : random_(seed), scheduler_(std::move(scheduler)) {
        for (std::size_t workers = 1; workers <= 4; ++workers) {
            groups_.push_back(std::make_unique<kit::EngineGroup>(
                EngineOptions{.connections_max = kConnections, .hash_seed = seed}, workers));
        }
    }

    void act() {
        switch (below(20)) {
            case 0:
                edit([service = service(), settings = settings()](Engine& engine) {
                    return engine.add_service(service, settings).has_value();
                });
                break;
            case 1:
                edit([service = service(), settings = settings()](Engine& engine) {
                    return engine.edit_service(service, settings).has_value();
                });
                break;
            case 2:
                if (below(6) == 0) {
                    edit([service = service()](Engine& engine) {
                        return engine.delete_service(service).has_value();
                    });
                }
                break;
            case 3:
            case 4:
                edit([service = service(), server = server(), settings = server_settings()](
                         Engine& engine) {
                    (void)engine.add_local_address(service, model::Ipv4{77});
                    return engine.add_server(service, server, settings).has_value();
                });
                break;
            case 5:
                edit([service = service(), server = server(), settings = server_settings()](
                         Engine& engine) {
                    return engine.edit_server(service, server, settings).has_value();
                });
                break;
            case 6:
                edit([service = service(), server = server()](Engine& engine) {
                    return engine.delete_server(service, server).has_value();
                });
                break;
            case 7:
                wait(below(4) == 0 ? 400'000 : 15'000);
                break;
            case 8:
                set();
                break;
            case 9:
                edit([](Engine& engine) { return engine.zero(std::nullopt).has_value(); });
                break;
            default:
                packet();
                break;
        }
    }

    void check() {
        const std::vector<std::string> one = lists_of(*groups_.front(), now_);
        for (const auto& group : groups_) {
            RC_ASSERT(lists_of(*group, now_) == one);
            RC_ASSERT(group->first().connection_count() ==
                      groups_.front()->first().connection_count());
        }
    }

  private:
    static constexpr std::size_t kConnections = 40;

    [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_() % bound; }

    template <class Edit>
    void edit(Edit&& edit) {
        std::optional<bool> result;
        for (const auto& group : groups_) {
            const bool done = edit(group->first());
            RC_ASSERT(!result || *result == done);
            result = done;
        }
    }

    [[nodiscard]] model::ServiceKey service() {
        const std::uint32_t number = below(4);
        return {.address = model::Ipv4{1000 + number},
                .port = static_cast<std::uint16_t>(number == 3 ? 0 : 80),
                .protocol = number == 2 ? Protocol::udp : Protocol::tcp};
    }
    [[nodiscard]] model::ServerKey server() {
        return {.address = model::Ipv4{10 + below(4)}, .port = 80};
    }
    [[nodiscard]] model::ServiceSettings settings() {
        model::ServiceSettings settings;
        settings.scheduler = scheduler_;
        settings.hash_fallback = below(2) == 0;
        settings.one_packet = below(4) == 0;
        if (below(3) == 0) {
            settings.persistence = {.timeout_s = 1 + below(100), .client_mask = ~below(4)};
        }
        return settings;
    }
    [[nodiscard]] model::ServerSettings server_settings() {
        constexpr std::array<Forwarding, 4> kMethods = {
            Forwarding::direct_routing, Forwarding::nat, Forwarding::tunnel, Forwarding::full_nat};
        const std::uint32_t upper = below(3) == 0 ? 1 + below(8) : 0;
        return {.forwarding = kMethods[below(kMethods.size())],
                .weight = static_cast<std::int32_t>(below(4)),
                .upper_threshold = upper,
                .lower_threshold = upper == 0 ? 0 : below(upper)};
    }

    void packet() {
        constexpr std::array<std::uint8_t, 6> kFlags = {tcp_flag::kSyn,
                                                        tcp_flag::kAck,
                                                        tcp_flag::kAck,
                                                        tcp_flag::kFin | tcp_flag::kAck,
                                                        tcp_flag::kRst,
                                                        0};
        const model::ServiceKey to = service();
        const Packet packet{.protocol = to.protocol,
                            .tcp_flags = kFlags[below(kFlags.size())],
                            .ip_length_bytes = static_cast<std::uint16_t>(40 + below(1000)),
                            // Now and then a real server is the client.
                            .source_address = model::Ipv4{below(8) == 0 ? 10 + below(4) : below(6)},
                            .source_port = static_cast<std::uint16_t>(1000 + below(6)),
                            .destination_address = to.address,
                            .destination_port = 80};
        const bool answered = below(2) == 0;
        const std::uint8_t answer = kFlags[below(kFlags.size())] | tcp_flag::kAck;
        std::optional<Verdict> first;
        for (const auto& group : groups_) {
            const Verdict verdict = group->handle(packet, now_);
            RC_ASSERT(!first ||
                      (first->action == verdict.action && first->reason == verdict.reason &&
                       first->server == verdict.server &&
                       first->server_address == verdict.server_address &&
                       first->server_port == verdict.server_port &&
                       first->direction == verdict.direction));
            first = verdict;
            if (answered && verdict.action == Action::forward && verdict.connection.valid()) {
                reply(*group, packet, verdict, answer);
            }
        }
    }

    void reply(kit::EngineGroup& group,
               const Packet& packet,
               const Verdict& verdict,
               std::uint8_t flags) {
        if (verdict.forwarding != Forwarding::nat && verdict.forwarding != Forwarding::full_nat) {
            return;
        }
        const Translation ends = group.last().translation(packet, verdict);
        const Verdict back = group.handle({.protocol = packet.protocol,
                                           .tcp_flags = flags,
                                           .ip_length_bytes = 100,
                                           .source_address = ends.destination_address,
                                           .source_port = ends.destination_port,
                                           .destination_address = ends.source_address,
                                           .destination_port = ends.source_port},
                                          now_);
        RC_ASSERT(back.action == Action::forward);
        RC_ASSERT(back.direction == Direction::to_client);
    }

    void wait(std::uint32_t longest_ms) {
        now_ += std::chrono::milliseconds(below(longest_ms));
        for (const auto& group : groups_) {
            group->expire(now_);
        }
    }

    void set() {
        constexpr std::array<std::string_view, 5> kNames = {"expire_nodest_conn",
                                                            "expire_quiescent_template",
                                                            "conn_reuse_mode",
                                                            "sloppy_tcp",
                                                            "drop_packet"};
        edit([name = kNames[below(kNames.size())], value = static_cast<int>(below(2))](
                 Engine& engine) { return engine.set(name, value).has_value(); });
    }

    std::mt19937 random_;
    std::string scheduler_;
    std::vector<std::unique_ptr<kit::EngineGroup>> groups_;
    Engine::Time now_ = std::chrono::seconds(1000);
};

RC_GTEST_PROP(WorkersProperty, decide_and_list_as_one_worker, (std::uint32_t seed)) {
    const auto names = schedule::scheduler_names();
    World world(seed, std::string(names[seed % names.size()]));
    for (int i = 0; i < 300; ++i) {
        world.act();
        world.check();
    }
}

TEST(WorkersProperty, every_scheduler_decides_as_with_one_worker) {
    for (const std::string_view scheduler : schedule::scheduler_names()) {
        SCOPED_TRACE(scheduler);
        World world(7, std::string(scheduler));
        for (int i = 0; i < 2000; ++i) {
            world.act();
            ASSERT_NO_THROW(world.check());
        }
    }
}

}  // namespace
}  // namespace fpvs::engine
