// SPDX-License-Identifier: Apache-2.0
// What several workers carry: known connections by direct routing, from sources that make frames
// out of nothing.  Three ways in: each worker receives its own, as from the queues of a NIC that
// has the key of engine::Owners; each receives anybody's, as from one that spreads by a key of its
// own; and one receives for all.
//
// Packets per second of the clock, and of CPU: the second is each worker's rate while it runs,
// added up, which is what cores of their own would give.  --tiny: only shows that it runs.
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "drivers/dpdk/eal.hpp"
#include "drivers/dpdk/frame_pool.hpp"
#include "host/slowpath/worker_thread.hpp"
#include "host/util/check.hpp"
#include "tests/bench/slowpath/traffic.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/monotonic_clock.hpp"
#include "tests/kit/worker_group.hpp"

namespace fpvs::bench {
namespace {

using engine::tcp_flag::kAck;
using engine::tcp_flag::kSyn;
using model::Family;
using namespace std::chrono_literals;

constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kServers = 16;
constexpr int kRuns = 5;

struct Scale {
    std::uint32_t connections = 100'000;
    std::chrono::milliseconds time{600};  // Of each run.
};

enum class Reception : std::uint8_t { by_owner, by_each, by_one };

struct Rate {
    double by_clock = 0;
    double by_cpu = 0;
};

struct Sample {
    std::uint64_t frames = 0;
    double cpu_s = 0;
};

double cpu_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

class Case {
  public:
    Case(rte_mempool& pool, std::size_t workers, Reception reception, const Scale& scale)
        : scale_(scale),
          own_(workers),
          group_(workers,
                 {.connections_max = scale.connections + 1024, .hash_seed = 0x5eed},
                 neighbours_) {
        serve();
        connect();
        for (std::size_t worker = 0; worker < workers; ++worker) {
            sources_.push_back(std::make_unique<Traffic>(
                pool, Family::ipv4, kAck, 0, scale.connections, Order::random));
            if (reception == Reception::by_owner) {
                sources_.back()->choose(own_[worker]);
            }
            const bool receives = reception != Reception::by_one || worker == 0;
            const Status added =
                group_[worker].add_port({.number = 0,
                                         .interface = "bench",
                                         .interface_index = kInterface,
                                         .mac = *model::parse_mac("02:00:00:00:00:d0")},
                                        nullptr);
            FPVS_CHECK(added.has_value());
            silent_.push_back(std::make_unique<slowpath::SharedPort>(*sources_.back()));
            group_[worker].carry(0,
                                 receives ? sources_.back().get() : &silent_.back()->sender(),
                                 slowpath::Selection::by_worker);
        }
    }

    // The best of some runs.
    Rate measure() {
        std::vector<std::unique_ptr<slowpath::WorkerThread>> threads;
        for (std::size_t worker = 0; worker < group_.size(); ++worker) {
            threads.push_back(std::make_unique<slowpath::WorkerThread>(group_[worker], clock_));
            FPVS_CHECK(threads.back()->start());
        }
        Rate best;
        for (int run = 0; run < kRuns; ++run) {
            const Rate rate = one_run(threads);
            best.by_clock = std::max(best.by_clock, rate.by_clock);
            best.by_cpu = std::max(best.by_cpu, rate.by_cpu);
        }
        for (const auto& thread : threads) {
            thread->stop();
        }
        return best;
    }

  private:
    void serve() {
        const model::ServiceKey key{.address = service_address(Family::ipv4), .port = 80};
        FPVS_CHECK(group_.engine().add_service(key, {.scheduler = "rr"}));
        for (std::uint32_t i = 0; i < kServers; ++i) {
            const model::IpAddress server = server_address(Family::ipv4, i);
            neighbours_.known[server] = {.mac = *model::parse_mac("02:00:00:00:01:05"),
                                         .next_hop = server,
                                         .source = server_address(Family::ipv4, 200),
                                         .interface_index = kInterface,
                                         .interface = "bench"};
            FPVS_CHECK(group_.engine().add_server(key, {.address = server, .port = 80}, {}));
        }
    }

    void connect() {
        const auto now = clock_.now();
        for (std::uint32_t i = 0; i < scale_.connections; ++i) {
            const std::size_t worker = group_.engine().owner_of(packet_of(Family::ipv4, i, kSyn));
            own_[worker].push_back(i);
            engine::Engine& owner = group_.engine_of(worker);
            static_cast<void>(owner.handle(packet_of(Family::ipv4, i, kSyn), now));
            static_cast<void>(owner.handle(packet_of(Family::ipv4, i, kAck), now));
        }
        FPVS_CHECK(group_.engine().connection_count() == scale_.connections);
    }

    std::vector<Sample> sample(std::vector<std::unique_ptr<slowpath::WorkerThread>>& threads) {
        std::vector<Sample> samples;
        for (std::size_t worker = 0; worker < threads.size(); ++worker) {
            samples.push_back(threads[worker]->call([&] {
                return Sample{
                    .frames = group_[worker].counters()[slowpath::Outcome::forwarded].frames,
                    .cpu_s = cpu_seconds()};
            }));
        }
        return samples;
    }

    Rate one_run(std::vector<std::unique_ptr<slowpath::WorkerThread>>& threads) {
        const auto before = sample(threads);
        const auto begin = clock_.now();
        std::this_thread::sleep_for(scale_.time);
        const auto after = sample(threads);
        const double clock_s = std::chrono::duration<double>(clock_.now() - begin).count();
        Rate rate;
        for (std::size_t worker = 0; worker < threads.size(); ++worker) {
            const auto frames = static_cast<double>(after[worker].frames - before[worker].frames);
            rate.by_clock += frames / clock_s;
            rate.by_cpu += frames / (after[worker].cpu_s - before[worker].cpu_s);
        }
        return rate;
    }

    Scale scale_;
    kit::MonotonicClock clock_;
    kit::FakeNeighbours neighbours_;
    std::vector<std::vector<std::uint32_t>> own_;  // Connections of each worker.
    std::vector<std::unique_ptr<Traffic>> sources_;
    std::vector<std::unique_ptr<slowpath::SharedPort>> silent_;
    kit::WorkerGroup group_;
};

void report(const std::string& name, double packets_per_s) {
    std::printf(
        "{\"name\": \"workers: %s\", \"value\": %.2f, \"unit\": \"M packets/s\", \"better\": "
        "\"higher\"}\n",
        name.c_str(),
        packets_per_s * 1e-6);
}

void run(rte_mempool& pool, const Scale& scale) {
    const Rate one = Case(pool, 1, Reception::by_owner, scale).measure();
    report("1 worker", one.by_clock);
    report("1 worker, of CPU", one.by_cpu);
    for (const auto& [reception, word] : {std::pair(Reception::by_owner, "owners"),
                                          std::pair(Reception::by_each, "anybody"),
                                          std::pair(Reception::by_one, "one")}) {
        const std::string name = std::string("2 workers, received by ") + word;
        const Rate two = Case(pool, 2, reception, scale).measure();
        report(name, two.by_clock);
        report(name + ", of CPU", two.by_cpu);
        std::printf("%s / 1 worker: %.2f by the clock, %.2f by CPU\n",
                    name.c_str(),
                    two.by_clock / one.by_clock,
                    two.by_cpu / one.by_cpu);
    }
}

}  // namespace
}  // namespace fpvs::bench

int main(int argc, char** argv) {
    using namespace fpvs;
    bench::Scale scale;
    if (argc == 2 && std::string_view(argv[1]) == "--tiny") {
        scale = {.connections = 1'000, .time = std::chrono::milliseconds(10)};
    } else if (argc != 1) {
        std::fprintf(stderr, "usage: bench_workers [--tiny]\n");
        return 2;
    }
    const auto eal = dpdk::Eal::start({.memory_mb = 64});
    FPVS_CHECK(eal, "{}", eal.error().text());
    // No more than a ring takes: none is lost, and sources wait for workers that lag behind.
    const auto pool =
        dpdk::make_frame_pool({.name = "bench", .frames = slowpath::kExchangeFrames - 1});
    FPVS_CHECK(pool, "{}", pool.error().text());
    bench::run(**pool, scale);
}
