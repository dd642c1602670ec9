// SPDX-License-Identifier: Apache-2.0
// What ten thousand TCP_CHECKs a second cost the thread that makes them: without the network (a
// probe that answers at once), and with real connections to a listener on loopback.
//
// What a check costs is multiplied by their number, so that a machine that is busy with other
// things, and so makes fewer, is not shown as a fast one.  On loopback the kernel does the server's
// half of each handshake within the client's calls, so the second figure holds more work than a
// director has.
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string_view>
#include <thread>

#include <boost/asio/post.hpp>

#include "drivers/kernel/script_runner.hpp"
#include "drivers/kernel/unique_fd.hpp"
#include "drivers/probe/probe.hpp"
#include "host/health/service.hpp"
#include "host/provider/steady_clock.hpp"
#include "host/util/check.hpp"

namespace fpvs::health {
namespace {

using namespace std::chrono_literals;

constexpr double kPercentMust = 30;  // Of one core, for ten thousand checks a second.

struct Size {
    std::uint32_t checks = 10'000;
    std::chrono::seconds duration = 5s;
};

[[nodiscard]] double thread_cpu_s() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Every server serves, and says so in the next turn of the loop.
class AnsweringProbe final : public provider::Probe {
  public:
    explicit AnsweringProbe(boost::asio::io_context& io) : io_(io) {}

    std::unique_ptr<Attempt> begin(const provider::ProbeRequest&, Done done) override {
        boost::asio::post(
            io_, [done = std::move(done)] { done({.success = true, .result = "connected"}); });
        return std::make_unique<Attempt>();
    }

  private:
    boost::asio::io_context& io_;
};

// Accepts what comes and closes it.
class Listener {
  public:
    Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        auto* const raw = reinterpret_cast<sockaddr*>(&address);
        socklen_t length = sizeof address;
        FPVS_CHECK(::bind(fd_.get(), raw, length) == 0 && ::listen(fd_.get(), SOMAXCONN) == 0 &&
                   ::getsockname(fd_.get(), raw, &length) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] {
            while (!stopping_) {
                const kernel::UniqueFd peer(::accept(fd_.get(), nullptr, nullptr));
            }
        });
    }
    ~Listener() {
        stopping_ = true;
        ::shutdown(fd_.get(), SHUT_RDWR);
        thread_.join();
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    kernel::UniqueFd fd_;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

// Servers with addresses of their own, each checked every second.
[[nodiscard]] model::Config config_of(const Size& size, std::uint16_t port) {
    constexpr std::uint32_t kFirstServer = 0x7f010000;  // 127.1.0.0
    model::VirtualServiceConfig service{.key = {.address = model::Ipv4{0x0a000001}, .port = 80},
                                        .delay_loop_ms = 1000};
    for (std::uint32_t i = 0; i < size.checks; ++i) {
        service.servers.push_back({.key = {.address = model::Ipv4{kFirstServer + i}, .port = port},
                                   // Long enough for a listener that shares its core with others.
                                   .checks = {{.connect_timeout_ms = 5'000, .retries = 100}}});
    }
    return {.virtual_services = {std::move(service)}};
}

void measure(std::string_view name,
             const Size& size,
             boost::asio::io_context& io,
             provider::Probe& probe,
             std::uint16_t port) {
    provider::SteadyClock clock;
    kernel::ScriptRunner scripts(io);
    Service service(io, clock, probe, scripts, [](std::string_view) {}, 0x5eed);
    FPVS_CHECK(service.apply(config_of(size, port)));
    io.run_for(1500ms);  // Until all have been asked, and their success logged, once.
    const std::uint64_t before = service.counters().probes_started;
    const double cpu_before = thread_cpu_s();
    const auto begin = clock.now();
    io.run_for(size.duration);
    const double wall_s = std::chrono::duration<double>(clock.now() - begin).count();
    const double cpu_s = thread_cpu_s() - cpu_before;
    const auto checks = static_cast<double>(service.counters().probes_started - before);
    fmt::print("  {}: {:.0f} checks a second, {:.1f} us each\n",
               name,
               checks / wall_s,
               cpu_s / checks * 1e6);
    fmt::print(
        "{{\"name\": \"{} checks every second, {}\", \"value\": {:.1f}, \"unit\": \"% of a core\", "
        "\"better\": \"lower\", \"must\": {}}}\n",
        size.checks,
        name,
        100 * cpu_s / checks * size.checks,
        kPercentMust);
    std::fflush(stdout);
}

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace fpvs::health

int main(int argc, char** argv) {
    using namespace fpvs::health;
    const bool tiny = argc > 1 && std::strcmp(argv[1], "--tiny") == 0;
    const Size size = tiny ? Size{.checks = 200, .duration = std::chrono::seconds(1)} : Size{};
    raise_descriptor_limit();
    {
        boost::asio::io_context io(1);
        AnsweringProbe probe(io);
        measure("without the network", size, io, probe, 80);
    }
    boost::asio::io_context io(1);
    fpvs::kernel::ScriptRunner scripts(io);
    fpvs::probe::Probe probe(io, scripts, 0x5eed);
    const Listener listener;
    measure("with connections on loopback", size, io, probe, listener.port());
    return 0;
}
