// SPDX-License-Identifier: Apache-2.0
// All connections: a slab of records, a hash over their keys and one over the keys of replies.
// Nothing is allocated after it was made, and what is not used takes no memory: a connection costs
// 64 bytes and its places in the hashes, one of IPv6 32 bytes more.
//
// A lookup reads one cache line of the hash and the record that it finds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/engine/connection.hpp"
#include "host/engine/flow_index.hpp"
#include "host/engine/flow_key.hpp"
#include "host/engine/mapped_array.hpp"

namespace fpvs::engine {

// A key with its hash, and the addresses if it is of IPv6.
struct alignas(64) Flow {
    FlowKey key;
    std::uint64_t hash = 0;
    std::uint32_t guess = kNoIndex;  // A record that may be its; see ConnectionTable::guess().
    WideAddresses wide;              // Set for IPv6 only.
};
static_assert(sizeof(Flow) == 64);

[[nodiscard]] inline bool same(const Flow& a, const Flow& b) {
    return a.key == b.key && (a.key.family() == model::Family::ipv4 || a.wide == b.wide);
}

// Where a table's records are: position by position, so that whoever has all of it can read them.
struct TableMemory {
    explicit TableMemory(std::size_t connections_max)
        : records(connections_max), wide(connections_max), notes(connections_max) {}
    TableMemory(std::span<std::byte> records, std::span<std::byte> wide, std::span<std::byte> notes)
        : records(records), wide(wide), notes(notes) {}

    MappedArray<Connection> records;
    MappedArray<WideAddresses> wide;  // Of the records of IPv6.
    MappedArray<std::uint32_t> notes;
};

class ConnectionTable {
  public:
    ConnectionTable(std::size_t connections_max, std::uint64_t hash_seed)
        : ConnectionTable(TableMemory(connections_max), hash_seed) {}
    // Its memory is all zero.
    ConnectionTable(TableMemory memory, std::uint64_t hash_seed);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t capacity() const { return records_.size(); }
    [[nodiscard]] bool has_room(std::size_t count) const { return capacity() - size_ >= count; }
    // Records whose replies can be found.
    [[nodiscard]] std::size_t two_way_count() const { return two_way_; }

    // The identity of what goes between these ends.  Both addresses are of one family.
    [[nodiscard, gnu::always_inline]] Flow flow(const model::IpAddress& client,
                                                std::uint16_t client_port,
                                                const model::IpAddress& virtual_end,
                                                std::uint16_t virtual_port,
                                                std::uint8_t protocol,
                                                FlowKey::Kind kind) const {
        Flow flow;
        set_flow(flow, client, client_port, virtual_end, virtual_port, protocol, kind);
        return flow;
    }
    // The same into a flow that was used before, word by word from registers: a copy of a whole one
    // waits for the stores that made it.
    [[gnu::always_inline]] void set_flow(Flow& flow,
                                         const model::IpAddress& client,
                                         std::uint16_t client_port,
                                         const model::IpAddress& virtual_end,
                                         std::uint16_t virtual_port,
                                         std::uint8_t protocol,
                                         FlowKey::Kind kind) const {
        FlowKey key;
        key.rest = FlowKey::pack(client_port, virtual_port, protocol, kind, client.family);
        if (client.is_ipv4()) [[likely]] {
            key.addresses = std::uint64_t{client.words[0]} | std::uint64_t{virtual_end.words[0]}
                                                                 << 32;
        } else {
            flow.wide = {.client = client.words, .virtual_end = virtual_end.words};
            key.addresses = hash_.digest(flow.wide);
        }
        flow.key.addresses = key.addresses;
        flow.key.rest = key.rest;
        flow.hash = hash_(key);
        flow.guess = kNoIndex;
    }

    // A fresh record with this identity, not findable yet.  There must be room.
    [[nodiscard]] Connection& allocate(const Flow& flow);
    // Gives the record back; it must not be findable.  Handles of it are wrong from now on.
    void release(Connection& record);

    // Makes the record findable by its key, or no longer.
    void insert(Connection& record);
    void remove(Connection& record);
    // The same for its replies, whose flow the owner can tell.
    void insert_reply(Connection& record, const Flow& reply);
    void remove_reply(Connection& record, const Flow& reply);

    [[nodiscard, gnu::always_inline]] Connection* find(const Flow& flow) {
        // Between guess() and now the record may have become anything.
        if (flow.guess != kNoIndex) [[likely]] {
            Connection& record = records_[flow.guess];
            if (record.key == flow.key && record.findable && same_addresses(flow, flow.guess))
                [[likely]] {
                return &record;
            }
        }
        Connection* found = nullptr;
        forward_.find(flow.hash, [&](std::uint32_t index) {
            Connection& record = records_[index];
            if (record.key != flow.key || !same_addresses(flow, index)) [[unlikely]] {
                return false;
            }
            found = &record;
            return true;
        });
        return found;
    }
    // The record for whose replies `is_of(record)` holds.
    template <class IsOf>
    [[nodiscard, gnu::always_inline]] Connection* find_reply(const Flow& reply, IsOf&& is_of) {
        if (reply.guess != kNoIndex) [[likely]] {
            Connection& record = records_[reply.guess];
            if (record.replies_findable && is_of(record)) [[likely]] {
                return &record;
            }
        }
        Connection* found = nullptr;
        replies_.find(reply.hash, [&](std::uint32_t index) {
            if (!is_of(records_[index])) {
                return false;
            }
            found = &records_[index];
            return true;
        });
        return found;
    }
    // The record of a handle, unless it is gone.
    [[nodiscard]] Connection* find(ConnectionHandle handle);

    // Two steps ahead of find(): its place in the hash is fetched, then the record that this names
    // is guessed to be the flow's, and fetched.
    [[gnu::always_inline]] void prefetch(std::uint64_t hash) const { forward_.prefetch(hash); }
    [[gnu::always_inline]] void guess(Flow& flow) const { guess(flow, forward_); }
    // The same ahead of find_reply().
    [[gnu::always_inline]] void prefetch_reply(std::uint64_t hash) const {
        replies_.prefetch(hash);
    }
    [[gnu::always_inline]] void guess_reply(Flow& reply) const { guess(reply, replies_); }

    [[nodiscard]] model::IpAddress client_address(const Connection& record) const;
    [[nodiscard]] model::IpAddress virtual_address(const Connection& record) const;

    // A word for the owner's use with FULLNAT, 0 in a fresh record.
    [[nodiscard]] std::uint32_t& note(const Connection& record) { return notes_[index_of(record)]; }

    // Records by position, in use or not, from 0 to capacity() - 1.
    [[nodiscard]] Connection& at(std::uint32_t index) { return records_[index]; }
    [[nodiscard]] const Connection& at(std::uint32_t index) const { return records_[index]; }
    // Positions from here on were never used.
    [[nodiscard]] std::uint32_t high_water() const { return fresh_; }

    [[nodiscard]] std::uint32_t index_of(const Connection& record) const {
        return static_cast<std::uint32_t>(&record - records_.data());
    }
    [[nodiscard]] ConnectionHandle handle_of(const Connection& record) const {
        return {.index = index_of(record), .generation = record.generation};
    }

  private:
    [[gnu::always_inline]] void guess(Flow& flow, const FlowIndex& index) const {
        index.peek(flow.hash, [this, &flow](std::uint32_t record) {
            __builtin_prefetch(&records_[record], 1);
            flow.guess = record;
        });
    }
    [[nodiscard]] bool same_addresses(const Flow& flow, std::uint32_t index) const {
        return flow.key.family() == model::Family::ipv4 || wide_[index] == flow.wide;
    }

    FlowHash hash_;
    MappedArray<Connection> records_;
    MappedArray<WideAddresses> wide_;
    MappedArray<std::uint32_t> notes_;
    FlowIndex forward_;
    FlowIndex replies_;
    std::size_t size_ = 0;
    std::size_t two_way_ = 0;
    std::uint32_t fresh_ = 0;
    std::uint32_t free_ = kNoIndex;  // A list through `timer_next`.
};

}  // namespace fpvs::engine
