// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/ping_question.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace fpvs::probe {
namespace {

// RFC 792 and RFC 4443 4.1: type, code, checksum, identifier, sequence number, data.
constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kDataBytes = 8;
constexpr std::uint8_t kSequence = 1;

struct EchoTypes {
    std::uint8_t request;
    std::uint8_t reply;
};

EchoTypes types_of(model::Family family) {
    return family == model::Family::ipv4 ? EchoTypes{.request = 8, .reply = 0}
                                         : EchoTypes{.request = 128, .reply = 129};
}

// RFC 1071, over an even number of octets.
std::uint16_t checksum(std::span<const std::uint8_t> octets) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < octets.size(); i += 2) {
        sum += static_cast<std::uint32_t>(octets[i] << 8 | octets[i + 1]);
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

// Raw sockets of IPv4 deliver the IP header, those of IPv6 do not.
std::span<const std::uint8_t> without_ip_header(std::span<const std::uint8_t> packet,
                                                model::Family family) {
    if (family == model::Family::ipv6 || packet.empty()) {
        return packet;
    }
    const std::size_t header = static_cast<std::size_t>(packet[0] & 0xf) * 4;
    return packet.subspan(std::min(header, packet.size()));
}

}  // namespace

DatagramQuestion ping_question(model::Family family, std::uint16_t id) {
    const bool ipv4 = family == model::Family::ipv4;
    DatagramQuestion question{.kind = {.type = SOCK_RAW,
                                       .protocol = ipv4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6},
                                       .has_ports = false}};
    std::vector<std::uint8_t>& echo = question.datagram;
    echo.assign(kHeaderBytes + kDataBytes, 0);
    echo[0] = types_of(family).request;
    echo[4] = static_cast<std::uint8_t>(id >> 8);
    echo[5] = static_cast<std::uint8_t>(id);
    echo[7] = kSequence;
    if (ipv4) {  // The kernel computes that of ICMPv6, which covers addresses too.
        const std::uint16_t sum = checksum(echo);
        echo[2] = static_cast<std::uint8_t>(sum >> 8);
        echo[3] = static_cast<std::uint8_t>(sum);
    }
    question.judge = [family, id](std::span<const std::uint8_t> packet,
                                  std::size_t) -> std::optional<provider::ProbeReport> {
        const auto message = without_ip_header(packet, family);
        const bool answer = message.size() >= kHeaderBytes &&
                            message[0] == types_of(family).reply &&
                            (message[4] << 8 | message[5]) == id && message[7] == kSequence;
        return answer ? std::optional(provider::ProbeReport{.success = true, .result = "answered"})
                      : std::nullopt;
    };
    return question;
}

}  // namespace fpvs::probe
