// SPDX-License-Identifier: Apache-2.0
// The daemon's operations over a bare engine: no card, no sockets, a clock that stands still unless
// a test moves it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/control/operations.hpp"
#include "host/engine/engine.hpp"
#include "host/model/mark_rule_list.hpp"
#include "host/sync/started_daemons.hpp"

namespace fpvs::kit {

class EngineOperations : public control::Operations {
  public:
    EngineOperations() : engine(engine::EngineOptions{.connections_max = 4096}) {}

    engine::Engine engine;
    engine::Engine::Time now{0};
    model::MarkRuleList rules;
    // Interface d1 is the recordings' only one.
    sync::StartedDaemons daemons{[](const std::string& name) { return name == "d1"; }};

    model::DaemonView daemon() override { return {}; }
    std::vector<model::ServiceView> services() override { return engine.services(); }
    std::optional<model::ServiceView> service(const model::ServiceKey& key) override {
        return engine.service(key);
    }
    control::ConnectionPage connections(std::uint64_t cursor, std::size_t count_max) override {
        auto page = engine.connections(cursor, count_max, now);
        return {std::move(page.connections), page.next_cursor};
    }
    model::ConnectionTimeouts timeouts() override { return engine.timeouts(); }
    std::vector<model::SettingView> settings() override { return engine.settings().view(); }
    std::vector<model::MarkRule> mark_rules() override { return rules.all(); }
    std::vector<model::SyncDaemon> sync_daemons() override { return daemons.list(); }
    model::CardView card() override { return {}; }
    std::vector<model::VrrpInstanceView> vrrp_instances() override { return {}; }
    std::vector<model::HealthCheckView> health_checks() override { return {}; }
    model::AnnounceView announcements() override { return {}; }

    Status add_service(const model::ServiceKey& key,
                       const model::ServiceSettings& settings) override {
        return engine.add_service(key, settings);
    }
    Status edit_service(const model::ServiceKey& key,
                        const model::ServiceSettings& settings) override {
        return engine.edit_service(key, settings);
    }
    Status delete_service(const model::ServiceKey& key) override {
        return engine.delete_service(key);
    }
    Status add_server(const model::ServiceKey& service,
                      const model::ServerKey& server,
                      const model::ServerSettings& settings) override {
        return engine.add_server(service, server, settings);
    }
    Status edit_server(const model::ServiceKey& service,
                       const model::ServerKey& server,
                       const model::ServerSettings& settings) override {
        return engine.edit_server(service, server, settings);
    }
    Status delete_server(const model::ServiceKey& service,
                         const model::ServerKey& server) override {
        return engine.delete_server(service, server);
    }
    Status flush() override {
        engine.flush();
        return {};
    }
    Status zero(const std::optional<model::ServiceKey>& key) override { return engine.zero(key); }
    Status set_timeouts(const model::ConnectionTimeouts& timeouts) override {
        engine.set_timeouts(timeouts);
        return {};
    }
    Status set(std::string_view setting, std::int64_t value) override {
        return engine.set(setting, static_cast<int>(value));
    }
    Status add_local_address(const model::ServiceKey& service,
                             const model::IpAddress& address) override {
        return engine.add_local_address(service, address);
    }
    Status delete_local_address(const model::ServiceKey& service,
                                const model::IpAddress& address) override {
        return engine.delete_local_address(service, address);
    }
    Status add_mark_rule(const model::MarkRule& rule) override { return rules.add(rule); }
    Status delete_mark_rule(const model::MarkRule& rule) override { return rules.remove(rule); }
    Status drain(bool) override { return fail(Code::failed_precondition, "nothing is announced"); }
    Status start_sync_daemon(const model::SyncDaemon& daemon) override {
        return daemons.start(daemon);
    }
    Status stop_sync_daemon(model::SyncRole role) override { return daemons.stop(role); }
    void load_card(std::string, Done done) override {
        done(fail(Code::failed_precondition, "no card in this test"));
    }
    Status reload() override { return {}; }
    void stop() override {}
};

}  // namespace fpvs::kit
