// SPDX-License-Identifier: Apache-2.0
// A small engine with a service, and packets of its clients.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "host/engine/engine.hpp"

namespace fpvs::engine {

using namespace std::chrono_literals;

constexpr model::ServiceKey kWeb = {.address = model::Ipv4{0x0a080002}, .port = 80};
constexpr model::ServiceKey kDns = {
    .address = model::Ipv4{0x0a080002}, .port = 53, .protocol = model::Protocol::udp};
constexpr std::uint16_t kPacketBytes = 60;

[[nodiscard]] inline model::ServerKey server_key(std::uint32_t number, std::uint16_t port = 80) {
    return {.address = model::Ipv4{0xc0a87100 + number}, .port = port};
}

class EngineTest : public testing::Test {
  protected:
    [[nodiscard]] Verdict send(std::uint8_t flags, std::uint16_t client_port = 40000) {
        return engine_.handle(packet(kWeb, flags, client_port), now_);
    }
    [[nodiscard]] static Packet packet(const model::ServiceKey& service,
                                       std::uint8_t flags,
                                       std::uint16_t client_port) {
        return {.protocol = service.protocol,
                .tcp_flags = flags,
                .ip_length_bytes = kPacketBytes,
                .source_address = model::Ipv4{0x0a010001},
                .source_port = client_port,
                .destination_address = service.address,
                .destination_port = service.port,
                .firewall_mark = service.firewall_mark};
    }
    // SYN and ACK.
    [[nodiscard]] Verdict open(std::uint16_t client_port = 40000) {
        (void)send(tcp_flag::kSyn, client_port);
        return send(tcp_flag::kAck, client_port);
    }

    void add(const model::ServiceKey& service,
             const model::ServiceSettings& settings,
             int servers) {
        ASSERT_TRUE(engine_.add_service(service, settings));
        for (int i = 1; i <= servers; ++i) {
            ASSERT_TRUE(engine_.add_server(
                service, server_key(static_cast<std::uint32_t>(i), service.port), {}));
        }
    }

    void wait(Engine::Time time) {
        now_ += time;
        while (engine_.expire(now_, 100)) {
        }
    }

    [[nodiscard]] std::uint64_t counter(std::string_view name) const {
        for (const CounterView& counter : engine_.counters()) {
            if (counter.name == name) {
                return counter.value;
            }
        }
        ADD_FAILURE() << "no counter " << name;
        return 0;
    }

    [[nodiscard]] model::ServerView server_view(std::size_t position) const {
        return engine_.service(kWeb)->servers.at(position);
    }

    Engine engine_{{.connections_max = 8, .hash_seed = 42}};
    Engine::Time now_ = 1000s;
};

}  // namespace fpvs::engine
