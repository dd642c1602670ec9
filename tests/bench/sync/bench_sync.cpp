// SPDX-License-Identifier: Apache-2.0
// A takeover of a million connections in one process: a master tells a backup of them while they
// begin, and a director that comes later is told everything at once.  Then the master is gone, and
// every client goes on through the others.  Exits 0 only if none was lost.
//
// usage: bench_sync [--tiny]
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "host/sync/bulk.hpp"
#include "tests/kit/sync_pair.hpp"

namespace fpvs {
namespace {

using engine::Engine;
using engine::Packet;
using namespace std::chrono_literals;
namespace tcp_flag = engine::tcp_flag;

constexpr std::uint32_t kServers = 32;
constexpr std::uint8_t kSyncId = 7;
const model::ServiceKey kService{.address = model::Ipv4{0x0a000064}, .port = 80};

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::unique_ptr<kit::EngineGroup> director(std::uint32_t connections) {
    auto group = std::make_unique<kit::EngineGroup>(
        engine::EngineOptions{.connections_max = connections + 1024, .hash_seed = 42}, 1);
    (void)group->first().add_service(kService, {.scheduler = "wlc"});
    for (std::uint32_t i = 0; i < kServers; ++i) {
        (void)group->first().add_server(
            kService,
            {.address = model::Ipv4{0xc0a80000 + i}, .port = kService.port},
            {.forwarding = model::Forwarding::direct_routing});
    }
    return group;
}

Packet packet_of(std::uint32_t client, std::uint8_t flags) {
    constexpr std::uint32_t kPorts = 50'000;
    return {.tcp_flags = flags,
            .ip_length_bytes = 60,
            .source_address = model::Ipv4{0x0b000000 + client / kPorts},
            .source_port = static_cast<std::uint16_t>(10'000 + client % kPorts),
            .destination_address = kService.address,
            .destination_port = kService.port};
}

// The server of each client.
std::vector<engine::ServerIndex> servers_of(kit::EngineGroup& group,
                                            std::uint32_t clients,
                                            Engine::Time now) {
    std::vector<engine::ServerIndex> servers;
    servers.reserve(clients);
    for (std::uint32_t client = 0; client < clients; ++client) {
        servers.push_back(group.handle(packet_of(client, tcp_flag::kAck), now).server);
    }
    return servers;
}

// How many clients went somewhere else, or nowhere.
std::uint32_t lost(const std::vector<engine::ServerIndex>& before,
                   const std::vector<engine::ServerIndex>& after) {
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        count += before[i] == engine::kNoIndex || before[i] != after[i] ? 1 : 0;
    }
    return count;
}

// SYN and two ACKs of each, after which it is told.
double begin_all(kit::EngineGroup& group,
                 std::uint32_t clients,
                 Engine::Time now,
                 kit::SyncTeller* teller) {
    constexpr std::uint32_t kStep = 1024;
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint32_t client = 0; client < clients; ++client) {
        (void)group.handle(packet_of(client, tcp_flag::kSyn), now);
        (void)group.handle(packet_of(client, tcp_flag::kAck), now);
        (void)group.handle(packet_of(client, tcp_flag::kAck), now);
        if (teller != nullptr && client % kStep == 0) {
            teller->step(now);
        }
    }
    return seconds_since(begin);
}

int run(std::uint32_t clients) {
    const Engine::Time now = 1000s;
    const auto alone = director(clients);
    const double untold_s = begin_all(*alone, clients, now, nullptr);

    const auto master = director(clients);
    const auto backup = director(clients);
    const auto late = director(clients);
    kit::SyncListener listener(*backup, kSyncId, now);
    std::uint64_t messages = 0;
    double hearing_s = 0;
    std::optional<kit::SyncTeller> teller;
    teller.emplace(
        *master, model::SyncDaemon{.sync_id = kSyncId}, [&](const kit::Datagram& message) {
            ++messages;
            const auto begin = std::chrono::steady_clock::now();
            listener.hear(message);
            hearing_s += seconds_since(begin);
        });
    const double told_s = begin_all(*master, clients, now, &*teller) - hearing_s;
    teller->flush();

    kit::SyncListener late_listener(*late, kSyncId, now);
    const auto begin = std::chrono::steady_clock::now();
    sync::BulkReader reader;
    for (std::uint64_t cursor = 0, more = 1; more != 0; more = cursor) {
        const engine::SyncPage page = master->first().synced(cursor, 2048);
        cursor = page.next_cursor;
        (void)reader.feed(sync::bulk_part(page.connections, kSyncId), [&](auto message) {
            late_listener.hear(kit::Datagram(message.begin(), message.end()));
        });
    }
    const double bulk_s = seconds_since(begin);

    teller.reset();
    const auto before = servers_of(*master, clients, now);
    const std::uint32_t lost_live = lost(before, servers_of(*backup, clients, now));
    const std::uint32_t lost_late = lost(before, servers_of(*late, clients, now));
    fmt::print("{} connections, {} servers, wlc, direct routing\n", clients, kServers);
    fmt::print("  beginning them (3 packets each), nobody told   {:7.3f} s\n", untold_s);
    fmt::print("  the same, all told in {} messages           {:7.3f} s\n", messages, told_s);
    fmt::print("  a backup hearing these                         {:7.3f} s\n", hearing_s);
    fmt::print("  a director that comes later, told everything   {:7.3f} s\n", bulk_s);
    fmt::print("  lost at takeover: {} by the backup, {} by the other\n", lost_live, lost_late);
    return lost_live + lost_late == 0 ? 0 : 1;
}

}  // namespace
}  // namespace fpvs

int main(int argc, char** argv) {
    constexpr std::uint32_t kTiny = 10'000;
    constexpr std::uint32_t kAll = 1'000'000;
    return fpvs::run(argc > 1 && std::strcmp(argv[1], "--tiny") == 0 ? kTiny : kAll);
}
