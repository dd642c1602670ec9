// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/lvs_table.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace fpvs::kit {

namespace api = control::api;

namespace {

api::Reply ok() {
    api::Reply reply;
    reply.set_code(api::CODE_OK);
    return reply;
}

api::Reply refused(api::Code code, std::string_view sentence) {
    api::Reply reply;
    reply.set_code(code);
    reply.set_message(std::string(sentence));
    return reply;
}

bool is_scheduler(std::string_view name) {
    constexpr std::array<std::string_view, 13> kNames = {
        "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
    return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

boost::asio::awaitable<void> LvsTable::handle(api::Request request, control::ReplySink& replies) {
    (void)co_await replies.send(answer(request));
}

api::Reply LvsTable::answer(const api::Request& request) {
    switch (request.op_case()) {
        case api::Request::kListServices:
            return list(request.list_services());
        case api::Request::kListConnections: {
            api::Reply reply = ok();
            reply.mutable_connections();
            return reply;
        }
        case api::Request::kAddService:
            return put_service(request.add_service(), true);
        case api::Request::kEditService:
            return put_service(request.edit_service(), false);
        case api::Request::kDeleteService:
            return delete_service(request.delete_service());
        case api::Request::kAddServer:
            return put_server(request.add_server(), true);
        case api::Request::kEditServer:
            return put_server(request.edit_server(), false);
        case api::Request::kDeleteServer:
            return delete_server(request.delete_server());
        case api::Request::kFlush:
            services_.clear();
            return ok();
        case api::Request::kZero:
            return request.zero().has_key() && find(request.zero().key()) == nullptr
                       ? refused(api::CODE_NOT_FOUND, "No such service")
                       : ok();
        case api::Request::kGetTimeouts: {
            api::Reply reply = ok();
            reply.mutable_timeouts()->set_tcp_s(tcp_s_);
            reply.mutable_timeouts()->set_tcp_fin_s(tcp_fin_s_);
            reply.mutable_timeouts()->set_udp_s(udp_s_);
            return reply;
        }
        case api::Request::kSetTimeouts:
            return set_timeouts(request.set_timeouts());
        case api::Request::kListSyncDaemons: {
            api::Reply reply = ok();
            reply.mutable_sync_daemons();
            for (const api::SyncDaemon& daemon : daemons_) {
                *reply.mutable_sync_daemons()->add_daemons() = daemon;
            }
            return reply;
        }
        case api::Request::kStartSyncDaemon:
            return start_daemon(request.start_sync_daemon());
        case api::Request::kStopSyncDaemon:
            return stop_daemon(request.stop_sync_daemon());
        default:
            return refused(api::CODE_UNKNOWN_OPERATION, "Not a matter of the table");
    }
}

api::Service* LvsTable::find(const ServiceKey& key) {
    for (api::Service& service : services_) {
        if (same(service.key(), key)) {
            return &service;
        }
    }
    return nullptr;
}

api::Reply LvsTable::list(const api::ServiceSelection& selection) {
    api::Reply reply = ok();
    reply.mutable_services();
    if (!selection.has_key()) {
        for (const api::Service& service : services_) {
            *reply.mutable_services()->add_services() = service;
        }
        return reply;
    }
    const api::Service* const service = find(selection.key());
    if (service == nullptr) {
        return refused(api::CODE_NOT_FOUND, "No such service");
    }
    *reply.mutable_services()->add_services() = *service;
    return reply;
}

api::Reply LvsTable::put_service(const api::ServiceEdit& edit, bool is_new) {
    api::Service* service = find(edit.key());
    if (is_new && service != nullptr) {
        return refused(api::CODE_ALREADY_EXISTS, "Service already exists");
    }
    if (!is_new && service == nullptr) {
        return refused(api::CODE_NOT_FOUND, "No such service");
    }
    if (!is_scheduler(edit.settings().scheduler())) {
        return refused(api::CODE_NOT_FOUND, "Scheduler or persistence engine not found");
    }
    if (is_new) {
        service = &*services_.insert(services_.begin(), api::Service());
    }
    *service->mutable_key() = edit.key();
    *service->mutable_settings() = edit.settings();
    return ok();
}

api::Reply LvsTable::delete_service(const ServiceKey& key) {
    const auto removed = std::remove_if(
        services_.begin(), services_.end(), [&](const auto& s) { return same(s.key(), key); });
    if (removed == services_.end()) {
        return refused(api::CODE_NOT_FOUND, "No such service");
    }
    services_.erase(removed, services_.end());
    return ok();
}

api::Reply LvsTable::put_server(const api::ServerEdit& edit, bool is_new) {
    api::Service* const service = find(edit.service());
    if (service == nullptr) {
        return refused(api::CODE_NOT_FOUND, "Service not defined");
    }
    if (edit.settings().upper_threshold() < edit.settings().lower_threshold()) {
        return refused(api::CODE_INVALID_ARGUMENT, "Numerical result out of range");
    }
    for (api::Server& server : *service->mutable_servers()) {
        if (same(server.key(), edit.server())) {
            if (is_new) {
                return refused(api::CODE_ALREADY_EXISTS, "Destination already exists");
            }
            *server.mutable_settings() = edit.settings();
            return ok();
        }
    }
    if (!is_new) {
        return refused(api::CODE_NOT_FOUND, "No such destination");
    }
    api::Server& server = *service->add_servers();
    *server.mutable_key() = edit.server();
    *server.mutable_settings() = edit.settings();
    for (int i = service->servers_size() - 1; i > 0; --i) {
        service->mutable_servers()->SwapElements(i, i - 1);
    }
    return ok();
}

api::Reply LvsTable::delete_server(const api::ServerDeletion& deletion) {
    api::Service* const service = find(deletion.service());
    if (service == nullptr) {
        return refused(api::CODE_NOT_FOUND, "Service not defined");
    }
    for (int i = 0; i < service->servers_size(); ++i) {
        if (same(service->servers(i).key(), deletion.server())) {
            service->mutable_servers()->DeleteSubrange(i, 1);
            return ok();
        }
    }
    return refused(api::CODE_NOT_FOUND, "No such destination");
}

api::Reply LvsTable::set_timeouts(const api::Timeouts& timeouts) {
    tcp_s_ = timeouts.tcp_s() != 0 ? timeouts.tcp_s() : tcp_s_;
    tcp_fin_s_ = timeouts.tcp_fin_s() != 0 ? timeouts.tcp_fin_s() : tcp_fin_s_;
    udp_s_ = timeouts.udp_s() != 0 ? timeouts.udp_s() : udp_s_;
    return ok();
}

api::Reply LvsTable::start_daemon(api::SyncDaemon daemon) {
    if (daemon.interface() != "d1") {  // The recording's only multicast interface.
        return refused(api::CODE_INVALID_ARGUMENT, "No such device");
    }
    for (const api::SyncDaemon& running : daemons_) {
        if (running.role() == daemon.role()) {
            return refused(api::CODE_ALREADY_EXISTS, "Daemon has already run");
        }
    }
    daemon.set_message_bytes_max(daemon.message_bytes_max() != 0 ? daemon.message_bytes_max()
                                                                 : 1472);
    daemon.set_group(daemon.group().empty() ? "224.0.0.81" : daemon.group());
    daemon.set_port(daemon.port() != 0 ? daemon.port() : 8848);
    daemon.set_ttl(daemon.ttl() != 0 ? daemon.ttl() : 1);
    daemons_.push_back(std::move(daemon));
    return ok();
}

api::Reply LvsTable::stop_daemon(api::SyncRole role) {
    for (auto daemon = daemons_.begin(); daemon != daemons_.end(); ++daemon) {
        if (daemon->role() == role) {
            daemons_.erase(daemon);
            return ok();
        }
    }
    return refused(api::CODE_NOT_FOUND, "No daemon is running");
}

}  // namespace fpvs::kit
