// SPDX-License-Identifier: Apache-2.0
#include "host/engine/director.hpp"

#include <algorithm>
#include <utility>

#include "host/engine/kept_memory.hpp"
#include "host/engine/traffic_meter.hpp"
#include "host/util/check.hpp"

namespace fpvs::engine {
namespace {

// A template whose time is up is kept this long again while it has connections.
constexpr std::uint32_t kTemplateExtensionMs = 60'000;
constexpr std::uint64_t kTrashIntervalMs = 5'000;
// More would keep packets waiting: one costs some 100 ns where its server is not in the cache.
constexpr std::size_t kMetersAtOnce = 4096;
// Where others wait for the lock.
constexpr std::size_t kMetersAtOnceShared = 256;

[[nodiscard]] std::uint32_t in_ms(std::uint32_t seconds) {
    constexpr std::uint32_t kMsPerSecond = 1000;
    return std::min(seconds, kTimeoutSecondsMax) * kMsPerSecond;
}

// Samples keep their beat, except after a pause.
[[nodiscard]] std::uint64_t next_sample(std::uint64_t last_ms, std::uint64_t now_ms) {
    const bool paused = now_ms >= last_ms + 2 * TrafficMeter::kSampleMs;
    return paused ? now_ms : last_ms + TrafficMeter::kSampleMs;
}

[[nodiscard]] Configuration with_timeouts(Configuration configuration,
                                          const model::ConnectionTimeouts& wanted) {
    model::ConnectionTimeouts& timeouts = configuration.timeouts;
    const auto set_one = [](std::uint32_t& ours, std::uint32_t wanted_s) {
        if (wanted_s != 0) {
            ours = std::min(wanted_s, kTimeoutSecondsMax);
        }
    };
    set_one(timeouts.tcp_s, wanted.tcp_s);
    set_one(timeouts.tcp_fin_s, wanted.tcp_fin_s);
    set_one(timeouts.udp_s, wanted.udp_s);
    for (std::size_t state = 0; state < kTcpStateCount; ++state) {
        configuration.tcp_timeouts_ms[state] = timeout_ms(static_cast<TcpState>(state), timeouts);
    }
    configuration.udp_timeout_ms = in_ms(timeouts.udp_s);
    return configuration;
}

}  // namespace

std::size_t connections_of_worker(std::size_t connections_max, std::size_t workers) {
    constexpr std::size_t kSlack = 1024;
    const std::size_t share = connections_max / workers;
    return workers == 1 ? connections_max : std::min(connections_max, share + share / 4 + kSlack);
}

Director::Director(const EngineOptions& options, std::size_t workers)
    : options_(options),
      owners_(workers, options.hash_seed),
      services_(options.hash_seed, workers, options.kept ? options.kept->names() : Names()),
      templates_(options.kept ? options.kept->templates() : TableMemory(options.connections_max),
                 options.hash_seed),
      template_timers_(templates_),
      configuration_(new Configuration(with_timeouts({}, {}))) {
    FPVS_CHECK(workers >= 1 && workers <= model::kWorkersMax);
    if (options.names_before != nullptr) {
        services_.prefer(*options.names_before);
    }
}

Director::~Director() {
    delete configuration_.load();
}

void Director::bind(Server& server, std::uint32_t control) {
    if (control != kNoIndex) {
        ++templates_.at(control).controlled;
    }
    server.bind(false);
    change_entries(1);
}

void Director::unbind(ServerIndex server, std::uint32_t control, bool active) {
    if (control != kNoIndex) {
        --templates_.at(control).controlled;
    }
    services_.server(server).unbind(false, active);
    change_entries(~std::size_t{0});
}

Connection* Director::find_template(const Flow& flow, std::uint64_t now_ms) {
    Connection* record = templates_.find(flow);
    if (record == nullptr || record->deadline_ms > now_ms) {
        return record;
    }
    const ConnectionHandle handle = templates_.handle_of(*record);
    template_timers_.disarm(*record);
    on_template_due(*record, now_ms);
    return templates_.find(handle);
}

bool Director::template_holds(const Connection& record) const {
    const Server& server = services_.server(record.server);
    return server.available &&
           !(configuration().settings.expire_quiescent_template != 0 && server.state.weight == 0);
}

Connection& Director::create_template(Server& server, const Flow& flow, std::uint32_t timeout_ms) {
    Connection& record = templates_.allocate(flow);
    record.server = server.state.index;
    record.forwarding = server.settings.forwarding;
    record.server_port = flow.key.virtual_port() != 0 ? server.state.key.port : 0;
    record.timeout_ms = timeout_ms;
    server.bind(true);
    change_entries(1);
    templates_.insert(record);
    ++template_events_.created;
    return record;
}

Connection& Director::restore_template(Server& server,
                                       const Flow& flow,
                                       std::uint64_t now_ms,
                                       std::uint64_t left_ms) {
    Connection& record = create_template(server, flow, 0);
    record.deadline_ms = now_ms + left_ms;
    template_timers_.arm(record);
    return record;
}

// It binds nobody any more, but stays while its connections do.  IPVS shows it with these ports.
void Director::invalidate_template(Connection& record) {
    constexpr std::uint16_t kNowhere = 65535;
    templates_.remove(record);
    record.key.rest = FlowKey::pack(record.key.client_port(),
                                    kNowhere,
                                    record.key.protocol(),
                                    record.key.kind(),
                                    record.key.family());
    record.server_port = kNowhere;
    ++template_events_.invalidated;
}

void Director::arm_template(Connection& record, std::uint64_t now_ms) {
    const std::uint64_t before_ms = record.deadline_ms;
    record.deadline_ms = now_ms + record.timeout_ms;
    if (!record.timer_armed || record.deadline_ms < before_ms) {
        template_timers_.arm(record);
    }
}

void Director::on_template_due(Connection& record, std::uint64_t now_ms) {
    if (record.deadline_ms > now_ms) {
        template_timers_.arm(record);
        return;
    }
    if (record.controlled > 0) {
        // From when its time was up, not from now: how often timers are looked at changes nothing.
        record.timeout_ms = kTemplateExtensionMs;
        record.deadline_ms += kTemplateExtensionMs;
        template_timers_.arm(record);
        if (sync_ != nullptr) {
            tell_template(record, now_ms);
        }
        return;
    }
    ++template_events_.expired;
    end_template(record);
}

void Director::end_template(Connection& record) {
    template_timers_.disarm(record);
    templates_.remove(record);
    services_.server(record.server).unbind(true, false);
    change_entries(~std::size_t{0});
    templates_.release(record);
}

void Director::end_orphan(std::uint32_t index) {
    Connection& record = templates_.at(index);
    if (record.in_use && record.controlled == 0 && !services_.server(record.server).available) {
        end_template(record);
    }
}

bool Director::is_each(std::uint32_t rate) {
    if (++first_packets_ < rate) {
        return false;
    }
    first_packets_ = 0;
    return true;
}

bool Director::expire(std::uint64_t now_ms, std::size_t budget) {
    if (now_ms >= traffic_sampled_ms_ + TrafficMeter::kSampleMs) {
        sample_position_ = configuration().settings.run_estimation != 0 ? 0 : kNoIndex;
        traffic_sampled_ms_ = next_sample(traffic_sampled_ms_, now_ms);
    }
    if (sample_position_ != kNoIndex) {
        services_.sample_traffic(sample_position_,
                                 workers() == 1 ? kMetersAtOnce : kMetersAtOnceShared);
    }
    if (now_ms >= trash_emptied_ms_ + kTrashIntervalMs) {
        services_.empty_trash(now_ms);
        trash_emptied_ms_ = now_ms;
    }
    sweep_templates(budget);
    const bool timers_left = template_timers_.advance(
        now_ms, budget, [&](Connection& record) { on_template_due(record, now_ms); });
    return timers_left || sweep_position_ != kNoIndex;
}

// Those that bind a connection still end with the last of them, where that ends.
void Director::sweep_templates(std::size_t& budget) {
    while (sweep_position_ != kNoIndex && budget > 0) {
        if (sweep_position_ >= templates_.high_water()) {
            sweep_position_ = kNoIndex;
            return;
        }
        end_orphan(sweep_position_++);
        --budget;
    }
}

Status Director::set(std::string_view setting, int value) {
    Configuration wanted = configuration();
    FPVS_TRY_STATUS(wanted.settings.set(setting, value));
    if (setting == "drop_packet") {
        first_packets_ = 0;
    }
    publish(wanted);
    return {};
}

void Director::set_timeouts(const model::ConnectionTimeouts& timeouts) {
    publish(with_timeouts(configuration(), timeouts));
}

void Director::publish(const Configuration& configuration) {
    const Configuration* before =
        configuration_.exchange(new Configuration(configuration), std::memory_order_acq_rel);
    replaced_.emplace_back(before);
    if (workers() == 1) {
        replaced_.clear();  // Nobody else reads.
    }
    unsettle_all();
}

std::vector<std::unique_ptr<const Configuration>> Director::take_replaced() {
    return std::exchange(replaced_, {});
}

void Director::unsettle_all() {
    constexpr std::uint32_t kEpochBits = 24;
    const std::uint32_t next = epoch_.load(std::memory_order_relaxed) + 1;
    epoch_.store(next >> kEpochBits == 0 ? next : 1, std::memory_order_release);
}

void Director::sweep() {
    sweep_position_ = 0;
    sweeps_.store(sweeps() + 1, std::memory_order_relaxed);
}

}  // namespace fpvs::engine
