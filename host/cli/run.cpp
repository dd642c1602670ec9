// SPDX-License-Identifier: Apache-2.0
#include "host/cli/run.hpp"

#include <algorithm>
#include <istream>
#include <sstream>
#include <utility>

#include "host/cli/command.hpp"
#include "host/cli/listing.hpp"
#include "host/cli/save.hpp"
#include "host/cli/session.hpp"
#include "host/cli/usage.hpp"
#include "host/cli/verb.hpp"

namespace fpvs::cli {
namespace {

constexpr int kExitNoSuchService = 1;  // ipvsadm's, when one service is asked for.

int restore(Session& session);

int list_connections(const ListStyle& style, Session& session) {
    api::Request request;
    request.mutable_list_connections();
    bool is_first = true;
    // Piece by piece: a table of millions need not fit here.
    const Status listed = session.stream(request, [&](const api::Reply& reply) {
        if (session.json()) {
            session.print(reply, "");
            return;
        }
        std::string text = is_first ? connections_title(style) : "";
        is_first = false;
        for (const api::Connection& connection : reply.connections().connections()) {
            text += connection_row(connection, style, session.environment().names);
        }
        session.print(reply, text);
    });
    return listed ? 0 : session.report_failure(listed.error());
}

int list(const Command& command, Session& session) {
    api::Request request;
    if (command.list.connections) {
        return list_connections(command.list, session);
    }
    if (command.list.timeouts) {
        request.mutable_get_timeouts();
        return session.show(
            request, [](const api::Reply& reply) { return list_timeouts(reply.timeouts()); });
    }
    if (command.list.sync_daemons) {
        request.mutable_list_sync_daemons();
        return session.show(request, [](const api::Reply& reply) {
            return list_sync_daemons(reply.sync_daemons());
        });
    }
    request.mutable_list_services();
    if (command.service) {
        *request.mutable_list_services()->mutable_key() = *command.service;
    }
    return session.show(
        request,
        [&](const api::Reply& reply) {
            return list_services(reply.services(),
                                 command.list,
                                 !command.service.has_value(),
                                 session.environment().names);
        },
        command.service ? kExitNoSuchService : kExitFailure);
}

int list_local_addresses(const Command& command, Session& session) {
    api::Request request;
    request.mutable_list_services();
    if (command.service) {
        *request.mutable_list_services()->mutable_key() = *command.service;
    }
    return session.show(request, [&](const api::Reply& reply) {
        return list_local_addresses(reply.services(), session.environment().names);
    });
}

int save(const Command& command, Session& session) {
    api::Request request;
    request.mutable_list_services();
    return session.show(request, [&](const api::Reply& reply) {
        return save_services(reply.services(), command.list.numeric, session.environment().names);
    });
}

api::Request edit_request(const Command& command) {
    api::Request request;
    switch (command.kind) {
        case CommandKind::add_service:
        case CommandKind::edit_service: {
            api::ServiceEdit& edit = command.kind == CommandKind::add_service
                                         ? *request.mutable_add_service()
                                         : *request.mutable_edit_service();
            *edit.mutable_key() = *command.service;
            *edit.mutable_settings() = command.service_settings;
            break;
        }
        case CommandKind::add_server:
        case CommandKind::edit_server: {
            api::ServerEdit& edit = command.kind == CommandKind::add_server
                                        ? *request.mutable_add_server()
                                        : *request.mutable_edit_server();
            *edit.mutable_service() = *command.service;
            *edit.mutable_server() = command.server;
            *edit.mutable_settings() = command.server_settings;
            break;
        }
        case CommandKind::delete_service:
            *request.mutable_delete_service() = *command.service;
            break;
        case CommandKind::delete_server:
            *request.mutable_delete_server()->mutable_service() = *command.service;
            *request.mutable_delete_server()->mutable_server() = command.server;
            break;
        case CommandKind::add_local_address:
        case CommandKind::delete_local_address: {
            api::LocalAddressEdit& edit = command.kind == CommandKind::add_local_address
                                              ? *request.mutable_add_local_address()
                                              : *request.mutable_delete_local_address();
            *edit.mutable_service() = *command.service;
            edit.set_address(command.local_address);
            break;
        }
        case CommandKind::zero:
            request.mutable_zero();
            if (command.service) {
                *request.mutable_zero()->mutable_key() = *command.service;
            }
            break;
        case CommandKind::set_timeouts:
            *request.mutable_set_timeouts() = command.timeouts;
            break;
        case CommandKind::start_sync_daemon:
            *request.mutable_start_sync_daemon() = command.sync_daemon;
            break;
        case CommandKind::stop_sync_daemon:
            request.set_stop_sync_daemon(command.sync_daemon.role());
            break;
        default:
            request.mutable_flush();
            break;
    }
    return request;
}

int carry_out(const Command& command, Session& session) {
    switch (command.kind) {
        case CommandKind::help:
            session.print_text(std::string(version_text()) + std::string(usage_text()));
            return 0;
        case CommandKind::version:
            session.print_text(version_text());
            return 0;
        case CommandKind::list:
            return list(command, session);
        case CommandKind::list_local_addresses:
            return list_local_addresses(command, session);
        case CommandKind::save:
            return save(command, session);
        case CommandKind::restore:
            return restore(session);
        default:
            return session.carry_out(edit_request(command));
    }
}

int refuse(const Refusal& refusal, Session& session) {
    return session.refuse(refusal.message, refusal.exit_code);
}

// Lines of `-S` or `fpvsadm save`, each a command.  A line that cannot be understood ends it; one
// that the daemon refuses does not.  The last line decides the exit code, as with ipvsadm.
int restore(Session& session) {
    int exit_code = 0;
    std::string line;
    while (std::getline(session.environment().in, line)) {
        std::istringstream stream(line);
        std::vector<std::string> words;
        for (std::string word; stream >> word;) {
            words.push_back(std::move(word));
        }
        if (!words.empty() && words.front() == "ipvsadm") {
            words.erase(words.begin());
        }
        if (words.empty()) {
            continue;
        }
        if (is_saved_verb(words.front())) {
            exit_code = run_verb(words, session);
            continue;
        }
        const auto command = parse_command(std::move(words), session.environment().names);
        if (!command) {
            return refuse(command.error(), session);
        }
        if (command->kind == CommandKind::restore) {
            return refuse({.message = "Try `ipvsadm -h' or 'ipvsadm --help' for more "
                                      "information.\n"},
                          session);
        }
        exit_code = carry_out(*command, session);
    }
    return exit_code;
}

}  // namespace

int run(std::vector<std::string> words, Environment& environment) {
    const auto json = std::find(words.begin(), words.end(), "--json");
    const bool as_json = json != words.end();
    if (as_json) {
        words.erase(json);
    }
    Session session(environment, as_json);
    if (!words.empty() && is_verb(words.front())) {
        return run_verb(words, session);
    }
    const auto command = parse_command(std::move(words), environment.names);
    return command ? carry_out(*command, session) : refuse(command.error(), session);
}

}  // namespace fpvs::cli
