// SPDX-License-Identifier: Apache-2.0
#include "host/cli/verb.hpp"

#include <fmt/core.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <system_error>

#include "host/cli/endpoint.hpp"
#include "host/cli/mark_rule_words.hpp"
#include "host/cli/report.hpp"
#include "host/cli/save.hpp"
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

int show_announcements(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_get_announcements();
    return session.show(request, [](const api::Reply& reply) {
        return announcements_report(reply.announcements());
    });
}

int drain_on(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_drain()->set_on(true);
    return session.carry_out(request);
}

int drain_off(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_drain()->set_on(false);
    return session.carry_out(request);
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

// ---- Settings and rules.

// `name = value`, as sysctl prints one.
int show_settings(const std::vector<std::string>& arguments, Session& session) {
    api::Request request;
    request.mutable_list_settings();
    if (arguments.empty()) {
        return session.show(
            request, [](const api::Reply& reply) { return settings_report(reply.settings()); });
    }
    const std::string& name = arguments.front();
    auto reply = session.ask(request);
    if (!reply) {
        return session.report_failure(reply.error());
    }
    for (const api::Setting& setting : reply->settings().settings()) {
        if (setting.name() == name) {
            api::Reply one;
            one.set_code(reply->code());
            *one.mutable_settings()->add_settings() = setting;
            session.print(one, fmt::format("{} = {}\n", name, setting.value()));
            return 0;
        }
    }
    return session.report_failure(
        {.code = Code::not_found, .message = fmt::format("No setting is named {}", name)});
}

int change_setting(const std::vector<std::string>& arguments, Session& session) {
    const auto value = parse_number(arguments[1],
                                    std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max());
    if (!value) {
        return session.report_failure(
            {.code = Code::invalid_argument, .message = "it is no number", .where = arguments[1]},
            kExitUsage);
    }
    api::Request request;
    request.mutable_set_setting()->set_name(arguments[0]);
    request.mutable_set_setting()->set_value(*value);
    return session.carry_out(request);
}

int show_mark_rules(const std::vector<std::string>&, Session& session) {
    api::Request request;
    request.mutable_list_mark_rules();
    return session.show(
        request, [](const api::Reply& reply) { return mark_rules_report(reply.mark_rules()); });
}

int add_mark_rule(const std::vector<std::string>& arguments, Session& session) {
    const auto rule = parse_mark_rule(arguments);
    if (!rule) {
        return session.report_failure(rule.error(), kExitUsage);
    }
    api::Request request;
    *request.mutable_add_mark_rule() = *rule;
    return session.carry_out(request);
}

int delete_mark_rule(const std::vector<std::string>& arguments, Session& session) {
    const auto rule = parse_mark_rule(arguments);
    if (!rule) {
        return session.report_failure(rule.error(), kExitUsage);
    }
    api::Request request;
    *request.mutable_delete_mark_rule() = *rule;
    return session.carry_out(request);
}

int save(const std::vector<std::string>&, Session& session) {
    // Asked one after the other: what changes meanwhile may be in or not.
    std::array<api::Request, 5> requests;
    requests[0].mutable_get_timeouts();
    requests[1].mutable_list_settings();
    requests[2].mutable_list_mark_rules();
    requests[3].mutable_list_services();
    requests[4].mutable_list_sync_daemons();
    SavedState state;
    for (const api::Request& request : requests) {
        const auto reply = session.ask(request);
        if (!reply) {
            return session.report_failure(reply.error());
        }
        state.timeouts.MergeFrom(reply->timeouts());
        state.settings.MergeFrom(reply->settings());
        state.mark_rules.MergeFrom(reply->mark_rules());
        state.services.MergeFrom(reply->services());
        state.sync_daemons.MergeFrom(reply->sync_daemons());
    }
    session.print_text(save_state(state, session.environment().names));
    return 0;
}

int help(const std::vector<std::string>&, Session& session) {
    session.print_text(verbs_text());
    return 0;
}

constexpr std::size_t kManyArguments = 64;

struct Verb {
    std::string_view word;
    std::string_view second = {};     // "card status": two words.
    std::string_view arguments = {};  // As in a usage line.
    std::size_t arguments_min = 0;
    std::size_t arguments_max = 0;
    int (*run)(const std::vector<std::string>& arguments, Session& session) = nullptr;
    bool saved = false;  // Lines of `fpvsadm save` begin with it.
};

constexpr auto kVerbs = std::to_array<Verb>({
    {.word = "status", .run = show_daemon},
    {.word = "card", .second = "status", .run = show_card},
    {.word = "card",
     .second = "load",
     .arguments = " FILE",
     .arguments_min = 1,
     .arguments_max = 1,
     .run = load_card},
    {.word = "vrrp", .run = show_vrrp},
    {.word = "health", .run = show_health},
    {.word = "announce", .run = show_announcements},
    {.word = "drain", .second = "on", .run = drain_on},
    {.word = "drain", .second = "off", .run = drain_off},
    {.word = "get", .arguments = " [NAME]", .arguments_max = 1, .run = show_settings},
    {.word = "set",
     .arguments = " NAME VALUE",
     .arguments_min = 2,
     .arguments_max = 2,
     .run = change_setting,
     .saved = true},
    {.word = "mark", .second = "list", .run = show_mark_rules},
    {.word = "mark",
     .second = "add",
     .arguments = " MARK [CONDITION VALUE]...",
     .arguments_min = 1,
     .arguments_max = kManyArguments,
     .run = add_mark_rule,
     .saved = true},
    {.word = "mark",
     .second = "delete",
     .arguments = " MARK [CONDITION VALUE]...",
     .arguments_min = 1,
     .arguments_max = kManyArguments,
     .run = delete_mark_rule},
    {.word = "save", .run = save},
    {.word = "reload", .run = reload},
    {.word = "stop", .run = stop},
    {.word = "help", .run = help},
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

bool is_saved_verb(std::string_view word) {
    for (const Verb& verb : kVerbs) {
        if (verb.word == word && verb.saved) {
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
        if (named && words.size() >= used + verb.arguments_min &&
            words.size() <= used + verb.arguments_max) {
            return verb.run({words.begin() + static_cast<std::ptrdiff_t>(used), words.end()},
                            session);
        }
        usage += (usage.empty() ? "Usage: fpvsadm " : "       fpvsadm ") + std::string(verb.word) +
                 (verb.second.empty() ? "" : " ") + std::string(verb.second) +
                 std::string(verb.arguments) + "\n";
    }
    return session.refuse(usage, kExitUsage);
}

}  // namespace fpvs::cli
