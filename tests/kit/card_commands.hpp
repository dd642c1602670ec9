// SPDX-License-Identifier: Apache-2.0
// A setup of tests/kit/dataplane.hpp as commands of the contract, and where its entries lie.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "hw/abi/commands.hpp"
#include "hw/abi/hash.hpp"
#include "hw/abi/record.hpp"
#include "tests/kit/dataplane.hpp"

namespace fpvs::kit {

using CommandRecord = abi::Record<abi::Command>;

CommandRecord command_of(abi::Opcode opcode);
CommandRecord at(abi::Opcode opcode, std::uint32_t index, int way = 0, int table = 0);

// One entry each.  Empty setups of a service, reply, server or flow clear its place: clear().
CommandRecord write_port(int port, const PortSetup& setup);
CommandRecord write_service(std::uint32_t bucket,
                            int way,
                            int bank,
                            const ServiceSetup& setup,
                            std::uint32_t steer_base = 0);
CommandRecord write_reply(std::uint32_t bucket, int way, int bank, const ReplySetup& setup);
CommandRecord write_server(const ServerSetup& setup);
CommandRecord write_virtual_end(const ServiceSetup& setup);
CommandRecord write_next_hop(const NextHopSetup& setup);
CommandRecord write_flow(std::uint32_t bucket, int way, const FlowSetup& setup);
CommandRecord write_steer(std::uint32_t word, std::optional<std::uint16_t> server);
CommandRecord set_hash_key(abi::HashKey key);

// Whose flow: client, port, service and whether it is an entry for replies.
using FlowKey = std::tuple<Address, std::uint16_t, std::uint16_t, bool>;
FlowKey key_of(const FlowSetup& flow);

struct FlowPlace {
    std::uint32_t bucket = 0;
    int way = 0;  // half * kFlowWays + way.
};

// Where flows lie: the first free way of either bucket.  Throws when both are full.
class FlowPlaces {
  public:
    explicit FlowPlaces(abi::HashKey key) : key_(key) {}
    FlowPlace add(const FlowSetup& flow);
    FlowPlace of(const FlowSetup& flow) const { return places_.at(key_of(flow)); }
    bool has(const FlowSetup& flow) const { return places_.contains(key_of(flow)); }
    void remove(const FlowSetup& flow);

  private:
    using Slot = std::tuple<bool, std::uint32_t, int>;  // IPv6, bucket, way.

    abi::HashKey key_;
    std::map<FlowKey, FlowPlace> places_;
    std::map<Slot, bool> used_;
};

struct TableCommands {
    std::vector<CommandRecord> writes;
    std::vector<CommandRecord> clears;  // Undo them.
};

// Everything of a setup but flows and ports, services and replies in the given bank.  Regions of
// the steer table begin at `steer_base`.  Throws when a bucket is full.
TableCommands table_commands(const Setup& setup, int bank, std::uint32_t steer_base = 0);

}  // namespace fpvs::kit
