// SPDX-License-Identifier: Apache-2.0
// What a packet of a known connection costs on the whole slow path: CPU time of the worker's step,
// from receiving the frame to handing it to a port that drops it.  60-byte TCP frames, direct
// routing, one server of sixteen for each connection.  The best of twenty slices, because other
// work on the machine only ever adds.  --tiny: only shows that it runs.
//
// Two sources.  net_pcap with infinite_rx is what the figures of other load balancers were taken
// with; it copies each frame and holds only some thousand.  The random source writes a random
// connection's frame into a fresh mbuf, so that a million connections can take part.
#include <rte_mbuf.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "drivers/dpdk/eal.hpp"
#include "drivers/dpdk/ethdev_port.hpp"
#include "drivers/dpdk/frame_pool.hpp"
#include "host/engine/engine.hpp"
#include "host/slowpath/worker_thread.hpp"
#include "host/util/check.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/monotonic_clock.hpp"
#include "tests/kit/packet.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kServers = 16;
constexpr std::uint32_t kPortsEach = 50'000;  // Connections of one client address.
constexpr std::size_t kFrameBytes = 60;
constexpr int kSlices = 20;

std::string address(std::uint32_t value) {
    return model::to_string(model::Ipv4{value});
}

engine::Packet packet_of(std::uint32_t connection, std::uint8_t flags) {
    return {.tcp_flags = flags,
            .ip_length_bytes = 40,
            .source_address = model::Ipv4{0x0b000001 + connection / kPortsEach},
            .source_port = static_cast<std::uint16_t>(1024 + connection % kPortsEach),
            .destination_address = model::Ipv4{0x0a000064},
            .destination_port = 80};
}

kit::Bytes frame_of(std::uint32_t connection) {
    const engine::Packet packet = packet_of(connection, engine::tcp_flag::kAck);
    kit::Bytes frame = kit::make_frame({.source = address(packet.source_address.ipv4().value),
                                        .source_port = packet.source_port,
                                        .flags = engine::tcp_flag::kAck});
    frame.resize(kFrameBytes);
    return frame;
}

// Frames of random connections out of nothing, and nowhere to go for those that are sent.
class RandomSource final : public provider::PacketPort {
  public:
    RandomSource(rte_mempool& pool, std::uint32_t connections)
        : pool_(pool), connections_(connections), template_(frame_of(0)) {
        for (std::uint32_t client = 0; client <= connections / kPortsEach; ++client) {
            const kit::Bytes frame = frame_of(client * kPortsEach);
            headers_.emplace_back(frame.begin() + kIpOffset, frame.begin() + kPortOffset);
        }
    }
    std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override {
        if (rte_pktmbuf_alloc_bulk(&pool_, frames.data(), static_cast<unsigned>(frames.size())) !=
            0) {
            return 0;
        }
        for (rte_mbuf* frame : frames) {
            const auto connection =
                static_cast<std::uint32_t>((std::uint64_t{next()} * connections_) >> 32);
            frame->data_len = kFrameBytes;
            frame->pkt_len = kFrameBytes;
            frame->port = 0;
            auto* bytes = rte_pktmbuf_mtod(frame, std::uint8_t*);
            std::memcpy(bytes, template_.data(), kFrameBytes);
            const kit::Bytes& header = headers_[connection / kPortsEach];
            std::memcpy(bytes + kIpOffset, header.data(), header.size());
            const auto port = static_cast<std::uint16_t>(1024 + connection % kPortsEach);
            bytes[kPortOffset] = static_cast<std::uint8_t>(port >> 8);
            bytes[kPortOffset + 1] = static_cast<std::uint8_t>(port);
        }
        return frames.size();
    }
    void tx_burst(std::span<rte_mbuf* const> frames) noexcept override {
        sent += frames.size();
        rte_pktmbuf_free_bulk(const_cast<rte_mbuf**>(frames.data()),
                              static_cast<unsigned>(frames.size()));
    }
    const std::string& name() const noexcept override { return name_; }
    provider::PacketPortCounters counters() const noexcept override { return {}; }

    std::uint64_t sent = 0;

  private:
    static constexpr std::size_t kIpOffset = 14;
    static constexpr std::size_t kPortOffset = 34;

    std::uint32_t next() {  // xorshift32.
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_;
    }

    rte_mempool& pool_;
    std::uint32_t connections_;
    std::uint32_t state_ = 0x9e3779b9;
    kit::Bytes template_;
    std::vector<kit::Bytes> headers_;  // IP header of each client address.
    std::string name_ = "random";
};

class Bench {
  public:
    explicit Bench(std::uint32_t connections) {
        const model::ServiceKey key{.address = model::Ipv4{0x0a000064}, .port = 80};
        FPVS_CHECK(engine_.add_service(key, {.scheduler = "rr"}));
        for (std::uint32_t i = 0; i < kServers; ++i) {
            const std::uint32_t server = 0xc0a87101 + i;
            neighbours_.learn(address(server), "02:00:00:00:01:05", kInterface);
            FPVS_CHECK(engine_.add_server(key, {.address = model::Ipv4{server}, .port = 80}, {}));
        }
        const auto now = clock_.now();
        for (std::uint32_t i = 0; i < connections; ++i) {
            static_cast<void>(engine_.handle(packet_of(i, engine::tcp_flag::kSyn), now));
            static_cast<void>(engine_.handle(packet_of(i, engine::tcp_flag::kAck), now));
        }
        FPVS_CHECK(engine_.connection_count() == connections, "{}", engine_.connection_count());
        FPVS_CHECK(worker.add_port({.number = 0,
                                    .interface = "bench",
                                    .interface_index = kInterface,
                                    .mac = *model::parse_mac("02:00:00:00:00:d0")},
                                   nullptr));
    }

    // CPU nanoseconds a packet: the best of kSlices after one to warm up.
    double measure(provider::PacketPort& source, std::uint64_t packets) {
        worker.carry(0, &source, Selection::by_worker);
        run(packets / kSlices);
        double best = std::numeric_limits<double>::max();
        for (int slice = 0; slice < kSlices; ++slice) {
            const double begin = cpu_ns();
            const std::uint64_t done = run(packets / kSlices);
            best = std::min(best, (cpu_ns() - begin) / static_cast<double>(done));
        }
        worker.carry(0, nullptr, Selection::by_worker);
        return best;
    }

    static double cpu_ns() {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
    }

  private:
    std::uint64_t run(std::uint64_t packets) {
        const std::uint64_t before = forwarded();
        while (forwarded() - before < packets) {
            FPVS_CHECK(worker.step(clock_.now()), "the source ran dry");
        }
        return forwarded() - before;
    }
    std::uint64_t forwarded() const { return worker.counters()[Outcome::forwarded].frames; }

    kit::MonotonicClock clock_;
    kit::FakeNeighbours neighbours_;
    engine::Engine engine_{engine::EngineOptions{.hash_seed = 0x5eed}};

  public:
    Worker worker{engine_, neighbours_};
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
            const kit::Bytes frame = frame_of(i);
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

void report(const std::string& name, double value, const char* unit, const char* limits) {
    std::printf(R"({"name": "slow path: %s", "value": %.1f, "unit": "%s", "better": "lower"%s})"
                "\n",
                name.c_str(),
                value,
                unit,
                limits);
}

void bench_pcap(rte_mempool& pool, std::uint64_t packets) {
    constexpr std::uint32_t kConnections = 1'000;
    const CaptureFile capture(kConnections);
    const auto port = dpdk::EthdevPort::open(
        {.devargs = "net_pcap_bench,infinite_rx=1,rx_pcap=" + capture.path()}, pool);
    FPVS_CHECK(port, "{}", port.error().text());
    Bench bench(kConnections);
    report("DR, 1,000 connections, net_pcap",
           bench.measure(**port, packets),
           "ns/packet",
           R"(, "must": 60, "aim": 40)");
}

void bench_random(rte_mempool& pool,
                  const std::string& name,
                  std::uint32_t connections,
                  std::uint64_t packets,
                  const char* limits) {
    RandomSource source(pool, connections);
    Bench bench(connections);
    report(name, bench.measure(source, packets), "ns/packet", limits);
}

// The source and the sink alone.
void bench_source(rte_mempool& pool, std::uint32_t connections, std::uint64_t packets) {
    RandomSource source(pool, connections);
    const double begin = Bench::cpu_ns();
    while (source.sent < packets) {
        std::array<rte_mbuf*, provider::kBurstMax> frames{};
        source.tx_burst(std::span(frames).first(source.rx_burst(frames)));
    }
    report("random source and sink alone",
           (Bench::cpu_ns() - begin) / static_cast<double>(packets),
           "ns/packet",
           "");
}

void bench_idle(rte_mempool& pool, std::chrono::milliseconds time) {
    const auto port = dpdk::EthdevPort::open({.devargs = "net_ring_idle"}, pool);
    FPVS_CHECK(port, "{}", port.error().text());
    Bench bench(1'000);
    bench.worker.carry(0, port->get(), Selection::by_worker);
    const kit::MonotonicClock clock;
    WorkerThread thread(bench.worker, clock);
    FPVS_CHECK(thread.start());
    const double begin = thread.call([] { return Bench::cpu_ns(); });
    const auto started = clock.now();
    std::this_thread::sleep_for(time);
    const double spent = thread.call([] { return Bench::cpu_ns(); }) - begin;
    const auto passed = static_cast<double>((clock.now() - started).count());
    thread.stop();
    report("CPU of an idle worker", 100 * spent / passed, "%", R"(, "must": 10)");
}

}  // namespace
}  // namespace fpvs::slowpath

int main(int argc, char** argv) {
    using namespace std::chrono_literals;
    const bool tiny = argc > 1 && std::strcmp(argv[1], "--tiny") == 0;
    const std::uint64_t packets = tiny ? 10'000 : 10'000'000;
    const auto eal = fpvs::dpdk::Eal::start({.memory_mb = 64});
    FPVS_CHECK(eal, "{}", eal.error().text());
    const auto pool = fpvs::dpdk::make_frame_pool({.name = "bench", .frames = 8191});
    FPVS_CHECK(pool, "{}", pool.error().text());
    std::printf("frames in %s\n", eal->hugepages() ? "hugepages" : "ordinary pages");
    fpvs::slowpath::bench_source(**pool, 1'000'000, packets);
    fpvs::slowpath::bench_pcap(**pool, packets);
    fpvs::slowpath::bench_random(
        **pool, "DR, 1,000 connections, random", 1'000, packets, R"(, "must": 60, "aim": 40)");
    fpvs::slowpath::bench_random(**pool,
                                 "DR, 1,000,000 connections, random",
                                 tiny ? 10'000 : 1'000'000,
                                 packets,
                                 R"(, "must": 110, "aim": 70)");
    fpvs::slowpath::bench_idle(**pool, tiny ? 50ms : 2000ms);
}
