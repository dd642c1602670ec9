// SPDX-License-Identifier: Apache-2.0
#include "host/health/board.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <variant>

#include "host/health/check_log.hpp"
#include "host/util/log.hpp"

namespace fpvs::health {
namespace {

using std::chrono::milliseconds;

constexpr const char* kComponent = "health";
// How often a file is read; keepalived is told by the kernel when it changes.
constexpr Nanoseconds kFileInterval = std::chrono::seconds(1);

std::size_t count_checks(const model::VirtualServiceConfig& service) {
    std::size_t count = 0;
    for (const auto& server : service.servers) {
        count += server.checks.size();
    }
    return count;
}

Nanoseconds delay_loop_of(const model::VirtualServiceConfig& service,
                          const model::HealthCheck& check) {
    if (std::holds_alternative<model::FileCheck>(check.detail)) {
        return kFileInterval;
    }
    return milliseconds(check.delay_loop_ms.value_or(service.delay_loop_ms));
}

// How long an attempt may take from its beginning.
Nanoseconds patience(const model::HealthCheck& check, Nanoseconds delay_loop) {
    const Nanoseconds connect = milliseconds(check.connect_timeout_ms);
    switch (check.kind()) {
        case model::CheckKind::http:
        case model::CheckKind::ssl:
        case model::CheckKind::smtp:
            return 2 * connect;  // To connect, which the probe watches over, and for the answer.
        case model::CheckKind::misc: {
            const auto& misc = std::get<model::MiscCheck>(check.detail);
            return misc.timeout_ms != 0 ? milliseconds(misc.timeout_ms) : delay_loop;
        }
        default:
            return connect;
    }
}

// A datagram that nobody refused is all that such a check asks for.
bool silence_is_success(const model::HealthCheck& check) {
    const auto* const udp = std::get_if<model::UdpCheck>(&check.detail);
    return udp != nullptr && !udp->reply_required;
}

}  // namespace

struct Board::Check {
    std::uint64_t age;  // Counts up from the first check ever made.
    Target target;
    model::HealthCheck config;
    std::int32_t server_weight;  // As configured.
    Nanoseconds delay_loop;
    CheckState state;
    // Where it stands in deadlines_ (the next attempt, or the timeout of the one under way), or in
    // waiting_.
    std::optional<Nanoseconds> deadline = {};
    std::optional<Nanoseconds> waiting_since = {};
    std::unique_ptr<provider::Probe::Attempt> attempt = {};
    std::string last_result = {};
    std::int64_t weight_change = 0;

    [[nodiscard]] provider::ProbeRequest request() const {
        return {.check = config,
                .address = config.connect_address.value_or(target.second.address),
                .port = config.connect_port.value_or(target.second.port),
                .step = state.step(),
                .server_weight = server_weight};
    }
    [[nodiscard]] CheckSubject subject() const {
        return {.check = config, .service = target.first, .server = target.second};
    }
};

Board::Board(const provider::Clock& clock,
             provider::Probe& probe,
             std::uint64_t seed,
             std::size_t probes_in_flight_max)
    : clock_(clock), probe_(probe), probes_in_flight_max_(probes_in_flight_max), random_(seed) {}

Board::~Board() = default;

// What a service's checks are made of is compared first, so that thousands of services of which one
// is another cost little more than the one.
Status Board::apply(const std::vector<model::VirtualServiceConfig>& services) {
    std::map<model::ServiceKey, Applied> applied;
    std::vector<const model::VirtualServiceConfig*> changed;
    std::size_t count = 0;
    for (const auto& service : services) {
        const auto known = applied_.find(service.key);
        const bool same = known != applied_.end() && known->second.servers == service.servers &&
                          known->second.delay_loop_ms == service.delay_loop_ms;
        const std::size_t checks = same ? known->second.checks : count_checks(service);
        count += checks;
        applied.insert_or_assign(service.key,
                                 Applied{.servers = service.servers,
                                         .delay_loop_ms = service.delay_loop_ms,
                                         .checks = checks});
        if (!same) {
            changed.push_back(&service);
        }
    }
    if (count > model::kHealthChecksMax) {
        return fail(Code::exhausted,
                    "{} health checks; at most {} are supported",
                    count,
                    model::kHealthChecksMax);
    }
    std::map<Target, Checks> next;
    for (const auto* const service : changed) {
        for (const auto& server : service->servers) {
            if (server.checks.empty() && !servers_.contains({service->key, server.key})) {
                continue;  // Nothing to do, nothing to undo.
            }
            // A server that is listed twice has the checks of both.
            const Checks checks = make_checks(*service, server);
            Checks& all = next[{service->key, server.key}];
            all.insert(all.end(), checks.begin(), checks.end());
        }
    }
    std::map<Target, Checks> previous;
    const auto leave = [&](const model::ServiceKey& service) {
        auto server = servers_.lower_bound({service, {}});
        while (server != servers_.end() && server->first.first == service) {
            previous.insert(previous.end(), servers_.extract(server++));
        }
    };
    for (const auto* const service : changed) {
        leave(service->key);
    }
    for (const auto& [service, was] : applied_) {
        if (!applied.contains(service)) {
            leave(service);
        }
    }
    servers_.merge(next);
    applied_ = std::move(applied);
    replace(std::move(previous));
    return {};
}

// Tells of servers that are another way than with these checks, and ends those of them that are
// gone.
void Board::replace(std::map<Target, Checks> previous) {
    Checks gone;
    for (const auto& [target, checks] : previous) {
        const auto now = servers_.find(target);
        const Checks none;
        const Checks& staying = now != servers_.end() ? now->second : none;
        std::copy_if(checks.begin(), checks.end(), std::back_inserter(gone), [&](const auto& old) {
            return std::find(staying.begin(), staying.end(), old) == staying.end();
        });
        // A server that a check which is gone held down, or changed the weight of.
        if (now != servers_.end() && state_of(checks) != state_of(staying)) {
            tell(target, state_of(staying));
        }
    }
    retire(gone);
    wake();
}

ServerState Board::state_of(const Checks& checks) {
    ServerState state;
    for (const auto& check : checks) {
        state.up = state.up && check->state.up();
        state.weight_change += check->weight_change;
    }
    return state;
}

Board::Checks Board::make_checks(const model::VirtualServiceConfig& service,
                                 const model::RealServerConfig& server) {
    const Target target{service.key, server.key};
    const auto known = servers_.find(target);
    Checks pool = known != servers_.end() ? known->second : Checks{};
    const bool server_up = state_of(pool).up;
    Checks checks;
    for (const model::HealthCheck& config : server.checks) {
        const Nanoseconds delay_loop = delay_loop_of(service, config);
        const auto same = std::find_if(pool.begin(), pool.end(), [&](const auto& check) {
            return check->config == config && check->delay_loop == delay_loop;
        });
        if (same != pool.end()) {
            (*same)->server_weight = server.settings.weight;
            checks.push_back(*same);
            pool.erase(same);
            continue;
        }
        const bool up = known != servers_.end() ? server_up : !config.alpha;
        checks.push_back(make_check(target, server.settings.weight, config, delay_loop, up));
    }
    return checks;
}

std::shared_ptr<Board::Check> Board::make_check(const Target& target,
                                                std::int32_t server_weight,
                                                const model::HealthCheck& config,
                                                Nanoseconds delay_loop,
                                                bool up) {
    const Nanoseconds warmup =
        config.warmup_ms ? Nanoseconds(milliseconds(*config.warmup_ms)) : delay_loop;
    const Nanoseconds first_delay(
        warmup.count() > 0
            ? static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(warmup.count()))
            : 0);
    auto check = std::make_shared<Check>(
        Check{.age = ++checks_made_,
              .target = target,
              .config = config,
              .server_weight = server_weight,
              .delay_loop = delay_loop,
              .state = CheckState(config, delay_loop, clock_.now(), first_delay, up)});
    set_deadline(*check, check->state.next_at());
    return check;
}

bool Board::suspend(const model::ServiceKey& service, bool suspended) {
    return suspended ? suspended_.insert(service).second : suspended_.erase(service) > 0;
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
            time_out(check);
        } else if (suspended_.contains(check.target.first)) {
            ++counters_.probes_suspended;
            check.state.skip(now);
            set_deadline(check, check.state.next_at());
        } else {
            begin(check);
        }
    }
}

void Board::time_out(Check& check) {
    if (silence_is_success(check.config)) {
        finish(check, {.success = true, .result = "not refused"});
        return;
    }
    ++counters_.probes_timed_out;
    finish(check, {.success = false, .result = "timed out"});
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
    set_deadline(check, now + patience(check.config, check.delay_loop));
    check.attempt = probe_.begin(check.request(), [this, &check](provider::ProbeReport report) {
        finish(check, std::move(report));
        wake();
    });
}

void Board::finish(Check& check, provider::ProbeReport report) {
    check.attempt.reset();
    const Checks& siblings = servers_.at(check.target);
    const ServerState before = state_of(siblings);
    const bool first = check.state.checks_done() == 0;
    check.last_result = std::move(report.result);
    check.weight_change = report.weight_change.value_or(check.weight_change);
    const Change change = check.state.on_result(clock_.now(), report.success);
    set_deadline(check, check.state.next_at());
    log_result(check, first, change);
    if (const ServerState now = state_of(siblings); now != before) {
        tell(check.target, now);
    }
    release_slot();
}

void Board::log_result(const Check& check, bool first, Change change) const {
    const CheckSubject subject = check.subject();
    const bool failed = check.state.failures() > 0;
    if (change == Change::came_up || (first && !failed && check.state.up())) {
        log::info(kComponent, "{}", success_text(subject));
    } else if (change == Change::went_down) {
        const std::uint32_t retries = first ? 0 : check.state.retries();
        log::warn(kComponent, "{}", down_text(subject, retries, check.last_result));
    } else if (failed && check.state.up() &&
               check.config.log_all_failures.value_or(log_all_failures_)) {
        log::warn(kComponent, "{}", failure_text(subject, check.last_result));
    }
}

void Board::tell(const Target& target, const ServerState& state) {
    ++counters_.changes;
    if (change_handler_) {
        change_handler_(target.first, target.second, state);
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

ServerState Board::state(const model::ServiceKey& service, const model::ServerKey& server) const {
    const auto found = servers_.find({service, server});
    return found == servers_.end() ? ServerState{} : state_of(found->second);
}

std::vector<model::HealthCheckView> Board::view() const {
    const Nanoseconds now = clock_.now();
    std::vector<model::HealthCheckView> views;
    for (const auto& [target, checks] : servers_) {
        for (const auto& check : checks) {
            const auto since = now - check->state.since();
            views.push_back({.service = target.first,
                             .server = target.second,
                             .kind = check->config.kind(),
                             .up = check->state.up(),
                             .failures = check->state.failures(),
                             .since_s = static_cast<std::uint64_t>(
                                 std::chrono::duration_cast<std::chrono::seconds>(since).count()),
                             .last_result = check->last_result,
                             .checks_done = check->state.checks_done()});
        }
    }
    return views;
}

}  // namespace fpvs::health
