// SPDX-License-Identifier: Apache-2.0
// All health checks of a configuration and what they say about the servers, without timers: the
// owner calls run() at deadline().  Cost is logarithmic in the number of checks.
//
// A server is up while none of its checks has failed.  First checks are spread at random over the
// delay loop (or warmup), so that a director with thousands of servers does not ask them all at
// once.
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
#include "host/provider/probe.hpp"
#include "host/util/result.hpp"
#include "host/util/shared_list.hpp"

namespace fpvs::health {

struct BoardCounters {
    std::uint64_t probes_started = 0;
    std::uint64_t probes_timed_out = 0;
    std::uint64_t probes_deferred = 0;   // Put off because too many were under way.
    std::uint64_t probes_suspended = 0;  // Left out because their service was suspended.
    std::uint64_t changes = 0;
};

// What the checks of a server say.
struct ServerState {
    bool up = true;
    std::int64_t weight_change = 0;  // More, or less, than the configured weight.

    friend bool operator==(const ServerState&, const ServerState&) = default;
};

class Board {
  public:
    using Target = std::pair<model::ServiceKey, model::ServerKey>;
    using ChangeHandler = std::function<void(const model::ServiceKey& service,
                                             const model::ServerKey& server,
                                             const ServerState& state)>;
    // The deadline may have become earlier.
    using Wake = std::function<void()>;

    Board(const provider::Clock& clock,
          provider::Probe& probe,
          std::uint64_t seed,
          std::size_t probes_in_flight_max = model::kProbesInFlightMax);
    ~Board();
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    // Checks exactly what this configuration names.  A check that stays goes on undisturbed; a new
    // one of a known server takes over the server's state; a new server is up, or down if a check
    // of it is of the alpha kind.  Tells of changes to known servers.  On an error nothing has
    // changed.
    [[nodiscard]] Status apply(const std::vector<model::VirtualServiceConfig>& services);
    // For checks that say nothing about it themselves.
    void log_all_failures(bool yes) { log_all_failures_ = yes; }
    // Its checks wait until it is resumed, and its servers stay as they are.  Returns whether that
    // is new.
    bool suspend(const model::ServiceKey& service, bool suspended);

    // Begins and times out what is due.
    void run();
    [[nodiscard]] std::optional<Nanoseconds> deadline() const;

    // A handler may look at the board, but not call apply() or run().
    void on_change(ChangeHandler handler) { change_handler_ = std::move(handler); }
    void on_wake(Wake wake) { wake_ = std::move(wake); }

    // A server that nothing checks is up.
    [[nodiscard]] ServerState state(const model::ServiceKey& service,
                                    const model::ServerKey& server) const;
    [[nodiscard]] std::vector<model::HealthCheckView> view() const;
    [[nodiscard]] const BoardCounters& counters() const { return counters_; }

  private:
    struct Check;
    using Checks = std::vector<std::shared_ptr<Check>>;
    // What make_checks() was last asked for.
    struct Applied {
        SharedList<model::RealServerConfig> servers;
        std::uint32_t delay_loop_ms = 0;
        std::size_t checks = 0;
    };
    // By time, then by age, so that runs repeat.
    using Deadlines = std::map<std::pair<Nanoseconds, std::uint64_t>, Check*>;

    [[nodiscard]] static ServerState state_of(const Checks& checks);
    [[nodiscard]] Checks make_checks(const model::VirtualServiceConfig& service,
                                     const model::RealServerConfig& server);
    [[nodiscard]] std::shared_ptr<Check> make_check(const Target& target,
                                                    std::int32_t server_weight,
                                                    const model::HealthCheck& config,
                                                    Nanoseconds delay_loop,
                                                    bool up);
    void time_out(Check& check);
    void begin(Check& check);
    void finish(Check& check, provider::ProbeReport report);
    void log_result(const Check& check, bool first, Change change) const;
    void replace(std::map<Target, Checks> previous);
    void retire(const Checks& gone);
    void release_slot();
    void stop_waiting(Check& check);
    void tell(const Target& target, const ServerState& state);
    void wake() const;
    void set_deadline(Check& check, Nanoseconds when);
    void clear_deadline(Check& check);

    const provider::Clock& clock_;
    provider::Probe& probe_;
    const std::size_t probes_in_flight_max_;
    std::mt19937_64 random_;
    bool log_all_failures_ = false;
    ChangeHandler change_handler_;
    Wake wake_;
    std::map<Target, Checks> servers_;
    std::map<model::ServiceKey, Applied> applied_;
    std::set<model::ServiceKey> suspended_;
    Deadlines deadlines_;
    Deadlines waiting_;  // For a probe to end; by the time they were due.
    std::size_t probes_in_flight_ = 0;
    std::uint64_t checks_made_ = 0;
    BoardCounters counters_;
};

}  // namespace fpvs::health
