// SPDX-License-Identifier: Apache-2.0
// What the tables of mh and sh cost to make for a thousand servers: CPU time of one thread, the
// worst of some weightings, the median of some runs.  --tiny: only shows that it runs.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "host/schedule/scheduler.hpp"
#include "host/util/check.hpp"

namespace fpvs::schedule {
namespace {

constexpr std::uint32_t kServers = 1000;

[[nodiscard]] double cpu_ms() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// All alike, all different, and one that outweighs the rest.
[[nodiscard]] std::int32_t weight_of(int weighting, std::uint32_t server) {
    switch (weighting) {
        case 0:
            return 1;
        case 1:
            return static_cast<std::int32_t>(server + 1);
        default:
            return server == 0 ? 65535 : 1;
    }
}

// Of one table, in milliseconds.
[[nodiscard]] double measure(const char* name, int weighting, int runs) {
    std::vector<ServerState> states(kServers);
    std::vector<const ServerState*> servers;
    for (std::uint32_t i = 0; i < kServers; ++i) {
        const std::int32_t weight = weight_of(weighting, i);
        states[i] = {.index = i,
                     .key = {.address = model::Ipv4{0x0a000000 + i}, .port = 80},
                     .weight = weight,
                     .last_weight = weight};
        servers.push_back(&states[i]);
    }
    const auto scheduler = make_scheduler(name);
    scheduler->start(servers);
    std::vector<double> times;
    for (int run = 0; run < runs; ++run) {
        scheduler->server_edited(servers);
        const double begin = cpu_ms();
        FPVS_CHECK(scheduler->pick(servers, {}));  // Makes the table first.
        times.push_back(cpu_ms() - begin);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

}  // namespace
}  // namespace fpvs::schedule

int main(int argument_count, char** arguments) {
    const bool tiny = argument_count > 1 && std::strcmp(arguments[1], "--tiny") == 0;
    for (const char* name : {"mh", "sh"}) {
        double worst = 0;
        for (const int weighting : {0, 1, 2}) {
            worst = std::max(worst, fpvs::schedule::measure(name, weighting, tiny ? 1 : 21));
        }
        std::printf(
            "{\"name\": \"%s table, 1,000 servers\", \"value\": %.4f, \"unit\": \"ms\", "
            "\"better\": \"lower\", \"must\": 5}\n",
            name,
            worst);
    }
    return 0;
}
