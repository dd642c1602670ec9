// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/cli/recorded_traffic.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <sstream>

#include "host/engine/packet.hpp"

namespace fpvs::test {
namespace {

using namespace std::chrono_literals;
using engine::Packet;

constexpr model::Ipv4 kDirector{0x0a000064};  // 10.0.0.100

void send(kit::EngineOperations& operations, const Packet& packet) {
    EXPECT_EQ(operations.engine.handle(packet, operations.now).action, engine::Action::forward);
}

// "7 clients x (SYN, ACK, 3 data segments of 100 B); 2 FIN, 1 RST; +2.5 s"
void seven_clients(kit::EngineOperations& operations) {
    constexpr std::uint16_t kHeaders = 40;
    constexpr std::uint16_t kData = 100;
    for (std::uint32_t i = 0; i < 7; ++i) {
        Packet packet{.ip_length_bytes = kHeaders,
                      .client_address = {0x0a010001 + i},
                      .client_port = static_cast<std::uint16_t>(50'000 + i),
                      .virtual_address = kDirector,
                      .virtual_port = 3306};
        packet.tcp_flags = engine::tcp_flag::kSyn;
        send(operations, packet);
        packet.tcp_flags = engine::tcp_flag::kAck;
        send(operations, packet);
        packet.ip_length_bytes = kHeaders + kData;
        for (int segment = 0; segment < 3; ++segment) {
            send(operations, packet);
        }
        packet.ip_length_bytes = kHeaders;
        if (i < 2) {
            packet.tcp_flags = engine::tcp_flag::kFin | engine::tcp_flag::kAck;
            send(operations, packet);
        } else if (i == 2) {
            packet.tcp_flags = engine::tcp_flag::kRst;
            send(operations, packet);
        }
    }
    operations.now += 5s;
}

void datagrams(kit::EngineOperations& operations, int count, std::uint16_t ip_length_bytes) {
    constexpr int kClients = 50;
    for (int i = 0; i < count; ++i) {
        send(operations,
             {.protocol = model::Protocol::udp,
              .ip_length_bytes = ip_length_bytes,
              .client_address = {0x0a010001},
              .client_port = static_cast<std::uint16_t>(40'000 + i % kClients),
              .virtual_address = kDirector,
              .virtual_port = 5060});
    }
}

}  // namespace

void traffic_before(std::size_t index, kit::EngineOperations& operations) {
    // Numbers of packets as the recording's own counters give them: some of those sent were lost.
    switch (index) {
        case 124:
            seven_clients(operations);
            break;
        case 129:
            operations.now += 2s;
            break;
        case 137:
            datagrams(operations, 800, 156);
            datagrams(operations, 8'899, 1'428);
            break;
        case 141:
            datagrams(operations, 69'711, 1'428);
            break;
        default:
            break;
    }
}

bool has_traffic(const std::string& list) {
    if (list.starts_with("IPVS")) {
        return std::count(list.begin(), list.end(), '\n') > 2;
    }
    std::istringstream lines(list);
    for (std::string line; std::getline(lines, line);) {
        // The last column of a server's row, after its name.
        if (line.starts_with("  -> ") && line.find("Address") == std::string::npos) {
            for (const char c : line.substr(33)) {
                if (c >= '1' && c <= '9') {
                    return true;
                }
            }
        }
    }
    return false;
}

}  // namespace fpvs::test
