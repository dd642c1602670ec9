// SPDX-License-Identifier: Apache-2.0
#include "host/cli/verb.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <ostream>
#include <system_error>

#include "host/cli/report.hpp"
#include "host/cli/usage.hpp"

namespace fpvs::cli {
namespace {

constexpr int kExitUsage = 2;

int show_daemon(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_get_daemon();
    return session.show(request,
                        [](const api::Reply& reply) { return daemon_report(reply.daemon()); });
}

int show_card(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_get_card();
    return session.show(request, [](const api::Reply& reply) { return card_report(reply.card()); });
}

int load_card(const std::vector<std::string>& arguments, Session& session) {
    // The daemon runs in another folder: send it the whole path.
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(arguments.front(), error);
    if (error || !std::filesystem::exists(path, error)) {
        return session.report_failure({.code = Code::invalid_argument,
                                       .message = "there is no such file",
                                       .where = arguments.front()});
    }
    api::Request request;
    request.mutable_load_card()->set_path(path.lexically_normal().string());
    return session.carry_out(request);
}

int show_vrrp(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_list_vrrp_instances();
    return session.show(
        request, [](const api::Reply& reply) { return vrrp_report(reply.vrrp_instances()); });
}

int show_health(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_list_health_checks();
    return session.show(
        request, [](const api::Reply& reply) { return health_report(reply.health_checks()); });
}

int reload(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_reload();
    return session.carry_out(request);
}

int stop(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_stop();
    return session.carry_out(request);
}

int help(const std::vector<std::string>&, Session& session) {
    session.environment().out << verbs_text();
    return 0;
}

struct Verb {
    std::string_view word;
    std::string_view second;     // "card status": two words.
    std::string_view arguments;  // As in a usage line.
    std::size_t argument_count;
    int (*run)(const std::vector<std::string>& arguments, Session& session);
};

constexpr auto kVerbs = std::to_array<Verb>({
    {"status", "", "", 0, show_daemon},
    {"card", "status", "", 0, show_card},
    {"card", "load", " FILE", 1, load_card},
    {"vrrp", "", "", 0, show_vrrp},
    {"health", "", "", 0, show_health},
    {"reload", "", "", 0, reload},
    {"stop", "", "", 0, stop},
    {"help", "", "", 0, help},
});

}  // namespace

bool is_verb(std::string_view word) {
    for (const Verb& verb : kVerbs) {
        if (verb.word == word) {
            return true;
        }
    }
    return false;
}

int run_verb(const std::vector<std::string>& words, Session& session) {
    std::string usage;
    for (const Verb& verb : kVerbs) {
        if (verb.word != words.front()) {
            continue;
        }
        const std::size_t used = verb.second.empty() ? 1 : 2;
        const bool named = verb.second.empty() || (words.size() > 1 && words[1] == verb.second);
        if (named && words.size() == used + verb.argument_count) {
            return verb.run({words.begin() + static_cast<std::ptrdiff_t>(used), words.end()},
                            session);
        }
        usage += (usage.empty() ? "Usage: fpvsadm " : "       fpvsadm ") + std::string(verb.word) +
                 (verb.second.empty() ? "" : " ") + std::string(verb.second) +
                 std::string(verb.arguments) + "\n";
    }
    session.environment().err << usage;
    return kExitUsage;
}

}  // namespace fpvs::cli
