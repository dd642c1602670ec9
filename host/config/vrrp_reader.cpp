// SPDX-License-Identifier: Apache-2.0
#include "host/config/vrrp_reader.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "host/config/block.hpp"
#include "host/config/keywords.hpp"
#include "host/config/values.hpp"
#include "host/config/virtual_address_reader.hpp"
#include "host/config/vrrp_notify_reader.hpp"
#include "host/config/vrrp_tracking_reader.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint8_t kPriorityDefault = 100;
constexpr std::uint32_t kCentisecondsPerSecond = 100;
constexpr std::uint32_t kMillisecondsPerSecond = 1000;
constexpr std::size_t kPasswordOctets = 8;
constexpr std::uint32_t kAnnouncementsMax = 1000;  // Of a burst, an address.
constexpr std::uint32_t kAnnouncementTimeMaxS = 86'400;
constexpr std::uint32_t kPreemptDelayMaxS = 1000;  // keepalived's limit.

constexpr std::size_t kTypeHeader = 1;  // Of the types PASS and AH.

struct Authentication {
    std::optional<std::size_t> type;  // See kTypeHeader.
    std::optional<Word> password;
};

constexpr auto kAuthenticationKeywords = std::to_array<Keyword<Authentication>>({
    {.name = "auth_type",
     .read =
         [](const Statement& statement, Authentication& target, Diagnostics& diagnostics) {
             target.type = read_choice(statement, {"PASS", "AH"}, diagnostics);
         }},
    {.name = "auth_pass",
     .read =
         [](const Statement& statement, Authentication& target, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 target.password = *word;
             }
         }},
});

void read_authentication(const Statement& block, VrrpDraft& draft, Diagnostics& diagnostics) {
    Authentication authentication;
    read_block<Authentication>(
        block.children, kAuthenticationKeywords, {}, authentication, diagnostics);
    if (!authentication.password) {
        diagnostics.warning(block.keyword().position,
                            "authentication without auth_pass is none, as in keepalived");
        return;
    }
    if (!authentication.type) {
        diagnostics.error(authentication.password->position,
                          "auth_pass needs 'auth_type PASS' or AH beside it");
        return;
    }
    std::string password = authentication.password->text;
    if (password.size() > kPasswordOctets) {
        diagnostics.warning(authentication.password->position,
                            "only the first {} octets of auth_pass are sent",
                            kPasswordOctets);
        password.resize(kPasswordOctets);
    }
    draft.instance.authentication = *authentication.type == kTypeHeader
                                        ? model::VrrpAuthentication::header
                                        : model::VrrpAuthentication::password;
    draft.instance.password = std::move(password);
}

// `use_vmac [INTERFACE] [MAC]`.
void read_virtual_mac(const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
    draft.virtual_mac.wanted = true;
    draft.virtual_mac.position = statement.keyword().position;
    for (const Word& word : std::span(statement.words).subspan(1)) {
        if (const auto mac = model::parse_mac(word.text)) {
            draft.virtual_mac.mac = *mac;
        } else {
            draft.virtual_mac.interface = read_interface(word, diagnostics).value_or("");
        }
    }
}

void read_advert_interval(const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
    const auto interval_cs = read_time(statement,
                                       {.units_per_s = kCentisecondsPerSecond,
                                        .min_units = 1,
                                        .max_units = 255 * kCentisecondsPerSecond},
                                       diagnostics);
    if (interval_cs) {
        draft.advert = {.interval_cs = *interval_cs, .word = statement.words[1]};
    }
}

void read_source(const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
    if (const Word* const word = single_value(statement, diagnostics)) {
        draft.instance.source = read_address(*word, statement.keyword().text, diagnostics);
    }
}

void read_unicast_peers(const Statement& block, VrrpDraft& draft, Diagnostics& diagnostics) {
    for (const Statement& line : block.children) {
        const Word& first = line.keyword();
        const auto peer = read_address(first, "a peer", diagnostics);
        if (!peer || !has_shape(line, Shape::line, diagnostics)) {
            continue;
        }
        if (line.words.size() > 1) {
            diagnostics.warning(line.words[1].position,
                                "'{}' of a peer is known to keepalived; FPVS ignores it for now",
                                line.words[1].text);
        }
        if (draft.instance.unicast_peers.size() == model::kVrrpPeersMax) {
            diagnostics.error(
                first.position, "an instance has at most {} peers", model::kVrrpPeersMax);
            return;
        }
        draft.instance.unicast_peers.push_back(*peer);
    }
}

template <auto Member>
void read_announcement_count(const Statement& statement,
                             VrrpDraft& draft,
                             Diagnostics& diagnostics) {
    draft.announcements.*Member =
        read_number(statement, {.min = 1, .max = kAnnouncementsMax}, diagnostics);
}

template <auto Member>
void read_announcement_time(const Statement& statement,
                            VrrpDraft& draft,
                            Diagnostics& diagnostics) {
    draft.announcements.*Member =
        read_number(statement, {.min = 0, .max = kAnnouncementTimeMaxS}, diagnostics);
}

using Announcements = decltype(VrrpDraft::announcements);

constexpr auto kInstanceKeywords =
    std::to_array<Keyword<VrrpDraft>>({
        {.name = "state",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 const auto state = read_choice(statement, {"MASTER", "BACKUP"}, diagnostics);
                 draft.instance.initial_master = state == 0;
             }},
        {.name = "interface",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 draft.has_interface = true;
                 if (const Word* const word = single_value(statement, diagnostics)) {
                     draft.instance.interface = read_interface(*word, diagnostics).value_or("");
                 }
             }},
        {.name = "virtual_router_id",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 draft.has_router_id = true;
                 const auto id = read_number(statement, {.min = 1, .max = 255}, diagnostics);
                 draft.instance.virtual_router_id = static_cast<std::uint8_t>(id.value_or(0));
             }},
        {.name = "priority",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 const auto priority = read_number(statement, {.min = 1, .max = 255}, diagnostics);
                 draft.priority = static_cast<std::uint8_t>(priority.value_or(kPriorityDefault));
             }},
        {.name = "advert_int", .read = read_advert_interval},
        {.name = "version",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 if (const auto version =
                         read_number(statement, {.min = 2, .max = 3}, diagnostics)) {
                     draft.version = static_cast<std::uint8_t>(*version);
                 }
             }},
        {.name = "native_ipv6",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 expect_no_value(statement, diagnostics);
                 draft.native_ipv6 = true;
             }},
        {.name = "mcast_src_ip", .read = read_source},
        {.name = "unicast_src_ip", .read = read_source},
        {.name = "unicast_peer", .shape = Shape::block, .read = read_unicast_peers},
        {.name = "check_unicast_src",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 expect_no_value(statement, diagnostics);
                 draft.check_unicast_source = true;
             }},
        {.name = "v3_checksum_as_v2",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 expect_no_value(statement, diagnostics);
                 draft.instance.checksum_of_message_only = true;
             }},
        {.name = "preempt_delay",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 draft.preempt_delay_position = statement.keyword().position;
                 const auto delay_ms =
                     read_time(statement,
                               {.units_per_s = kMillisecondsPerSecond,
                                .min_units = 0,
                                .max_units = kPreemptDelayMaxS * kMillisecondsPerSecond},
                               diagnostics);
                 draft.instance.preempt_delay_ms = delay_ms.value_or(0);
             }},
        {.name = "garp_master_delay", .read = read_announcement_time<&Announcements::delay_s>},
        {.name = "garp_master_repeat", .read = read_announcement_count<&Announcements::repeat>},
        {.name = "garp_master_refresh", .read = read_announcement_time<&Announcements::refresh_s>},
        {.name = "garp_master_refresh_repeat",
         .read = read_announcement_count<&Announcements::refresh_repeat>},
        {.name = "garp_lower_prio_delay",
         .read = read_announcement_time<&Announcements::lower_priority_delay_s>},
        {.name = "garp_lower_prio_repeat",
         .read = read_announcement_count<&Announcements::lower_priority_repeat>},
        {.name = "preempt",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 expect_no_value(statement, diagnostics);
                 draft.instance.preempt = true;
             }},
        {.name = "nopreempt",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 expect_no_value(statement, diagnostics);
                 draft.instance.preempt = false;
                 draft.nopreempt_position = statement.keyword().position;
             }},
        {.name = "use_vmac", .read = read_virtual_mac},
        {.name = "vmac_xmit_base",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 expect_no_value(statement, diagnostics);
                 draft.virtual_mac.adverts_from_base = true;
                 draft.virtual_mac.position = statement.keyword().position;
             }},
        {.name = "dont_track_primary",
         .read =
             [](const Statement& statement, VrrpDraft& draft, Diagnostics& diagnostics) {
                 expect_no_value(statement, diagnostics);
                 draft.instance.ignores_link = true;
             }},
        {.name = "authentication", .shape = Shape::block, .read = read_authentication},
        {.name = "virtual_ipaddress",
         .shape = Shape::block,
         .read =
             [](const Statement& block, VrrpDraft& draft, Diagnostics& diagnostics) {
                 read_virtual_addresses(
                     block, model::kVirtualAddressesMax, draft.instance.addresses, diagnostics);
             }},
        {.name = "virtual_ipaddress_excluded",
         .shape = Shape::block,
         .read =
             [](const Statement& block, VrrpDraft& draft, Diagnostics& diagnostics) {
                 read_virtual_addresses(block,
                                        model::kExcludedAddressesMax,
                                        draft.instance.excluded_addresses,
                                        diagnostics);
             }},
    });

}  // namespace

VrrpDraft read_vrrp_instance(const Statement& block, Diagnostics& diagnostics) {
    VrrpDraft draft;
    draft.position = block.keyword().position;
    if (const Word* const name = single_value(block, diagnostics)) {
        draft.instance.name = name->text;
    }
    BlockReader<VrrpDraft> own(kInstanceKeywords, unread_in_vrrp_instance(), draft, diagnostics);
    BlockReader<model::VrrpNotify> notify(
        vrrp_notify_keywords(), {}, draft.instance.notify, diagnostics);
    BlockReader<TrackDrafts> tracks(vrrp_track_keywords(), {}, draft.tracks, diagnostics);
    for (const Statement& statement : block.children) {
        if (notify.knows(statement)) {
            notify.read(statement);
        } else if (tracks.knows(statement)) {
            tracks.read(statement);
        } else {
            own.read(statement);
        }
    }
    return draft;
}

}  // namespace fpvs::config
