// SPDX-License-Identifier: Apache-2.0
// What a packet costs on the whole slow path: CPU time of the worker's step, from receiving the
// frame to handing it to a port that drops it.  TCP segments without payload, sixteen servers.
// The best of twenty slices, because other work on the machine only ever adds; how much it added
// is printed beside.  --tiny: only shows that it runs.  --only WORD: the cases with it in the name.
//
// Two sources.  net_pcap with infinite_rx is what the figures of other load balancers were taken
// with; it copies each frame and holds only some thousand.  The other writes a random connection's
// frame into a fresh mbuf, so that a million connections can take part; new connections come once
// each.
#include <rte_mbuf.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "drivers/dpdk/eal.hpp"
#include "drivers/dpdk/ethdev_port.hpp"
#include "drivers/dpdk/frame_pool.hpp"
#include "host/engine/engine.hpp"
#include "host/slowpath/worker_thread.hpp"
#include "host/util/check.hpp"
#include "tests/bench/slowpath/traffic.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/monotonic_clock.hpp"

namespace fpvs::bench {
namespace {

using engine::tcp_flag::kAck;
using engine::tcp_flag::kSyn;
using model::Family;
using model::Forwarding;
using slowpath::Selection;

constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kServers = 16;
constexpr std::uint32_t kLocalAddresses = 4;  // Of FULLNAT; the numbers of servers from 100 on.
constexpr std::uint32_t kGateway = 200;       // Towards the clients: a server's number, too.
constexpr int kSlices = 20;

struct Scale {
    std::uint32_t few = 1'000;
    std::uint32_t many = 1'000'000;
    std::uint64_t packets = 10'000'000;
    std::uint32_t new_connections = 2'000'000;
    std::chrono::milliseconds idle{2000};
};

struct Setup {
    Family family = Family::ipv4;
    Forwarding forwarding = Forwarding::direct_routing;
    const char* scheduler = "rr";
    std::uint32_t connections = 0;      // Established before the measurement.
    std::uint32_t new_connections = 0;  // To come during it.
};

struct Cost {
    double best_ns = 0;
    double median_ns = 0;
};

Cost cost_of(std::vector<double> slices) {
    std::sort(slices.begin(), slices.end());
    return {slices.front(), slices[slices.size() / 2]};
}

double cpu_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// A director in memory whose one port is carried by what the case brings.
class Director {
  public:
    explicit Director(const Setup& setup)
        : engine_({.connections_max = setup.connections + setup.new_connections + 1024U,
                   .hash_seed = 0x5eed}) {
        const model::ServiceKey key{.address = service_address(setup.family), .port = 80};
        FPVS_CHECK(engine_.add_service(key, {.scheduler = setup.scheduler}));
        know(server_address(setup.family, kGateway), setup.family);
        FPVS_CHECK(snapshots_.routes.replace(routes_to_clients(setup.family)) != nullptr);
        for (std::uint32_t i = 0; i < kServers; ++i) {
            const model::IpAddress server = server_address(setup.family, i);
            know(server, setup.family);
            FPVS_CHECK(engine_.add_server(
                key, {.address = server, .port = 80}, {.forwarding = setup.forwarding}));
        }
        if (setup.forwarding == Forwarding::full_nat) {
            for (std::uint32_t i = 0; i < kLocalAddresses; ++i) {
                FPVS_CHECK(engine_.add_local_address(key, server_address(setup.family, 100 + i)));
            }
        }
        const auto now = clock_.now();
        for (std::uint32_t i = 0; i < setup.connections; ++i) {
            static_cast<void>(engine_.handle(packet_of(setup.family, i, kSyn), now));
            static_cast<void>(engine_.handle(packet_of(setup.family, i, kAck), now));
        }
        FPVS_CHECK(engine_.connection_count() == setup.connections);
        FPVS_CHECK(worker.add_port({.number = 0,
                                    .interface = "bench",
                                    .interface_index = kInterface,
                                    .mac = *model::parse_mac("02:00:00:00:00:d0")},
                                   nullptr));
    }

    // One slice to warm up, then kSlices.
    Cost measure(provider::PacketPort& source, std::uint64_t packets) {
        worker.carry(0, &source, Selection::by_worker);
        run(packets / kSlices);
        std::vector<double> slices;
        for (int slice = 0; slice < kSlices; ++slice) {
            const double begin = cpu_ns();
            const std::uint64_t done = run(packets / kSlices);
            slices.push_back((cpu_ns() - begin) / static_cast<double>(done));
        }
        worker.carry(0, nullptr, Selection::by_worker);
        return cost_of(slices);
    }

    // The server of each connection.
    std::vector<std::uint8_t> servers_of(const Setup& setup) {
        std::vector<std::uint8_t> servers;
        for (std::uint32_t i = 0; i < setup.connections; ++i) {
            const auto verdict = engine_.lookup(packet_of(setup.family, i, kAck), clock_.now());
            const auto is_it = [&](std::uint32_t server) {
                return server_address(setup.family, server) == verdict.server_address;
            };
            std::uint8_t server = 0;
            while (!is_it(server)) {
                FPVS_CHECK(++server < kServers);
            }
            servers.push_back(server);
        }
        return servers;
    }

  private:
    void know(const model::IpAddress& neighbour, Family family) {
        neighbours_.known[neighbour] = {.mac = *model::parse_mac("02:00:00:00:01:05"),
                                        .next_hop = neighbour,
                                        .source = server_address(family, kGateway),
                                        .interface_index = kInterface,
                                        .interface = "bench"};
    }
    // All of them behind one gateway.
    static std::unique_ptr<const slowpath::RouteTable> routes_to_clients(Family family) {
        const provider::Route route{.prefix = {.address = model::IpAddress::any(family)},
                                    .gateway = server_address(family, kGateway),
                                    .interface_index = kInterface};
        return std::make_unique<const slowpath::RouteTable>(std::span(&route, 1));
    }
    std::uint64_t run(std::uint64_t packets) {
        const std::uint64_t before = forwarded();
        while (forwarded() - before < packets) {
            FPVS_CHECK(worker.step(clock_.now()), "the source ran dry");
        }
        return forwarded() - before;
    }
    std::uint64_t forwarded() const {
        return worker.counters()[slowpath::Outcome::forwarded].frames +
               worker.counters()[slowpath::Outcome::replied].frames;
    }

    kit::MonotonicClock clock_;
    kit::FakeNeighbours neighbours_;
    slowpath::Snapshots snapshots_;
    engine::Engine engine_;

  public:
    slowpath::Worker worker{engine_, neighbours_, {.snapshots = &snapshots_}};
};

// A capture file of one frame a connection, gone with the object.
class CaptureFile {
  public:
    explicit CaptureFile(std::uint32_t connections)
        : path_("/tmp/fpvs-bench-" + std::to_string(::getpid()) + ".pcap") {
        std::ofstream file(path_, std::ios::binary);
        const std::uint32_t file_header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
        file.write(reinterpret_cast<const char*>(file_header), sizeof file_header);
        for (std::uint32_t i = 0; i < connections; ++i) {
            const Frame frame = frame_of(Family::ipv4, i, kAck);
            const auto length = static_cast<std::uint32_t>(frame.size());
            const std::uint32_t header[] = {0, 0, length, length};
            file.write(reinterpret_cast<const char*>(header), sizeof header);
            file.write(reinterpret_cast<const char*>(frame.data()), length);
        }
        FPVS_CHECK(file.good(), "{}", path_);
    }
    ~CaptureFile() { static_cast<void>(std::remove(path_.c_str())); }
    CaptureFile(const CaptureFile&) = delete;
    CaptureFile& operator=(const CaptureFile&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

class Suite {
  public:
    Suite(rte_mempool& pool, const Scale& scale, std::string only)
        : pool_(pool), scale_(scale), only_(std::move(only)) {}

    void run() {
        few_by_pcap();
        if (const std::string name = "source and sink alone"; wanted(name)) {
            Traffic traffic(pool_, Family::ipv4, kAck, 0, scale_.many, Order::random);
            source(name, traffic);
        }
        known("DR, 1,000 connections", {.connections = scale_.few}, 60, 40);
        known("DR, 1 M connections", {.connections = scale_.many}, 110, 70);
        known("NAT, 1 M connections",
              {.forwarding = Forwarding::nat, .connections = scale_.many},
              140,
              90);
        answers("NAT answers, 1 M connections",
                {.forwarding = Forwarding::nat, .connections = scale_.many});
        known("FULLNAT, 1 M connections",
              {.forwarding = Forwarding::full_nat, .connections = scale_.many},
              std::nullopt,
              std::nullopt);
        known("ipip, 1 M connections",
              {.forwarding = Forwarding::tunnel, .connections = scale_.many},
              140,
              90);
        known("IPv6 DR, 1 M connections",
              {.family = Family::ipv6, .connections = scale_.many},
              std::nullopt,
              std::nullopt);
        for (const char* scheduler : {"wlc", "mh"}) {
            begun(std::string("new connection, ") + scheduler + ", 1 M present", scheduler);
        }
        idle();
        ratios();
    }

  private:
    [[nodiscard]] bool wanted(const std::string& name) const {
        return name.find(only_) != std::string::npos;
    }

    void report(const std::string& name,
                double value,
                const char* unit,
                std::optional<int> must,
                std::optional<int> aim) {
        std::string limits;
        limits += must ? ", \"must\": " + std::to_string(*must) : "";
        limits += aim ? ", \"aim\": " + std::to_string(*aim) : "";
        std::printf(
            "{\"name\": \"slow path: %s\", \"value\": %.1f, \"unit\": \"%s\", "
            "\"better\": \"lower\"%s}\n",
            name.c_str(),
            value,
            unit,
            limits.c_str());
        std::fflush(stdout);
    }

    void report(const std::string& name,
                const Cost& cost,
                std::optional<int> must,
                std::optional<int> aim) {
        report(name, cost.best_ns, "ns/packet", must, aim);
        std::printf("  noise: the median slice took %.0f %% longer than the best\n",
                    100 * (cost.median_ns / cost.best_ns - 1));
        costs_[name] = cost.best_ns;
    }

    // Packets of connections that are there.
    void known(const std::string& name,
               const Setup& setup,
               std::optional<int> must,
               std::optional<int> aim) {
        if (!wanted(name)) {
            return;
        }
        Traffic traffic(pool_, setup.family, kAck, 0, setup.connections, Order::random);
        report(name, Director(setup).measure(traffic, scale_.packets), must, aim);
    }

    // The other way.
    void answers(const std::string& name, const Setup& setup) {
        if (!wanted(name)) {
            return;
        }
        Traffic traffic(pool_, setup.family, kAck, 0, setup.connections, Order::random);
        Director director(setup);
        traffic.answer(setup.family, director.servers_of(setup));
        report(name, director.measure(traffic, scale_.packets), std::nullopt, std::nullopt);
    }

    // First packets.
    void begun(const std::string& name, const char* scheduler) {
        if (!wanted(name)) {
            return;
        }
        const Setup setup{.scheduler = scheduler,
                          .connections = scale_.many,
                          .new_connections = scale_.new_connections};
        Traffic traffic(
            pool_, setup.family, kSyn, setup.connections, setup.new_connections, Order::ascending);
        // The slice to warm up comes from them too, and every slice may end within a burst.
        constexpr std::uint64_t kLeftOver = (kSlices + 1) * provider::kBurstMax;
        const std::uint64_t packets =
            (scale_.new_connections - kLeftOver) * kSlices / (kSlices + 1);
        report(name, Director(setup).measure(traffic, packets), 250, 120);
    }

    void few_by_pcap() {
        const std::string name = "DR, 1,000 connections, net_pcap";
        const std::string alone = "net_pcap source and sink alone";
        if (!wanted(name) && !wanted(alone)) {
            return;
        }
        const CaptureFile capture(scale_.few);
        const auto port = dpdk::EthdevPort::open(
            {.devargs = "net_pcap_bench,infinite_rx=1,rx_pcap=" + capture.path()}, pool_);
        FPVS_CHECK(port, "{}", port.error().text());
        source(alone, **port);
        Director director({.connections = scale_.few});
        report(name, director.measure(**port, scale_.packets), 60, 40);
    }

    // Sources and sinks alone.
    void source(const std::string& name, provider::PacketPort& port) {
        std::vector<double> slices;
        for (int slice = 0; slice < kSlices; ++slice) {
            const double begin = cpu_ns();
            std::uint64_t done = 0;
            while (done < scale_.packets / kSlices) {
                std::array<rte_mbuf*, provider::kBurstMax> frames{};
                const std::size_t count = port.rx_burst(frames);
                port.tx_burst(std::span(frames).first(count));
                done += count;
            }
            slices.push_back((cpu_ns() - begin) / static_cast<double>(done));
        }
        report(name, cost_of(slices), std::nullopt, std::nullopt);
    }

    void idle() {
        const std::string name = "CPU of an idle worker";
        if (!wanted(name)) {
            return;
        }
        const auto port = dpdk::EthdevPort::open({.devargs = "net_ring_idle"}, pool_);
        FPVS_CHECK(port, "{}", port.error().text());
        Director director({.connections = scale_.few});
        director.worker.carry(0, port->get(), Selection::by_worker);
        const kit::MonotonicClock clock;
        slowpath::WorkerThread thread(director.worker, clock);
        FPVS_CHECK(thread.start());
        const double begin = thread.call([] { return cpu_ns(); });
        const auto started = clock.now();
        std::this_thread::sleep_for(scale_.idle);
        const double spent = thread.call([] { return cpu_ns(); }) - begin;
        const auto passed = static_cast<double>((clock.now() - started).count());
        thread.stop();
        report(name, 100 * spent / passed, "%", 10, std::nullopt);
    }

    // What the cases of this run are to each other; and to figures that others' programs had by the
    // same method on a machine like the one of docs/performance.md.
    void ratios() const {
        const std::string few = "DR, 1,000 connections, net_pcap";
        const std::string many = "DR, 1 M connections";
        ratio("NAT, 1 M connections", many);
        ratio("NAT answers, 1 M connections", many);
        ratio("FULLNAT, 1 M connections", many);
        ratio("ipip, 1 M connections", many);
        ratio("IPv6 DR, 1 M connections", many);
        ratio(many, "DR, 1,000 connections");
        if (const auto ours = costs_.find(few); ours != costs_.end()) {
            constexpr double kDpvsLow = 185;
            constexpr double kDpvsHigh = 285;
            std::printf("DPVS 1.10.2 (185 to 285 ns) / %s: %.1f to %.1f\n",
                        few.c_str(),
                        kDpvsLow / ours->second,
                        kDpvsHigh / ours->second);
        }
    }
    void ratio(const std::string& one, const std::string& other) const {
        const auto first = costs_.find(one);
        const auto second = costs_.find(other);
        if (first != costs_.end() && second != costs_.end()) {
            std::printf(
                "%s / %s: %.2f\n", one.c_str(), other.c_str(), first->second / second->second);
        }
    }

    rte_mempool& pool_;
    Scale scale_;
    std::string only_;
    std::map<std::string, double> costs_;
};

}  // namespace
}  // namespace fpvs::bench

int main(int argc, char** argv) {
    using namespace fpvs;
    bench::Scale scale;
    std::string only;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--tiny") {
            scale = {.many = 10'000,
                     .packets = 10'000,
                     .new_connections = 10'000,
                     .idle = std::chrono::milliseconds(50)};
        } else if (argument == "--only" && i + 1 < argc) {
            only = argv[++i];
        } else {
            std::fprintf(stderr, "usage: bench_slowpath [--tiny] [--only WORD]\n");
            return 2;
        }
    }
    const auto eal = dpdk::Eal::start({.memory_mb = 64});
    FPVS_CHECK(eal, "{}", eal.error().text());
    const auto pool = dpdk::make_frame_pool({.name = "bench", .frames = 8191});
    FPVS_CHECK(pool, "{}", pool.error().text());
    std::printf("frames in %s\n",
                eal->hugepages()     ? "hugepages"
                : eal->large_pages() ? "transparent large pages"
                                     : "ordinary pages");
    bench::Suite(**pool, scale, only).run();
}
