// SPDX-License-Identifier: Apache-2.0
// A Dataplane of the pipeline's streams: plays the host's side, commands and rings left out.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hw/abi/commands.hpp"
#include "hw/abi/events.hpp"
#include "hw/abi/hash.hpp"
#include "hw/abi/record.hpp"
#include "tests/kit/card_streams.hpp"
#include "tests/kit/dataplane.hpp"

namespace fpvs::kit {

using CommandRecord = abi::Record<abi::Command>;
using EventRecord = abi::Record<abi::Event>;

// --- Frames and beats.
std::vector<StreamBeat> beats_of(const FrameBytes& frame);
// The frames of a stream with TLAST on their last beats; throws on beats that are left over, and on
// a beat that is not full before the last.
std::vector<FrameBytes> frames_of(const std::deque<StreamBeat>& beats);
// An inject header beat.
StreamBeat inject_header(int port, std::size_t length_bytes);

// --- Commands.
CommandRecord command_of(abi::Opcode opcode);
CommandRecord write_port(int port, const PortSetup& setup);
CommandRecord write_service(std::uint32_t bucket, int way, const ServiceSetup& setup);
CommandRecord write_flow(std::uint32_t bucket, int way, const FlowSetup& setup);
CommandRecord write_next_hop(const NextHopSetup& setup);
CommandRecord set_hash_key(abi::HashKey key);

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
    // The epoch of a flow of the setup.
    std::uint16_t activity(const FlowSetup& flow);
    void set_epoch(std::uint16_t epoch);

  private:
    struct Place {
        std::uint32_t bucket;
        int way;
    };
    using Key = std::pair<std::uint64_t, std::uint16_t>;  // Client and port, service.

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
    std::vector<CommandRecord> clearing_;  // Undo the setup.
    std::map<Key, Place> flow_places_;
    std::vector<std::uint16_t> servers_;
    std::vector<FlowEnd> flow_ends_;
    std::vector<EventRecord> answers_;
    std::uint64_t fences_sent_ = 0;
    std::uint64_t fences_passed_ = 0;
};

}  // namespace fpvs::kit
