// SPDX-License-Identifier: Apache-2.0
// What a flow costs the host: to be put into the card's tables and made a command, and to be taken
// out again, at the load that a full-size table has with so many flows.  CPU time of one thread.
// --tiny: only shows that it runs.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "host/offload/card_tables.hpp"
#include "host/util/check.hpp"

namespace fpvs::offload {
namespace {

[[nodiscard]] double cpu_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

[[nodiscard]] FlowKey key_of(std::uint32_t number) {
    return {.client_address = model::Ipv4{number * 2654435761u},
            .client_port = static_cast<std::uint16_t>(1024 + number % 60000),
            .service = number % 64};
}

void drain(CardTables& tables, std::uint64_t& commands) {
    CommandRecord command;
    while (tables.next_write(command)) {
        ++commands;
    }
}

// Flows go in by bursts of what a worker takes in a step.
void measure(int buckets_log2, double load) {
    constexpr std::uint32_t kBurst = 32;
    CardTables tables({1, 2}, {.flow_buckets_log2 = buckets_log2, .flow6_buckets_log2 = 0});
    const auto flows = static_cast<std::uint32_t>(load * static_cast<double>(tables.flows_max()));
    std::uint64_t commands = 0;
    std::uint32_t refused = 0;
    const double begin = cpu_ns();
    for (std::uint32_t number = 0; number < flows; ++number) {
        refused += tables.add_flow(key_of(number), {.connection = number, .server = 1}) ? 0 : 1;
        if (number % kBurst == kBurst - 1) {
            drain(tables, commands);
        }
    }
    drain(tables, commands);
    const double added = cpu_ns();
    for (std::uint32_t number = 0; number < flows; ++number) {
        static_cast<void>(tables.remove_flow(key_of(number)));
        if (number % kBurst == kBurst - 1) {
            drain(tables, commands);
        }
    }
    drain(tables, commands);
    const double removed = cpu_ns();
    std::printf(
        "%8zu places  %5.1f %% full  add %5.0f ns  remove %5.0f ns  moves %llu  refused %u\n",
        tables.flows_max(),
        load * 100,
        (added - begin) / flows,
        (removed - added) / flows,
        static_cast<unsigned long long>(tables.moves()),
        refused);
    FPVS_CHECK(tables.flow_count() == 0);
}

}  // namespace
}  // namespace fpvs::offload

int main(int argc, char** argv) {
    const bool tiny = argc > 1 && std::strcmp(argv[1], "--tiny") == 0;
    for (const double load : {0.25, 0.5, 0.667, 0.8, 0.9, 0.95}) {
        fpvs::offload::measure(tiny ? 8 : 18, load);
    }
    return 0;
}
