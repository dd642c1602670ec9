// SPDX-License-Identifier: Apache-2.0
// One server under one check, asked until there is an answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "drivers/kernel/script_runner.hpp"
#include "drivers/probe/probe.hpp"
#include "host/health/service.hpp"
#include "host/provider/steady_clock.hpp"
#include "tests/kit/io_until.hpp"

namespace fpvs::health {

constexpr model::Ipv4 kLoopback{0x7f000001};

// With limits that suit a test; `detail` says the kind.
inline model::HealthCheck quick_check(model::CheckDetail detail) {
    return {.connect_timeout_ms = 300,
            .retries = 0,
            .delay_before_retry_ms = 20,
            .delay_loop_ms = 20,
            .warmup_ms = 0,
            .detail = std::move(detail)};
}

class CheckedServer {
  public:
    // Asks until the check has had its say `checks` times.
    model::HealthCheckView ask(const model::HealthCheck& check,
                               std::uint16_t port,
                               std::uint64_t checks = 1) {
        begin(check, port);
        if (!kit::run_until(io, [&] { return view().checks_done >= checks; })) {
            throw std::runtime_error("the check has no end");
        }
        return view();
    }

    void begin(const model::HealthCheck& check, std::uint16_t port, std::int32_t weight = 1) {
        config.virtual_services = {{.key = kService,
                                    .settings = {},
                                    .delay_loop_ms = 60'000,
                                    .servers = {{.key = {.address = kLoopback, .port = port},
                                                 .settings = {.weight = weight},
                                                 .checks = {check}}}}};
        if (const Status used = probe.use(config); !used) {
            throw std::runtime_error(used.error().text());
        }
        if (const Status applied = service.apply(config); !applied) {
            throw std::runtime_error(applied.error().text());
        }
    }

    [[nodiscard]] model::HealthCheckView view() const { return service.view().front(); }
    // Of the server, -1 while it is not in the table.
    [[nodiscard]] std::int32_t weight() const {
        const PoolTable table = service.table(kService);
        return table.empty() ? -1 : table.front().settings.weight;
    }

    static inline const model::ServiceKey kService{.address = model::Ipv4{0x0a000001}, .port = 80};

    boost::asio::io_context io;
    provider::SteadyClock clock;
    kernel::ScriptRunner scripts{io};
    probe::Probe probe{io, scripts, 0x5eed};
    Service service{io, clock, probe, scripts, [](std::string_view) {}, 0x5eed};
    model::Config config;
};

}  // namespace fpvs::health
