// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/native_streams.hpp"

#include <cstring>

namespace fpvs::kit {
namespace {

// More steps than the largest frame has beats: dropping it shows at no border.
constexpr int kQuietSteps = 256;

template <class Array>
ap_uint<512> word_of(const Array& bytes) {
    static_assert(sizeof(Array) == sizeof(ap_uint<512>), "one beat");
    ap_uint<512> word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
}

template <class Array>
Array array_of(const ap_uint<512>& word) {
    static_assert(sizeof(Array) == sizeof(ap_uint<512>), "one beat");
    Array bytes;
    std::memcpy(bytes.data(), &word, sizeof word);
    return bytes;
}

}  // namespace

void NativeStreams::give(FrameInput port, const StreamBeat& beat) {
    lib::AxisBeat word;
    word.data = word_of(beat.data);
    word.keep = beat.keep;
    word.strb = beat.keep;
    word.last = beat.last ? 1 : 0;
    AxisStream& stream = port == FrameInput::rx_0   ? rx_0_
                         : port == FrameInput::rx_1 ? rx_1_
                                                    : inject_;
    stream.write(word);
}

void NativeStreams::give_command(const RecordBeat& command) {
    command_.write(word_of(command));
}

void NativeStreams::step() {
    ::fpvs_pipeline(rx_0_, rx_1_, inject_, command_, tx_0_, tx_1_, punt_, control_, event_);
}

// Inputs are taken at least every eighth step (the pace of commands), so a run of steps without any
// change at the borders that is longer than the way through the stages means rest.
void NativeStreams::settle() {
    const auto moved = [this] {
        return rx_0_.reads() + rx_1_.reads() + inject_.reads() + command_.reads() + tx_0_.writes() +
               tx_1_.writes() + punt_.writes() + control_.writes() + event_.writes();
    };
    for (int quiet = 0; quiet < kQuietSteps;) {
        const auto before = moved();
        step();
        quiet = moved() == before ? quiet + 1 : 0;
    }
}

std::deque<StreamBeat> NativeStreams::take(FrameOutput port) {
    AxisStream& stream = port == FrameOutput::tx_0   ? tx_0_
                         : port == FrameOutput::tx_1 ? tx_1_
                         : port == FrameOutput::punt ? punt_
                                                     : control_;
    std::deque<StreamBeat> beats;
    while (!stream.empty()) {
        const lib::AxisBeat word = stream.read();
        StreamBeat beat;
        beat.data = array_of<decltype(beat.data)>(word.data);
        beat.keep = word.keep.to_uint64();
        beat.last = word.last == 1;
        beats.push_back(beat);
    }
    return beats;
}

std::deque<RecordBeat> NativeStreams::take_events() {
    std::deque<RecordBeat> events;
    while (!event_.empty()) {
        events.push_back(array_of<RecordBeat>(event_.read()));
    }
    return events;
}

}  // namespace fpvs::kit
