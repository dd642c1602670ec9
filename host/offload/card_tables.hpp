// SPDX-License-Identifier: Apache-2.0
// The card's tables as they shall be, and the commands that make them so.
//
// This is the only copy that can be read: the card's writes are blind.  Changes are made here at
// once; next_write() turns them into commands one by one, as fast as the card takes them.  A packet
// never meets half of a change, because of the order of the commands:
//   next hops before flows     a flow never names a next hop that is not written yet,
//   flows before services      a service's number is used again only after its old flows are gone,
// and a next hop is used for another server only after the last flow that names it was overwritten
// on the card, not only here.
//
// Every server with flows has a next hop of its own, so that one command turns all its flows away
// from the card (the entry becomes invalid and their packets come to the host) and back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/engine/packet.hpp"
#include "host/model/address.hpp"
#include "host/model/virtual_service.hpp"
#include "host/offload/write_queue.hpp"
#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/abi/hash.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/record.hpp"

namespace fpvs::offload {

using NextHopRecord = abi::Record<abi::NextHopEntry>;
using CommandRecord = abi::Record<abi::Command>;

// Who a flow is, as the card's key has it.
struct FlowKey {
    model::Ipv4 client_address;
    std::uint16_t client_port = 0;
    engine::ServiceIndex service = 0;
};

// A flow that is in the table.
struct FlowPlace {
    std::uint32_t bucket = 0;
    std::uint32_t way = 0;
    engine::ConnectionHandle connection;
    std::uint16_t offered_epoch = 0;  // When it was put there.
};

enum class FlowRefusal : std::uint8_t { bucket_full, next_hops_full };

class CardTables {
  public:
    explicit CardTables(abi::HashKey key);

    // Writes every position anew: for a card that may hold another host's entries.
    void write_everything();

    // --- Services.  False: its bucket is full, or the number beyond the card's.
    [[nodiscard]] bool add_service(engine::ServiceIndex service, const model::ServiceKey& key);
    void remove_service(engine::ServiceIndex service);
    [[nodiscard]] bool has_service(engine::ServiceIndex service) const;

    // --- Servers.  A next hop is an invalid record while nothing may be sent there.
    // From now on the number means this address: a next hop of an earlier meaning is let go.
    void name_server(engine::ServerIndex server, model::Ipv4 address);
    [[nodiscard]] model::Ipv4 server_address(engine::ServerIndex server) const;
    [[nodiscard]] bool has_next_hop(engine::ServerIndex server) const;
    // Takes effect for a server that has flows; others get theirs with their first flow.
    void set_next_hop(engine::ServerIndex server, const NextHopRecord& record);

    // --- Flows.
    [[nodiscard]] std::optional<FlowRefusal> add_flow(const FlowKey& key,
                                                      engine::ServerIndex server,
                                                      abi::Method method,
                                                      engine::ConnectionHandle connection,
                                                      std::uint16_t epoch,
                                                      const NextHopRecord& next_hop);
    // False: there was none.
    bool remove_flow(const FlowKey& key);
    [[nodiscard]] std::optional<FlowPlace> find_flow(const FlowKey& key) const;
    // The connection of a position, if a flow is there.
    [[nodiscard]] std::optional<FlowPlace> flow_at(std::uint32_t bucket, std::uint32_t way) const;
    [[nodiscard]] std::uint32_t flows_of(engine::ServerIndex server) const;
    [[nodiscard]] std::size_t flow_count() const { return flow_count_; }

    // --- The commands that are still to be sent, in order.
    [[nodiscard]] bool next_write(CommandRecord& command);
    [[nodiscard]] std::size_t writes_waiting() const {
        return next_hop_writes_.size() + flow_writes_.size() + service_writes_.size();
    }

  private:
    static constexpr std::uint16_t kNoNextHop = 0xffff;
    static constexpr std::uint32_t kNoPosition = 0xffffffff;

    struct Flow {
        std::uint64_t key = 0;  // As abi::flow_key() makes it, with `valid`; 0 is an empty way.
        std::uint64_t connection = 0;
        std::uint16_t server = 0;
        std::uint16_t next_hop = kNoNextHop;
        std::uint16_t next_hop_on_card = kNoNextHop;  // Of the entry that was last written.
        std::uint16_t offered_epoch = 0;
        abi::Method method = abi::Method::direct_routing;
    };
    struct Server {
        model::Ipv4 address;
        std::uint16_t next_hop = kNoNextHop;
        std::uint32_t flows = 0;
    };
    struct Service {
        abi::Record<abi::ServiceEntry> entry;
        bool used = false;
    };

    [[nodiscard]] std::uint64_t valid_key(const FlowKey& key) const;
    // Its position, or kNoPosition; an empty way of its bucket if it has the key 0.
    [[nodiscard]] std::uint32_t position_of(const FlowKey& key, std::uint64_t wanted) const;
    [[nodiscard]] std::uint16_t take_next_hop(engine::ServerIndex server,
                                              const NextHopRecord& record);
    void release(std::uint16_t next_hop);
    void write_next_hop(CommandRecord& command, std::uint32_t index) const;
    void write_flow(CommandRecord& command, std::uint32_t position);
    void write_service(CommandRecord& command, std::uint32_t position) const;

    abi::HashKey hash_key_;
    std::vector<Flow> flows_;
    std::vector<Server> servers_;
    std::vector<Service> services_;
    std::vector<std::uint32_t> service_positions_;  // By service number.
    std::vector<NextHopRecord> next_hops_;
    std::vector<std::uint32_t> next_hop_uses_;  // Entries here and on the card that name it.
    std::vector<std::uint16_t> next_hop_owners_;
    std::vector<std::uint16_t> free_next_hops_;
    std::size_t flow_count_ = 0;
    WriteQueue next_hop_writes_;
    WriteQueue flow_writes_;
    WriteQueue service_writes_;
};

}  // namespace fpvs::offload
