// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/pipeline/pipeline_cosim.hpp"

#include <array>
#include <cstring>
#include <deque>
#include <string_view>

#include "Vfpvs_pipeline.h"
#include "fpvs_pipeline_model.hpp"

namespace fpvs::cosim_test {
namespace {

using kit::FrameInput;
using kit::FrameOutput;
using kit::RecordBeat;
using kit::StreamBeat;

// More cycles than a dropped frame of any length, or a word anywhere inside, needs to get out.
constexpr int kQuietCycles = 300;
// So long without a word in or out, while words wait, is a hang; tests look at waiting().
constexpr int kStuckCycles = 20000;

lib::AxisBeat axis_of(const StreamBeat& beat) {
    lib::AxisBeat word;
    std::memcpy(&word.data, beat.data.data(), beat.data.size());
    word.keep = beat.keep;
    word.strb = beat.keep;
    word.last = beat.last ? 1 : 0;
    return word;
}

StreamBeat stream_beat_of(const lib::AxisBeat& word) {
    StreamBeat beat;
    std::memcpy(beat.data.data(), &word.data, beat.data.size());
    beat.keep = word.keep.to_uint64();
    beat.last = word.last == 1;
    return beat;
}

std::size_t input_index(std::string_view name) {
    return name == "rx0" ? 0 : name == "rx1" ? 1 : 2;
}

std::size_t output_index(std::string_view name) {
    return name == "tx0" ? 0 : name == "tx1" ? 1 : name == "punt" ? 2 : 3;
}

cosim::Pace pace_of(Pace pace) {
    return pace == Pace::always              ? cosim::Pace::always
           : pace == Pace::every_other_cycle ? cosim::Pace::every_other_cycle
                                             : cosim::Pace::at_random;
}

}  // namespace

class PipelineCosim::Bench {
  public:
    explicit Bench(std::uint64_t seed) : rtl(&context), lockstep(rtl, model, seed) {}

    // The next word of an input port, as Lockstep asks for it.
    bool source(const char* name, lib::AxisBeat& word) {
        const std::size_t port = input_index(name);
        if (frames_in[port].empty()) {
            return false;
        }
        word = axis_of(frames_in[port].front());
        frames_in[port].pop_front();
        offered[port] = lockstep.cycles();
        return true;
    }
    bool source(const char*, ap_uint<512>& word) {
        if (commands.empty()) {
            return false;
        }
        std::memcpy(&word, commands.front().data(), sizeof(RecordBeat));
        commands.pop_front();
        return true;
    }

    // A word that left an output port.
    void sink(const char* name, const lib::AxisBeat& word) {
        const std::size_t port = output_index(name);
        frames_out[port].push_back(stream_beat_of(word));
        taken[port] = lockstep.cycles();
    }
    void sink(const char*, const ap_uint<512>& word) {
        RecordBeat event;
        std::memcpy(event.data(), &word, sizeof event);
        events.push_back(event);
    }

    void cycle() {
        lockstep.cycle([this](const char* name, auto& word) { return source(name, word); },
                       [this](const char* name, const auto& word) { sink(name, word); });
    }

    VerilatedContext context;
    Vfpvs_pipeline rtl;
    fpvs_pipeline_model model;
    cosim::Lockstep<Vfpvs_pipeline, fpvs_pipeline_model> lockstep;
    std::array<std::deque<StreamBeat>, 3> frames_in;
    std::array<std::deque<StreamBeat>, 4> frames_out;
    std::deque<RecordBeat> commands;
    std::deque<RecordBeat> events;
    std::array<std::uint64_t, 3> offered{};
    std::array<std::uint64_t, 4> taken{};
};

PipelineCosim::PipelineCosim(std::uint64_t seed) : bench_(std::make_unique<Bench>(seed)) {}

PipelineCosim::~PipelineCosim() = default;

void PipelineCosim::give(FrameInput port, const StreamBeat& beat) {
    bench_->frames_in[static_cast<std::size_t>(port)].push_back(beat);
}

void PipelineCosim::give_command(const RecordBeat& command) {
    bench_->commands.push_back(command);
}

void PipelineCosim::cycle() {
    bench_->cycle();
}

void PipelineCosim::settle() {
    std::uint64_t moved = 0;
    for (int quiet = 0; quiet < kQuietCycles || (waiting() > 0 && quiet < kStuckCycles);) {
        cycle();
        const Progress now = progress();
        quiet = now.words_in + now.words_out == moved ? quiet + 1 : 0;
        moved = now.words_in + now.words_out;
    }
}

std::deque<StreamBeat> PipelineCosim::take(FrameOutput port) {
    return std::exchange(bench_->frames_out[static_cast<std::size_t>(port)], {});
}

std::deque<RecordBeat> PipelineCosim::take_events() {
    return std::exchange(bench_->events, {});
}

void PipelineCosim::set_paces(Pace idle, Pace back_pressure) {
    bench_->lockstep.idle = pace_of(idle);
    bench_->lockstep.back_pressure = pace_of(back_pressure);
}

void PipelineCosim::hold(FrameOutput port, bool held) {
    constexpr const char* kNames[] = {"tx0", "tx1", "punt", "control"};
    bench_->lockstep.hold(kNames[static_cast<std::size_t>(port)], held);
}

std::size_t PipelineCosim::waiting() const {
    std::size_t words = bench_->commands.size();
    for (const auto& beats : bench_->frames_in) {
        words += beats.size();
    }
    return words;
}

std::size_t PipelineCosim::owed() const {
    return bench_->lockstep.owed();
}

Progress PipelineCosim::progress() const {
    return {bench_->lockstep.cycles(),
            bench_->lockstep.words_in(),
            bench_->lockstep.words_out(),
            bench_->lockstep.mismatches()};
}

std::uint64_t PipelineCosim::last_offer(FrameInput port) const {
    return bench_->offered[static_cast<std::size_t>(port)];
}

std::uint64_t PipelineCosim::last_take(FrameOutput port) const {
    return bench_->taken[static_cast<std::size_t>(port)];
}

}  // namespace fpvs::cosim_test
