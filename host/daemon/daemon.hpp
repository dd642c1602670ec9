// SPDX-License-Identifier: Apache-2.0
// fpvsd: the parts of a director joined on one io_context, from start to stop.
//
// The configuration file, the control socket and stock tools make the same edits; health checks and
// VRRP make theirs.  A file that is wrong leaves what runs as it is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drivers/ipvs_netlink/server.hpp"
#include "drivers/kernel/local_addresses.hpp"
#include "drivers/kernel/neighbour_cache.hpp"
#include "drivers/kernel/notify_fifo.hpp"
#include "drivers/kernel/route_watch.hpp"
#include "drivers/kernel/script_runner.hpp"
#include "drivers/probe/probe.hpp"
#include "drivers/probe/track_source.hpp"
#include "host/config/parser.hpp"
#include "host/control/dispatcher.hpp"
#include "host/control/server.hpp"
#include "host/daemon/announcements.hpp"
#include "host/daemon/card_keeper.hpp"
#include "host/daemon/data_path.hpp"
#include "host/daemon/operations.hpp"
#include "host/daemon/port_options.hpp"
#include "host/daemon/service_plan.hpp"
#include "host/daemon/sync_thread.hpp"
#include "host/daemon/vrrp_thread.hpp"
#include "host/health/service.hpp"
#include "host/model/config.hpp"
#include "host/model/limits.hpp"
#include "host/model/mark_rule_list.hpp"
#include "host/provider/steady_clock.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"
#include "host/vrrp/notifier.hpp"
#include "host/vrrp/trackers.hpp"

namespace fpvs::daemon {

// Another one each time.
[[nodiscard]] std::uint64_t random_seed();

struct DaemonOptions {
    std::string config_path;  // Empty: an empty director, for commands.
    std::string config_id;    // What @conditions in it compare; empty: the host's name.
    std::vector<InterfacePlan> interfaces;
    std::string card_path;  // Empty: none is loaded at the start.
    std::string control_socket;
    std::string ipvs_socket;
    std::string state_path;  // Empty: connections end with the process.
    std::size_t connections_max = model::kConnectionsMax;
    std::size_t workers = 0;  // 0: as many as the file says, or one.
};

class Daemon {
  public:
    [[nodiscard]] static Result<std::unique_ptr<Daemon>> start(boost::asio::io_context& io,
                                                               DaemonOptions options);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // Reads the file again and applies the difference.
    [[nodiscard]] Status reload();
    // Has routers send nothing more, gives up the virtual addresses and ends the io_context's work.
    void stop();

  private:
    Daemon(boost::asio::io_context& io,
           DaemonOptions options,
           std::unique_ptr<config::ConfigReader> reader);

    [[nodiscard]] Status open_drivers(bool card_runs);
    [[nodiscard]] Status open_sockets();
    void connect_vrrp();
    [[nodiscard]] Status apply(model::Config config);
    // Once nothing comes any more, or the time for that is up.
    void leave();
    // The table of this pool's services is to be another.
    void on_health(const model::ServiceKey& pool);
    // Services in ha_suspend wait until this director has their addresses.
    void suspend_checks();
    // Runs the synchronisation daemons that the file asks for, by what VRRP's instances are.
    void follow_sync(const std::optional<model::SyncFollower>& before);
    void on_vrrp(const model::VrrpInstance& instance, vrrp::State state);

    boost::asio::io_context& io_;
    const DaemonOptions options_;
    provider::SteadyClock clock_;
    std::unique_ptr<config::ConfigReader> config_reader_;
    model::Config config_;              // What was applied last,
    std::vector<ServiceTable> tables_;  // and what the engine was made to hold for it.
    model::MarkRuleList mark_rules_;

    std::unique_ptr<kernel::NeighbourCache> neighbours_;
    std::unique_ptr<DataPath> data_path_;
    std::unique_ptr<SyncThread> sync_;
    std::unique_ptr<kernel::RouteWatch> routes_;
    std::unique_ptr<kernel::LocalAddresses> local_addresses_;
    std::unique_ptr<VrrpThread> vrrp_;
    kernel::ScriptRunner scripts_;
    kernel::NotifyFifo health_fifo_;
    kernel::NotifyFifo vrrp_fifo_;
    kernel::NotifyFifo fifo_;  // Of everything.
    probe::TrackSource track_source_;
    std::unique_ptr<vrrp::Notifier> vrrp_notifier_;
    std::unique_ptr<vrrp::Trackers> trackers_;
    probe::Probe probe_;
    std::unique_ptr<health::Service> health_;
    std::unique_ptr<Announcements> announcements_;
    std::unique_ptr<Operations> operations_;
    std::unique_ptr<control::Dispatcher> dispatcher_;
    std::unique_ptr<control::Server> control_;
    std::unique_ptr<ipvs_netlink::Server> ipvs_;

    std::unique_ptr<CardKeeper> cards_;
    bool stopping_ = false;
};

}  // namespace fpvs::daemon
