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
#include "host/config/virtual_server_draft.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint32_t kMillisecondsPerSecond = 1000;
constexpr std::uint32_t kU32Max = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kWeightMax = std::numeric_limits<std::int32_t>::max();
constexpr std::uint32_t kPersistenceSecondsMax = 31 * 86'400;  // The kernel's own bound.

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

template <class Draft>
void read_forwarding(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.method = read_method(statement, diagnostics);
}

// ---- TCP_CHECK.

constexpr auto kTcpCheckKeywords = std::to_array<Keyword<CheckDraft>>({
    {.name = "connect_ip",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 draft.check.connect_address = read_address(*word, "connect_ip", diagnostics);
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
                 draft.check.bind_address = read_address(*word, "bindto", diagnostics);
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
        draft.address_place = block.words[1].position;
        draft.address = read_address(block.words[1], "the real server's address", diagnostics);
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
        draft.service.key.protocol = model::Protocol::sctp;
    } else {
        diagnostics.error(word->position, "'protocol' is TCP, UDP or SCTP, not '{}'", word->text);
    }
}

// What it may be depends on the family, which may not be known yet.
void read_granularity(const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
    if (const Word* const word = single_value(statement, diagnostics)) {
        draft.persistence_place = statement.keyword().position;
        draft.granularity = *word;
    }
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

// An address of the director that FULLNAT may write in a client's place.
void read_local_address(const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return;
    }
    std::vector<model::IpAddress>& addresses = draft.service.local_addresses;
    const auto address = read_address(*word, "'local_address'", diagnostics);
    if (address && std::find(addresses.begin(), addresses.end(), *address) != addresses.end()) {
        diagnostics.error(word->position, "local_address {} is listed twice", word->text);
    } else if (address) {
        addresses.push_back(*address);
    }
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
    {.name = "persistence_engine",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             if (read_choice(statement, {"sip"}, diagnostics)) {
                 draft.persistence_engine = "sip";
                 diagnostics.warning(statement.keyword().position,
                                     "Call-IDs are not looked for yet: clients are told apart by "
                                     "their addresses");
             }
         }},
    {.name = "local_address", .read = read_local_address, .repeats = true},
    {.name = "client_address",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             constexpr std::array kWays{model::ClientAddress::not_told,
                                        model::ClientAddress::toa,
                                        model::ClientAddress::proxy_v2};
             const auto choice = read_choice(statement, {"none", "toa", "proxy-v2"}, diagnostics);
             draft.service.settings.client_address = kWays[choice.value_or(0)];
         }},
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
    {.name = "flag-3", .read = read_scheduler_flag},
    {.name = "ip_family",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             if (const auto choice = read_choice(statement, {"inet", "inet6"}, diagnostics)) {
                 draft.family = *choice == 0 ? model::Family::ipv4 : model::Family::ipv6;
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
    if (const auto address = read_address(first, "the virtual server's address", diagnostics)) {
        draft.service.key.address = *address;
    }
    if (block.words.size() > 2) {
        draft.service.key.port = read_port(block.words[2], diagnostics).value_or(0);
    }
    warn_left_over(block, 3, diagnostics);
}

}  // namespace

std::optional<model::VirtualServiceConfig> read_virtual_server(const Statement& block,
                                                               Diagnostics& diagnostics) {
    ServiceDraft draft;
    draft.place = block.keyword().position;
    read_service_address(block, draft, diagnostics);
    read_block<ServiceDraft>(
        block.children, kServiceKeywords, unread_in_virtual_server(), draft, diagnostics);
    fill(draft, diagnostics);
    if (draft.servers.empty()) {
        diagnostics.warning(draft.place, "this virtual_server has no real_server and is ignored");
        return std::nullopt;
    }
    return std::move(draft.service);
}

}  // namespace fpvs::config
