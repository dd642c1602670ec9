// SPDX-License-Identifier: Apache-2.0
// Connection synchronisation on a thread of its own: the daemons of `ipvsadm --start-daemon`, their
// sockets, and who is master of what.
//
// Workers hand over what they have to tell and never wait (host/sync/outbox.hpp); what is heard
// goes to them in batches, and who hears waits for that.  All calls are the control plane's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/engine/settings.hpp"
#include "host/model/sync_daemon.hpp"
#include "host/provider/clock.hpp"
#include "host/sync/backup.hpp"
#include "host/sync/engines.hpp"
#include "host/sync/master.hpp"
#include "host/sync/started_daemons.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::daemon {

class SyncThread {
  public:
    // Engines and clock must outlive it.  Works in the network namespace of the calling thread.
    SyncThread(sync::Engines& engines, const provider::Clock& clock);
    // Stops both daemons.
    ~SyncThread();
    SyncThread(const SyncThread&) = delete;
    SyncThread& operator=(const SyncThread&) = delete;

    // Errors are ipvsadm's sentences, or say what the kernel refused.
    [[nodiscard]] Status start(const model::SyncDaemon& daemon);
    // What was said before is sent.
    [[nodiscard]] Status stop(model::SyncRole role);
    [[nodiscard]] std::vector<model::SyncDaemon> list() const { return daemons_.list(); }
    // As keepalived's lvs_sync_daemon: a director is either, and what runs as wanted runs on.
    void become(const model::SyncDaemon& daemon);
    // The settings sync_* changed.  Ports are opened when a backup is started.
    void use(const engine::Settings& settings);

    [[nodiscard]] sync::MasterCounters master_counters();
    [[nodiscard]] sync::BackupCounters backup_counters();

  private:
    struct Parts;  // What the thread owns.

    [[nodiscard]] Status start_master(const model::SyncDaemon& daemon);
    [[nodiscard]] Status start_backup(const model::SyncDaemon& daemon);
    // Runs function() on the thread and returns its result.
    template <class Function>
    auto call(Function function);

    sync::StartedDaemons daemons_;
    sync::Engines& engines_;
    std::vector<std::unique_ptr<sync::Outbox>> outboxes_;  // While there is a master.
    boost::asio::io_context io_;
    std::unique_ptr<Parts> parts_;
    std::thread thread_;
};

}  // namespace fpvs::daemon
