// SPDX-License-Identifier: Apache-2.0
#include "host/config/virtual_server_draft.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "host/config/values.hpp"

namespace fpvs::config {
namespace {

// keepalived's defaults, each said aloud, because an operator rarely means them.
void fill_service(ServiceDraft& draft, Diagnostics& diagnostics) {
    model::VirtualServiceConfig& service = draft.service;
    const bool by_mark = service.key.firewall_mark != 0;
    if (by_mark && draft.has_protocol) {
        diagnostics.warning(draft.protocol_place,
                            "a firewall mark has packets of any protocol; this one is ignored");
        service.key.protocol = model::ServiceKey{}.protocol;
    } else if (!by_mark && !draft.has_protocol) {
        diagnostics.warning(draft.place, "no protocol is given; UDP is taken, as keepalived does");
        service.key.protocol = model::Protocol::udp;
    }
    if (!draft.has_scheduler) {
        diagnostics.warning(draft.place, "no lb_algo is given; wlc is taken, as keepalived does");
    }
    if (!draft.method) {
        diagnostics.warning(draft.place, "no lb_kind is given; NAT is taken, as keepalived does");
        draft.method = Method{};
    }
    if (service.settings.one_packet && !by_mark && service.key.protocol != model::Protocol::udp) {
        diagnostics.warning(draft.place, "ops needs protocol UDP; it is ignored");
        service.settings.one_packet = false;
    }
}

// flag-1 and flag-2 are what sh and mh call -fallback and -port.
void fill_scheduler_flags(ServiceDraft& draft, Diagnostics& diagnostics) {
    model::ServiceSettings& settings = draft.service.settings;
    for (const Word& flag : draft.scheduler_flags) {
        const std::string_view owner = std::string_view(flag.text).substr(0, flag.text.find('-'));
        if (owner != "flag" && owner != settings.scheduler) {
            diagnostics.warning(
                flag.position, "'{}' is for the {} scheduler; it is ignored", flag.text, owner);
        } else if (flag.text == "flag-1" || flag.text.ends_with("-fallback")) {
            settings.hash_fallback = true;
        } else if (flag.text == "flag-3") {
            settings.third_flag = true;
        } else {
            settings.hash_port = true;
        }
    }
}

// A service by mark has no address to tell its family: ip_family does, or servers that are not
// reached by tunnels, or all servers, or what a client is.
void fill_family(ServiceDraft& draft, Diagnostics& diagnostics) {
    model::ServiceKey& key = draft.service.key;
    if (key.firewall_mark == 0) {
        if (draft.family && *draft.family != key.address.family) {
            diagnostics.error(draft.place, "ip_family is not that of the virtual server's address");
        }
        return;
    }
    std::optional<model::Family> of_all;
    bool mixed = false;
    for (const ServerDraft& server : draft.servers) {
        const Method& method = server.method ? *server.method : *draft.method;
        if (!server.address) {
            continue;
        }
        if (!draft.family && method.forwarding != model::Forwarding::tunnel) {
            draft.family = server.address->family;
        }
        mixed = mixed || (of_all && *of_all != server.address->family);
        of_all = server.address->family;
    }
    if (!draft.family && draft.granularity) {
        const bool mask = draft.granularity->text.find('.') != std::string::npos;
        draft.family = mask ? model::Family::ipv4 : model::Family::ipv6;
    }
    if (!draft.family && of_all && !mixed) {
        draft.family = of_all;
    }
    key.address = model::IpAddress::any(draft.family.value_or(model::Family::ipv4));
}

// A netmask in dots for IPv4, a prefix's length for IPv6.
void fill_granularity(const Word& word,
                      model::Family family,
                      model::Persistence& persistence,
                      Diagnostics& diagnostics) {
    constexpr std::uint32_t kPrefixMax = 128;
    if (family == model::Family::ipv6) {
        const auto length = read_number(
            word, "persistence_granularity", {.min = 1, .max = kPrefixMax}, diagnostics);
        persistence.client_prefix = static_cast<std::uint8_t>(length.value_or(kPrefixMax));
        return;
    }
    const auto mask = model::parse_ipv4(word.text);
    if (mask && mask->value != 0) {
        persistence.client_mask = mask->value;
    } else {
        diagnostics.error(word.position,
                          "persistence_granularity must be a netmask such as 255.255.255.0, not "
                          "'{}'",
                          word.text);
    }
}

void fill_persistence(ServiceDraft& draft, Diagnostics& diagnostics) {
    const model::ServiceKey& key = draft.service.key;
    if (!draft.persistence_timeout_s && draft.granularity) {
        diagnostics.warning(draft.persistence_place,
                            "persistence_granularity without persistence_timeout: 360 s are taken");
    } else if (!draft.persistence_timeout_s && !draft.persistence_engine.empty()) {
        diagnostics.warning(draft.place,
                            "persistence_engine without persistence_timeout: 360 s are taken");
    } else if (!draft.persistence_timeout_s && key.firewall_mark == 0 && key.port == 0) {
        diagnostics.warning(draft.place,
                            "a virtual server without a port is persistent: 360 s are taken");
    } else if (!draft.persistence_timeout_s) {
        return;
    }
    model::Persistence persistence{.engine = draft.persistence_engine};
    persistence.timeout_s = draft.persistence_timeout_s.value_or(persistence.timeout_s);
    if (draft.granularity) {
        fill_granularity(*draft.granularity, key.address.family, persistence, diagnostics);
    }
    draft.service.settings.persistence = persistence;
}

// keepalived's, where neither the check nor what is around it says otherwise.
CheckTimers default_timers(const model::HealthCheck& check, std::uint32_t delay_loop_ms) {
    constexpr std::uint32_t kHttpDelayMs = 3'000;
    constexpr std::uint32_t kDnsRetries = 3;
    const model::HealthCheck usual;
    CheckTimers timers{.retries = usual.retries,
                       .delay_before_retry_ms = usual.delay_before_retry_ms};
    if (std::holds_alternative<model::HttpCheck>(check.detail)) {
        timers.delay_before_retry_ms = kHttpDelayMs;
    } else if (std::holds_alternative<model::DnsCheck>(check.detail)) {
        timers.retries = kDnsRetries;
        timers.delay_before_retry_ms = delay_loop_ms;
    } else if (std::holds_alternative<model::MiscCheck>(check.detail)) {
        timers.retries = 0;
    }
    return timers;
}

// A URL's own host counts before that of the check, the server and the service.
void fill_virtual_hosts(const CheckDraft& draft,
                        const std::string& outer,
                        model::HealthCheck& check) {
    auto* const http = std::get_if<model::HttpCheck>(&check.detail);
    if (http == nullptr) {
        return;
    }
    for (model::UrlCheck& url : http->urls) {
        if (url.virtual_host.empty()) {
            url.virtual_host = draft.virtual_host.empty() ? outer : draft.virtual_host;
        }
    }
}

std::vector<model::HealthCheck> fill_checks(const ServerDraft& server,
                                            const ServiceDraft& service) {
    const std::string& virtual_host =
        server.virtual_host.empty() ? service.virtual_host : server.virtual_host;
    std::vector<model::HealthCheck> checks;
    for (const CheckDraft& draft : server.checks) {
        const CheckTimers said = draft.timers.or_else(server.timers).or_else(service.timers);
        const CheckTimers timers = said.or_else(default_timers(
            draft.check, said.delay_loop_ms.value_or(service.service.delay_loop_ms)));
        model::HealthCheck check = draft.check;
        check.connect_timeout_ms = timers.connect_timeout_ms.value_or(check.connect_timeout_ms);
        check.retries = timers.retries.value_or(check.retries);
        check.delay_before_retry_ms =
            timers.delay_before_retry_ms.value_or(check.delay_before_retry_ms);
        check.warmup_ms = timers.warmup_ms;
        check.alpha = timers.alpha.value_or(false);
        // The service's own needs no words.
        if (timers.delay_loop_ms.value_or(service.service.delay_loop_ms) !=
            service.service.delay_loop_ms) {
            check.delay_loop_ms = timers.delay_loop_ms;
        }
        fill_virtual_hosts(draft, virtual_host, check);
        checks.push_back(std::move(check));
    }
    return checks;
}

// Only NAT can change the port.
bool keeps_port(model::Forwarding forwarding) {
    return forwarding != model::Forwarding::nat && forwarding != model::Forwarding::full_nat;
}

void fill_sorry_server(ServiceDraft& draft, Diagnostics& diagnostics) {
    if (!draft.sorry_server) {
        if (draft.sorry_server_inhibit || draft.sorry_server_method) {
            diagnostics.warning(draft.place,
                                "there is no sorry_server, and what is said of it is ignored");
        }
        return;
    }
    const SorryServerDraft& sorry = *draft.sorry_server;
    const Method& method = draft.sorry_server_method ? *draft.sorry_server_method : *draft.method;
    model::ServiceKey& key = draft.service.key;
    model::SorryServer filled{
        .key = {.address = sorry.address.value_or(key.address),
                .port = sorry.port.value_or(key.port)},
        .settings = {.forwarding = method.forwarding, .weight = 1, .tunnel = method.tunnel},
        .inhibit = draft.sorry_server_inhibit};
    if (filled.key.address.family != key.address.family &&
        method.forwarding != model::Forwarding::tunnel) {
        diagnostics.error(sorry.place,
                          "a sorry server of another family than its virtual server is reached by "
                          "TUN only");
    }
    if (key.firewall_mark != 0) {
        filled.key.port = 0;
    } else if (keeps_port(method.forwarding) && filled.key.port != key.port) {
        diagnostics.warning(sorry.place,
                            "only NAT can change the port; {} is taken, the virtual server's",
                            key.port);
        filled.key.port = key.port;
    }
    for (const model::RealServerConfig& server : draft.service.servers) {
        if (server.key == filled.key) {
            diagnostics.error(sorry.place, "the sorry server is one of the real servers");
        }
    }
    draft.service.sorry_server = filled;
}

// A quorum that could never be reached, and a hysteresis that could never be left, are cut as
// keepalived does.
void fill_quorum(ServiceDraft& draft, Diagnostics& diagnostics) {
    model::Quorum& quorum = draft.service.quorum;
    std::uint64_t weight = 0;
    for (const model::RealServerConfig& server : draft.service.servers) {
        weight += static_cast<std::uint64_t>(server.settings.weight);
    }
    if (quorum.weight > weight && quorum.weight > 1) {
        const auto reduced = static_cast<std::uint32_t>(std::max<std::uint64_t>(weight, 1));
        diagnostics.warning(draft.quorum_place,
                            "quorum {} is more than all real servers weigh; {} is taken",
                            quorum.weight,
                            reduced);
        quorum.weight = reduced;
    }
    if (quorum.hysteresis >= quorum.weight && quorum.hysteresis > 0) {
        diagnostics.warning(draft.hysteresis_place,
                            "hysteresis {} is not below the quorum of {}; 0 is taken",
                            quorum.hysteresis,
                            quorum.weight);
        quorum.hysteresis = 0;
    }
}

void fill_server(const ServerDraft& server, ServiceDraft& draft, Diagnostics& diagnostics) {
    model::VirtualServiceConfig& service = draft.service;
    model::RealServerConfig filled;
    const Method& method = server.method ? *server.method : *draft.method;
    filled.key = {.address = server.address.value_or(service.key.address),
                  .port = server.port.value_or(service.key.port)};
    if (filled.key.address.family != service.key.address.family &&
        method.forwarding != model::Forwarding::tunnel) {
        diagnostics.error(server.address_place,
                          "a server of another family than its virtual server is reached by TUN "
                          "only");
    }
    filled.settings = {
        .forwarding = method.forwarding,
        .weight = server.weight.value_or(draft.weight.value_or(1)),
        .upper_threshold = server.upper_threshold,
        .lower_threshold = server.lower_threshold,
        .tunnel = method.tunnel,
    };
    if (service.key.firewall_mark != 0) {
        if (filled.key.port != 0) {
            diagnostics.warning(server.port_place,
                                "a firewall mark has packets to any port; this one is ignored");
            filled.key.port = 0;
        }
    } else if (keeps_port(filled.settings.forwarding) && filled.key.port != service.key.port) {
        diagnostics.warning(server.port_place,
                            "only NAT can change the port; {} is taken, the virtual server's",
                            service.key.port);
        filled.key.port = service.key.port;
    }
    if (std::any_of(service.servers.begin(), service.servers.end(), [&](const auto& other) {
            return other.key == filled.key;
        })) {
        diagnostics.warning(server.place,
                            "real_server {} {} is listed twice; the second is ignored",
                            model::to_string(filled.key.address),
                            filled.key.port);
        return;
    }
    filled.inhibit_on_failure =
        server.inhibit_on_failure.value_or(draft.inhibit_on_failure.value_or(false));
    filled.notify_up = server.notify_up;
    filled.notify_down = server.notify_down;
    filled.checks = fill_checks(server, draft);
    service.servers.push_back(std::move(filled));
}

void fill(ServiceDraft& draft, Diagnostics& diagnostics) {
    draft.service.delay_loop_ms = draft.timers.delay_loop_ms.value_or(draft.service.delay_loop_ms);
    fill_service(draft, diagnostics);
    fill_family(draft, diagnostics);
    fill_scheduler_flags(draft, diagnostics);
    fill_persistence(draft, diagnostics);
    for (const ServerDraft& server : draft.servers) {
        fill_server(server, draft, diagnostics);
    }
    fill_sorry_server(draft, diagnostics);
    fill_quorum(draft, diagnostics);
}

// ---- A service of a group.  What is checked and told of goes by its first address, or its first
// mark if it has no address.

void begin_group(const ServerGroup& group, ServiceDraft& draft) {
    const auto addressed =
        std::find_if(group.members.begin(), group.members.end(), [](const auto& member) {
            return member.firewall_mark == 0;
        });
    const ServerGroup::Member& first =
        addressed != group.members.end() ? *addressed : group.members.front();
    draft.service.group = group.name;
    draft.service.key.address = first.address;
    draft.service.key.port = first.port;
    draft.service.key.firewall_mark = first.firewall_mark;
    if (first.firewall_mark != 0 && first.family) {
        draft.family = first.family;
    }
}

// Only a tunnel carries one family in the other.
bool takes_family(const model::VirtualServiceConfig& service, model::Family family) {
    const auto fits = [&](const model::ServerKey& key, const model::ServerSettings& settings) {
        return key.address.family == family || settings.forwarding == model::Forwarding::tunnel;
    };
    return std::all_of(service.servers.begin(),
                       service.servers.end(),
                       [&](const auto& server) { return fits(server.key, server.settings); }) &&
           (!service.sorry_server ||
            fits(service.sorry_server->key, service.sorry_server->settings));
}

void check_ports(const ServiceDraft& draft, Diagnostics& diagnostics) {
    const model::VirtualServiceConfig& service = draft.service;
    const bool differ = std::any_of(
        service.members.begin(), service.members.end(), [&](const model::ServiceKey& member) {
            return member.firewall_mark == 0 && member.port != service.key.port;
        });
    for (const ServerDraft& server : draft.servers) {
        const Method& method = server.method ? *server.method : *draft.method;
        if (differ && !server.port && !keeps_port(method.forwarding)) {
            diagnostics.error(server.place,
                              "the ports of group '{}' differ: say which one this server has",
                              service.group);
        }
    }
}

void fill_members(const ServerGroup& group, ServiceDraft& draft, Diagnostics& diagnostics) {
    model::VirtualServiceConfig& service = draft.service;
    for (const ServerGroup::Member& member : group.members) {
        model::ServiceKey key{
            .address = member.address, .port = member.port, .protocol = service.key.protocol};
        if (member.firewall_mark != 0) {
            key = {.address =
                       model::IpAddress::any(member.family.value_or(service.key.address.family)),
                   .firewall_mark = member.firewall_mark};
        } else if (member.port == 0 && !service.settings.persistence) {
            diagnostics.error(group.place,
                              "a service without a port needs persistence_timeout, and group '{}' "
                              "has an address without one",
                              group.name);
            return;
        }
        if (!takes_family(service, key.address.family)) {
            diagnostics.error(draft.place,
                              "{} of group '{}' is of another family than the real servers, which "
                              "are reached by TUN only then",
                              model::to_string(key),
                              group.name);
            return;
        }
        service.members.push_back(key);
    }
    check_ports(draft, diagnostics);
}

}  // namespace

ReadService finish(ServiceDraft draft, const ServerGroup* group, Diagnostics& diagnostics) {
    if (group != nullptr && group->members.empty()) {
        diagnostics.error(draft.place, "virtual_server_group '{}' has no addresses", group->name);
        group = nullptr;
    }
    if (group != nullptr) {
        begin_group(*group, draft);
    }
    fill(draft, diagnostics);
    if (group != nullptr) {
        fill_members(*group, draft, diagnostics);
    }
    if (draft.servers.empty()) {
        diagnostics.warning(draft.place, "this virtual_server has no real_server and is ignored");
        return {};
    }
    ReadService read;
    for (const ServerDraft& server : draft.servers) {
        for (const CheckDraft& check : server.checks) {
            if (const auto* const file = std::get_if<model::FileCheck>(&check.check.detail)) {
                read.track_files.push_back(
                    {.text = file->track_file, .position = check.track_file_place});
            }
        }
    }
    read.service = std::move(draft.service);
    return read;
}

}  // namespace fpvs::config
