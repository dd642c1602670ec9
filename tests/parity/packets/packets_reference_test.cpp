// SPDX-License-Identifier: Apache-2.0
// The slow path against the independent model of sim/reference: random frames in random
// surroundings; what leaves must be equal byte for byte (packets_pair.hpp says what is not
// compared).  A failure is printed with its seed and the few frames that it needs.
#include <gtest/gtest.h>

#include "tests/kit/frame_diff.hpp"
#include "tests/parity/packets/packets_pair.hpp"
#include "tests/parity/sequences.hpp"

namespace fpvs::parity {
namespace {

constexpr std::size_t kFramesPerSequence = 300;
constexpr std::uint64_t kFrames = 20'000;  // Where nobody asks for more.

// Returns how many frames were played.
std::size_t play_seed(std::uint32_t seed, PacketTally& tally) {
    std::mt19937 random(seed);
    const World world = make_world(random);
    const auto frames = Traffic(random, world).operations(kFramesPerSequence);
    if (!play(world, frames, tally)) {
        return frames.size();
    }
    const auto needed = shrink(frames, [&](const std::vector<FrameOperation>& candidate) {
        PacketTally unused;
        const auto failure = play(world, candidate, unused);
        return failure ? std::optional(failure->operation) : std::nullopt;
    });
    const auto failure = play(world, needed, tally);
    std::string all = describe(world);
    for (const FrameOperation& frame : needed) {
        all += "  after " + std::to_string(frame.pause_ms) + " ms by port " +
               std::to_string(frame.port) + ": " + frame.what + "\n    " +
               kit::scapy_line(frame.bytes) + "\n";
    }
    ADD_FAILURE() << "FPVS_SEED=" << seed << " needs these frames to fail:\n"
                  << all << (failure ? failure->difference : "(not when it is played again)");
    return frames.size();
}

TEST(PacketsReference, random_frames_leave_as_the_same_bytes) {
    PacketTally tally;
    play_sequences(kFrames, [&](std::uint32_t seed) { return play_seed(seed, tally); });
    std::printf(
        "frames: %llu forwarded (%llu in a tunnel, %llu in pieces), %llu to the host, "
        "%llu dropped (%llu told), %llu fragments waited\n",
        static_cast<unsigned long long>(tally.forwarded),
        static_cast<unsigned long long>(tally.tunnelled),
        static_cast<unsigned long long>(tally.in_pieces),
        static_cast<unsigned long long>(tally.to_host),
        static_cast<unsigned long long>(tally.dropped),
        static_cast<unsigned long long>(tally.told),
        static_cast<unsigned long long>(tally.waiting));
    EXPECT_GT(tally.forwarded, 0U);
}

}  // namespace
}  // namespace fpvs::parity
