// SPDX-License-Identifier: Apache-2.0
#include "host/config/virtual_server_reader.hpp"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "host/config/block.hpp"
#include "host/config/keywords.hpp"
#include "host/config/values.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint32_t kMillisecondsPerSecond = 1000;
constexpr std::uint32_t kU32Max = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kWeightMax = std::numeric_limits<std::int32_t>::max();
constexpr std::uint32_t kPersistenceSecondsMax = 31 * 86'400;  // The kernel's own bound.

// Timers of checks may be set for a service, a server and a check; the nearest one counts,
// whatever their order in the file.
struct CheckTimers {
    std::optional<std::uint32_t> connect_timeout_ms;
    std::optional<std::uint32_t> retries;
    std::optional<std::uint32_t> delay_before_retry_ms;

    [[nodiscard]] CheckTimers or_else(const CheckTimers& outer) const {
        return {
            .connect_timeout_ms =
                connect_timeout_ms ? connect_timeout_ms : outer.connect_timeout_ms,
            .retries = retries ? retries : outer.retries,
            .delay_before_retry_ms =
                delay_before_retry_ms ? delay_before_retry_ms : outer.delay_before_retry_ms,
        };
    }
};

struct CheckDraft {
    CheckTimers timers;
    model::HealthCheck check;
};

struct ServerDraft {
    Position place;
    std::optional<model::Ipv4> address;
    std::optional<std::uint16_t> port;
    Position port_place;
    std::optional<model::Forwarding> forwarding;
    std::optional<std::int32_t> weight;
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;
    Position lower_threshold_place;
    CheckTimers timers;
    std::vector<CheckDraft> checks;
};

struct ServiceDraft {
    Position place;
    model::VirtualServiceConfig service;
    Position protocol_place;
    bool has_protocol = false;
    bool has_scheduler = false;
    std::optional<model::Forwarding> forwarding;
    std::optional<std::int32_t> weight;
    std::vector<Word> scheduler_flags;
    std::optional<std::uint32_t> persistence_timeout_s;
    std::optional<std::uint32_t> client_mask;
    Position persistence_place;
    CheckTimers timers;
    std::vector<ServerDraft> servers;
};

// ---- Statements that mean the same on several levels.

template <class Draft>
void read_connect_timeout(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.timers.connect_timeout_ms =
        read_time(statement,
                  {.units_per_s = kMillisecondsPerSecond, .min_units = 1, .max_units = kU32Max},
                  diagnostics);
}

template <class Draft>
void read_delay_before_retry(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.timers.delay_before_retry_ms =
        read_time(statement,
                  {.units_per_s = kMillisecondsPerSecond, .min_units = 0, .max_units = kU32Max},
                  diagnostics);
}

template <class Draft>
void read_retry(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.timers.retries = read_number(statement, {.min = 0, .max = kU32Max}, diagnostics);
}

template <class Draft>
void read_weight(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    const auto weight = read_number(statement, {.min = 0, .max = kWeightMax}, diagnostics);
    draft.weight = static_cast<std::int32_t>(weight.value_or(1));
}

// `TUN` may be followed by the kind of its outer header; only the plain one is known.
void expect_plain_tunnel(const Statement& statement, Diagnostics& diagnostics) {
    const std::vector<Word>& words = statement.words;
    for (std::size_t i = 2; i < words.size(); ++i) {
        const bool plain =
            (i == 2 && words[i].text == "type") || (i == 3 && words[i].text == "ipip");
        if (!plain) {
            diagnostics.error(words[i].position,
                              "'{}' is not supported yet: only tunnels of type ipip are",
                              words[i].text);
            return;
        }
    }
}

template <class Draft>
void read_forwarding(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    constexpr std::array kMethods{
        model::Forwarding::nat, model::Forwarding::direct_routing, model::Forwarding::tunnel};
    Statement method = statement;
    if (statement.words.size() > 2 && statement.words[1].text == "TUN") {
        expect_plain_tunnel(statement, diagnostics);
        method.words.resize(2);
    }
    const auto choice = read_choice(method, {"NAT", "DR", "TUN"}, diagnostics);
    draft.forwarding = kMethods[choice.value_or(0)];
}

// ---- TCP_CHECK.

constexpr auto kTcpCheckKeywords = std::to_array<Keyword<CheckDraft>>({
    {.name = "connect_ip",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 draft.check.connect_address = read_ipv4(*word, "connect_ip", diagnostics);
             }
         }},
    {.name = "connect_port",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             if (const auto port =
                     read_number(statement, {.min = 1, .max = UINT16_MAX}, diagnostics)) {
                 draft.check.connect_port = static_cast<std::uint16_t>(*port);
             }
         }},
    {.name = "bindto",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 draft.check.bind_address = read_ipv4(*word, "bindto", diagnostics);
             }
         }},
    {.name = "connect_timeout", .read = read_connect_timeout<CheckDraft>},
    {.name = "retry", .read = read_retry<CheckDraft>},
    {.name = "delay_before_retry", .read = read_delay_before_retry<CheckDraft>},
});

void read_tcp_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    expect_no_value(block, diagnostics);
    CheckDraft draft;
    read_block<CheckDraft>(
        block.children, kTcpCheckKeywords, unread_in_tcp_check(), draft, diagnostics);
    server.checks.push_back(draft);
}

// ---- real_server.

constexpr auto kServerKeywords = std::to_array<Keyword<ServerDraft>>({
    {.name = "weight", .read = read_weight<ServerDraft>},
    {.name = "lvs_method", .read = read_forwarding<ServerDraft>},
    {.name = "uthreshold",
     .read =
         [](const Statement& statement, ServerDraft& draft, Diagnostics& diagnostics) {
             draft.upper_threshold =
                 read_number(statement, {.min = 0, .max = kU32Max}, diagnostics).value_or(0);
         }},
    {.name = "lthreshold",
     .read =
         [](const Statement& statement, ServerDraft& draft, Diagnostics& diagnostics) {
             draft.lower_threshold =
                 read_number(statement, {.min = 0, .max = kU32Max}, diagnostics).value_or(0);
             draft.lower_threshold_place = statement.keyword().position;
         }},
    {.name = "connect_timeout", .read = read_connect_timeout<ServerDraft>},
    {.name = "retry", .read = read_retry<ServerDraft>},
    {.name = "delay_before_retry", .read = read_delay_before_retry<ServerDraft>},
    {.name = "TCP_CHECK", .shape = Shape::block, .read = read_tcp_check},
});

void warn_left_over(const Statement& block, std::size_t words, Diagnostics& diagnostics) {
    if (block.words.size() > words) {
        diagnostics.warning(block.words[words].position,
                            "'{}' takes an address and a port; '{}' is ignored",
                            block.keyword().text,
                            block.words[words].text);
    }
}

void read_real_server(const Statement& block, ServiceDraft& service, Diagnostics& diagnostics) {
    ServerDraft draft;
    draft.place = block.keyword().position;
    if (block.words.size() < 2) {
        diagnostics.error(draft.place, "'real_server' needs an address and a port");
    } else {
        draft.address = read_ipv4(block.words[1], "the real server's address", diagnostics);
    }
    if (block.words.size() > 2) {
        draft.port = read_port(block.words[2], diagnostics);
        draft.port_place = block.words[2].position;
    }
    warn_left_over(block, 3, diagnostics);
    read_block<ServerDraft>(
        block.children, kServerKeywords, unread_in_real_server(), draft, diagnostics);
    if (draft.lower_threshold > draft.upper_threshold) {
        diagnostics.error(draft.lower_threshold_place,
                          "lthreshold {} is above uthreshold {}",
                          draft.lower_threshold,
                          draft.upper_threshold);
    }
    service.servers.push_back(std::move(draft));
}

// ---- virtual_server.

void read_scheduler(const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
    static constexpr std::initializer_list<std::string_view> kSchedulers = {"rr",
                                                                            "wrr",
                                                                            "lc",
                                                                            "wlc",
                                                                            "lblc",
                                                                            "sh",
                                                                            "mh",
                                                                            "dh",
                                                                            "fo",
                                                                            "ovf",
                                                                            "lblcr",
                                                                            "sed",
                                                                            "nq",
                                                                            "twos"};
    draft.has_scheduler = true;
    if (const auto choice = read_choice(statement, kSchedulers, diagnostics)) {
        draft.service.settings.scheduler = std::data(kSchedulers)[*choice];
    }
}

bool same_word(std::string_view a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

void read_protocol(const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    draft.has_protocol = true;
    draft.protocol_place = statement.keyword().position;
    if (word == nullptr) {
        return;
    }
    // keepalived takes the names in any case.
    if (same_word(word->text, "TCP")) {
        draft.service.key.protocol = model::Protocol::tcp;
    } else if (same_word(word->text, "UDP")) {
        draft.service.key.protocol = model::Protocol::udp;
    } else if (same_word(word->text, "SCTP")) {
        diagnostics.error(word->position, "protocol SCTP is not supported yet");
    } else {
        diagnostics.error(word->position, "'protocol' is TCP or UDP, not '{}'", word->text);
    }
}

// A netmask in dots, or for IPv6 a prefix length; keepalived takes a bare number as a mask too.
void read_granularity(const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return;
    }
    draft.persistence_place = statement.keyword().position;
    const auto mask = model::parse_ipv4(word->text);
    if (!mask || mask->value == 0) {
        diagnostics.error(word->position,
                          "persistence_granularity must be a netmask such as 255.255.255.0, not "
                          "'{}'",
                          word->text);
        return;
    }
    draft.client_mask = mask->value;
}

void read_persistence_timeout(const Statement& statement,
                              ServiceDraft& draft,
                              Diagnostics& diagnostics) {
    draft.persistence_place = statement.keyword().position;
    if (statement.words.size() == 1) {
        draft.persistence_timeout_s = model::Persistence{}.timeout_s;
        return;
    }
    draft.persistence_timeout_s =
        read_number(statement, {.min = 1, .max = kPersistenceSecondsMax}, diagnostics);
}

void read_scheduler_flag(const Statement& statement,
                         ServiceDraft& draft,
                         Diagnostics& diagnostics) {
    expect_no_value(statement, diagnostics);
    draft.scheduler_flags.push_back(statement.keyword());
}

constexpr auto kServiceKeywords = std::to_array<Keyword<ServiceDraft>>({
    {.name = "delay_loop",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             const auto delay_ms = read_time(
                 statement,
                 {.units_per_s = kMillisecondsPerSecond, .min_units = 1, .max_units = kU32Max},
                 diagnostics);
             draft.service.delay_loop_ms = delay_ms.value_or(draft.service.delay_loop_ms);
         }},
    {.name = "lb_algo", .read = read_scheduler},
    {.name = "lvs_sched", .read = read_scheduler},
    {.name = "lb_kind", .read = read_forwarding<ServiceDraft>},
    {.name = "lvs_method", .read = read_forwarding<ServiceDraft>},
    {.name = "persistence_timeout", .read = read_persistence_timeout},
    {.name = "persistence_granularity", .read = read_granularity},
    {.name = "protocol", .read = read_protocol},
    {.name = "ops",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             draft.service.settings.one_packet = true;
         }},
    {.name = "sh-fallback", .read = read_scheduler_flag},
    {.name = "mh-fallback", .read = read_scheduler_flag},
    {.name = "flag-1", .read = read_scheduler_flag},
    {.name = "sh-port", .read = read_scheduler_flag},
    {.name = "mh-port", .read = read_scheduler_flag},
    {.name = "flag-2", .read = read_scheduler_flag},
    {.name = "ip_family",
     .read =
         [](const Statement& statement, ServiceDraft&, Diagnostics& diagnostics) {
             if (read_choice(statement, {"inet", "inet6"}, diagnostics) == 1) {
                 diagnostics.error(statement.words[1].position, "IPv6 is not supported yet");
             }
         }},
    {.name = "weight", .read = read_weight<ServiceDraft>},
    {.name = "connect_timeout", .read = read_connect_timeout<ServiceDraft>},
    {.name = "retry", .read = read_retry<ServiceDraft>},
    {.name = "delay_before_retry", .read = read_delay_before_retry<ServiceDraft>},
    {.name = "real_server", .shape = Shape::block, .read = read_real_server},
});

void read_service_address(const Statement& block, ServiceDraft& draft, Diagnostics& diagnostics) {
    if (block.words.size() < 2) {
        diagnostics.error(draft.place, "'virtual_server' needs an address and a port");
        return;
    }
    const Word& first = block.words[1];
    if (first.text == "group") {
        diagnostics.error(first.position,
                          "virtual_server group is not supported yet; write one virtual_server "
                          "for each address and port");
        return;
    }
    if (first.text == "fwmark") {
        if (block.words.size() < 3) {
            diagnostics.error(first.position, "'virtual_server fwmark' needs a mark");
            return;
        }
        draft.service.key.firewall_mark =
            read_number(block.words[2], "the mark", {.min = 1, .max = kU32Max}, diagnostics)
                .value_or(0);
        warn_left_over(block, 3, diagnostics);
        return;
    }
    if (const auto address = read_ipv4(first, "the virtual server's address", diagnostics)) {
        draft.service.key.address = *address;
    }
    if (block.words.size() > 2) {
        draft.service.key.port = read_port(block.words[2], diagnostics).value_or(0);
    }
    warn_left_over(block, 3, diagnostics);
}

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
    if (!draft.forwarding) {
        diagnostics.warning(draft.place, "no lb_kind is given; NAT is taken, as keepalived does");
        draft.forwarding = model::Forwarding::nat;
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
        } else {
            settings.hash_port = true;
        }
    }
}

void fill_persistence(ServiceDraft& draft, Diagnostics& diagnostics) {
    const model::ServiceKey& key = draft.service.key;
    if (!draft.persistence_timeout_s && draft.client_mask) {
        diagnostics.warning(draft.persistence_place,
                            "persistence_granularity without persistence_timeout: 360 s are taken");
    } else if (!draft.persistence_timeout_s && key.firewall_mark == 0 && key.port == 0) {
        diagnostics.warning(draft.place,
                            "a virtual server without a port is persistent: 360 s are taken");
    } else if (!draft.persistence_timeout_s) {
        return;
    }
    model::Persistence persistence;
    persistence.timeout_s = draft.persistence_timeout_s.value_or(persistence.timeout_s);
    persistence.client_mask = draft.client_mask.value_or(persistence.client_mask);
    draft.service.settings.persistence = persistence;
}

std::vector<model::HealthCheck> fill_checks(const ServerDraft& server, const CheckTimers& outer) {
    std::vector<model::HealthCheck> checks;
    for (const CheckDraft& draft : server.checks) {
        const CheckTimers timers = draft.timers.or_else(server.timers).or_else(outer);
        model::HealthCheck check = draft.check;
        check.connect_timeout_ms = timers.connect_timeout_ms.value_or(check.connect_timeout_ms);
        check.retries = timers.retries.value_or(check.retries);
        check.delay_before_retry_ms =
            timers.delay_before_retry_ms.value_or(check.delay_before_retry_ms);
        checks.push_back(check);
    }
    return checks;
}

void fill_server(const ServerDraft& server, ServiceDraft& draft, Diagnostics& diagnostics) {
    model::VirtualServiceConfig& service = draft.service;
    model::RealServerConfig filled;
    filled.key = {.address = server.address.value_or(model::Ipv4{}),
                  .port = server.port.value_or(service.key.port)};
    filled.settings = {
        .forwarding = server.forwarding.value_or(*draft.forwarding),
        .weight = server.weight.value_or(draft.weight.value_or(1)),
        .upper_threshold = server.upper_threshold,
        .lower_threshold = server.lower_threshold,
    };
    if (service.key.firewall_mark != 0) {
        if (filled.key.port != 0) {
            diagnostics.warning(server.port_place,
                                "a firewall mark has packets to any port; this one is ignored");
            filled.key.port = 0;
        }
    } else if (filled.settings.forwarding != model::Forwarding::nat &&
               filled.key.port != service.key.port) {
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
    filled.checks = fill_checks(server, draft.timers);
    service.servers.push_back(std::move(filled));
}

}  // namespace

std::optional<model::VirtualServiceConfig> read_virtual_server(const Statement& block,
                                                               Diagnostics& diagnostics) {
    ServiceDraft draft;
    draft.place = block.keyword().position;
    read_service_address(block, draft, diagnostics);
    read_block<ServiceDraft>(
        block.children, kServiceKeywords, unread_in_virtual_server(), draft, diagnostics);
    fill_service(draft, diagnostics);
    fill_scheduler_flags(draft, diagnostics);
    fill_persistence(draft, diagnostics);
    for (const ServerDraft& server : draft.servers) {
        fill_server(server, draft, diagnostics);
    }
    if (draft.servers.empty()) {
        diagnostics.warning(draft.place, "this virtual_server has no real_server and is ignored");
        return std::nullopt;
    }
    return std::move(draft.service);
}

}  // namespace fpvs::config
