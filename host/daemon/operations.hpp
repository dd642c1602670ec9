// SPDX-License-Identifier: Apache-2.0
// What control clients may ask, answered by the parts of this daemon.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "host/control/operations.hpp"
#include "host/daemon/announcements.hpp"
#include "host/daemon/data_path.hpp"
#include "host/daemon/sync_thread.hpp"
#include "host/daemon/vrrp_thread.hpp"
#include "host/health/service.hpp"
#include "host/model/mark_rule_list.hpp"

namespace fpvs::daemon {

// What only the daemon itself can do.
struct Lifecycle {
    std::function<void(std::string path, control::Operations::Done done)> load_card;
    std::function<Status()> reload;
    std::function<void()> stop;
};

class Operations final : public control::Operations {
  public:
    Operations(DataPath& data_path,
               VrrpThread& vrrp,
               health::Service& health,
               SyncThread& sync,
               Announcements& announcements,
               model::MarkRuleList& mark_rules,
               std::string config_path,
               Lifecycle lifecycle);

    model::DaemonView daemon() override;
    std::vector<model::ServiceView> services() override;
    std::optional<model::ServiceView> service(const model::ServiceKey& key) override;
    control::ConnectionPage connections(std::uint64_t cursor, std::size_t count_max) override;
    model::ConnectionTimeouts timeouts() override;
    std::vector<model::SettingView> settings() override;
    std::vector<model::MarkRule> mark_rules() override { return mark_rules_.all(); }
    std::vector<model::SyncDaemon> sync_daemons() override { return sync_.list(); }
    model::CardView card() override { return data_path_.card_view(); }
    std::vector<model::VrrpInstanceView> vrrp_instances() override { return vrrp_.view(); }
    std::vector<model::HealthCheckView> health_checks() override { return health_.view(); }
    model::AnnounceView announcements() override { return announcements_.view(); }

    Status add_service(const model::ServiceKey& key,
                       const model::ServiceSettings& settings) override;
    Status edit_service(const model::ServiceKey& key,
                        const model::ServiceSettings& settings) override;
    Status delete_service(const model::ServiceKey& key) override;
    Status add_server(const model::ServiceKey& service,
                      const model::ServerKey& server,
                      const model::ServerSettings& settings) override;
    Status edit_server(const model::ServiceKey& service,
                       const model::ServerKey& server,
                       const model::ServerSettings& settings) override;
    Status delete_server(const model::ServiceKey& service, const model::ServerKey& server) override;
    Status flush() override;
    Status zero(const std::optional<model::ServiceKey>& key) override;
    Status set_timeouts(const model::ConnectionTimeouts& timeouts) override;
    Status set(std::string_view setting, std::int64_t value) override;
    Status add_local_address(const model::ServiceKey& service,
                             const model::IpAddress& address) override;
    Status delete_local_address(const model::ServiceKey& service,
                                const model::IpAddress& address) override;
    Status add_mark_rule(const model::MarkRule& rule) override;
    Status delete_mark_rule(const model::MarkRule& rule) override;
    Status start_sync_daemon(const model::SyncDaemon& daemon) override {
        return sync_.start(daemon);
    }
    Status stop_sync_daemon(model::SyncRole role) override { return sync_.stop(role); }

    Status drain(bool on) override { return announcements_.drain(on); }

    void load_card(std::string path, Done done) override {
        lifecycle_.load_card(std::move(path), std::move(done));
    }
    Status reload() override { return lifecycle_.reload(); }
    void stop() override { lifecycle_.stop(); }

  private:
    [[nodiscard]] Status use(model::MarkRuleList wanted);

    DataPath& data_path_;
    VrrpThread& vrrp_;
    health::Service& health_;
    SyncThread& sync_;
    Announcements& announcements_;
    const std::string config_path_;
    const Lifecycle lifecycle_;
    model::MarkRuleList& mark_rules_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace fpvs::daemon
