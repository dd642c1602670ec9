// SPDX-License-Identifier: Apache-2.0
#include "host/config/announce_reader.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "host/config/block.hpp"
#include "host/config/values.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint32_t kMsPerSecond = 1000;
constexpr std::uint32_t kLingerMsMax = 3600 * kMsPerSecond;
constexpr TimeRange kLinger{.units_per_s = kMsPerSecond, .max_units = kLingerMsMax};
constexpr TimeRange kLookInterval{
    .units_per_s = kMsPerSecond, .min_units = 100, .max_units = 3600 * kMsPerSecond};
constexpr std::size_t kRouteMapLettersMax = 63;

using model::Announce;

// FRR takes it as one word of a command.
bool is_route_map(const std::string& name) {
    return !name.empty() && name.size() <= kRouteMapLettersMax &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == ':';
           });
}

void read_path(const Statement& statement, std::string& path, Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    if (word == nullptr) {
        return;
    }
    if (!word->text.starts_with('/')) {
        diagnostics.error(word->position, "'{}' must be a whole path", word->text);
        return;
    }
    path = word->text;
}

void read_addresses(const Statement& statement,
                    std::vector<model::IpAddress>& addresses,
                    const std::vector<model::IpAddress>& others,
                    Diagnostics& diagnostics) {
    if (statement.words.size() < 2) {
        diagnostics.error(
            statement.keyword().position, "'{}' needs an address", statement.keyword().text);
    }
    for (std::size_t i = 1; i < statement.words.size(); ++i) {
        const Word& word = statement.words[i];
        const auto address = read_address(word, "the address", diagnostics);
        if (!address) {
            continue;
        }
        if (std::find(others.begin(), others.end(), *address) != others.end()) {
            diagnostics.error(word.position,
                              "{} cannot be announced always and never",
                              model::to_string(*address));
        } else if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
            addresses.push_back(*address);
        }
    }
}

constexpr auto kKeywords = std::to_array<Keyword<Announce>>({
    {.name = "bgp",
     .read =
         [](const Statement& statement, Announce& announce, Diagnostics& diagnostics) {
             constexpr NumberRange kNumbers{.min = 1,
                                            .max = std::numeric_limits<std::uint32_t>::max()};
             announce.bgp_as = read_number(statement, kNumbers, diagnostics).value_or(1);
         }},
    {.name = "route_map",
     .read =
         [](const Statement& statement, Announce& announce, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 if (!is_route_map(word->text)) {
                     diagnostics.error(
                         word->position, "'{}' is no name of a route-map", word->text);
                 }
                 announce.route_map = word->text;
             }
         }},
    {.name = "vtysh",
     .read = [](const Statement& statement,
                Announce& announce,
                Diagnostics& diagnostics) { read_path(statement, announce.vtysh, diagnostics); }},
    {.name = "vty_socket",
     .read =
         [](const Statement& statement, Announce& announce, Diagnostics& diagnostics) {
             read_path(statement, announce.vty_socket, diagnostics);
         }},
    {.name = "always",
     .read =
         [](const Statement& statement, Announce& announce, Diagnostics& diagnostics) {
             read_addresses(statement, announce.always, announce.never, diagnostics);
         },
     .repeats = true},
    {.name = "never",
     .read =
         [](const Statement& statement, Announce& announce, Diagnostics& diagnostics) {
             read_addresses(statement, announce.never, announce.always, diagnostics);
         },
     .repeats = true},
    {.name = "linger",
     .read =
         [](const Statement& statement, Announce& announce, Diagnostics& diagnostics) {
             announce.linger_ms =
                 read_time(statement, kLinger, diagnostics).value_or(announce.linger_ms);
         }},
    {.name = "look_interval",
     .read =
         [](const Statement& statement, Announce& announce, Diagnostics& diagnostics) {
             announce.look_interval_ms = read_time(statement, kLookInterval, diagnostics)
                                             .value_or(announce.look_interval_ms);
         }},
});

}  // namespace

void read_announce(const Statement& block, model::Config& config, Diagnostics& diagnostics) {
    const Position place = block.keyword().position;
    expect_no_value(block, diagnostics);
    if (config.announce) {
        diagnostics.error(place, "there is an 'announce' already");
        return;
    }
    Announce announce;
    read_block<Announce>(block.children, kKeywords, {}, announce, diagnostics);
    if (announce.bgp_as == 0) {
        diagnostics.error(place, "'announce' needs 'bgp'");
    }
    config.announce = std::move(announce);
}

void print_announce(Writer& out, const Announce& announce) {
    const Announce usual;
    out.open("announce");
    out.line("bgp {}", announce.bgp_as);
    if (announce.route_map != usual.route_map) {
        out.line("route_map {}", announce.route_map);
    }
    if (announce.vtysh != usual.vtysh) {
        out.line("vtysh {}", quoted(announce.vtysh));
    }
    if (!announce.vty_socket.empty()) {
        out.line("vty_socket {}", quoted(announce.vty_socket));
    }
    for (const model::IpAddress& address : announce.always) {
        out.line("always {}", model::to_string(address));
    }
    for (const model::IpAddress& address : announce.never) {
        out.line("never {}", model::to_string(address));
    }
    out.line("linger {}", seconds(announce.linger_ms));
    out.line("look_interval {}", seconds(announce.look_interval_ms));
    out.close();
}

}  // namespace fpvs::config
