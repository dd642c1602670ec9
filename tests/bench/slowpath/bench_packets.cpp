// SPDX-License-Identifier: Apache-2.0
// What it costs to look at packets and to edit them: CPU time of each function alone, on a burst of
// 32 frames in the cache.  The whole path is bench_slowpath's.  --tiny: only shows that it runs.
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "drivers/dpdk/eal.hpp"
#include "drivers/dpdk/frame_pool.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/nat.hpp"
#include "host/slowpath/parse.hpp"
#include "host/slowpath/plain_frame.hpp"
#include "host/slowpath/tunnel.hpp"
#include "tests/kit/frames.hpp"
#include "tests/kit/ipv6_frames.hpp"
#include "tests/kit/packet.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::size_t kBurst = 32;
constexpr std::size_t kRuns = 21;

[[nodiscard]] double cpu_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

class Burst {
  public:
    Burst(rte_mempool& pool, const kit::Bytes& bytes) : room_(RTE_PKTMBUF_HEADROOM) {
        for (std::size_t i = 0; i < kBurst; ++i) {
            frames_[i] = kit::to_mbuf(pool, bytes);
            parse({bytes_at(*frames_[i], 0), frames_[i]->data_len}, 0, parsed_[i]);
        }
        length_ = frames_[0]->data_len;
    }
    ~Burst() {
        for (rte_mbuf* frame : frames_) {
            rte_pktmbuf_free(frame);
        }
    }
    Burst(const Burst&) = delete;
    Burst& operator=(const Burst&) = delete;

    // Median nanoseconds a packet; `step` gets each frame as it was at first, up to its contents.
    template <class Step>
    [[nodiscard]] double measure(std::size_t rounds, Step&& step) {
        std::array<double, kRuns> runs{};
        for (double& run : runs) {
            const double begin = cpu_ns();
            for (std::size_t round = 0; round < rounds; ++round) {
                for (std::size_t i = 0; i < kBurst; ++i) {
                    rte_mbuf& frame = *frames_[i];
                    frame.data_off = room_;
                    frame.data_len = length_;
                    frame.pkt_len = length_;
                    step(frame, parsed_[i]);
                }
            }
            run = (cpu_ns() - begin) / static_cast<double>(rounds * kBurst);
        }
        std::sort(runs.begin(), runs.end());
        return runs[kRuns / 2];
    }

  private:
    std::array<rte_mbuf*, kBurst> frames_{};
    std::array<ParsedFrame, kBurst> parsed_;
    std::uint16_t room_;
    std::uint16_t length_ = 0;
};

class Bench {
  public:
    Bench(rte_mempool& pool, std::size_t rounds) : pool_(pool), rounds_(rounds) {}

    void run() {
        const kit::Bytes tcp = kit::make_frame({});
        const kit::Bytes tcp6 = kit::ipv6_frame({});
        const kit::Bytes large = kit::make_frame({.payload_bytes = 1380});
        report("the loop around each", measure(tcp, [](rte_mbuf&, ParsedFrame&) {}));
        report("parse_plain, TCP", measure(tcp, [](rte_mbuf& frame, ParsedFrame& parsed) {
                   (void)parse_plain({bytes_at(frame, 0), frame.data_len}, 0, parsed);
               }));
        const auto careful = [](rte_mbuf& frame, ParsedFrame& parsed) {
            parse({bytes_at(frame, 0), frame.data_len}, 0, parsed);
        };
        report("parse, TCP", measure(tcp, careful));
        report("parse, UDP", measure(kit::make_frame({.protocol = 17}), careful));
        report("parse, TCP in a VLAN", measure(kit::make_frame({.vlan = 7}), careful));
        report("parse, TCP over IPv6", measure(tcp6, careful));
        report("translate, TCP", nat(tcp, "192.0.2.1"));
        report("translate, TCP over IPv6", nat(tcp6, "2001:db8::1"));
        report("encapsulate, ipip", tunnel(tcp, {}));
        report("encapsulate, gre", tunnel(tcp, {.kind = model::TunnelKind::gre}));
        report("encapsulate, gue", tunnel(tcp, {.kind = model::TunnelKind::gue, .port = 6080}));
        report("encapsulate, gue with checksum, 1420 bytes",
               tunnel(large,
                      {.kind = model::TunnelKind::gue,
                       .checksum = model::TunnelChecksum::checksum,
                       .port = 6080}));
    }

  private:
    template <class Step>
    double measure(const kit::Bytes& bytes, Step&& step) {
        return Burst(pool_, bytes).measure(rounds_, step);
    }
    double nat(const kit::Bytes& bytes, std::string_view server) {
        const engine::Translation to{.source_address = *model::parse_address(server),
                                     .source_port = 1,
                                     .destination_address = *model::parse_address(server),
                                     .destination_port = 2};
        return measure(
            bytes, [&to](rte_mbuf& frame, ParsedFrame& parsed) { translate(frame, parsed, to); });
    }
    double tunnel(const kit::Bytes& bytes, const model::Tunnel& tunnel) {
        const TunnelHeader header(tunnel, model::Ipv4{0xc0a87195}, model::Ipv4{0xc0a8710f});
        std::uint16_t identification = 0;
        return measure(bytes, [&](rte_mbuf& frame, ParsedFrame& parsed) {
            PacketLayout layout = parsed;
            (void)encapsulate(frame, layout, header, true, identification);
        });
    }
    static void report(std::string_view what, double ns) {
        std::printf("%-44.*s %6.1f ns\n", static_cast<int>(what.size()), what.data(), ns);
    }

    rte_mempool& pool_;
    std::size_t rounds_;
};

int run(bool tiny) {
    const auto eal = dpdk::Eal::start({.memory_mb = 64});
    if (!eal) {
        std::fprintf(stderr, "%s\n", eal.error().text().c_str());
        return 1;
    }
    const auto pool = dpdk::make_frame_pool({.name = "bench", .frames = 256});
    if (!pool) {
        std::fprintf(stderr, "%s\n", pool.error().text().c_str());
        return 1;
    }
    Bench(**pool, tiny ? 1 : 20'000).run();
    return 0;
}

}  // namespace
}  // namespace fpvs::slowpath

int main(int argc, char** argv) {
    return fpvs::slowpath::run(argc > 1 && std::string_view(argv[1]) == "--tiny");
}
