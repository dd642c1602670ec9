// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/operations.hpp"

#include <unistd.h>

#include <utility>

#include "host/daemon/change_setting.hpp"
#include "host/daemon/version.hpp"

namespace fpvs::daemon {
namespace {

using engine::Engine;

}  // namespace

Operations::Operations(DataPath& data_path,
                       VrrpThread& vrrp,
                       health::Service& health,
                       SyncThread& sync,
                       Announcements& announcements,
                       model::MarkRuleList& mark_rules,
                       std::string config_path,
                       Lifecycle lifecycle)
    : data_path_(data_path),
      vrrp_(vrrp),
      health_(health),
      sync_(sync),
      announcements_(announcements),
      config_path_(std::move(config_path)),
      lifecycle_(std::move(lifecycle)),
      mark_rules_(mark_rules) {}

model::DaemonView Operations::daemon() {
    model::DaemonView view{.version = kVersion,
                           .process_id = static_cast<std::uint32_t>(::getpid()),
                           .config_path = config_path_};
    view.uptime_s = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(
                                                   std::chrono::steady_clock::now() - started_)
                                                   .count());
    data_path_.with_engine([&](Engine& engine, auto) {
        view.connections = engine.connection_count();
        view.connections_max = engine.connections_max();
    });
    return view;
}

std::vector<model::ServiceView> Operations::services() {
    return data_path_.with_engine([](Engine& engine, auto) { return engine.services(); });
}

std::optional<model::ServiceView> Operations::service(const model::ServiceKey& key) {
    return data_path_.with_engine([&](Engine& engine, auto) { return engine.service(key); });
}

control::ConnectionPage Operations::connections(std::uint64_t cursor, std::size_t count_max) {
    engine::ConnectionPage page = data_path_.connections(cursor, count_max);
    return {std::move(page.connections), page.next_cursor};
}

model::ConnectionTimeouts Operations::timeouts() {
    return data_path_.with_engine([](Engine& engine, auto) { return engine.timeouts(); });
}

Status Operations::add_service(const model::ServiceKey& key,
                               const model::ServiceSettings& settings) {
    return data_path_.with_engine(
        [&](Engine& engine, auto) { return engine.add_service(key, settings); });
}

Status Operations::edit_service(const model::ServiceKey& key,
                                const model::ServiceSettings& settings) {
    return data_path_.with_engine(
        [&](Engine& engine, auto) { return engine.edit_service(key, settings); });
}

Status Operations::delete_service(const model::ServiceKey& key) {
    return data_path_.with_engine([&](Engine& engine, auto) { return engine.delete_service(key); });
}

Status Operations::add_server(const model::ServiceKey& service,
                              const model::ServerKey& server,
                              const model::ServerSettings& settings) {
    return data_path_.with_engine(
        [&](Engine& engine, auto) { return engine.add_server(service, server, settings); });
}

Status Operations::edit_server(const model::ServiceKey& service,
                               const model::ServerKey& server,
                               const model::ServerSettings& settings) {
    return data_path_.with_engine(
        [&](Engine& engine, auto) { return engine.edit_server(service, server, settings); });
}

Status Operations::delete_server(const model::ServiceKey& service, const model::ServerKey& server) {
    return data_path_.with_engine(
        [&](Engine& engine, auto) { return engine.delete_server(service, server); });
}

Status Operations::flush() {
    data_path_.with_engine([](Engine& engine, auto) { engine.flush(); });
    return {};
}

Status Operations::zero(const std::optional<model::ServiceKey>& key) {
    return data_path_.with_engine([&](Engine& engine, auto) { return engine.zero(key); });
}

Status Operations::set_timeouts(const model::ConnectionTimeouts& timeouts) {
    data_path_.with_engine([&](Engine& engine, auto) { engine.set_timeouts(timeouts); });
    return {};
}

std::vector<model::SettingView> Operations::settings() {
    return data_path_.with_engine([](Engine& engine, auto) { return engine.settings().view(); });
}

Status Operations::set(std::string_view setting, std::int64_t value) {
    FPVS_TRY_STATUS(data_path_.with_engine(
        [&](Engine& engine, auto) { return change_setting(engine, setting, value); }));
    sync_.use(data_path_.with_engine([](Engine& engine, auto) { return engine.settings(); }));
    return {};
}

Status Operations::add_local_address(const model::ServiceKey& service,
                                     const model::IpAddress& address) {
    return data_path_.with_engine(
        [&](Engine& engine, auto) { return engine.add_local_address(service, address); });
}

Status Operations::delete_local_address(const model::ServiceKey& service,
                                        const model::IpAddress& address) {
    return data_path_.with_engine(
        [&](Engine& engine, auto) { return engine.delete_local_address(service, address); });
}

Status Operations::add_mark_rule(const model::MarkRule& rule) {
    model::MarkRuleList wanted = mark_rules_;
    FPVS_TRY_STATUS(wanted.add(rule));
    return use(std::move(wanted));
}

Status Operations::delete_mark_rule(const model::MarkRule& rule) {
    model::MarkRuleList wanted = mark_rules_;
    FPVS_TRY_STATUS(wanted.remove(rule));
    return use(std::move(wanted));
}

Status Operations::use(model::MarkRuleList wanted) {
    FPVS_TRY_STATUS(data_path_.set_mark_rules(wanted.all()));
    mark_rules_ = std::move(wanted);
    return {};
}

}  // namespace fpvs::daemon
