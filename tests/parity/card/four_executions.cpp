// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/card/four_executions.hpp"

#include <fmt/core.h>

#include "tests/kit/frame_diff.hpp"
#include "tests/parity/packets/compare_frames.hpp"

namespace fpvs::parity {
namespace {

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

}  // namespace

FourExecutions::FourExecutions(const World& world, kit::CardDataplane& dataplane)
    : pair_(world), card_(world, dataplane) {}

FourExecutions::Step FourExecutions::receive(const FrameOperation& operation) {
    Step step;
    now_ms_ += operation.pause_ms;
    card_.follow(pair_.model(), now_ms_);
    step.before = pair_.model().ipvs.services();
    step.difference = pair_.receive(operation, now_ms_, step.outcome);
    step.after = pair_.model().ipvs.services();
    step.card = card_.receive(operation.port, operation.bytes);
    step.difference += compare_card(operation, step.outcome, step.card);
    if (!step.card.sent.empty()) {
        card_.forwarded(step.before, step.after);
    }
    return step;
}

void CardTally::add(const FourExecutions::Step& step) {
    forwarded_by_both += step.outcome.fate == reference::Fate::forward ? 1 : 0;
    if (step.card.punted.empty()) {
        ++forwarded;
    } else {
        ++punted[step.card.punted.front().reason];
    }
}

std::optional<PacketFailure> play_with_card(const World& world,
                                            std::span<const FrameOperation> operations,
                                            kit::CardDataplane& dataplane,
                                            CardTally& tally) {
    FourExecutions executions(world, dataplane);
    for (std::size_t i = 0; i < operations.size(); ++i) {
        FourExecutions::Step step = executions.receive(operations[i]);
        if (!step.difference.empty()) {
            return PacketFailure{i, std::move(step.difference)};
        }
        tally.add(step);
    }
    if (std::string difference = executions.finish(); !difference.empty()) {
        return PacketFailure{operations.empty() ? 0 : operations.size() - 1, std::move(difference)};
    }
    return std::nullopt;
}

}  // namespace fpvs::parity
