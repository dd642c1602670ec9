// SPDX-License-Identifier: Apache-2.0
// A daemon without anything behind it: answers what a test put in, remembers what it was asked.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "host/control/operations.hpp"

namespace fpvs::kit {

class FakeOperations : public control::Operations {
  public:
    model::DaemonView daemon_view;
    std::vector<model::ServiceView> service_views;
    std::vector<model::ConnectionView> connection_views;
    model::ConnectionTimeouts timeouts_now;
    std::vector<model::SettingView> setting_views;
    std::vector<model::MarkRule> rules;
    std::vector<model::SyncDaemon> daemons;
    model::CardView card_view;
    std::vector<model::VrrpInstanceView> vrrp_views;
    std::vector<model::HealthCheckView> health_views;
    model::AnnounceView announce_view;
    Status answer;                   // To every edit.
    std::vector<std::string> calls;  // "add_service 10.0.0.1:80/6 rr"
    Done card_done;                  // Of the last load_card, for the test to call.

    model::DaemonView daemon() override { return daemon_view; }
    std::vector<model::ServiceView> services() override { return service_views; }
    std::optional<model::ServiceView> service(const model::ServiceKey& key) override {
        for (const model::ServiceView& view : service_views) {
            if (view.key == key) {
                return view;
            }
        }
        return std::nullopt;
    }
    control::ConnectionPage connections(std::uint64_t cursor, std::size_t count_max) override {
        control::ConnectionPage page;
        const std::size_t end = std::min<std::size_t>(cursor + count_max, connection_views.size());
        page.connections.assign(connection_views.begin() + static_cast<std::ptrdiff_t>(cursor),
                                connection_views.begin() + static_cast<std::ptrdiff_t>(end));
        page.next_cursor = end < connection_views.size() ? end : 0;
        return page;
    }
    model::ConnectionTimeouts timeouts() override { return timeouts_now; }
    std::vector<model::SettingView> settings() override { return setting_views; }
    std::vector<model::MarkRule> mark_rules() override { return rules; }
    std::vector<model::SyncDaemon> sync_daemons() override { return daemons; }
    model::CardView card() override { return card_view; }
    std::vector<model::VrrpInstanceView> vrrp_instances() override { return vrrp_views; }
    std::vector<model::HealthCheckView> health_checks() override { return health_views; }
    model::AnnounceView announcements() override { return announce_view; }

    Status add_service(const model::ServiceKey& key, const model::ServiceSettings& s) override {
        return called("add_service {} {}", text(key), s.scheduler);
    }
    Status edit_service(const model::ServiceKey& key, const model::ServiceSettings& s) override {
        return called("edit_service {} {}", text(key), s.scheduler);
    }
    Status delete_service(const model::ServiceKey& key) override {
        return called("delete_service {}", text(key));
    }
    Status add_server(const model::ServiceKey& service,
                      const model::ServerKey& server,
                      const model::ServerSettings& s) override {
        return called("add_server {} {} weight {}", text(service), text(server), s.weight);
    }
    Status edit_server(const model::ServiceKey& service,
                       const model::ServerKey& server,
                       const model::ServerSettings& s) override {
        return called("edit_server {} {} weight {}", text(service), text(server), s.weight);
    }
    Status delete_server(const model::ServiceKey& service,
                         const model::ServerKey& server) override {
        return called("delete_server {} {}", text(service), text(server));
    }
    Status flush() override { return called("flush"); }
    Status zero(const std::optional<model::ServiceKey>& key) override {
        return called("zero {}", key ? text(*key) : "all");
    }
    Status set_timeouts(const model::ConnectionTimeouts& timeouts) override {
        timeouts_now = timeouts;
        return called("set_timeouts {} {} {}", timeouts.tcp_s, timeouts.tcp_fin_s, timeouts.udp_s);
    }
    Status set(std::string_view setting, std::int64_t value) override {
        return called("set {} {}", setting, value);
    }
    Status add_local_address(const model::ServiceKey& service,
                             const model::IpAddress& address) override {
        return called("add_local_address {} {}", text(service), model::to_string(address));
    }
    Status delete_local_address(const model::ServiceKey& service,
                                const model::IpAddress& address) override {
        return called("delete_local_address {} {}", text(service), model::to_string(address));
    }
    Status add_mark_rule(const model::MarkRule& rule) override {
        rules.push_back(rule);
        return called("add_mark_rule {}", rule.mark);
    }
    Status delete_mark_rule(const model::MarkRule& rule) override {
        return called("delete_mark_rule {}", rule.mark);
    }
    Status drain(bool on) override { return called("drain {}", on ? "on" : "off"); }
    Status start_sync_daemon(const model::SyncDaemon& daemon) override {
        return called("start_sync_daemon {}", daemon.interface);
    }
    Status stop_sync_daemon(model::SyncRole role) override {
        return called("stop_sync_daemon {}", role == model::SyncRole::master ? "master" : "backup");
    }
    void load_card(std::string path, Done done) override {
        (void)called("load_card {}", path);
        card_done = std::move(done);
    }
    Status reload() override { return called("reload"); }
    void stop() override { (void)called("stop"); }

  private:
    static std::string text(const model::ServiceKey& key) {
        return fmt::format(
            "{}:{}/{}", model::to_string(key.address), key.port, static_cast<int>(key.protocol));
    }
    static std::string text(const model::ServerKey& key) {
        return fmt::format("{}:{}", model::to_string(key.address), key.port);
    }
    template <class... Args>
    Status called(fmt::format_string<Args...> format, Args&&... args) {
        calls.push_back(fmt::format(format, std::forward<Args>(args)...));
        return answer;
    }
};

}  // namespace fpvs::kit
