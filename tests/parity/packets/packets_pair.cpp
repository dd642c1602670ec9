// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/packets/packets_pair.hpp"

#include "tests/parity/packets/compare_frames.hpp"
#include "tests/parity/packets/real_director.hpp"

namespace fpvs::parity {
namespace {

using reference::Fate;

constexpr std::uint64_t kStartMs = 1'000'000;

[[nodiscard]] std::string compare(const FrameOperation& operation,
                                  const reference::Outcome& outcome,
                                  const Passed& passed) {
    const bool in_pieces = operation.what.find("a fragment") != std::string::npos;
    const bool for_host = outcome.fate == Fate::host;
    if (in_pieces && for_host) {
        return {};  // Whether the host gets them one by one or whole is nobody's rule.
    }
    if (for_host && passed.to_host.empty()) {
        return "the slow path does not hand it to the host\n" + list("slow path", passed.sent);
    }
    if (for_host && !is_that(passed.to_host.front(), operation.bytes)) {
        return "the host gets it changed\n";
    }
    if (!for_host && !passed.to_host.empty() && !in_pieces) {
        return "the slow path hands it to the host\n" + list("reference", outcome.sent);
    }
    if (outcome.tells_sender && passed.sent.empty() && passed.held_back > 0) {
        return {};
    }
    return compare_sent(outcome.sent, passed.sent);
}

void count(const reference::Outcome& outcome, PacketTally& tally) {
    if (!outcome.fate) {
        ++tally.waiting;
    } else if (outcome.fate == Fate::forward) {
        ++tally.forwarded;
        tally.tunnelled += outcome.sent.front().made ? 1 : 0;
        tally.in_pieces += outcome.sent.size() > 1 ? 1 : 0;
    } else if (outcome.fate == Fate::host) {
        ++tally.to_host;
    } else {
        ++tally.dropped;
        tally.told += outcome.tells_sender ? 1 : 0;
    }
}

}  // namespace

PacketPair::PacketPair(const World& world) : real_(world), model_(make_reference(world)) {}

std::string PacketPair::receive(const FrameOperation& operation,
                                std::uint64_t now_ms,
                                reference::Outcome& outcome) {
    outcome = model_.receive(operation.port, operation.bytes, now_ms);
    return compare(operation, outcome, real_.receive(operation.port, operation.bytes, now_ms));
}

std::optional<PacketFailure> play(const World& world,
                                  std::span<const FrameOperation> operations,
                                  PacketTally& tally) {
    PacketPair pair(world);
    std::uint64_t now_ms = kStartMs;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        now_ms += operations[i].pause_ms;
        reference::Outcome outcome;
        std::string difference = pair.receive(operations[i], now_ms, outcome);
        count(outcome, tally);
        if (!difference.empty()) {
            return PacketFailure{i, std::move(difference)};
        }
    }
    return std::nullopt;
}

}  // namespace fpvs::parity
