// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/simcard/shell_streams.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

#include "hw/abi/limits.hpp"

namespace fpvs::sim::card {
namespace {

// Rings with room for what a test gives between two settles; slots that take every frame.
constexpr int kSlotsLog2 = 10;
constexpr std::size_t kSlots = std::size_t{1} << kSlotsLog2;
constexpr int kFrameSlotLog2 = abi::kFrameSlotLog2Max;

void append(Frame& frame, const kit::StreamBeat& beat) {
    const auto bytes = static_cast<std::ptrdiff_t>(std::popcount(beat.keep));
    frame.insert(frame.end(), beat.data.begin(), beat.data.begin() + bytes);
}

void to_beats(std::deque<kit::StreamBeat>& beats, const Frame& frame, bool mark_last) {
    for (std::size_t offset = 0; offset < frame.size(); offset += abi::kBeatBytes) {
        const std::size_t bytes = std::min<std::size_t>(abi::kBeatBytes, frame.size() - offset);
        kit::StreamBeat beat;
        std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(offset), bytes, beat.data.begin());
        beat.keep = bytes == abi::kBeatBytes ? ~std::uint64_t{0} : (std::uint64_t{1} << bytes) - 1;
        beat.last = mark_last && offset + bytes == frame.size();
        beats.push_back(beat);
    }
}

}  // namespace

ShellStreams::ShellStreams(VerilatedCard& card)
    : card_(card), bus_(card), host_(bus_, kSlotsLog2, kFrameSlotLog2) {}

void ShellStreams::give(kit::FrameInput port, const kit::StreamBeat& beat) {
    if (port == kit::FrameInput::inject) {
        // The header beat says how long the frame is; it is the slot's first beat.
        append(inject_frame_, beat);
        if (beat.last) {
            host_.inject_slot(inject_frame_);
            inject_frame_.clear();
        }
        return;
    }
    const int number = port == kit::FrameInput::rx_0 ? 0 : 1;
    append(rx_frames_[number], beat);
    if (beat.last) {
        if (card_.receive_queue_full(number)) {
            settle();
        }
        if (!card_.receive(number, rx_frames_[number])) {
            throw std::runtime_error("a MAC takes no such frame");
        }
        rx_frames_[number].clear();
    }
}

void ShellStreams::give_command(const kit::RecordBeat& command) {
    abi::Record<abi::Command> record;
    record.words = command;
    host_.command(record);
    if (++commands_waiting_ == kSlots / 2) {
        settle();
    }
}

void ShellStreams::settle() {
    bus_.settle();
    commands_waiting_ = 0;
    collect();
    // What waited for room in the queues behind the card goes on now.
    while (!card_.idle()) {
        bus_.settle();
        collect();
    }
}

void ShellStreams::collect() {
    for (int port = 0; port < kPorts; ++port) {
        while (const auto frame = card_.transmitted(port)) {
            to_beats(tx_beats_[port], *frame, true);
        }
    }
    collect_punted(abi::Ring::punt, punt_beats_);
    collect_punted(abi::Ring::control, control_beats_);
    while (const auto event = host_.event()) {
        events_.push_back(event->words);
    }
}

void ShellStreams::collect_punted(abi::Ring ring, std::deque<kit::StreamBeat>& beats) {
    while (const auto punted = host_.punt(ring)) {
        to_beats(beats, punted->frame, false);
        kit::StreamBeat header;
        std::memcpy(header.data.data(), punted->header.words.data(), header.data.size());
        header.keep = ~std::uint64_t{0};
        header.last = true;
        beats.push_back(header);
    }
}

std::deque<kit::StreamBeat> ShellStreams::take(kit::FrameOutput port) {
    return std::exchange(port == kit::FrameOutput::tx_0   ? tx_beats_[0]
                         : port == kit::FrameOutput::tx_1 ? tx_beats_[1]
                         : port == kit::FrameOutput::punt ? punt_beats_
                                                          : control_beats_,
                         {});
}

std::deque<kit::RecordBeat> ShellStreams::take_events() {
    return std::exchange(events_, {});
}

}  // namespace fpvs::sim::card
