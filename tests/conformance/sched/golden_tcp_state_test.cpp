// SPDX-License-Identifier: Apache-2.0
// Plays every recorded path of TCP events through the engine: state, timer and counters after the
// last event must be the kernel's.
#include <gtest/gtest.h>

#include <cstdio>

#include "host/engine/engine.hpp"
#include "host/engine/tcp_state.hpp"
#include "tests/conformance/sched/golden.hpp"

namespace fpvs::test {
namespace {

using engine::tcp_flag::kAck;
using engine::tcp_flag::kFin;
using engine::tcp_flag::kRst;
using engine::tcp_flag::kSyn;
using nlohmann::json;

const model::ServiceKey kService = {.address = model::Ipv4{0x0a000064}, .port = 80};

[[nodiscard]] std::uint8_t flags_of(const std::string& event) {
    if (event.ends_with("SYNACK")) {
        return kSyn | kAck;
    }
    if (event.ends_with("SYN")) {
        return kSyn;
    }
    if (event.ends_with("FIN")) {
        return kFin | kAck;
    }
    return event.ends_with("RST") ? kRst : kAck;
}

class Machine {
  public:
    explicit Machine(model::Forwarding forwarding) {
        EXPECT_TRUE(engine_.add_service(kService, {.scheduler = "rr"}));
        EXPECT_TRUE(engine_.add_server(kService,
                                       {.address = model::Ipv4{0xc0a8710b}, .port = 80},
                                       {.forwarding = forwarding}));
    }

    void send(const std::string& event) {
        const auto verdict = engine_.handle({.protocol = model::Protocol::tcp,
                                             .tcp_flags = flags_of(event),
                                             .ip_length_bytes = 40,
                                             .source_address = model::Ipv4{0x0a000002},
                                             .source_port = 50000,
                                             .destination_address = kService.address,
                                             .destination_port = kService.port},
                                            kNow);
        (void)verdict;
    }

    // [state, seconds, ActiveConn, InActConn], or null without a connection.
    [[nodiscard]] json result() const {
        const auto page = engine_.connections(0, 2, kNow);
        const auto service = engine_.service(kService);
        if (page.connections.empty()) {
            return nullptr;
        }
        return json::array({page.connections[0].state,
                            page.connections[0].expires_s,
                            service->servers[0].active_connections,
                            service->servers[0].inactive_connections});
    }

  private:
    static constexpr engine::Engine::Time kNow = std::chrono::seconds(1000);
    engine::Engine engine_{{.connections_max = 16, .hash_seed = 1}};
};

// The kernel's timer was read up to a second after the event.
void expect_same(const json& ours, const json& recorded) {
    if (ours.is_null() || recorded.is_null()) {
        EXPECT_EQ(ours, recorded);
        return;
    }
    EXPECT_EQ(ours[0], recorded[0]);
    EXPECT_NEAR(ours[1].get<int>(), recorded[1].get<int>(), 1);
    EXPECT_EQ(ours[2], recorded[2]);
    EXPECT_EQ(ours[3], recorded[3]);
}

TEST(GoldenTcpState, one_way_connections_go_through_the_kernels_states) {
    int played = 0;
    for (const auto& mode : load_tcp_state_machine()) {
        const auto name = mode.at("mode").get<std::string>();
        if (mode.at("secure_tcp") != 0 || name == "nat") {
            continue;
        }
        for (const auto& entry : mode.at("log")) {
            SCOPED_TRACE(name + entry.dump());
            Machine machine(name.starts_with("tun") ? model::Forwarding::tunnel
                                                    : model::Forwarding::direct_routing);
            for (const auto& event : entry.at("path")) {
                machine.send(event);
            }
            machine.send(entry.at("event"));
            expect_same(machine.result(), entry.at("after"));
            ++played;
        }
    }
    std::printf("%d paths played\n", played);
    EXPECT_GT(played, 40);
}

// Both directions, on the transition table alone: the engine sees no replies yet.
TEST(GoldenTcpState, two_way_transitions_are_the_kernels) {
    int played = 0;
    for (const auto& mode : load_tcp_state_machine()) {
        if (mode.at("secure_tcp") != 0 || mode.at("mode") != "nat") {
            continue;
        }
        for (const auto& entry : mode.at("log")) {
            SCOPED_TRACE(entry.dump());
            if (entry.at("path").empty() && entry.at("event") != "c:SYN") {
                continue;  // Nothing but a SYN begins a connection.
            }
            engine::TcpState state = engine::TcpState::none;
            const auto step = [&](const std::string& event) {
                state = engine::next_state(
                    state,
                    event[0] == 'c' ? engine::TcpPath::from_client : engine::TcpPath::from_server,
                    flags_of(event));
            };
            for (const auto& event : entry.at("path")) {
                step(event);
            }
            step(entry.at("event"));
            const json& after = entry.at("after");
            EXPECT_EQ(name(state), after[0].get<std::string>());
            EXPECT_NEAR(timeout_ms(state, {}) / 1000.0, after[1].get<int>(), 1);
            EXPECT_EQ(counts_as_active(state), after[2] == 1);
            ++played;
        }
    }
    std::printf("%d paths played\n", played);
    EXPECT_GT(played, 50);
}

}  // namespace
}  // namespace fpvs::test
