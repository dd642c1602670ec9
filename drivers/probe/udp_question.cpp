// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/udp_question.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace fpvs::probe {
namespace {

constexpr std::string_view kUsualText = "fpvs check - fpvs check - fpvs c";  // 32 octets.

// As far as both go.
bool begins_as(std::span<const std::uint8_t> reply, const std::vector<model::MaskedOctet>& wanted) {
    const std::size_t octets = std::min(reply.size(), wanted.size());
    for (std::size_t i = 0; i < octets; ++i) {
        if (((reply[i] ^ wanted[i].value) & wanted[i].mask) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace

DatagramQuestion udp_question(const model::UdpCheck& check) {
    DatagramQuestion question{.kind = {.type = SOCK_DGRAM}};
    question.datagram = check.payload.empty()
                            ? std::vector<std::uint8_t>(kUsualText.begin(), kUsualText.end())
                            : check.payload;
    question.judge = [&check](std::span<const std::uint8_t> beginning,
                              std::size_t size_bytes) -> std::optional<provider::ProbeReport> {
        if (!check.reply_required) {
            return provider::ProbeReport{.success = true, .result = "answered"};
        }
        if (size_bytes < check.reply_bytes_min || size_bytes > check.reply_bytes_max) {
            return provider::ProbeReport{.success = false,
                                         .result = fmt::format("reply of {} octets", size_bytes)};
        }
        const bool good = begins_as(beginning, check.reply);
        return provider::ProbeReport{.success = good, .result = good ? "answered" : "wrong reply"};
    };
    return question;
}

}  // namespace fpvs::probe
