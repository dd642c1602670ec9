// SPDX-License-Identifier: Apache-2.0
// What a control client may ask of the daemon.  The control server calls it, the daemon implements
// it; nothing here knows how a request travelled.
//
// Every call is made on the daemon's io_context thread and returns without blocking; what takes
// time (load_card) reports through a callback.  An Error's message is what the user reads, so for
// edits of services it is IPVS's own sentence.  The code decides together with the operation:
//   add_service     already_exists "Service already exists"
//                   not_found      "Scheduler or persistence engine not found"
//   add_server      not_found      "Service not defined"
//                   already_exists "Destination already exists"
//   edit_server, delete_server
//                   not_found      "Service not defined" or "No such destination"
//   other edits     not_found      "No such service"
//   start_sync_daemon
//                   unavailable    "No such device"
//                   already_exists "Daemon has already run"
//   stop_sync_daemon
//                   not_found      "No daemon is running"
// Code::failed_precondition is a thing this daemon does not do (yet); its message says which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/model/announce.hpp"
#include "host/model/mark_rule.hpp"
#include "host/model/sync_daemon.hpp"
#include "host/model/timeouts.hpp"
#include "host/model/view.hpp"
#include "host/model/virtual_service.hpp"
#include "host/util/result.hpp"

namespace fpvs::control {

// Part of the connection table.  A table that changes between two pages may show an entry twice or
// not at all, if that entry came or went meanwhile.
struct ConnectionPage {
    std::vector<model::ConnectionView> connections;
    std::uint64_t next_cursor = 0;  // Where the next page begins; 0: there is none.
};

class Operations {
  public:
    using Done = std::function<void(Status)>;

    virtual ~Operations() = default;

    // What is.  Services come in the order of the table, newest first.
    [[nodiscard]] virtual model::DaemonView daemon() = 0;
    [[nodiscard]] virtual std::vector<model::ServiceView> services() = 0;
    [[nodiscard]] virtual std::optional<model::ServiceView> service(
        const model::ServiceKey& key) = 0;
    // At most `count_max` connections from `cursor` on; 0 is the beginning.
    [[nodiscard]] virtual ConnectionPage connections(std::uint64_t cursor,
                                                     std::size_t count_max) = 0;
    [[nodiscard]] virtual model::ConnectionTimeouts timeouts() = 0;
    [[nodiscard]] virtual std::vector<model::SettingView> settings() = 0;
    [[nodiscard]] virtual std::vector<model::MarkRule> mark_rules() = 0;  // In order.
    [[nodiscard]] virtual std::vector<model::SyncDaemon> sync_daemons() = 0;
    [[nodiscard]] virtual model::CardView card() = 0;
    [[nodiscard]] virtual std::vector<model::VrrpInstanceView> vrrp_instances() = 0;
    [[nodiscard]] virtual std::vector<model::HealthCheckView> health_checks() = 0;
    [[nodiscard]] virtual model::AnnounceView announcements() = 0;

    // What shall be.
    [[nodiscard]] virtual Status add_service(const model::ServiceKey& key,
                                             const model::ServiceSettings& settings) = 0;
    [[nodiscard]] virtual Status edit_service(const model::ServiceKey& key,
                                              const model::ServiceSettings& settings) = 0;
    [[nodiscard]] virtual Status delete_service(const model::ServiceKey& key) = 0;
    [[nodiscard]] virtual Status add_server(const model::ServiceKey& service,
                                            const model::ServerKey& server,
                                            const model::ServerSettings& settings) = 0;
    [[nodiscard]] virtual Status edit_server(const model::ServiceKey& service,
                                             const model::ServerKey& server,
                                             const model::ServerSettings& settings) = 0;
    [[nodiscard]] virtual Status delete_server(const model::ServiceKey& service,
                                               const model::ServerKey& server) = 0;
    [[nodiscard]] virtual Status flush() = 0;  // Every service goes.
    // Counters of one service, or of all, start again at 0.
    [[nodiscard]] virtual Status zero(const std::optional<model::ServiceKey>& key) = 0;
    [[nodiscard]] virtual Status set_timeouts(const model::ConnectionTimeouts& timeouts) = 0;
    // Code::not_found "No setting is named ...", invalid_argument where the value is out of range.
    [[nodiscard]] virtual Status set(std::string_view setting, std::int64_t value) = 0;
    // For FULLNAT: addresses from which the director talks to the service's servers.
    [[nodiscard]] virtual Status add_local_address(const model::ServiceKey& service,
                                                   const model::IpAddress& address) = 0;
    [[nodiscard]] virtual Status delete_local_address(const model::ServiceKey& service,
                                                      const model::IpAddress& address) = 0;
    // A new rule comes after those there are; one that is deleted is named by all it says.
    [[nodiscard]] virtual Status add_mark_rule(const model::MarkRule& rule) = 0;
    [[nodiscard]] virtual Status delete_mark_rule(const model::MarkRule& rule) = 0;
    [[nodiscard]] virtual Status start_sync_daemon(const model::SyncDaemon& daemon) = 0;
    [[nodiscard]] virtual Status stop_sync_daemon(model::SyncRole role) = 0;

    // A director that is drained announces none of its addresses and forwards what still comes.
    [[nodiscard]] virtual Status drain(bool on) = 0;

    // The daemon's own life.  `done` is called once, on any thread, before the io_context goes.
    virtual void load_card(std::string path, Done done) = 0;
    [[nodiscard]] virtual Status reload() = 0;  // Reads the configuration file again.
    virtual void stop() = 0;                    // As SIGTERM: leaves cleanly, soon.
};

}  // namespace fpvs::control
