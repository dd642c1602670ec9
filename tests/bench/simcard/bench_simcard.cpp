// SPDX-License-Identifier: Apache-2.0
// How fast the simulated card is, in CPU time of this machine, and how long a frame is in the card,
// in cycles of the card's clock.  --tiny: only shows that it runs.
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include "host/util/check.hpp"
#include "hw/abi/registers.hpp"
#include "sim/card/verilated_card.hpp"
#include "tests/kit/card_dataplane.hpp"
#include "tests/kit/frame_builder.hpp"
#include "tests/unit/simcard/shell_streams.hpp"

namespace fpvs::sim::card {
namespace {

constexpr std::uint64_t kCardMac = 0x020000001395;
constexpr std::uint32_t kVirtualAddress = 0xc0a87164;
constexpr std::uint32_t kClientAddress = 0xc0a87132;
constexpr std::uint16_t kVirtualPort = 3306;
constexpr std::uint16_t kClientPort = 40000;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void report(std::string_view name, double value, std::string_view unit, std::string_view better) {
    std::printf(
        R"({"name": "simulated card: %.*s", "value": %.3f, "unit": "%.*s", "better": "%.*s"})"
        "\n",
        static_cast<int>(name.size()),
        name.data(),
        value,
        static_cast<int>(unit.size()),
        unit.data(),
        static_cast<int>(better.size()),
        better.data());
}

kit::Setup one_flow() {
    kit::Setup setup;
    setup.ports[0] = {.mac = kCardMac, .enabled = true};
    setup.services.push_back(
        {.address = kVirtualAddress, .port = kVirtualPort, .protocol = 6, .service = 1});
    setup.servers.push_back({.server = 1, .next_hop = 1});
    setup.next_hops.push_back(
        {.next_hop = 1, .destination_mac = 0x02000000130b, .source_mac = kCardMac, .mtu = 9000});
    setup.flows.push_back(
        {.client = kClientAddress, .client_port = kClientPort, .service = 1, .server = 1});
    return setup;
}

// Cycles from a frame's first beat on the wire to its whole on the wire again.
void measure_latency(VerilatedCard& card, const Frame& frame, std::string_view size) {
    FPVS_CHECK(card.receive(0, frame));
    const std::uint64_t begin = card.cycles();
    while (!card.transmit_waits(0)) {
        FPVS_CHECK(card.run(1) == 1, "the frame is not forwarded");
    }
    report("cycles in the card, " + std::string(size),
           static_cast<double>(card.cycles() - begin),
           "cycles",
           "lower");
    (void)card.transmitted(0);
}

void measure_speed(VerilatedCard& card, const Frame& frame, std::string_view size, int frames) {
    const std::uint64_t first_cycle = card.cycles();
    const double begin = cpu_seconds();
    int sent = 0;
    int given = 0;
    while (sent < frames) {
        while (given < frames && !card.receive_queue_full(0)) {
            FPVS_CHECK(card.receive(0, frame));
            ++given;
        }
        FPVS_CHECK(card.run(256) != 0, "frames are lost: {} of {}", sent, given);
        while (card.transmitted(0)) {
            ++sent;
        }
    }
    const double seconds = cpu_seconds() - begin;
    const auto cycles = static_cast<double>(card.cycles() - first_cycle);
    report("cycles a CPU second, " + std::string(size), cycles / seconds / 1e3, "k", "higher");
    report("packets a CPU second, " + std::string(size), frames / seconds / 1e3, "k", "higher");
    report("throughput, " + std::string(size),
           frames / seconds * static_cast<double>(frame.size()) * 8 / 1e6,
           "Mbit/s",
           "higher");
    report("cycles a packet, " + std::string(size), cycles / frames, "cycles", "lower");
}

// Awake, but with nothing inside: what every cycle costs.
void measure_idle(VerilatedCard& card, int times) {
    constexpr std::uint64_t kIdleCycles = 10000;
    const std::uint64_t first_cycle = card.cycles();
    const double begin = cpu_seconds();
    for (int i = 0; i < times; ++i) {
        card.write_register(abi::reg::run, 1);
        (void)card.run(kIdleCycles);
    }
    const auto cycles = static_cast<double>(card.cycles() - first_cycle);
    report("cycles a CPU second, idle", cycles / (cpu_seconds() - begin) / 1e3, "k", "higher");
}

// A segment of the flow, `length` bytes as a frame.
Frame flow_frame(std::size_t length) {
    constexpr std::size_t kHeaders = 14 + 20 + 20;
    return kit::build_frame({.destination_mac = kCardMac,
                             .source_mac = 0x020000001332,
                             .source_address = kClientAddress,
                             .destination_address = kVirtualAddress,
                             .source_port = kClientPort,
                             .destination_port = kVirtualPort,
                             .payload_bytes = length - kHeaders});
}

void run(bool tiny) {
    VerilatedCard card;
    ShellStreams streams(card);
    kit::CardDataplane dataplane("card", streams);
    dataplane.configure(one_flow());
    measure_idle(card, tiny ? 2 : 200);
    for (const std::size_t length : {60U, 1514U, 9014U}) {
        const std::string size = std::to_string(length) + " bytes";
        const Frame frame = flow_frame(length);
        measure_latency(card, frame, size);
        measure_speed(card, frame, size, tiny ? 100 : 20000);
    }
}

}  // namespace
}  // namespace fpvs::sim::card

int main(int count, char** words) {
    fpvs::sim::card::run(count == 2 && std::strcmp(words[1], "--tiny") == 0);
    return 0;
}
