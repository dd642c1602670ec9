// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/card/four_executions.hpp"

#include <fmt/core.h>

#include "tests/kit/frame_diff.hpp"
#include "tests/parity/card/card_twin.hpp"
#include "tests/parity/packets/compare_frames.hpp"
#include "tests/parity/packets/real_director.hpp"

namespace fpvs::parity {
namespace {

constexpr std::uint64_t kStartMs = 1'000'000;

// What the card did with a frame, against what the reference says of it.
[[nodiscard]] std::string compare_card(const FrameOperation& operation,
                                       const reference::Outcome& outcome,
                                       const CardTwin::Answer& answer) {
    if (answer.sent.size() + answer.punted.size() != 1) {
        return fmt::format("the card sends {} frames and hands over {}\n",
                           answer.sent.size(),
                           answer.punted.size());
    }
    if (!answer.punted.empty()) {
        const kit::Punted& punted = answer.punted.front();
        if (punted.port != operation.port) {
            return fmt::format("the card names port {}\n", punted.port);
        }
        return kit::frame_diff(operation.bytes, punted.frame);
    }
    if (outcome.fate != reference::Fate::forward) {
        return "the card forwards what is not to be forwarded\n" + list("card", answer.sent);
    }
    return compare_sent(outcome.sent, answer.sent, "card");
}

void count(const reference::Outcome& outcome, const CardTwin::Answer& answer, CardTally& tally) {
    tally.forwarded_by_both += outcome.fate == reference::Fate::forward ? 1 : 0;
    if (answer.punted.empty()) {
        ++tally.forwarded;
    } else {
        ++tally.punted[answer.punted.front().reason];
    }
}

}  // namespace

std::optional<PacketFailure> play_with_card(const World& world,
                                            std::span<const FrameOperation> operations,
                                            kit::CardDataplane& dataplane,
                                            CardTally& tally) {
    PacketPair pair(world);
    CardTwin card(world, dataplane);
    std::uint64_t now_ms = kStartMs;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const FrameOperation& operation = operations[i];
        now_ms += operation.pause_ms;
        card.follow(pair.model(), now_ms);
        const auto before = pair.model().ipvs.services();
        reference::Outcome outcome;
        std::string difference = pair.receive(operation, now_ms, outcome);
        const CardTwin::Answer answer = card.receive(operation.port, operation.bytes);
        difference += compare_card(operation, outcome, answer);
        if (!difference.empty()) {
            return PacketFailure{i, std::move(difference)};
        }
        count(outcome, answer, tally);
        if (!answer.sent.empty()) {
            card.forwarded(before, pair.model().ipvs.services());
        }
    }
    if (std::string difference = card.check_counters(); !difference.empty()) {
        return PacketFailure{operations.empty() ? 0 : operations.size() - 1, std::move(difference)};
    }
    return std::nullopt;
}

}  // namespace fpvs::parity
