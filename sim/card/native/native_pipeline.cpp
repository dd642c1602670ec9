// SPDX-License-Identifier: Apache-2.0
// The other side of sim/card/native/fpvs_pipeline.sv: the kernels and their border streams.
#include <svdpi.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hw/kernels/pipeline/pipeline.hpp"

namespace fpvs::sim::card {
namespace {

using lib::AxisBeat;
using Word = ap_uint<512>;
static_assert(sizeof(Word) == 64, "a word's bytes are those of the vector");

// Native streams have no bound of their own; these are the depths of a card's border FIFOs.
constexpr std::size_t kInputDepth = 16;
constexpr std::size_t kOutputDepth = 64;
// The stages take a command every eighth step (hw/kernels/parse): taken faster, commands would pile
// up where nobody outside sees that the card is not at rest.
constexpr std::uint64_t kStepsACommand = 8;

enum Input : int { rx0, rx1, inject, command };
enum Output : int { tx0, tx1, punt, control, event };

struct Border {
    std::array<hls::stream<AxisBeat>, 3> frames_in;  // rx0, rx1, inject
    hls::stream<Word> commands;
    std::array<hls::stream<AxisBeat>, 4> frames_out;  // tx0, tx1, punt, control
    hls::stream<Word> events;
    std::uint64_t steps = 0;
};

// The kernels' own state is static, so there is nothing to gain from a second border.
Border& border() {
    static Border the_border;
    return the_border;
}

std::size_t waiting_output() {
    std::size_t most = border().events.size();
    for (const auto& stream : border().frames_out) {
        most = std::max(most, stream.size());
    }
    return most;
}

Word word_of(const svBitVecVal* bits) {
    Word word;
    std::memcpy(static_cast<void*>(&word), bits, sizeof word);
    return word;
}

}  // namespace

extern "C" {

svBit fpvs_native_has_room(int stream) {
    if (stream == command && border().steps % kStepsACommand != 0) {
        return 0;
    }
    const std::size_t waiting =
        stream == command ? border().commands.size()
                          : border().frames_in.at(static_cast<std::size_t>(stream)).size();
    return waiting < kInputDepth && waiting_output() < kOutputDepth ? 1 : 0;
}

void fpvs_native_take(int stream, const svBitVecVal* data, const svBitVecVal* keep, svBit last) {
    if (stream == command) {
        border().commands.write(word_of(data));
        return;
    }
    AxisBeat beat;
    beat.data = word_of(data);
    beat.keep = ap_uint<64>(std::uint64_t{keep[1]} << 32 | keep[0]);
    beat.strb = beat.keep;
    beat.last = ap_uint<1>(last);
    border().frames_in.at(static_cast<std::size_t>(stream)).write(beat);
}

void fpvs_native_step() {
    Border& b = border();
    ++b.steps;
    fpvs_pipeline(b.frames_in[rx0],
                  b.frames_in[rx1],
                  b.frames_in[inject],
                  b.commands,
                  b.frames_out[tx0],
                  b.frames_out[tx1],
                  b.frames_out[punt],
                  b.frames_out[control],
                  b.events);
}

svBit fpvs_native_has_output(int stream) {
    return stream == event ? !border().events.empty()
                           : !border().frames_out.at(static_cast<std::size_t>(stream)).empty();
}

void fpvs_native_give(int stream, svBitVecVal* data, svBitVecVal* keep, svBit* last) {
    if (stream == event) {
        const Word word = border().events.read();
        std::memcpy(data, &word, sizeof word);
        return;
    }
    const AxisBeat beat = border().frames_out.at(static_cast<std::size_t>(stream)).read();
    std::memcpy(data, &beat.data, sizeof beat.data);
    std::memcpy(keep, &beat.keep, sizeof beat.keep);
    *last = static_cast<svBit>(beat.last == 1);
}

}  // extern "C"

}  // namespace fpvs::sim::card
