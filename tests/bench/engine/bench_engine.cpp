// SPDX-License-Identifier: Apache-2.0
// What a decision costs: CPU time of the engine alone, packets already parsed, no I/O.
// Packets come in random order over the connections, in bursts of 32 that are prefetched first, as
// the slow path handles them.  --tiny: only shows that it runs.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/util/check.hpp"

namespace fpvs::engine {
namespace {

using namespace std::chrono_literals;

constexpr model::ServiceKey kService = {.address = model::Ipv4{0x0a080002}, .port = 80};
constexpr std::size_t kBurst = 32;

[[nodiscard]] double cpu_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

[[nodiscard]] Packet packet(std::uint32_t number, std::uint8_t flags) {
    constexpr std::uint32_t kPortsEach = 50'000;
    return {.protocol = model::Protocol::tcp,
            .tcp_flags = flags,
            .ip_length_bytes = 60,
            .source_address = model::Ipv4{0x0b000000 + number / kPortsEach},
            .source_port = static_cast<std::uint16_t>(1024 + number % kPortsEach),
            .destination_address = kService.address,
            .destination_port = kService.port};
}

[[nodiscard]] std::unique_ptr<Engine> make_engine(std::string_view scheduler) {
    auto engine = std::make_unique<Engine>(EngineOptions{.hash_seed = 0x5eed});
    FPVS_CHECK(engine->add_service(kService, {.scheduler = std::string(scheduler)}));
    for (std::uint32_t i = 0; i < 16; ++i) {
        FPVS_CHECK(
            engine->add_server(kService, {.address = model::Ipv4{0xc0a80100 + i}, .port = 80}, {}));
    }
    return engine;
}

// CPU nanoseconds a packet over all of `packets`.
[[nodiscard]] double measure(Engine& engine, const std::vector<Packet>& packets) {
    std::uint64_t forwarded = 0;
    std::array<engine::Flow, kBurst> flows;
    const double begin = cpu_ns();
    for (std::size_t i = 0; i + kBurst <= packets.size(); i += kBurst) {
        for (std::size_t j = 0; j < kBurst; ++j) {
            engine.set_flow(flows[j], packets[i + j]);
            engine.prefetch(flows[j]);
        }
        for (engine::Flow& flow : flows) {
            engine.prefetch_connection(flow);
        }
        for (std::size_t j = 0; j < kBurst; ++j) {
            const engine::Verdict verdict = engine.handle(packets[i + j], flows[j], 1000s);
            forwarded += verdict.action == Action::forward ? 1 : 0;
        }
    }
    const double spent = cpu_ns() - begin;
    const std::size_t handled = packets.size() / kBurst * kBurst;
    FPVS_CHECK(forwarded == handled, "{} of {} were forwarded", forwarded, handled);
    return spent / static_cast<double>(handled);
}

void report(std::string_view name, double value, std::string_view unit) {
    std::printf(R"({"name": "engine: %s", "value": %.1f, "unit": "%s", "better": "lower"})"
                "\n",
                std::string(name).c_str(),
                value,
                std::string(unit).c_str());
}

void open(Engine& engine, std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t i = first; i < first + count; ++i) {
        (void)engine.handle(packet(i, tcp_flag::kSyn), 1000s);
        (void)engine.handle(packet(i, tcp_flag::kAck), 1000s);
    }
}

void bench_known(std::string_view name, std::uint32_t connections, std::size_t packets) {
    const auto engine = make_engine("wlc");
    open(*engine, 0, connections);
    std::mt19937 random(1);
    std::vector<Packet> order;
    for (std::size_t i = 0; i < packets; ++i) {
        order.push_back(packet(random() % connections, tcp_flag::kAck));
    }
    (void)measure(*engine, order);
    report(name, measure(*engine, order), "ns/packet");
}

void bench_new(std::string_view scheduler, std::uint32_t present, std::uint32_t fresh) {
    const auto engine = make_engine(scheduler);
    open(*engine, 0, present);
    std::vector<Packet> order;
    for (std::uint32_t i = 0; i < fresh; ++i) {
        order.push_back(packet(present + i, tcp_flag::kSyn));
    }
    std::shuffle(order.begin(), order.end(), std::mt19937(2));
    report("new connection, " + std::string(scheduler), measure(*engine, order), "ns/SYN");
}

[[nodiscard]] double resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    double total = 0;
    double resident = 0;
    statm >> total >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// What a full table takes from the machine, a NAT connection also being found by its replies.
void bench_memory(std::uint32_t connections, model::Forwarding forwarding, std::string_view name) {
    const double before = resident_bytes();
    Engine engine({.connections_max = connections, .hash_seed = 0x5eed});
    FPVS_CHECK(engine.add_service(kService, {.scheduler = "rr"}));
    FPVS_CHECK(engine.add_server(
        kService, {.address = model::Ipv4{0xc0a80100}, .port = 80}, {.forwarding = forwarding}));
    open(engine, 0, connections);
    FPVS_CHECK(engine.connection_count() == connections);
    const double each = (resident_bytes() - before) / connections;
    report("memory of a connection, 10 M, " + std::string(name), each, "bytes");
}

}  // namespace
}  // namespace fpvs::engine

int main(int argc, char** argv) {
    using fpvs::engine::bench_known;
    using fpvs::engine::bench_new;
    const bool tiny = argc > 1 && std::strcmp(argv[1], "--tiny") == 0;
    const std::uint32_t many = tiny ? 1'000 : 1'000'000;
    const std::size_t packets = tiny ? 1'000 : 4'000'000;
    bench_known("known connection, 1,000 present", 1'000, packets);
    bench_known("known connection, 1,000,000 present", many, packets);
    for (const char* scheduler : {"rr", "wlc", "mh"}) {
        bench_new(scheduler, many * 9 / 10, many / 10);
    }
    const std::uint32_t full = tiny ? 100'000 : 10'000'000;
    fpvs::engine::bench_memory(full, fpvs::model::Forwarding::direct_routing, "DR");
    fpvs::engine::bench_memory(full, fpvs::model::Forwarding::nat, "NAT");
    fpvs::engine::report("a connection's record", sizeof(fpvs::engine::Connection), "bytes");
}
