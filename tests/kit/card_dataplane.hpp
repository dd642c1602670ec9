// SPDX-License-Identifier: Apache-2.0
// A Dataplane of the pipeline's streams: plays the host's side, commands and rings left out.
//
// Each setup is written into the bank of services and replies that is not in use, which then is
// made the one in use, as a host does it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "hw/abi/events.hpp"
#include "tests/kit/card_commands.hpp"
#include "tests/kit/card_streams.hpp"
#include "tests/kit/dataplane.hpp"

namespace fpvs::kit {

using EventRecord = abi::Record<abi::Event>;

// --- Frames and beats.
std::vector<StreamBeat> beats_of(const FrameBytes& frame);
// The frames of a stream with TLAST on their last beats; throws on beats that are left over, and on
// a beat that is not full before the last.
std::vector<FrameBytes> frames_of(const std::deque<StreamBeat>& beats);
// The frames of a punt stream, which have their headers behind them.
std::vector<Punted> punted_of(const std::deque<StreamBeat>& beats, bool control);
// An inject header beat.
StreamBeat inject_header(int port, std::size_t length_bytes);

class CardDataplane final : public Dataplane {
  public:
    // `streams` outlives this.
    CardDataplane(std::string name, CardStreams& streams);

    std::string name() const override { return name_; }
    void configure(const Setup& setup) override;
    Observed run(const std::vector<Received>& frames) override;
    Counts counts() override;

    Observed inject(int port, const FrameBytes& frame);
    // Sends the commands and returns the events that are answers.
    std::vector<EventRecord> command(const std::vector<CommandRecord>& commands);
    void add_flow(const FlowSetup& flow);
    void remove_flow(const FlowSetup& flow);
    // The epoch in which a flow was last hit.
    std::uint16_t activity(const FlowSetup& flow);
    void set_epoch(std::uint16_t epoch);
    const FlowPlaces& flow_places() const { return places_; }
    // The bank of services and replies that packets see.
    int version() const { return bank_; }

  private:
    // Until all commands have passed and nothing moves any more.
    void settle();
    void clear();
    void send(const CommandRecord& command);
    Observed collect();
    void take_events();
    Count read_count(abi::CounterTable table, std::uint32_t index);

    std::string name_;
    CardStreams& streams_;
    abi::HashKey hash_key_{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    int bank_ = 0;
    std::vector<CommandRecord> clearing_;  // Undo the setup.
    FlowPlaces places_{hash_key_};
    std::vector<FlowSetup> flows_;
    Setup setup_;
    std::vector<FlowNews> ends_;
    std::vector<FlowNews> learned_;
    std::vector<EventRecord> answers_;
    std::uint64_t fences_sent_ = 0;
    std::uint64_t fences_passed_ = 0;
};

}  // namespace fpvs::kit
