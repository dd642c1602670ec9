// SPDX-License-Identifier: Apache-2.0
#include "host/health/board.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>

#include "host/util/log.hpp"

namespace fpvs::health {
namespace {

using provider::ProbeResult;
using std::chrono::milliseconds;

constexpr const char* kComponent = "health";

bool all_up(const auto& checks) {
    return std::all_of(
        checks.begin(), checks.end(), [](const auto& check) { return check->state.up(); });
}

std::size_t count_checks(const std::vector<model::VirtualServiceConfig>& services) {
    std::size_t count = 0;
    for (const auto& service : services) {
        for (const auto& server : service.servers) {
            count += server.checks.size();
        }
    }
    return count;
}

}  // namespace

struct Board::Check {
    std::uint64_t age;  // Counts up from the first check ever made.
    Target target;
    model::HealthCheck config;
    Nanoseconds delay_loop;
    CheckState state;
    // Where it stands in deadlines_ (the next attempt, or the timeout of the one under way), or in
    // waiting_.
    std::optional<Nanoseconds> deadline = {};
    std::optional<Nanoseconds> waiting_since = {};
    std::unique_ptr<provider::TcpProbe::Attempt> attempt = {};
    std::optional<ProbeResult> last_result = {};

    [[nodiscard]] provider::ProbeTarget probe_target() const {
        return {.address = config.connect_address.value_or(target.second.address),
                .port = config.connect_port.value_or(target.second.port),
                .bind_address = config.bind_address};
    }
    [[nodiscard]] std::string endpoint() const {
        const auto where = probe_target();
        return fmt::format("[{}]:tcp:{}", model::to_string(where.address), where.port);
    }
};

Board::Board(const provider::Clock& clock,
             provider::TcpProbe& probe,
             std::uint64_t seed,
             std::size_t probes_in_flight_max)
    : clock_(clock), probe_(probe), probes_in_flight_max_(probes_in_flight_max), random_(seed) {}

Board::~Board() = default;

Status Board::apply(const std::vector<model::VirtualServiceConfig>& services) {
    if (const std::size_t count = count_checks(services); count > model::kHealthChecksMax) {
        return fail(Code::exhausted,
                    "{} health checks; at most {} are supported",
                    count,
                    model::kHealthChecksMax);
    }
    std::map<Target, Checks> next;
    for (const auto& service : services) {
        for (const auto& server : service.servers) {
            if (server.checks.empty() && !servers_.contains({service.key, server.key})) {
                continue;  // Nothing to do, nothing to undo.
            }
            // A server that is listed twice has the checks of both.
            const Checks checks = make_checks(service, server);
            Checks& all = next[{service.key, server.key}];
            all.insert(all.end(), checks.begin(), checks.end());
        }
    }
    next.swap(servers_);
    const std::map<Target, Checks>& previous = next;
    Checks gone;
    for (const auto& [target, checks] : previous) {
        const auto now = servers_.find(target);
        const Checks none;
        const Checks& staying = now != servers_.end() ? now->second : none;
        std::copy_if(checks.begin(), checks.end(), std::back_inserter(gone), [&](const auto& old) {
            return std::find(staying.begin(), staying.end(), old) == staying.end();
        });
        // A server that only a removed check held down.
        if (now != servers_.end() && !all_up(checks) && all_up(staying)) {
            tell(target, true);
        }
    }
    retire(gone);
    wake();
    return {};
}

Board::Checks Board::make_checks(const model::VirtualServiceConfig& service,
                                 const model::RealServerConfig& server) {
    const Target target{service.key, server.key};
    const Nanoseconds delay_loop = milliseconds(service.delay_loop_ms);
    const auto known = servers_.find(target);
    Checks pool = known != servers_.end() ? known->second : Checks{};
    const bool server_up = all_up(pool);
    Checks checks;
    for (const model::HealthCheck& config : server.checks) {
        const auto same = std::find_if(pool.begin(), pool.end(), [&](const auto& check) {
            return check->config == config && check->delay_loop == delay_loop;
        });
        if (same != pool.end()) {
            checks.push_back(*same);
            pool.erase(same);
            continue;
        }
        checks.push_back(make_check(target, config, delay_loop, server_up));
    }
    return checks;
}

std::shared_ptr<Board::Check> Board::make_check(const Target& target,
                                                const model::HealthCheck& config,
                                                Nanoseconds delay_loop,
                                                bool up) {
    const Nanoseconds first_delay(
        delay_loop.count() > 0
            ? static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(delay_loop.count()))
            : 0);
    auto check = std::make_shared<Check>(
        Check{.age = ++checks_made_,
              .target = target,
              .config = config,
              .delay_loop = delay_loop,
              .state = CheckState(config, delay_loop, clock_.now(), first_delay, up)});
    set_deadline(*check, check->state.next_at());
    return check;
}

std::optional<Nanoseconds> Board::deadline() const {
    if (deadlines_.empty()) {
        return std::nullopt;
    }
    return deadlines_.begin()->first.first;
}

void Board::run() {
    const Nanoseconds now = clock_.now();
    while (!deadlines_.empty() && deadlines_.begin()->first.first <= now) {
        Check& check = *deadlines_.begin()->second;
        if (check.attempt) {
            ++counters_.probes_timed_out;
            finish(check, ProbeResult::timed_out);
        } else {
            begin(check);
        }
    }
}

void Board::begin(Check& check) {
    const Nanoseconds now = clock_.now();
    if (probes_in_flight_ >= probes_in_flight_max_) {
        ++counters_.probes_deferred;
        clear_deadline(check);
        check.waiting_since = now;
        waiting_.emplace(std::pair(now, check.age), &check);
        return;
    }
    ++counters_.probes_started;
    ++probes_in_flight_;
    set_deadline(check, now + milliseconds(check.config.connect_timeout_ms));
    check.attempt = probe_.connect(check.probe_target(), [this, &check](ProbeResult result) {
        finish(check, result);
        wake();
    });
}

void Board::finish(Check& check, ProbeResult result) {
    check.attempt.reset();
    const Checks& siblings = servers_.at(check.target);
    const bool server_was_up = all_up(siblings);
    const bool first = !check.last_result;
    check.last_result = result;
    const bool success = result == ProbeResult::connected;
    const Change change = check.state.on_result(clock_.now(), success);
    set_deadline(check, check.state.next_at());
    if (success && (first || change == Change::came_up)) {
        log::info(kComponent, "TCP connection to {} success.", check.endpoint());
    } else if (change == Change::went_down) {
        log::warn(kComponent,
                  "TCP_CHECK on service {} failed after {} retries. ({})",
                  check.endpoint(),
                  check.config.retries,
                  name(result));
    }
    if (const bool server_is_up = all_up(siblings); server_is_up != server_was_up) {
        tell(check.target, server_is_up);
    }
    release_slot();
}

void Board::tell(const Target& target, bool up) {
    ++counters_.changes;
    if (change_handler_) {
        change_handler_(target.first, target.second, up);
    }
}

void Board::wake() const {
    if (wake_) {
        wake_();
    }
}

// All of them stop waiting before any gives its slot to another.
void Board::retire(const Checks& gone) {
    for (const auto& check : gone) {
        clear_deadline(*check);
        stop_waiting(*check);
    }
    for (const auto& check : gone) {
        if (check->attempt) {
            check->attempt.reset();
            release_slot();
        }
    }
}

// Whoever has waited longest goes next.
void Board::release_slot() {
    --probes_in_flight_;
    if (!waiting_.empty()) {
        Check& next = *waiting_.begin()->second;
        stop_waiting(next);
        begin(next);
    }
}

void Board::stop_waiting(Check& check) {
    if (check.waiting_since) {
        waiting_.erase({*check.waiting_since, check.age});
        check.waiting_since.reset();
    }
}

void Board::set_deadline(Check& check, Nanoseconds when) {
    clear_deadline(check);
    check.deadline = when;
    deadlines_.emplace(std::pair(when, check.age), &check);
}

void Board::clear_deadline(Check& check) {
    if (check.deadline) {
        deadlines_.erase({*check.deadline, check.age});
        check.deadline.reset();
    }
}

bool Board::up(const model::ServiceKey& service, const model::ServerKey& server) const {
    const auto found = servers_.find({service, server});
    return found == servers_.end() || all_up(found->second);
}

std::set<Board::Target> Board::down() const {
    std::set<Target> down;
    for (const auto& [target, checks] : servers_) {
        if (!all_up(checks)) {
            down.insert(down.end(), target);
        }
    }
    return down;
}

std::vector<model::HealthCheckView> Board::view() const {
    const Nanoseconds now = clock_.now();
    std::vector<model::HealthCheckView> views;
    for (const auto& [target, checks] : servers_) {
        for (const auto& check : checks) {
            const auto since = now - check->state.since();
            const auto last = check->last_result;
            views.push_back({.service = target.first,
                             .server = target.second,
                             .kind = check->config.kind,
                             .up = check->state.up(),
                             .failures = check->state.failures(),
                             .since_s = static_cast<std::uint64_t>(
                                 std::chrono::duration_cast<std::chrono::seconds>(since).count()),
                             .last_result = std::string(last ? name(*last) : ""),
                             .checks_done = check->state.checks_done()});
        }
    }
    return views;
}

}  // namespace fpvs::health
