// SPDX-License-Identifier: Apache-2.0
#include "host/config/fpvs_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>
#include <system_error>

#include "host/config/announce_reader.hpp"
#include "host/config/block.hpp"
#include "host/config/values.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint32_t kPortMax = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint32_t kVlanMax = 4094;

void read_setting(const Statement& statement, model::Config& config, Diagnostics& diagnostics) {
    constexpr std::size_t kWords = 3;
    const std::vector<Word>& words = statement.words;
    if (words.size() != kWords) {
        diagnostics.error(statement.keyword().position, "'set' needs a name and a number");
        return;
    }
    const std::string& text = words[2].text;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        diagnostics.error(words[2].position, "'{}' is no number", text);
        return;
    }
    for (const model::SettingChange& other : config.settings) {
        if (other.name == words[1].text) {
            diagnostics.error(
                words[1].position, "'{}' is already set at {}", other.name, other.where);
            return;
        }
    }
    config.settings.push_back(
        {.name = words[1].text, .value = value, .where = diagnostics.place(words[1].position)});
}

// ---- firewall_mark.

std::optional<model::Prefix> read_prefix(const Statement& statement, Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return std::nullopt;
    }
    const auto prefix = model::parse_prefix(word->text);
    if (!prefix) {
        diagnostics.error(word->position,
                          "'{}' must be an address or a block such as 10.0.0.0/8, not '{}'",
                          statement.keyword().text,
                          word->text);
    }
    return prefix;
}

void read_ports(const Statement& statement, model::MarkRule& rule, Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return;
    }
    const std::size_t dash = word->text.find('-');
    Word first = *word;
    Word last = *word;
    if (dash != std::string::npos) {
        first.text.resize(dash);
        last.text.erase(0, dash + 1);
    }
    const auto first_port =
        read_number(first, "the first port", {.min = 1, .max = kPortMax}, diagnostics);
    if (!first_port) {
        return;
    }
    const auto last_port =
        read_number(last, "the last port", {.min = *first_port, .max = kPortMax}, diagnostics);
    rule.first_port = static_cast<std::uint16_t>(*first_port);
    rule.last_port = static_cast<std::uint16_t>(last_port.value_or(*first_port));
}

constexpr auto kMarkKeywords = std::to_array<Keyword<model::MarkRule>>({
    {.name = "destination",
     .read =
         [](const Statement& statement, model::MarkRule& rule, Diagnostics& diagnostics) {
             rule.destination = read_prefix(statement, diagnostics);
         }},
    {.name = "source",
     .read = [](const Statement& statement,
                model::MarkRule& rule,
                Diagnostics& diagnostics) { rule.source = read_prefix(statement, diagnostics); }},
    {.name = "protocol",
     .read =
         [](const Statement& statement, model::MarkRule& rule, Diagnostics& diagnostics) {
             static constexpr std::initializer_list<std::string_view> kNames = {
                 "tcp", "udp", "sctp"};
             if (const auto choice = read_choice(statement, kNames, diagnostics)) {
                 rule.protocol = model::parse_protocol(std::data(kNames)[*choice]);
             }
         }},
    {.name = "port", .read = read_ports},
    {.name = "interface",
     .read =
         [](const Statement& statement, model::MarkRule& rule, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 rule.interface = read_interface(*word, diagnostics).value_or("");
             }
         }},
    {.name = "vlan",
     .read =
         [](const Statement& statement, model::MarkRule& rule, Diagnostics& diagnostics) {
             if (const auto vlan =
                     read_number(statement, {.min = 1, .max = kVlanMax}, diagnostics)) {
                 rule.vlan = static_cast<std::uint16_t>(*vlan);
             }
         }},
});

void read_firewall_mark(const Statement& block, model::Config& config, Diagnostics& diagnostics) {
    const Position place = block.keyword().position;
    const Word* const word = single_value(block, diagnostics);
    model::MarkRule rule;
    if (word != nullptr) {
        constexpr NumberRange kMarks{.min = 1, .max = std::numeric_limits<std::uint32_t>::max()};
        rule.mark = read_number(*word, "the mark", kMarks, diagnostics).value_or(1);
    }
    read_block<model::MarkRule>(block.children, kMarkKeywords, {}, rule, diagnostics);
    if (word == nullptr || diagnostics.failed()) {
        return;
    }
    if (const Status status = model::check(rule); !status) {
        diagnostics.error(place, "{}", status.error().message);
    } else if (std::find(config.mark_rules.begin(), config.mark_rules.end(), rule) !=
               config.mark_rules.end()) {
        diagnostics.error(place, "this rule is already there");
    } else if (config.mark_rules.size() == model::kMarkRulesMax) {
        diagnostics.error(place, "more than {} firewall_mark blocks", model::kMarkRulesMax);
    } else {
        config.mark_rules.push_back(std::move(rule));
    }
}

constexpr auto kFpvsKeywords = std::to_array<Keyword<model::Config>>({
    {.name = "set", .read = read_setting, .repeats = true},
    {.name = "firewall_mark", .shape = Shape::block, .read = read_firewall_mark},
    {.name = "announce", .shape = Shape::block, .read = read_announce},
    {.name = "workers",
     .read =
         [](const Statement& statement, model::Config& config, Diagnostics& diagnostics) {
             config.workers =
                 read_number(statement, {.min = 1, .max = model::kWorkersMax}, diagnostics);
         }},
});

}  // namespace

void read_fpvs(const Statement& block, model::Config& config, Diagnostics& diagnostics) {
    expect_no_value(block, diagnostics);
    read_block<model::Config>(block.children, kFpvsKeywords, {}, config, diagnostics);
}

}  // namespace fpvs::config
