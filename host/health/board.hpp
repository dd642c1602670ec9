// SPDX-License-Identifier: Apache-2.0
// All health checks of a configuration and what they say about the servers, without timers: the
// owner calls run() at deadline().  Cost is logarithmic in the number of checks.
//
// A server is up while none of its checks has failed.  First checks are spread at random over the
// delay loop, so that a director with thousands of servers does not ask them all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "host/health/check_state.hpp"
#include "host/model/limits.hpp"
#include "host/model/view.hpp"
#include "host/model/virtual_service.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/tcp_probe.hpp"
#include "host/util/result.hpp"

namespace fpvs::health {

struct BoardCounters {
    std::uint64_t probes_started = 0;
    std::uint64_t probes_timed_out = 0;
    std::uint64_t probes_deferred = 0;  // Put off because too many were under way.
    std::uint64_t changes = 0;
};

class Board {
  public:
    using Target = std::pair<model::ServiceKey, model::ServerKey>;
    using ChangeHandler = std::function<void(
        const model::ServiceKey& service, const model::ServerKey& server, bool up)>;
    // The deadline may have become earlier.
    using Wake = std::function<void()>;

    Board(const provider::Clock& clock,
          provider::TcpProbe& probe,
          std::uint64_t seed,
          std::size_t probes_in_flight_max = model::kProbesInFlightMax);
    ~Board();
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    // Checks exactly what this configuration names.  A check that stays goes on undisturbed; a new
    // one of a known server takes over the server's state; a new server is up.  On an error nothing
    // has changed.
    [[nodiscard]] Status apply(const std::vector<model::VirtualServiceConfig>& services);

    // Begins and times out what is due.
    void run();
    [[nodiscard]] std::optional<Nanoseconds> deadline() const;

    // A handler may look at the board, but not call apply() or run().
    void on_change(ChangeHandler handler) { change_handler_ = std::move(handler); }
    void on_wake(Wake wake) { wake_ = std::move(wake); }

    // True also for a server that nothing checks.
    [[nodiscard]] bool up(const model::ServiceKey& service, const model::ServerKey& server) const;
    // Those that are not.
    [[nodiscard]] std::set<Target> down() const;
    [[nodiscard]] std::vector<model::HealthCheckView> view() const;
    [[nodiscard]] const BoardCounters& counters() const { return counters_; }

  private:
    struct Check;
    using Checks = std::vector<std::shared_ptr<Check>>;
    // By time, then by age, so that runs repeat.
    using Deadlines = std::map<std::pair<Nanoseconds, std::uint64_t>, Check*>;

    [[nodiscard]] Checks make_checks(const model::VirtualServiceConfig& service,
                                     const model::RealServerConfig& server);
    [[nodiscard]] std::shared_ptr<Check> make_check(const Target& target,
                                                    const model::HealthCheck& config,
                                                    Nanoseconds delay_loop,
                                                    bool up);
    void begin(Check& check);
    void finish(Check& check, provider::ProbeResult result);
    void retire(const Checks& gone);
    void release_slot();
    void stop_waiting(Check& check);
    void tell(const Target& target, bool up);
    void wake() const;
    void set_deadline(Check& check, Nanoseconds when);
    void clear_deadline(Check& check);

    const provider::Clock& clock_;
    provider::TcpProbe& probe_;
    const std::size_t probes_in_flight_max_;
    std::mt19937_64 random_;
    ChangeHandler change_handler_;
    Wake wake_;
    std::map<Target, Checks> servers_;
    Deadlines deadlines_;
    Deadlines waiting_;  // For a probe to end; by the time they were due.
    std::size_t probes_in_flight_ = 0;
    std::uint64_t checks_made_ = 0;
    BoardCounters counters_;
};

}  // namespace fpvs::health
