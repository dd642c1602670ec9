// SPDX-License-Identifier: Apache-2.0
// frame head, rewrite, edit and shift natively, with a decision for each frame given by hand.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "hw/kernels/parse/frame_head.hpp"
#include "hw/kernels/rewrite/edit.hpp"
#include "hw/kernels/rewrite/rewrite.hpp"
#include "hw/kernels/rewrite/shift.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::kernels {

class RewriteStages {
  public:
    using Frames = std::vector<kit::FrameBytes>;

    void put(const kit::FrameBytes& frame, const Decision& decision) {
        for (std::size_t at = 0; at < frame.size(); at += abi::kBeatBytes) {
            const std::size_t bytes = std::min<std::size_t>(frame.size() - at, abi::kBeatBytes);
            lib::PortBeat beat;
            for (std::size_t i = 0; i < abi::kBeatBytes; ++i) {
                const int low = static_cast<int>(8 * i);
                // Behind the frame's end lies what must not be looked at.
                beat.data.range(low + 7, low) = i < bytes ? frame[at + i] : 0xa5;
            }
            beat.bytes = bytes;
            beat.last = at + bytes == frame.size() ? 1 : 0;
            beat.port = decision.packet.port;
            merged_.write(beat);
        }
        decisions_.write(decision);
    }

    // Stages take turns as `random` says, until all is quiet.
    void run(std::mt19937& random) {
        const std::array<std::function<void()>, 4> steps = {
            [this] { frame_head_step(head_, merged_, waiting_, heads_, sums_); },
            [this] { rewrite_step(rewrite_, decisions_, sums_, edits_, prefixes_); },
            [this] { edit_step(edit_, edits_, waiting_, packets_, punted_, infos_); },
            [this] { step_shift(); }};
        while (!merged_.empty() || !sums_.empty() || !waiting_.empty() || !packets_.empty() ||
               shift_.held == 1 || shift_.tail == 1) {
            const unsigned burst = 1 + random() % 4;
            const auto& step = steps[random() % steps.size()];
            for (unsigned i = 0; i < burst; ++i) {
                step();
            }
        }
        while (!heads_.empty()) {
            static_cast<void>(heads_.read());
        }
    }

    // Frames that left by the port, and the beats that each had are checked to be full but the
    // last.
    [[nodiscard]] Frames take_forwarded(int port) { return take(port == 0 ? out_0_ : out_1_); }
    [[nodiscard]] Frames take_punted() { return take(punted_); }
    [[nodiscard]] std::vector<PuntInfo> take_infos() {
        std::vector<PuntInfo> infos;
        while (!infos_.empty()) {
            infos.push_back(infos_.read());
        }
        return infos;
    }
    [[nodiscard]] std::size_t shift_calls() const { return shift_calls_; }
    [[nodiscard]] hls::stream<PacketBeat>& packets() { return packets_; }
    [[nodiscard]] bool torn_beat() const { return torn_beat_; }

    // The stages before shift, each until it has nothing to do; then shift, call by call.
    void run_before_shift() {
        while (!merged_.empty()) {
            frame_head_step(head_, merged_, waiting_, heads_, sums_);
        }
        while (!decisions_.empty()) {
            rewrite_step(rewrite_, decisions_, sums_, edits_, prefixes_);
        }
        while (!waiting_.empty()) {
            edit_step(edit_, edits_, waiting_, packets_, punted_, infos_);
        }
    }
    void step_shift() {
        shift_step(shift_, packets_, prefixes_, out_0_, out_1_);
        ++shift_calls_;
    }
    [[nodiscard]] bool shift_is_idle() const {
        return packets_.empty() && shift_.held == 0 && shift_.tail == 0;
    }

  private:
    Frames take(hls::stream<lib::Beat>& beats) {
        Frames frames;
        kit::FrameBytes frame;
        while (!beats.empty()) {
            const lib::Beat beat = beats.read();
            torn_beat_ = torn_beat_ || beat.bytes == 0 || (beat.last == 0 && beat.bytes != 64);
            for (unsigned i = 0; i < beat.bytes.to_uint(); ++i) {
                const int low = static_cast<int>(8 * i);
                frame.push_back(
                    static_cast<std::uint8_t>(ap_uint<8>(beat.data.range(low + 7, low)).to_uint()));
            }
            if (beat.last == 1) {
                frames.push_back(frame);
                frame.clear();
            }
        }
        torn_beat_ = torn_beat_ || !frame.empty();
        return frames;
    }

    FrameHeadState head_{};
    RewriteState rewrite_{};
    EditState edit_{};
    ShiftState shift_{};
    hls::stream<lib::PortBeat> merged_;
    hls::stream<lib::Beat> waiting_;
    hls::stream<FrameHead> heads_;
    hls::stream<PacketSum> sums_;
    hls::stream<Decision> decisions_;
    hls::stream<Edits> edits_;
    hls::stream<Prefix> prefixes_;
    hls::stream<PacketBeat> packets_;
    hls::stream<lib::Beat> punted_;
    hls::stream<PuntInfo> infos_;
    hls::stream<lib::Beat> out_0_;
    hls::stream<lib::Beat> out_1_;
    std::size_t shift_calls_ = 0;
    bool torn_beat_ = false;
};

}  // namespace fpvs::kernels
