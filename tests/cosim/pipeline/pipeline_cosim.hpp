// SPDX-License-Identifier: Apache-2.0
// The pipeline's RTL and its native run in lock-step, behind the streams that tests speak.
//
// Every word that leaves the RTL is compared with the native run's.  The kernels' state is static,
// so a program holds one of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tests/kit/card_streams.hpp"

namespace fpvs::cosim_test {

// When an input offers, or an output takes, a word.
enum class Pace { always, every_other_cycle, at_random };

struct Progress {
    std::uint64_t cycles = 0;
    std::uint64_t words_in = 0;
    std::uint64_t words_out = 0;
    std::uint64_t mismatches = 0;
};

class PipelineCosim final : public kit::CardStreams {
  public:
    explicit PipelineCosim(std::uint64_t seed);
    ~PipelineCosim() override;

    void give(kit::FrameInput port, const kit::StreamBeat& beat) override;
    void give_command(const kit::RecordBeat& command) override;
    void settle() override;
    std::deque<kit::StreamBeat> take(kit::FrameOutput port) override;
    std::deque<kit::RecordBeat> take_events() override;

    void set_paces(Pace idle, Pace back_pressure);
    // The output takes nothing until released.
    void hold(kit::FrameOutput port, bool held);
    void cycle();

    // Words given and not yet offered to the RTL.
    std::size_t waiting() const;
    // Words that the native run has sent and the RTL still owes.
    std::size_t owed() const;
    Progress progress() const;
    // The cycle in which the last word was offered to, or taken from, a port.
    std::uint64_t last_offer(kit::FrameInput port) const;
    std::uint64_t last_take(kit::FrameOutput port) const;

  private:
    class Bench;
    std::unique_ptr<Bench> bench_;
};

}  // namespace fpvs::cosim_test
