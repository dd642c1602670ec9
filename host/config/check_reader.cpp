// SPDX-License-Identifier: Apache-2.0
#include "host/config/check_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "host/config/check_keywords.hpp"
#include "host/config/script_reader.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

// ---- SMTP_CHECK.

// The hosts of one check are checks of their own: the server is up if all of them are.
void read_smtp_host(const Statement& block, CheckDraft& draft, Diagnostics& diagnostics) {
    expect_no_value(block, diagnostics);
    CheckDraft host;
    read_block<CheckDraft>(block.children, kEndpointKeywords, {}, host, diagnostics);
    draft.hosts.push_back(std::move(host.check));
}

constexpr auto kSmtpKeywords =
    join(kCommonKeywords,
         std::to_array<Keyword<CheckDraft>>({
             {.name = "helo_name",
              .read =
                  [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                      const Word* const word = single_value(statement, diagnostics);
                      if (word == nullptr) {
                          return;
                      }
                      if (!is_one_line(word->text)) {
                          diagnostics.error(word->position, "'helo_name' must be one line of text");
                          return;
                      }
                      detail_of<model::SmtpCheck>(draft).helo_name = word->text;
                  }},
             {.name = "host", .shape = Shape::block, .read = read_smtp_host},
         }));

// ---- DNS_CHECK.

constexpr std::array<std::pair<std::string_view, model::DnsType>, 7> kDnsTypes{{
    {"A", model::DnsType::a},
    {"NS", model::DnsType::ns},
    {"CNAME", model::DnsType::cname},
    {"SOA", model::DnsType::soa},
    {"MX", model::DnsType::mx},
    {"TXT", model::DnsType::txt},
    {"AAAA", model::DnsType::aaaa},
}};

// RFC 1035 2.3.4: labels of 1 to 63 octets, 255 together with their lengths.
bool is_domain_name(std::string_view name) {
    constexpr std::size_t kLabelMax = 63;
    constexpr std::size_t kNameMax = 253;
    if (name == ".") {
        return true;
    }
    if (name.ends_with('.')) {
        name.remove_suffix(1);
    }
    if (name.empty() || name.size() > kNameMax) {
        return false;
    }
    while (true) {
        const std::size_t dot = name.find('.');
        const std::size_t label = std::min(dot, name.size());
        if (label == 0 || label > kLabelMax) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        name.remove_prefix(dot + 1);
    }
}

constexpr auto kDnsKeywords =
    join(kCommonKeywords,
         std::to_array<Keyword<CheckDraft>>({
             {.name = "type",
              .read =
                  [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                      const auto choice = read_choice(
                          statement, {"A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA"}, diagnostics);
                      if (choice) {
                          detail_of<model::DnsCheck>(draft).type = kDnsTypes[*choice].second;
                      }
                  }},
             {.name = "name",
              .read =
                  [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                      const Word* const word = single_value(statement, diagnostics);
                      if (word == nullptr) {
                          return;
                      }
                      if (!is_domain_name(word->text)) {
                          diagnostics.error(word->position,
                                            "'{}' is no domain name: labels of 1 to 63 octets with "
                                            "dots between them, 253 octets in all",
                                            word->text);
                          return;
                      }
                      detail_of<model::DnsCheck>(draft).name = word->text;
                  }},
         }));

// ---- UDP_CHECK.

int hex_digit(char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const char lower = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const std::size_t value = kDigits.find(lower);
    return value == std::string_view::npos ? -1 : static_cast<int>(value);
}

// "Ab12f 3" is ab 12 0f 03: digits count in pairs within a word.  With a mask an X stands for any
// digit.
bool append_octets(std::string_view text, bool with_mask, std::vector<model::MaskedOctet>& into) {
    for (std::size_t at = 0; at < text.size(); at += 2) {
        const std::string_view digits = text.substr(at, 2);
        model::MaskedOctet octet{.value = 0, .mask = 0};
        for (const char c : digits) {
            const int value = hex_digit(c);
            const bool any = with_mask && (c == 'x' || c == 'X');
            if (value < 0 && !any) {
                return false;
            }
            octet.value = static_cast<std::uint8_t>(octet.value << 4 | (any ? 0 : value));
            octet.mask = static_cast<std::uint8_t>(octet.mask << 4 | (any ? 0 : 0xf));
        }
        if (digits.size() == 1) {
            octet.mask |= 0xf0;
        }
        into.push_back(octet);
    }
    return true;
}

std::vector<model::MaskedOctet> read_octets(const Statement& statement,
                                            bool with_mask,
                                            Diagnostics& diagnostics) {
    std::vector<model::MaskedOctet> octets;
    for (const Word& word : std::span(statement.words).subspan(1)) {
        if (!append_octets(word.text, with_mask, octets)) {
            diagnostics.error(word.position,
                              "'{}' must be hexadecimal digits{}, not '{}'",
                              statement.keyword().text,
                              with_mask ? " or X for any" : "",
                              word.text);
            return {};
        }
    }
    if (octets.size() > model::kUdpCheckBytesMax) {
        diagnostics.error(statement.keyword().position,
                          "'{}' is longer than {} octets",
                          statement.keyword().text,
                          model::kUdpCheckBytesMax);
    }
    return octets;
}

void read_reply_length(const Statement& statement, std::uint16_t& into, Diagnostics& diagnostics) {
    if (const auto length = read_number(statement, {.min = 0, .max = UINT16_MAX}, diagnostics)) {
        into = static_cast<std::uint16_t>(*length);
    }
}

constexpr auto kUdpKeywords = join(
    kCommonKeywords,
    std::to_array<Keyword<CheckDraft>>({
        {.name = "payload",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 std::vector<std::uint8_t>& payload = detail_of<model::UdpCheck>(draft).payload;
                 payload.clear();
                 for (const auto& octet : read_octets(statement, false, diagnostics)) {
                     payload.push_back(octet.value);
                 }
                 if (payload.empty() && statement.words.size() < 2) {
                     diagnostics.error(statement.keyword().position, "'payload' needs a value");
                 }
             }},
        {.name = "require_reply",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 auto& check = detail_of<model::UdpCheck>(draft);
                 check.reply_required = true;
                 check.reply = read_octets(statement, true, diagnostics);
             }},
        {.name = "min_reply_length",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 read_reply_length(
                     statement, detail_of<model::UdpCheck>(draft).reply_bytes_min, diagnostics);
             }},
        {.name = "max_reply_length",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 read_reply_length(
                     statement, detail_of<model::UdpCheck>(draft).reply_bytes_max, diagnostics);
             }},
    }));

// ---- MISC_CHECK.

constexpr auto kMiscKeywords = join(
    kScheduleKeywords,
    std::to_array<Keyword<CheckDraft>>({
        {.name = "misc_path",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 if (const Word* const word = single_value(statement, diagnostics)) {
                     detail_of<model::MiscCheck>(draft).script.arguments =
                         split_command(*word, diagnostics);
                 }
             }},
        {.name = "misc_timeout",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 detail_of<model::MiscCheck>(draft).timeout_ms =
                     read_time(statement, milliseconds_from(0), diagnostics).value_or(0);
             }},
        {.name = "misc_dynamic",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 detail_of<model::MiscCheck>(draft).dynamic = read_flag(statement, diagnostics);
             }},
        {.name = "user",
         .read =
             [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
                 model::Script& script = detail_of<model::MiscCheck>(draft).script;
                 read_user(statement, script.user, script.group, diagnostics);
             }},
    }));

// ---- FILE_CHECK.

constexpr auto kFileKeywords = std::to_array<Keyword<CheckDraft>>({
    {.name = "track_file",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 detail_of<model::FileCheck>(draft).track_file = word->text;
                 draft.track_file_place = word->position;
             }
         }},
    {.name = "weight",
     .read =
         [](const Statement& statement, CheckDraft& draft, Diagnostics& diagnostics) {
             detail_of<model::FileCheck>(draft).weight = read_track_weight(statement, diagnostics);
         }},
    // The number changes the weight with and without it, in keepalived 2.2.7 as well.
    {.name = "dynamic",
     .read = [](const Statement& statement,
                CheckDraft&,
                Diagnostics& diagnostics) { expect_no_value(statement, diagnostics); }},
});

}  // namespace

void read_tcp_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    server.checks.push_back(read_checker(block, kCommonKeywords, model::TcpCheck{}, diagnostics));
}

void read_ping_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    server.checks.push_back(read_checker(block, kCommonKeywords, model::PingCheck{}, diagnostics));
}

void read_dns_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    server.checks.push_back(read_checker(block, kDnsKeywords, model::DnsCheck{}, diagnostics));
}

void read_smtp_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    const CheckDraft draft = read_checker(block, kSmtpKeywords, model::SmtpCheck{}, diagnostics);
    if (draft.hosts.empty()) {
        server.checks.push_back(draft);
    }
    for (const model::HealthCheck& host : draft.hosts) {
        CheckDraft check = draft;
        check.check.connect_address = host.connect_address;
        check.check.connect_port = host.connect_port;
        check.check.bind_address = host.bind_address;
        check.check.bind_interface = host.bind_interface;
        check.check.bind_port = host.bind_port;
        server.checks.push_back(std::move(check));
    }
}

void read_udp_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    CheckDraft draft = read_checker(block, kUdpKeywords, model::UdpCheck{}, diagnostics);
    const auto& check = detail_of<model::UdpCheck>(draft);
    if (check.reply_bytes_min > check.reply_bytes_max) {
        diagnostics.error(draft.place,
                          "min_reply_length {} is above max_reply_length {}",
                          check.reply_bytes_min,
                          check.reply_bytes_max);
    }
    server.checks.push_back(std::move(draft));
}

void read_misc_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    CheckDraft draft = read_checker(block, kMiscKeywords, model::MiscCheck{}, diagnostics);
    if (!detail_of<model::MiscCheck>(draft).script.given()) {
        diagnostics.error(draft.place, "MISC_CHECK needs a misc_path");
    }
    server.checks.push_back(std::move(draft));
}

void read_file_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics) {
    CheckDraft draft = read_checker(block, kFileKeywords, model::FileCheck{}, diagnostics);
    if (detail_of<model::FileCheck>(draft).track_file.empty()) {
        diagnostics.error(draft.place, "FILE_CHECK needs a track_file");
    }
    server.checks.push_back(std::move(draft));
}

void read_bfd_check(const Statement& block, ServerDraft&, Diagnostics& diagnostics) {
    diagnostics.warning(block.keyword().position,
                        "'BFD_CHECK' is not made: FPVS does not speak BFD; without another check "
                        "this server counts as up");
}

}  // namespace fpvs::config
