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
#include "host/config/check_keywords.hpp"
#include "host/config/check_reader.hpp"
#include "host/config/keywords.hpp"
#include "host/config/script_reader.hpp"
#include "host/config/timer_keywords.hpp"
#include "host/config/values.hpp"
#include "host/config/virtual_server_draft.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint32_t kWeightMax = std::numeric_limits<std::int32_t>::max();
constexpr std::uint32_t kPersistenceSecondsMax = 31 * 86'400;  // The kernel's own bound.

// ---- Statements that mean the same for a service and for a server.

template <class Draft>
void read_weight(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    const auto weight = read_number(statement, {.min = 0, .max = kWeightMax}, diagnostics);
    draft.weight = static_cast<std::int32_t>(weight.value_or(1));
}

template <class Draft>
void read_forwarding(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.method = read_method(statement, diagnostics);
}

template <class Draft>
void read_inhibit(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    draft.inhibit_on_failure = read_flag(statement, diagnostics);
}

template <class Draft>
void read_virtual_host(const Statement& statement, Draft& draft, Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return;
    }
    if (!is_one_line(word->text)) {
        diagnostics.error(word->position, "'virtualhost' must be one line of text");
        return;
    }
    draft.virtual_host = word->text;
}

template <class Draft>
constexpr auto kSharedKeywords =
    join(kTimerKeywords<Draft>,
         std::to_array<Keyword<Draft>>({
             {.name = "connect_timeout", .read = read_connect_timeout<Draft>},
             {.name = "weight", .read = read_weight<Draft>},
             {.name = "lvs_method", .read = read_forwarding<Draft>},
             {.name = "inhibit_on_failure", .read = read_inhibit<Draft>},
             {.name = "virtualhost", .read = read_virtual_host<Draft>},
         }));

// ---- real_server.

constexpr auto kServerKeywords = join(
    kSharedKeywords<ServerDraft>,
    std::to_array<Keyword<ServerDraft>>({
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
        {.name = "notify_up",
         .read =
             [](const Statement& statement, ServerDraft& draft, Diagnostics& diagnostics) {
                 draft.notify_up = read_script(statement, diagnostics);
             }},
        {.name = "notify_down",
         .read =
             [](const Statement& statement, ServerDraft& draft, Diagnostics& diagnostics) {
                 draft.notify_down = read_script(statement, diagnostics);
             }},
        {.name = "TCP_CHECK", .shape = Shape::block, .read = read_tcp_check},
        {.name = "HTTP_GET", .shape = Shape::block, .read = read_http_get},
        {.name = "SSL_GET", .shape = Shape::block, .read = read_ssl_get},
        {.name = "SMTP_CHECK", .shape = Shape::block, .read = read_smtp_check},
        {.name = "DNS_CHECK", .shape = Shape::block, .read = read_dns_check},
        {.name = "UDP_CHECK", .shape = Shape::block, .read = read_udp_check},
        {.name = "PING_CHECK", .shape = Shape::block, .read = read_ping_check},
        {.name = "MISC_CHECK", .shape = Shape::block, .read = read_misc_check},
        {.name = "FILE_CHECK", .shape = Shape::block, .read = read_file_check},
        {.name = "BFD_CHECK", .shape = Shape::block, .read = read_bfd_check},
    }));

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

void read_sorry_server(const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
    SorryServerDraft sorry{.place = statement.keyword().position};
    if (statement.words.size() < 2) {
        diagnostics.error(sorry.place, "'sorry_server' needs an address and a port");
        return;
    }
    sorry.address = read_address(statement.words[1], "the sorry server's address", diagnostics);
    if (statement.words.size() > 2) {
        sorry.port = read_port(statement.words[2], diagnostics);
    }
    warn_left_over(statement, 3, diagnostics);
    draft.sorry_server = sorry;
}

constexpr auto kQuorumKeywords = std::to_array<Keyword<ServiceDraft>>({
    {.name = "quorum",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             draft.quorum_place = statement.keyword().position;
             draft.service.quorum.weight =
                 read_number(statement, {.min = 1, .max = kWeightMax}, diagnostics).value_or(1);
         }},
    {.name = "hysteresis",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             draft.hysteresis_place = statement.keyword().position;
             draft.service.quorum.hysteresis =
                 read_number(statement, {.min = 0, .max = kWeightMax}, diagnostics).value_or(0);
         }},
    {.name = "quorum_up",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             draft.service.quorum.notify_up = read_script(statement, diagnostics);
         }},
    {.name = "quorum_down",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             draft.service.quorum.notify_down = read_script(statement, diagnostics);
         }},
    {.name = "sorry_server", .read = read_sorry_server},
    {.name = "sorry_server_inhibit",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             draft.sorry_server_inhibit = read_flag(statement, diagnostics);
         }},
    {.name = "sorry_server_lvs_method",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             draft.sorry_server_method = read_method(statement, diagnostics);
         }},
    {.name = "omega",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             draft.service.omega = read_flag(statement, diagnostics);
         }},
    {.name = "ha_suspend",
     .read =
         [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
             draft.service.ha_suspend = read_flag(statement, diagnostics);
         }},
});

constexpr auto kServiceKeywords = join(
    kSharedKeywords<ServiceDraft>,
    kQuorumKeywords,
    std::to_array<Keyword<ServiceDraft>>({
        {.name = "lb_algo", .read = read_scheduler},
        {.name = "lvs_sched", .read = read_scheduler},
        {.name = "lb_kind", .read = read_forwarding<ServiceDraft>},
        {.name = "persistence_timeout", .read = read_persistence_timeout},
        {.name = "persistence_granularity", .read = read_granularity},
        {.name = "persistence_engine",
         .read =
             [](const Statement& statement, ServiceDraft& draft, Diagnostics& diagnostics) {
                 if (read_choice(statement, {"sip"}, diagnostics)) {
                     draft.persistence_engine = "sip";
                     diagnostics.warning(
                         statement.keyword().position,
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
                 const auto choice =
                     read_choice(statement, {"none", "toa", "proxy-v2"}, diagnostics);
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
        {.name = "real_server", .shape = Shape::block, .read = read_real_server},
    }));

void read_service_address(const Statement& block, ServiceDraft& draft, Diagnostics& diagnostics) {
    if (block.words.size() < 2) {
        diagnostics.error(draft.place, "'virtual_server' needs an address and a port");
        return;
    }
    const Word& first = block.words[1];
    if (first.text == "group") {
        if (block.words.size() < 3) {
            diagnostics.error(first.position, "'virtual_server group' needs a name");
            return;
        }
        draft.group = block.words[2];
        warn_left_over(block, 3, diagnostics);
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

ServiceDraft read_virtual_server(const Statement& block, Diagnostics& diagnostics) {
    ServiceDraft draft;
    draft.place = block.keyword().position;
    read_service_address(block, draft, diagnostics);
    read_block<ServiceDraft>(
        block.children, kServiceKeywords, unread_in_virtual_server(), draft, diagnostics);
    return draft;
}

}  // namespace fpvs::config
