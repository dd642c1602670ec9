// SPDX-License-Identifier: Apache-2.0
#include "host/cli/mark_rule_words.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

#include "host/cli/endpoint.hpp"

namespace fpvs::cli {
namespace {

constexpr std::int64_t kMarkMax = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kPortMax = std::numeric_limits<std::uint16_t>::max();
constexpr std::int64_t kVlanMax = 4094;

// "80" or "80-90".
bool read_ports(const std::string& value, api::MarkRule& rule) {
    const std::size_t dash = value.find('-');
    const auto first = parse_number(value.substr(0, dash), 1, kPortMax);
    const auto last =
        dash == std::string::npos ? first : parse_number(value.substr(dash + 1), 1, kPortMax);
    if (!first || !last || *first > *last) {
        return false;
    }
    rule.set_first_port(static_cast<std::uint32_t>(*first));
    rule.set_last_port(static_cast<std::uint32_t>(*last));
    return true;
}

bool read_protocol(const std::string& value, api::MarkRule& rule) {
    for (const api::Protocol protocol : {api::TCP, api::UDP, api::SCTP}) {
        if (value == protocol_name(protocol)) {
            rule.set_protocol(protocol);
            return true;
        }
    }
    return false;
}

bool read_vlan(const std::string& value, api::MarkRule& rule) {
    const auto vlan = parse_number(value, 1, kVlanMax);
    rule.set_vlan(static_cast<std::uint32_t>(vlan.value_or(0)));
    return vlan.has_value();
}

// Nothing if the condition is unknown, else whether the value fits it.
std::optional<bool> read_condition(std::string_view condition,
                                   const std::string& value,
                                   api::MarkRule& rule) {
    if (condition == "destination") {
        rule.set_destination(value);
        return !value.empty();
    }
    if (condition == "source") {
        rule.set_source(value);
        return !value.empty();
    }
    if (condition == "interface") {
        rule.set_interface(value);
        return !value.empty();
    }
    if (condition == "protocol") {
        return read_protocol(value, rule);
    }
    if (condition == "port") {
        return read_ports(value, rule);
    }
    if (condition == "vlan") {
        return read_vlan(value, rule);
    }
    return std::nullopt;
}

}  // namespace

Result<api::MarkRule> parse_mark_rule(std::span<const std::string> words) {
    api::MarkRule rule;
    const auto mark = parse_number(words.front(), 1, kMarkMax);
    if (!mark) {
        return fail(Code::invalid_argument, "'{}' is no firewall mark", words.front());
    }
    rule.set_mark(static_cast<std::uint32_t>(*mark));
    std::set<std::string_view> seen;
    for (std::size_t i = 1; i < words.size(); i += 2) {
        const std::string& condition = words[i];
        if (i + 1 == words.size()) {
            return fail(Code::invalid_argument, "'{}' needs a value", condition);
        }
        const auto fits = read_condition(condition, words[i + 1], rule);
        if (!fits) {
            return fail(Code::invalid_argument,
                        "'{}' is no condition: destination, source, protocol, port, interface and "
                        "vlan are",
                        condition);
        }
        if (!*fits) {
            return fail(Code::invalid_argument, "'{}' is no {}", words[i + 1], condition);
        }
        if (!seen.insert(condition).second) {
            return fail(Code::invalid_argument, "'{}' is given twice", condition);
        }
    }
    return rule;
}

std::string mark_rule_text(const api::MarkRule& rule) {
    std::string text = std::to_string(rule.mark());
    const auto add = [&text](std::string_view condition, const std::string& value) {
        if (!value.empty()) {
            text += fmt::format(" {} {}", condition, value);
        }
    };
    add("destination", rule.destination());
    add("source", rule.source());
    if (rule.protocol() != api::PROTOCOL_UNSPECIFIED) {
        add("protocol", protocol_name(rule.protocol()));
    }
    if (rule.last_port() != 0) {
        add("port",
            rule.first_port() == rule.last_port()
                ? std::to_string(rule.first_port())
                : fmt::format("{}-{}", rule.first_port(), rule.last_port()));
    }
    add("interface", rule.interface());
    add("vlan", rule.vlan() != 0 ? std::to_string(rule.vlan()) : "");
    return text;
}

}  // namespace fpvs::cli
