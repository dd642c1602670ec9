// SPDX-License-Identifier: Apache-2.0
// What the engines of all workers share, so that together they decide as one director: services and
// servers with their schedulers and numbers of connections, persistence templates, settings, and
// how many connections there may be.
//
// Who may do what (docs/decisions/0009):
//  - Whatever says nothing else is for who holds the lock.  An engine takes it when a connection
//    begins, ends or changes sides, never for a packet of one that goes on.
//  - Edits are made by one worker alone, the first, under the lock as well.
//  - What was published is read without a lock, and what it replaced is kept until the owner of the
//    threads knows that nobody reads it any more: take_replaced().
// With one worker there is nobody to lock out, and the lock costs nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "host/engine/connection_table.hpp"
#include "host/engine/owners.hpp"
#include "host/engine/packet.hpp"
#include "host/engine/service_table.hpp"
#include "host/engine/settings.hpp"
#include "host/engine/sync_rules.hpp"
#include "host/engine/sync_sink.hpp"
#include "host/engine/tcp_state.hpp"
#include "host/engine/timer_wheel.hpp"
#include "host/model/limits.hpp"
#include "host/model/timeouts.hpp"
#include "host/util/result.hpp"

namespace fpvs::engine {

// The longest timeout that ipvsadm takes, 31 days.  What is longer counts as this.
constexpr std::uint32_t kTimeoutSecondsMax = 31 * 24 * 3600;

class KeptMemory;
struct Names;

struct EngineOptions {
    std::size_t connections_max = model::kConnectionsMax;  // Of all workers together.
    // Keys the hash of the connection table and seeds the lots that twos draws; take it from a
    // random source.
    std::uint64_t hash_seed = 0;
    // Where tables and names are, made for this size and all zero; null: in memory of their own.
    const KeptMemory* kept = nullptr;
    // Numbers of services and servers that are to mean the same again.
    const Names* names_before = nullptr;
};

// The hash gives each worker about its share of the connections, and this is some more.
[[nodiscard]] std::size_t connections_of_worker(std::size_t connections_max, std::size_t workers);

// What holds for every connection, as one snapshot: an edit makes another.
struct Configuration {
    Settings settings;
    model::ConnectionTimeouts timeouts;
    // By state, as the timeouts have it.
    std::array<std::uint32_t, kTcpStateCount> tcp_timeouts_ms{};
    std::uint32_t udp_timeout_ms = 0;
};

class Director {
  public:
    explicit Director(const EngineOptions& options, std::size_t workers = 1);
    ~Director();
    Director(const Director&) = delete;
    Director& operator=(const Director&) = delete;

    // --- At any time, by anybody.
    [[nodiscard]] std::unique_lock<std::mutex> lock() {
        return workers() == 1 ? std::unique_lock<std::mutex>() : std::unique_lock(mutex_);
    }
    [[nodiscard]] std::size_t workers() const { return owners_.workers(); }
    [[nodiscard]] const Owners& owners() const { return owners_; }
    [[nodiscard]] const EngineOptions& options() const { return options_; }
    // Good until the reader's next quiescent state.
    [[nodiscard]] const Configuration& configuration() const {
        return *configuration_.load(std::memory_order_acquire);
    }
    // See Engine: connections that were settled in another epoch need a decision.  24 bits, never
    // 0.
    [[nodiscard]] std::uint32_t epoch() const { return epoch_.load(std::memory_order_acquire); }
    // Grows when connections of deleted servers are to end.
    [[nodiscard]] std::uint32_t sweeps() const { return sweeps_.load(std::memory_order_relaxed); }
    // Grows with every server that is added.
    [[nodiscard]] std::uint32_t servers_added() const {
        return servers_added_.load(std::memory_order_relaxed);
    }
    // Entries of all workers, templates included, and whether some more may be.
    [[nodiscard]] std::size_t entries() const { return entries_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool has_room(std::size_t count) const {
        return options_.connections_max - entries() >= count;
    }
    [[nodiscard]] const ServiceTable& services() const { return services_; }

    // --- For who holds the lock.
    [[nodiscard]] ServiceTable& services() { return services_; }
    // A connection was bound to its server, and maybe to the template `control`; or is no longer.
    void bind(Server& server, std::uint32_t control);
    void unbind(ServerIndex server, std::uint32_t control, bool active);
    // A template, unless its time is up; whether it still has a server for new connections.
    [[nodiscard]] Connection* find_template(const Flow& flow, std::uint64_t now_ms);
    [[nodiscard]] bool template_holds(const Connection& record) const;
    [[nodiscard]] Connection& create_template(Server& server,
                                              const Flow& flow,
                                              std::uint32_t timeout_ms);
    // One that bound clients before; it is over in `left_ms`.
    [[nodiscard]] Connection& restore_template(Server& server,
                                               const Flow& flow,
                                               std::uint64_t now_ms,
                                               std::uint64_t left_ms);
    void invalidate_template(Connection& record);
    void arm_template(Connection& record, std::uint64_t now_ms);
    [[nodiscard]] Connection& template_at(std::uint32_t index) { return templates_.at(index); }
    // Ends it if its server is gone and it binds no connection.
    void end_orphan(std::uint32_t index);
    [[nodiscard]] ConnectionTable& templates() { return templates_; }
    // --- Other directors, for who holds the lock.
    void attach_sync(SyncSink* sink);
    // After a packet of a connection that the template bound.
    void tell_template(Connection& record, std::uint64_t now_ms);
    [[nodiscard]] Learning learn_template(const SyncedConnection& told, std::uint64_t now_ms);
    // Whose a connection or template is that another director told of; null: nobody's here.
    [[nodiscard]] Server* find_server(const SyncedConnection& told);
    [[nodiscard]] SyncedConnection synced(const Connection& record, const ConnectionTable& table);

    // Counts to `rate`, and is true then.
    [[nodiscard]] bool is_each(std::uint32_t rate);
    // Looks at no more than `budget` templates; also samples traffic and empties the trash.  True:
    // there is more to do now.
    [[nodiscard]] bool expire(std::uint64_t now_ms, std::size_t budget);

    struct TemplateEvents {
        std::uint64_t created = 0;
        std::uint64_t expired = 0;
        std::uint64_t invalidated = 0;
    };
    [[nodiscard]] const TemplateEvents& template_events() const { return template_events_; }

    // --- Edits, for who holds the lock.
    [[nodiscard]] Status set(std::string_view setting, int value);
    void set_timeouts(const model::ConnectionTimeouts& timeouts);
    void unsettle_all();
    void count_server_added() { servers_added_.store(servers_added() + 1); }
    void sweep();
    // Snapshots that were replaced, to be freed once every worker has passed a quiescent state.
    [[nodiscard]] std::vector<std::unique_ptr<const Configuration>> take_replaced();

  private:
    void publish(const Configuration& configuration);
    void change_entries(std::size_t by) {
        entries_.store(entries() + by, std::memory_order_relaxed);
    }
    void on_template_due(Connection& record, std::uint64_t now_ms);
    void end_template(Connection& record);
    void sweep_templates(std::size_t& budget);

    const EngineOptions options_;
    const Owners owners_;
    std::mutex mutex_;
    ServiceTable services_;
    ConnectionTable templates_;
    TimerWheel template_timers_;
    TemplateEvents template_events_;
    std::atomic<const Configuration*> configuration_;
    std::vector<std::unique_ptr<const Configuration>> replaced_;
    std::atomic<std::uint32_t> epoch_ = 1;
    std::atomic<std::uint32_t> sweeps_ = 0;
    std::atomic<std::uint32_t> servers_added_ = 0;
    std::atomic<std::size_t> entries_ = 0;
    SyncSink* sync_ = nullptr;
    std::unique_ptr<SyncNotes> sync_notes_;  // Of the templates, while somebody is told.
    std::uint32_t first_packets_ = 0;        // Since is_each() was last true.
    std::uint64_t traffic_sampled_ms_ = 0;
    ServiceIndex sample_position_ = kNoIndex;  // Where sampling goes on; kNoIndex: it is done.
    std::uint64_t trash_emptied_ms_ = 0;
    std::uint32_t sweep_position_ = kNoIndex;  // The same of the walk over the templates.
};

}  // namespace fpvs::engine
