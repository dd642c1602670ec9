// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/dns_question.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace fpvs::probe {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::uint8_t kRecursionDesired = 0x01;  // Of octet 2.
constexpr std::uint8_t kIsResponse = 0x80;        // Of octet 2.
constexpr std::uint8_t kCodeMask = 0x0f;          // Of octet 3.
constexpr std::uint16_t kClassInternet = 1;

void append_16(std::vector<std::uint8_t>& octets, std::uint16_t value) {
    octets.push_back(static_cast<std::uint8_t>(value >> 8));
    octets.push_back(static_cast<std::uint8_t>(value));
}

// "www.example.com" as 3 www 7 example 3 com 0; "." as 0.
void append_name(std::vector<std::uint8_t>& octets, std::string_view name) {
    while (!name.empty() && name != ".") {
        const std::size_t length = std::min(name.find('.'), name.size());
        octets.push_back(static_cast<std::uint8_t>(length));
        octets.insert(octets.end(), name.begin(), name.begin() + static_cast<long>(length));
        name.remove_prefix(std::min(length + 1, name.size()));
    }
    octets.push_back(0);
}

}  // namespace

DatagramQuestion dns_question(const model::DnsCheck& check, std::uint16_t id) {
    DatagramQuestion question{.kind = {.type = SOCK_DGRAM}};
    std::vector<std::uint8_t>& query = question.datagram;
    append_16(query, id);
    query.push_back(kRecursionDesired);
    query.push_back(0);
    for (const std::uint16_t count : {1, 0, 0, 0}) {
        append_16(query, count);
    }
    append_name(query, check.name);
    append_16(query, static_cast<std::uint16_t>(check.type));
    append_16(query, kClassInternet);
    question.judge = [id](std::span<const std::uint8_t> answer,
                          std::size_t) -> std::optional<provider::ProbeReport> {
        if (answer.size() < kHeaderBytes || (answer[2] & kIsResponse) == 0 ||
            (answer[0] << 8 | answer[1]) != id) {
            return std::nullopt;
        }
        const int code = answer[3] & kCodeMask;
        if (code != 0) {
            return provider::ProbeReport{
                .success = false, .result = fmt::format("read error occurred. (rcode = {})", code)};
        }
        return provider::ProbeReport{.success = true, .result = "answered"};
    };
    return question;
}

}  // namespace fpvs::probe
