// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/cli/recorded_traffic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <sstream>

#include "host/engine/packet.hpp"

namespace fpvs::test {
namespace {

using namespace std::chrono_literals;
using engine::Packet;

constexpr std::size_t kNameColumns = 33;

struct Endpoint {
    model::Ipv4 address;
    std::uint16_t port = 0;

    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// "10.0.0.100:3306"; none for what is no such thing.
std::optional<Endpoint> endpoint_in(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const auto address = model::parse_ipv4(text.substr(0, colon));
    if (colon == std::string::npos || !address) {
        return std::nullopt;
    }
    return Endpoint{*address, static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)))};
}

// The service that was added last before that invocation, "-t" or "-u".
Endpoint service_before(const std::vector<Invocation>& invocations,
                        std::size_t index,
                        const std::string& option) {
    while (index-- > 0) {
        std::istringstream words(invocations[index].command);
        std::string program;
        std::string verb;
        std::string given;
        std::string service;
        words >> program >> verb >> given >> service;
        if (verb == "-A" && given == option && endpoint_in(service)) {
            return *endpoint_in(service);
        }
    }
    ADD_FAILURE() << "no service was added before the traffic";
    return {};
}

// The first client of the next list of connections.
Endpoint first_client_after(const std::vector<Invocation>& invocations, std::size_t index) {
    for (; index < invocations.size(); ++index) {
        if (!invocations[index].out.starts_with("IPVS")) {
            continue;
        }
        std::optional<Endpoint> first;
        std::istringstream lines(invocations[index].out);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string word;
            words >> word >> word >> word >> word;
            const auto client = endpoint_in(word);
            if (client && client->port != 0 && (!first || *client < *first)) {
                first = client;
            }
        }
        return first.value_or(Endpoint{});
    }
    return {};
}

void send(kit::EngineOperations& operations, const Packet& packet) {
    EXPECT_EQ(operations.engine.handle(packet, operations.now).action, engine::Action::forward);
}

void pass(kit::EngineOperations& operations, std::chrono::seconds time) {
    constexpr std::size_t kWithoutLimit = 1'000'000;
    operations.now += time;
    (void)operations.engine.expire(operations.now, kWithoutLimit);
}

struct Totals {
    std::uint64_t connections = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

// The UDP service's row of `-Ln --stats --exact`.
std::optional<Totals> udp_totals(const Invocation& invocation) {
    std::istringstream lines(invocation.out);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("UDP  ") && invocation.command.find("--exact") != std::string::npos &&
            invocation.command.find("--stats") != std::string::npos) {
            Totals totals;
            std::uint64_t packets_out = 0;
            std::istringstream(line.substr(kNameColumns)) >> totals.connections >> totals.packets >>
                packets_out >> totals.bytes;
            return totals;
        }
    }
    return std::nullopt;
}

}  // namespace

void RecordedTraffic::play_before(const Invocation& invocation, kit::EngineOperations& operations) {
    // The same note on several invocations in a row tells of one burst.
    if (invocation.note == last_note_) {
        return;
    }
    const bool after_clients = last_note_.find(" clients x ") != std::string::npos;
    last_note_ = invocation.note;
    if (invocation.note.find(" clients x ") != std::string::npos) {
        play_clients(invocation, operations);
    } else if (invocation.note.find("datagrams") != std::string::npos) {
        play_datagrams(invocation, operations);
    } else if (after_clients) {
        pass(operations, 2s);
    }
}

// "7 clients x (SYN, ACK, 3 data segments of 100 B); 2 FIN, 1 RST; +2.5 s"
void RecordedTraffic::play_clients(const Invocation& invocation,
                                   kit::EngineOperations& operations) {
    const std::string& note = invocation.note;
    const Endpoint service = service_before(invocations_, invocation.index, "-t");
    const Endpoint client = first_client_after(invocations_, invocation.index);
    constexpr int kHeaders = 40;
    unsigned clients = 0;
    int segments = 0;
    int data = 0;
    unsigned fins = 0;
    unsigned resets = 0;
    ASSERT_EQ(std::sscanf(note.c_str(),
                          "%u clients x (SYN, ACK, %d data segments of %d B); %u FIN, %u RST",
                          &clients,
                          &segments,
                          &data,
                          &fins,
                          &resets),
              5)
        << note;
    for (unsigned i = 0; i < clients; ++i) {
        Packet packet{.ip_length_bytes = kHeaders,
                      .source_address = model::Ipv4{client.address.value + i},
                      .source_port = static_cast<std::uint16_t>(client.port + i),
                      .destination_address = service.address,
                      .destination_port = service.port};
        packet.tcp_flags = engine::tcp_flag::kSyn;
        send(operations, packet);
        packet.tcp_flags = engine::tcp_flag::kAck;
        send(operations, packet);
        packet.ip_length_bytes = static_cast<std::uint16_t>(kHeaders + data);
        for (int segment = 0; segment < segments; ++segment) {
            send(operations, packet);
        }
        packet.ip_length_bytes = kHeaders;
        if (i < fins) {
            packet.tcp_flags = engine::tcp_flag::kFin | engine::tcp_flag::kAck;
            send(operations, packet);
        } else if (i < fins + resets) {
            packet.tcp_flags = engine::tcp_flag::kRst;
            send(operations, packet);
        }
    }
    // The first list was taken after the kernel's estimator had run twice.
    for (const auto step : {2s, 2s, 1s}) {
        pass(operations, step);
    }
}

// As many as the recording counted, since some of those sent were lost.
void RecordedTraffic::play_datagrams(const Invocation& invocation,
                                     kit::EngineOperations& operations) {
    std::optional<Totals> totals;
    for (std::size_t i = invocation.index; i < invocations_.size() && !totals; ++i) {
        totals = udp_totals(invocations_[i]);
    }
    ASSERT_TRUE(totals.has_value()) << "no exact totals follow " << invocation.note;
    constexpr model::Ipv4 kClient{0xc0000201};
    constexpr std::uint16_t kPort = 40'000;
    const Endpoint service = service_before(invocations_, invocation.index, "-u");
    const std::uint64_t packets = totals->packets - datagrams_;
    std::uint64_t bytes_left = totals->bytes - datagram_bytes_;
    for (std::uint64_t i = 0; i < packets; ++i) {
        const std::uint64_t share = bytes_left / (packets - i);
        bytes_left -= share;
        send(operations,
             {.protocol = model::Protocol::udp,
              .ip_length_bytes = static_cast<std::uint16_t>(share),
              .source_address = kClient,
              .source_port = static_cast<std::uint16_t>(kPort + i % totals->connections),
              .destination_address = service.address,
              .destination_port = service.port});
    }
    datagrams_ = totals->packets;
    datagram_bytes_ = totals->bytes;
}

bool has_traffic(const std::string& list) {
    if (list.starts_with("IPVS")) {
        return std::count(list.begin(), list.end(), '\n') > 2;
    }
    std::istringstream lines(list);
    for (std::string line; std::getline(lines, line);) {
        const bool is_server = line.starts_with("  -> ") && line.size() > kNameColumns &&
                               line.find("Address") == std::string::npos;
        if (is_server && line.find_first_of("123456789", kNameColumns) != std::string::npos) {
            return true;
        }
    }
    return false;
}

}  // namespace fpvs::test
