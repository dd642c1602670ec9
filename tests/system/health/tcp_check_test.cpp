// SPDX-License-Identifier: Apache-2.0
// Health checks by the kernel's TCP, against listeners that come and go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <chrono>

#include "drivers/kernel/netns_scope.hpp"
#include "drivers/kernel/script_runner.hpp"
#include "drivers/kernel/unique_fd.hpp"
#include "drivers/probe/probe.hpp"
#include "host/health/service.hpp"
#include "host/provider/steady_clock.hpp"
#include "tests/kit/io_until.hpp"
#include "tests/kit/test_namespace.hpp"

namespace fpvs::health {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr model::Ipv4 kLoopback{0x7f000001};

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(kLoopback.value);
    address.sin_port = htons(port);
    return address;
}

// A server that accepts into its backlog and is otherwise idle.
class Listener {
  public:
    explicit Listener(std::uint16_t port = 0, int backlog = SOMAXCONN)
        : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        const sockaddr_in address = loopback(port);
        if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(fd_.get(), backlog) != 0) {
            throw std::runtime_error("cannot listen");
        }
    }
    [[nodiscard]] std::uint16_t port() const {
        sockaddr_in address{};
        socklen_t length = sizeof address;
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        return ntohs(address.sin_port);
    }
    // The number of connections since the last call.
    int drain() const {
        int count = 0;
        for (kernel::UniqueFd peer(::accept(fd_.get(), nullptr, nullptr)); peer.valid();
             peer = kernel::UniqueFd(::accept(fd_.get(), nullptr, nullptr))) {
            ++count;
        }
        return count;
    }

  private:
    kernel::UniqueFd fd_;
};

const model::ServiceKey kService{.address = model::Ipv4{0xc0a87164}, .port = 3306};

model::Config config_of(const model::VirtualServiceConfig& service) {
    return {.virtual_services = {service}};
}

model::Config config_of(model::ServerKey server, const model::HealthCheck& check) {
    return config_of(model::VirtualServiceConfig{
        .key = kService,
        .settings = {},
        .delay_loop_ms = 60,
        .servers = {{.key = server, .settings = {}, .checks = {check}}}});
}

class TcpCheckTest : public ::testing::Test {
  protected:
    TcpCheckTest() {
        service_.on_change([this](const model::ServiceKey& service) {
            changes_.push_back(!service_.table(service).empty());
            changed_at_ = clock_.now();
        });
    }

    boost::asio::io_context io_;
    provider::SteadyClock clock_;
    kernel::ScriptRunner scripts_{io_};
    probe::Probe probe_{io_, scripts_, 1};
    Service service_{io_, clock_, probe_, scripts_, [](std::string_view) {}, 1};
    std::vector<bool> changes_;
    Nanoseconds changed_at_{};
};

TEST_F(TcpCheckTest, server_goes_after_the_last_retry_and_comes_back_with_the_first_success) {
    const model::HealthCheck check{
        .connect_timeout_ms = 200, .retries = 3, .delay_before_retry_ms = 30};
    std::optional<Listener> listener;
    listener.emplace();
    const std::uint16_t port = listener->port();
    ASSERT_TRUE(service_.apply(config_of({kLoopback, port}, check)));
    const auto done = [&] { return service_.view().front().checks_done; };
    ASSERT_TRUE(kit::run_until(io_, [&] { return done() >= 3; }));
    EXPECT_THAT(changes_, IsEmpty());
    EXPECT_GE(listener->drain(), 3);

    listener.reset();
    const auto closed_at = clock_.now();
    ASSERT_TRUE(kit::run_until(io_, [&] { return !changes_.empty(); }));
    EXPECT_THAT(changes_, ElementsAre(false));
    EXPECT_GE(changed_at_ - closed_at, 3 * 30ms);
    EXPECT_EQ(service_.view().front().last_result, "connection refused");

    listener.emplace(port);
    ASSERT_TRUE(kit::run_until(io_, [&] { return changes_.size() == 2; }));
    EXPECT_THAT(changes_, ElementsAre(false, true));
}

TEST_F(TcpCheckTest, other_address_and_port_are_asked_when_the_check_says_so) {
    const Listener listener;
    const model::HealthCheck check{.connect_timeout_ms = 200,
                                   .retries = 0,
                                   .delay_before_retry_ms = 30,
                                   .connect_address = kLoopback,
                                   .connect_port = listener.port(),
                                   .bind_address = model::Ipv4{kLoopback.value + 1}};
    ASSERT_TRUE(service_.apply(config_of({model::Ipv4{0x0a000001}, 9}, check)));
    ASSERT_TRUE(kit::run_until(io_, [&] { return service_.view().front().checks_done >= 2; }));
    EXPECT_TRUE(service_.view().front().up);
}

TEST_F(TcpCheckTest, address_that_is_not_ours_to_bind_is_a_failure_not_a_hang) {
    const model::HealthCheck check{.connect_timeout_ms = 200,
                                   .retries = 0,
                                   .delay_before_retry_ms = 30,
                                   .bind_address = model::Ipv4{0x08080808}};
    ASSERT_TRUE(service_.apply(config_of({kLoopback, 9}, check)));
    ASSERT_TRUE(kit::run_until(io_, [&] { return !changes_.empty(); }));
    EXPECT_EQ(service_.view().front().last_result, "Cannot assign requested address");
}

// The cable to the server is cut: nothing answers, not even an ICMP message.
TEST_F(TcpCheckTest, silence_times_out) {
    FPVS_NEEDS_ROOT();
    const kit::TestNamespace host("h");
    const kit::TestNamespace other("o");
    host.ip("link add eth0 type veth peer name eth0 netns " + other.name());
    host.ip("addr add 10.9.0.1/24 dev eth0");
    host.ip("link set eth0 up");
    other.ip("link set eth0 up");
    // Resolved for ever, so that the SYN leaves and is lost.
    host.ip("neigh add 10.9.0.2 dev eth0 lladdr 02:00:00:00:00:02 nud permanent");
    const auto scope = kernel::NetnsScope::enter(host.name()).value();
    const model::HealthCheck check{
        .connect_timeout_ms = 50, .retries = 1, .delay_before_retry_ms = 30};
    const auto begin = clock_.now();
    ASSERT_TRUE(service_.apply(config_of({model::Ipv4{0x0a090002}, 3306}, check)));
    ASSERT_TRUE(kit::run_until(io_, [&] { return !changes_.empty(); }));
    EXPECT_GE(changed_at_ - begin, 50ms);
    EXPECT_EQ(service_.view().front().last_result, "timed out");
    EXPECT_EQ(service_.counters().probes_timed_out, 1u) << "the first failure of all is enough";
}

TEST_F(TcpCheckTest, end_of_the_service_during_attempts_is_clean) {
    const Listener listener;
    {
        Service service(io_, clock_, probe_, scripts_, [](std::string_view) {}, 2);
        ASSERT_TRUE(
            service.apply(config_of({kLoopback, listener.port()}, {.connect_timeout_ms = 200})));
        ASSERT_TRUE(kit::run_until(io_, [&] { return service.counters().probes_started > 0; }));
    }
    io_.restart();
    io_.run();  // Ends: nothing waits any more.
}

// Prints what a thousand checks a second cost; asserts only that they are all made.
TEST_F(TcpCheckTest, a_thousand_checks_a_second_are_made) {
    constexpr std::uint32_t kChecks = 1000;
    const Listener listener;
    model::VirtualServiceConfig service{.key = {.address = model::Ipv4{0xc0a87164}, .port = 80},
                                        .settings = {},
                                        .delay_loop_ms = 1000,
                                        .servers = {}};
    for (std::uint32_t i = 0; i < kChecks; ++i) {
        service.servers.push_back({.key = {.address = model::Ipv4{0x0a000000 + i}, .port = 80},
                                   .settings = {},
                                   .checks = {{.connect_timeout_ms = 500,
                                               .connect_address = kLoopback,
                                               .connect_port = listener.port()}}});
    }
    const auto cpu_ms = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
               (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    };
    ASSERT_TRUE(service_.apply(config_of(service)));
    const auto cpu_before_ms = cpu_ms();
    const auto begin = clock_.now();
    ASSERT_TRUE(kit::run_until(io_, [&] {
        listener.drain();
        return clock_.now() - begin >= 3s;
    }));
    const auto wall_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begin);
    std::printf("1000 checks/s: %.1f %% of a core, %lu probes\n",
                100.0 * static_cast<double>(cpu_ms() - cpu_before_ms) /
                    static_cast<double>(wall_ms.count()),
                static_cast<unsigned long>(service_.counters().probes_started));
    EXPECT_GE(service_.counters().probes_started, 2 * kChecks);
    EXPECT_THAT(changes_, IsEmpty());
}

}  // namespace
}  // namespace fpvs::health
