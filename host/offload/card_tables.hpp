// SPDX-License-Identifier: Apache-2.0
// The card's tables as they shall be, and the commands that make them so.
//
// This is the only copy that can be read: the card's writes are blind.  Changes are made here at
// once; next_write() turns them into commands one by one, as fast as the card takes them.  A packet
// never meets half of a change, because of the order of the commands:
//   next hops before what names them,
//   servers that go or change before flows: what may not be forwarded any more comes to the host,
//   flows before services: a service's number means another one only after its old flows are gone,
//   steer words before the service entry that names them, and services and replies all together:
//     into the bank that packets do not see, which one set_version makes theirs,
//   a server's number with a new meaning after all else: nothing refers to the old one any more.
// What packets may still refer to (next hops, steer words, cursors) is used again only after they
// cannot: after the last entry was overwritten on the card, or the version has changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "host/engine/packet.hpp"
#include "host/model/address.hpp"
#include "host/model/virtual_service.hpp"
#include "host/offload/banked_table.hpp"
#include "host/offload/flow_table.hpp"
#include "host/offload/next_hop_table.hpp"
#include "host/offload/steer_regions.hpp"
#include "host/offload/write_queue.hpp"
#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/abi/hash.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/record.hpp"

namespace fpvs::offload {

using CommandRecord = abi::Record<abi::Command>;
using ServerRecord = abi::Record<abi::ServerEntry>;

// Of the bitstream (hw/abi/registers.hpp).
struct TableSizes {
    int flow_buckets_log2 = abi::kFlowBucketsLog2;
    int flow6_buckets_log2 = abi::kFlow6BucketsLog2;
};

// Who a flow is, as the card's key has it.
struct FlowKey {
    model::IpAddress client_address;  // With `reply`, the director's end towards the server.
    std::uint16_t client_port = 0;
    engine::ServiceIndex service = 0;
    bool reply = false;

    friend bool operator==(const FlowKey&, const FlowKey&) = default;
};

// As commands and events name it.
struct FlowPlace {
    bool ipv6 = false;
    std::uint32_t bucket = 0;
    std::uint32_t way = 0;
};

struct FlowView {
    FlowKey key;
    FlowPlace place;
    Flow flow;

    [[nodiscard]] engine::ConnectionHandle connection() const {
        return engine::ConnectionHandle::from_value(flow.connection);
    }
};

// How the card chooses servers for a service; kNoSteerServer leaves a place to the host.
constexpr std::uint16_t kNoSteerServer = 0xffff;
struct SteerTable {
    abi::Steer kind = abi::Steer::none;
    bool use_port = false;
    std::vector<std::uint16_t> servers = {};

    friend bool operator==(const SteerTable&, const SteerTable&) = default;
};
enum class SteerRefusal : std::uint8_t { words_full, cursors_full };

class CardLedger;

class CardTables {
  public:
    explicit CardTables(abi::HashKey key, const TableSizes& sizes = {});

    // Writes every position anew: for a card that may hold another host's entries.
    void write_everything();

    // --- For tables that are still empty: the card goes on with what it has by the ledger, and
    // what it names keeps its number as long as anything on the card refers to it.  Between the two
    // come services and servers, and the flows that are still wanted; then what the card has beyond
    // that is overwritten.
    void begin_adoption(const CardLedger& ledger);
    // `flow.reply_hop` is taken from the card's entry.  False: there is such a flow already.
    [[nodiscard]] bool adopt_flow(const FlowPlace& place, const FlowKey& key, Flow flow);
    void end_adoption();

    // --- Services.  False: its bucket is full, or the number beyond the card's.
    [[nodiscard]] bool add_service(engine::ServiceIndex service, const model::ServiceKey& key);
    void remove_service(engine::ServiceIndex service);
    [[nodiscard]] bool has_service(engine::ServiceIndex service) const;
    // Replaces what the service had.  A refusal leaves it to the host.
    [[nodiscard]] std::optional<SteerRefusal> set_steering(engine::ServiceIndex service,
                                                           const SteerTable& table);
    void clear_steering(engine::ServiceIndex service);
    [[nodiscard]] abi::Steer steering_of(engine::ServiceIndex service) const;
    [[nodiscard]] std::uint32_t steer_words_of(engine::ServiceIndex service) const;

    // --- Servers.
    // From now on the number means this server of this service.  Its entry becomes invalid, and
    // what set_server() says takes effect when nothing refers to an earlier meaning any more.
    void name_server(engine::ServerIndex server,
                     engine::ServiceIndex service,
                     const model::ServerKey& key);
    // `next_hop` is a use() of next_hops(), which goes over to the table.
    void set_server(engine::ServerIndex server, ServerRecord record, std::uint16_t next_hop);
    [[nodiscard]] const ServerRecord& server(engine::ServerIndex server) const {
        return servers_[server].record;
    }
    // Replies come from this end of the server.  Of ends that several servers have, only that of
    // the one that is available is the card's.  False: the end's bucket is full.
    bool set_reply_end(engine::ServerIndex server,
                       const model::ServerKey& end,
                       model::Protocol protocol,
                       bool full_nat,
                       bool available);
    void clear_reply_end(engine::ServerIndex server);
    [[nodiscard]] NextHopTable& next_hops() { return next_hops_; }

    // --- Flows.  `flow.reply_hop` is a use() of next_hops(), which goes over to the table unless
    // the flow is refused.  False: no room.
    [[nodiscard]] bool add_flow(const FlowKey& key, const Flow& flow);
    // False: there was none.
    bool remove_flow(const FlowKey& key);
    // Gives replies another way; the use goes over.
    void set_reply_hop(const FlowKey& key, std::uint16_t reply_hop);
    // It was last hit then, for which the card has this stamp.
    void note_hit(const FlowKey& key, std::uint32_t epoch, std::uint16_t stamp);
    [[nodiscard]] std::optional<FlowView> find_flow(const FlowKey& key) const;
    [[nodiscard]] std::optional<FlowView> flow_at(const FlowPlace& place) const;
    // The flow at a position from 0 to positions() - 1, both families.
    [[nodiscard]] std::optional<FlowView> flow_at(std::size_t position) const;
    [[nodiscard]] std::size_t positions() const { return flows_.size() + flows6_.size(); }
    [[nodiscard]] std::uint32_t flows_of(engine::ServerIndex server) const {
        return servers_[server].flows;
    }
    [[nodiscard]] std::size_t flow_count() const { return flows_.count(); }
    [[nodiscard]] std::size_t flow6_count() const { return flows6_.count(); }
    [[nodiscard]] std::size_t flows_max() const { return flows_.size(); }
    [[nodiscard]] std::size_t flows6_max() const { return flows6_.size(); }
    [[nodiscard]] std::uint64_t moves() const { return flows_.moves() + flows6_.moves(); }
    // For hits of new flows that make others move.
    void set_epoch(std::uint32_t epoch) { epoch_ = epoch; }

    // --- Young connections: the next `count` places are forgotten, round and round.
    void sweep_young(std::uint32_t count);

    // --- The commands that are still to be sent, in order.
    [[nodiscard]] bool next_write(CommandRecord& command);
    // Whom the number means on the card, as name_server() said.
    [[nodiscard]] std::pair<engine::ServiceIndex, model::ServerKey> name_of(
        engine::ServerIndex server) const {
        return {servers_[server].service, servers_[server].key};
    }
    [[nodiscard]] std::size_t writes_waiting() const;
    [[nodiscard]] std::uint32_t version() const { return version_; }
    [[nodiscard]] std::uint32_t steer_words_free() const { return regions_.free_words(); }

  private:
    using ServiceTable = BankedTable<abi::ServiceEntry>;
    using ReplyTable = BankedTable<abi::ReplyEntry>;
    static constexpr std::uint32_t kNoPosition = UINT32_MAX;
    static constexpr std::uint8_t kNoCursor = 0xff;

    struct ReplyEnd {
        model::ServerKey end;
        model::Protocol protocol = model::Protocol::tcp;

        friend auto operator<=>(const ReplyEnd&, const ReplyEnd&) = default;
    };
    struct ReplyUsers {
        std::vector<engine::ServerIndex> servers;
        std::uint32_t position = kNoPosition;
    };
    struct Server {
        engine::ServiceIndex service = engine::kNoIndex;
        model::ServerKey key;
        ServerRecord record;
        std::uint16_t next_hop = kNoNextHop;
        std::uint16_t hop_on_card = kNoNextHop;
        std::uint32_t flows = 0;
        std::optional<ReplyEnd> reply_end;
        bool full_nat = false;
        bool available = false;
    };
    struct Service {
        std::uint32_t position = kNoPosition;
        SteerRegion region;
        SteerTable steering;
        std::uint8_t cursor = kNoCursor;
        abi::Record<abi::VirtualEndEntry> virtual_end;
    };
    // Free again with the next version.
    struct Retired {
        SteerRegion region;
        std::uint8_t cursor = kNoCursor;
    };

    template <class Key>
    [[nodiscard]] bool add_to(FlowTable<Key>& table, const FlowKey& key, const Flow& flow);
    template <class Key>
    bool remove_from(FlowTable<Key>& table, const FlowKey& key);
    template <class Key>
    [[nodiscard]] static std::optional<FlowView> view_of(const FlowTable<Key>& table,
                                                         std::uint32_t place);
    [[nodiscard]] Flow* flow_of(const FlowKey& key, bool rewrite);
    template <class Key>
    [[nodiscard]] bool adopt_in(FlowTable<Key>& table,
                                const FlowPlace& place,
                                const FlowKey& key,
                                Flow flow);
    void adopt_hops(const CardLedger& ledger);
    void adopt_servers(const CardLedger& ledger);
    template <class Key, class Entry>
    void adopt_references(FlowTable<Key>& table, Entry&& entry_at);
    [[nodiscard]] std::uint16_t adopted_use(std::uint64_t hop);
    void put_everything();

    void put_service(engine::ServiceIndex service, const abi::Record<abi::ServiceEntry>& record);
    void retire_steering(Service& service);
    bool settle_reply_end(const ReplyEnd& end, ReplyUsers& users);

    // Each writes the next of what it is named for, if there is any.
    [[nodiscard]] bool next_next_hop(CommandRecord& command);
    [[nodiscard]] bool next_server(CommandRecord& command);
    template <class Key, class Layout>
    [[nodiscard]] bool next_flow(CommandRecord& command, FlowTable<Key>& table, abi::Opcode opcode);
    [[nodiscard]] bool next_virtual_end(CommandRecord& command);
    [[nodiscard]] bool next_steer_word(CommandRecord& command);
    [[nodiscard]] bool next_banked(CommandRecord& command);
    [[nodiscard]] bool next_version(CommandRecord& command);
    [[nodiscard]] bool next_young(CommandRecord& command);
    [[nodiscard]] bool next_renamed_server(CommandRecord& command);
    void write_server(CommandRecord& command, std::uint32_t index, bool renamed);

    FlowTable<Ipv4FlowKey> flows_;
    FlowTable<Ipv6FlowKey> flows6_;
    NextHopTable next_hops_;
    std::vector<Server> servers_;
    std::vector<Service> services_;  // By number.
    ServiceTable service_table_;
    ReplyTable reply_table_;
    std::map<ReplyEnd, ReplyUsers> reply_ends_;
    std::vector<std::uint16_t> steer_words_;
    SteerRegions regions_;
    std::vector<std::uint8_t> free_cursors_;
    std::vector<Retired> retired_;
    std::vector<std::uint16_t> adopted_hops_;  // Each with a use of ours while adoption lasts.
    std::uint32_t version_ = 0;                // The bank that packets see.
    bool version_due_ = false;
    std::uint32_t epoch_ = 0;
    std::uint32_t young_next_ = 0;
    WriteQueue server_writes_;
    WriteQueue renamed_servers_;
    WriteQueue virtual_end_writes_;
    WriteQueue steer_writes_;
    WriteQueue cursor_writes_;
    WriteQueue young_clears_;
};

}  // namespace fpvs::offload
