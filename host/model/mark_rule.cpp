// SPDX-License-Identifier: Apache-2.0
#include "host/model/mark_rule.hpp"

#include <array>

namespace fpvs::model {
namespace {

constexpr std::uint16_t kVlanMax = 4094;            // IEEE 802.1Q 9.6: 4095 is reserved.
constexpr std::size_t kInterfaceNameBytesMax = 15;  // Linux's IFNAMSIZ without its zero.

struct ProtocolName {
    Protocol protocol;
    std::string_view name;
};
constexpr std::array kProtocolNames{ProtocolName{Protocol::tcp, "tcp"},
                                    ProtocolName{Protocol::udp, "udp"},
                                    ProtocolName{Protocol::sctp, "sctp"}};

}  // namespace

std::string_view name(Protocol protocol) {
    for (const ProtocolName& entry : kProtocolNames) {
        if (entry.protocol == protocol) {
            return entry.name;
        }
    }
    return "?";
}

std::optional<Protocol> parse_protocol(std::string_view name) {
    for (const ProtocolName& entry : kProtocolNames) {
        if (entry.name == name) {
            return entry.protocol;
        }
    }
    return std::nullopt;
}

Status check(const MarkRule& rule) {
    if (rule.mark == 0) {
        return fail(Code::invalid_argument, "0 is no firewall mark");
    }
    if (rule.destination && rule.source &&
        rule.destination->address.family != rule.source->address.family) {
        return fail(Code::invalid_argument,
                    "destination {} and source {} are of different families",
                    to_string(*rule.destination),
                    to_string(*rule.source));
    }
    if (rule.first_port > rule.last_port || (rule.has_ports() && rule.first_port == 0)) {
        return fail(Code::invalid_argument,
                    "ports from {} to {} are none",
                    rule.first_port,
                    rule.last_port);
    }
    if (rule.vlan && (*rule.vlan == 0 || *rule.vlan > kVlanMax)) {
        return fail(Code::invalid_argument, "{} is no VLAN, 1 to {} are", *rule.vlan, kVlanMax);
    }
    if (rule.interface.size() > kInterfaceNameBytesMax ||
        rule.interface.find_first_of("/: \t\n") != std::string::npos) {
        return fail(Code::invalid_argument, "'{}' cannot be an interface's name", rule.interface);
    }
    return {};
}

}  // namespace fpvs::model
