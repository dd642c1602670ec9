// SPDX-License-Identifier: Apache-2.0
#include "host/health/service.hpp"

#include <utility>

#include "host/health/endpoint.hpp"
#include "host/util/log.hpp"

namespace fpvs::health {

Service::Service(boost::asio::io_context& io,
                 const provider::Clock& clock,
                 provider::Probe& probe,
                 provider::ScriptRunner& scripts,
                 Notifier::Fifo fifo,
                 std::uint64_t seed)
    : clock_(clock), board_(clock, probe, seed), notifier_(scripts, std::move(fifo)), timer_(io) {
    board_.on_wake([this] { schedule(); });
    board_.on_change([this](const auto& service, const auto& server, const auto& state) {
        on_server(service, server, state);
    });
}

Status Service::apply(const model::Config& config) {
    board_.log_all_failures(config.checkers.log_all_failures);
    applying_ = true;
    const Status applied = board_.apply(config.virtual_services);
    applying_ = false;
    FPVS_TRY_STATUS(applied);
    std::map<model::ServiceKey, Pool> before;
    before.swap(pools_);
    for (const model::VirtualServiceConfig& service : config.virtual_services) {
        const auto state_of = [&](const model::ServerKey& server) {
            return board_.state(service.key, server);
        };
        PoolEvents events;
        auto known = before.extract(service.key);
        if (!known.empty() && known.mapped().config() == service) {
            pools_.insert(pools_.end(), std::move(known));
            continue;
        }
        if (!known.empty()) {
            known.mapped().configure(service, state_of, events);
            pools_.insert(std::move(known));
        } else {
            const Pool& pool =
                pools_.try_emplace(service.key, service, state_of, events).first->second;
            if (config.checkers.notify_at_start) {
                for (const model::RealServerConfig& server : service.servers) {
                    if (pool.server_up(server.key)) {
                        events.push_back(
                            {.kind = PoolEvent::Kind::server_up, .server = server.key});
                    }
                }
            }
        }
        notifier_.tell(service, events);
    }
    return {};
}

PoolTable Service::table(const model::ServiceKey& service) const {
    const auto found = pools_.find(service);
    return found == pools_.end() ? PoolTable{} : found->second.table();
}

bool Service::quorum_up(const model::ServiceKey& service) const {
    const auto found = pools_.find(service);
    return found != pools_.end() && found->second.quorum_up();
}

void Service::on_server(const model::ServiceKey& service,
                        const model::ServerKey& server,
                        const ServerState& state) {
    const auto found = pools_.find(service);
    if (applying_ || found == pools_.end()) {
        return;
    }
    PoolEvents events;
    found->second.server_changed(server, state, events);
    if (change_handler_) {
        change_handler_(service);
    }
    notifier_.tell(found->second.config(), events);
}

void Service::use_addresses(const std::function<bool(const model::IpAddress& address)>& is_ours) {
    for (const auto& [key, pool] : pools_) {
        const bool suspended =
            pool.config().ha_suspend && key.firewall_mark == 0 && !is_ours(key.address);
        if (board_.suspend(key, suspended)) {
            log::info("health",
                      "{} healthcheckers for VS {}",
                      suspended ? "Suspending" : "Activating",
                      endpoint(key));
        }
    }
}

void Service::stop() {
    for (const auto& [key, pool] : pools_) {
        if (!pool.config().omega) {
            continue;
        }
        PoolEvents events;
        for (const model::RealServerConfig& server : pool.config().servers) {
            if (pool.server_up(server.key)) {
                log::info("health",
                          "Shutting down service {} from VS {}",
                          endpoint(key, server.key),
                          endpoint(key));
                events.push_back({.kind = PoolEvent::Kind::server_down, .server = server.key});
            }
        }
        if (pool.quorum_up()) {
            events.push_back({.kind = PoolEvent::Kind::quorum_down});
        }
        notifier_.tell(pool.config(), events);
    }
}

void Service::schedule() {
    const auto deadline = board_.deadline();
    if (deadline == scheduled_) {
        return;
    }
    scheduled_ = deadline;
    if (!deadline) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(*deadline - clock_.now());
    timer_.async_wait(
        [weak = std::weak_ptr<Service*>(self_)](const boost::system::error_code& error) {
            if (const auto self = weak.lock(); self && !error) {
                Service& service = **self;
                service.board_.run();
                service.scheduled_.reset();
                service.schedule();
            }
        });
}

}  // namespace fpvs::health
