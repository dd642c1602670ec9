// SPDX-License-Identifier: Apache-2.0
#include "host/control/dispatcher.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "host/control/convert.hpp"
#include "host/model/limits.hpp"

namespace fpvs::control {
namespace {

namespace asio = boost::asio;

api::Reply to_reply(const Status& status) {
    api::Reply reply;
    reply.set_code(status ? api::CODE_OK : to_api(status.error().code));
    if (!status) {
        reply.set_message(status.error().text());
    }
    return reply;
}

api::Reply ok() {
    return to_reply({});
}

// Hands out services in replies of bounded size; one with many servers goes on in the next.
class ServicePages {
  public:
    explicit ServicePages(const std::vector<model::ServiceView>& services) : services_(services) {}

    [[nodiscard]] api::Reply next() {
        api::Reply reply = ok();
        api::Services& page = *reply.mutable_services();
        std::size_t entries = 0;
        while (service_ < services_.size() && entries < model::kControlReplyEntriesMax) {
            const model::ServiceView& service = services_[service_];
            api::Service& wire = *page.add_services();
            if (server_ == 0) {
                wire = to_api_without_servers(service);
            } else {
                *wire.mutable_key() = to_api(service.key);
            }
            ++entries;
            while (server_ < service.servers.size() && entries < model::kControlReplyEntriesMax) {
                *wire.add_servers() = to_api(service.servers[server_++]);
                ++entries;
            }
            if (server_ == service.servers.size()) {
                ++service_;
                server_ = 0;
            }
        }
        reply.set_more(service_ < services_.size());
        return reply;
    }

  private:
    const std::vector<model::ServiceView>& services_;
    std::size_t service_ = 0;
    std::size_t server_ = 0;
};

}  // namespace

asio::awaitable<void> Dispatcher::handle(api::Request request, ReplySink& replies) {
    switch (request.op_case()) {
        case api::Request::kListServices:
            co_await list_services(std::move(*request.mutable_list_services()), replies);
            break;
        case api::Request::kListConnections:
            co_await list_connections(replies);
            break;
        case api::Request::kListHealthChecks:
            co_await list_health_checks(replies);
            break;
        case api::Request::kLoadCard: {
            const Status status = co_await load_card(request.load_card().path());
            (void)co_await replies.send(to_reply(status));
            break;
        }
        case api::Request::kStop:
            // The answer first: stopping closes this very session.
            (void)co_await replies.send(ok());
            operations_.stop();
            break;
        case api::Request::kGetDaemon:
        case api::Request::kGetTimeouts:
        case api::Request::kGetCard:
        case api::Request::kListVrrpInstances:
        case api::Request::kListSyncDaemons:
        case api::Request::kListSettings:
        case api::Request::kListMarkRules:
        case api::Request::kGetAnnouncements:
            (void)co_await replies.send(read(request));
            break;
        case api::Request::OP_NOT_SET: {
            api::Reply unknown;
            unknown.set_code(api::CODE_UNKNOWN_OPERATION);
            unknown.set_message("This fpvsd does not know the request; is fpvsadm newer than it?");
            (void)co_await replies.send(std::move(unknown));
            break;
        }
        default:
            (void)co_await replies.send(to_reply(edit(request)));
            break;
    }
}

// ---- What is.

api::Reply Dispatcher::read(const api::Request& request) {
    api::Reply reply = ok();
    switch (request.op_case()) {
        case api::Request::kGetDaemon:
            *reply.mutable_daemon() = to_api(operations_.daemon());
            break;
        case api::Request::kGetTimeouts:
            *reply.mutable_timeouts() = to_api(operations_.timeouts());
            break;
        case api::Request::kGetCard:
            *reply.mutable_card() = to_api(operations_.card());
            break;
        case api::Request::kGetAnnouncements:
            *reply.mutable_announcements() = to_api(operations_.announcements());
            break;
        case api::Request::kListVrrpInstances:
            reply.mutable_vrrp_instances();
            for (const model::VrrpInstanceView& instance : operations_.vrrp_instances()) {
                *reply.mutable_vrrp_instances()->add_instances() = to_api(instance);
            }
            break;
        case api::Request::kListSettings:
            reply.mutable_settings();
            for (const model::SettingView& setting : operations_.settings()) {
                *reply.mutable_settings()->add_settings() = to_api(setting);
            }
            break;
        case api::Request::kListMarkRules:
            reply.mutable_mark_rules();
            for (const model::MarkRule& rule : operations_.mark_rules()) {
                *reply.mutable_mark_rules()->add_rules() = to_api(rule);
            }
            break;
        default:
            reply.mutable_sync_daemons();
            for (const model::SyncDaemon& daemon : operations_.sync_daemons()) {
                *reply.mutable_sync_daemons()->add_daemons() = to_api(daemon);
            }
            break;
    }
    return reply;
}

asio::awaitable<void> Dispatcher::list_services(api::ServiceSelection selection,
                                                ReplySink& replies) {
    std::vector<model::ServiceView> services;
    if (selection.has_key()) {
        const auto key = from_api(selection.key());
        if (!key) {
            (void)co_await replies.send(to_reply(tl::unexpected<Error>(key.error())));
            co_return;
        }
        auto service = operations_.service(*key);
        if (!service) {
            (void)co_await replies.send(to_reply(fail(Code::not_found, "No such service")));
            co_return;
        }
        services.push_back(std::move(*service));
    } else {
        services = operations_.services();
    }
    ServicePages pages(services);
    bool more = true;
    while (more) {
        api::Reply reply = pages.next();
        more = reply.more();
        if (!co_await replies.send(std::move(reply))) {
            co_return;
        }
    }
}

asio::awaitable<void> Dispatcher::list_connections(ReplySink& replies) {
    std::uint64_t cursor = 0;
    do {
        const ConnectionPage page = operations_.connections(cursor, model::kControlReplyEntriesMax);
        api::Reply reply = ok();
        for (const model::ConnectionView& connection : page.connections) {
            *reply.mutable_connections()->add_connections() = to_api(connection);
        }
        cursor = page.next_cursor;
        reply.mutable_connections();
        reply.set_more(cursor != 0);
        if (!co_await replies.send(std::move(reply))) {
            co_return;
        }
    } while (cursor != 0);
}

asio::awaitable<void> Dispatcher::list_health_checks(ReplySink& replies) {
    const std::vector<model::HealthCheckView> checks = operations_.health_checks();
    std::size_t next = 0;
    do {
        api::Reply reply = ok();
        api::HealthChecks& page = *reply.mutable_health_checks();
        for (std::size_t n = 0; n < model::kControlReplyEntriesMax && next < checks.size(); ++n) {
            *page.add_checks() = to_api(checks[next++]);
        }
        reply.set_more(next < checks.size());
        if (!co_await replies.send(std::move(reply))) {
            co_return;
        }
    } while (next < checks.size());
}

// ---- What shall be.

Status Dispatcher::edit(const api::Request& request) {
    switch (request.op_case()) {
        case api::Request::kAddService:
            return edit_service(request.add_service(), true);
        case api::Request::kEditService:
            return edit_service(request.edit_service(), false);
        case api::Request::kDeleteService: {
            FPVS_TRY(const model::ServiceKey key, from_api(request.delete_service()));
            return operations_.delete_service(key);
        }
        case api::Request::kAddServer:
            return edit_server(request.add_server(), true);
        case api::Request::kEditServer:
            return edit_server(request.edit_server(), false);
        case api::Request::kDeleteServer:
            return delete_server(request.delete_server());
        case api::Request::kFlush:
            return operations_.flush();
        case api::Request::kZero:
            return zero(request.zero());
        case api::Request::kSetTimeouts:
            return set_timeouts(request.set_timeouts());
        case api::Request::kReload:
            return operations_.reload();
        case api::Request::kDrain:
            return operations_.drain(request.drain().on());
        case api::Request::kSetSetting:
            return operations_.set(request.set_setting().name(), request.set_setting().value());
        case api::Request::kAddLocalAddress:
            return edit_local_address(request.add_local_address(), true);
        case api::Request::kDeleteLocalAddress:
            return edit_local_address(request.delete_local_address(), false);
        case api::Request::kAddMarkRule: {
            FPVS_TRY(const model::MarkRule rule, from_api(request.add_mark_rule()));
            return operations_.add_mark_rule(rule);
        }
        case api::Request::kDeleteMarkRule: {
            FPVS_TRY(const model::MarkRule rule, from_api(request.delete_mark_rule()));
            return operations_.delete_mark_rule(rule);
        }
        case api::Request::kStartSyncDaemon: {
            FPVS_TRY(const model::SyncDaemon daemon, from_api(request.start_sync_daemon()));
            return operations_.start_sync_daemon(daemon);
        }
        case api::Request::kStopSyncDaemon: {
            FPVS_TRY(const model::SyncRole role, from_api(request.stop_sync_daemon()));
            return operations_.stop_sync_daemon(role);
        }
        default:
            return fail(Code::failed_precondition, "This request is not supported yet");
    }
}

Status Dispatcher::edit_service(const api::ServiceEdit& edit, bool is_new) {
    FPVS_TRY(const model::ServiceKey key, from_api(edit.key()));
    FPVS_TRY(const model::ServiceSettings settings, from_api(edit.settings()));
    return is_new ? operations_.add_service(key, settings)
                  : operations_.edit_service(key, settings);
}

Status Dispatcher::edit_server(const api::ServerEdit& edit, bool is_new) {
    FPVS_TRY(const model::ServiceKey service, from_api(edit.service()));
    FPVS_TRY(const model::ServerKey server, from_api(edit.server()));
    FPVS_TRY(const model::ServerSettings settings, from_api(edit.settings()));
    return is_new ? operations_.add_server(service, server, settings)
                  : operations_.edit_server(service, server, settings);
}

Status Dispatcher::delete_server(const api::ServerDeletion& deletion) {
    FPVS_TRY(const model::ServiceKey service, from_api(deletion.service()));
    FPVS_TRY(const model::ServerKey server, from_api(deletion.server()));
    return operations_.delete_server(service, server);
}

Status Dispatcher::edit_local_address(const api::LocalAddressEdit& edit, bool is_new) {
    FPVS_TRY(const model::ServiceKey service, from_api(edit.service()));
    const auto address = model::parse_address(edit.address());
    if (!address) {
        return fail(Code::invalid_argument, "'{}' is no address", edit.address());
    }
    return is_new ? operations_.add_local_address(service, *address)
                  : operations_.delete_local_address(service, *address);
}

Status Dispatcher::zero(const api::ServiceSelection& selection) {
    if (!selection.has_key()) {
        return operations_.zero(std::nullopt);
    }
    FPVS_TRY(const model::ServiceKey key, from_api(selection.key()));
    return operations_.zero(key);
}

Status Dispatcher::set_timeouts(const api::Timeouts& timeouts) {
    model::ConnectionTimeouts merged = operations_.timeouts();
    merged.tcp_s = timeouts.tcp_s() != 0 ? timeouts.tcp_s() : merged.tcp_s;
    merged.tcp_fin_s = timeouts.tcp_fin_s() != 0 ? timeouts.tcp_fin_s() : merged.tcp_fin_s;
    merged.udp_s = timeouts.udp_s() != 0 ? timeouts.udp_s() : merged.udp_s;
    return operations_.set_timeouts(merged);
}

asio::awaitable<Status> Dispatcher::load_card(std::string path) {
    const auto executor = co_await asio::this_coro::executor;
    // The callback may come from any thread; the coroutine goes on on its own.
    auto begin = [this, executor, path = std::move(path)](auto handler) mutable {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        operations_.load_card(std::move(path), [executor, shared](Status status) {
            asio::post(executor, [shared, status = std::move(status)]() mutable {
                std::move (*shared)(std::move(status));
            });
        });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(Status)>(
        std::move(begin), asio::use_awaitable);
}

}  // namespace fpvs::control
