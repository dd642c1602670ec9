// SPDX-License-Identifier: Apache-2.0
// A rule that gives packets a firewall mark, by which a virtual service finds them.  IPVS leaves
// this to the kernel's packet filter; FPVS's packets do not come by it, so the rules are its own.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "host/model/prefix.hpp"
#include "host/model/virtual_service.hpp"
#include "host/util/result.hpp"

namespace fpvs::model {

// A packet that meets every condition has the mark.  Of several rules that fit, the first counts.
// `destination` and `source` are of one family, which then is that of the packets, too.
struct MarkRule {
    std::uint32_t mark = 0;  // Never 0 in a rule.
    std::optional<Prefix> destination = {};
    std::optional<Prefix> source = {};
    std::optional<Protocol> protocol = {};
    // Of destination ports.  The whole range is no condition; any other is met only by packets
    // that have ports.
    std::uint16_t first_port = 0;
    std::uint16_t last_port = std::numeric_limits<std::uint16_t>::max();
    std::string interface = {};  // Where it came in; empty: anywhere.
    std::optional<std::uint16_t> vlan = {};

    [[nodiscard]] bool has_ports() const {
        return first_port != 0 || last_port != std::numeric_limits<std::uint16_t>::max();
    }

    friend bool operator==(const MarkRule&, const MarkRule&) = default;
};

// Whether it can be meant: the sentence says what is wrong.
[[nodiscard]] Status check(const MarkRule& rule);

// "tcp", as rules, files and services databases write it.
[[nodiscard]] std::string_view name(Protocol protocol);
[[nodiscard]] std::optional<Protocol> parse_protocol(std::string_view name);

}  // namespace fpvs::model
