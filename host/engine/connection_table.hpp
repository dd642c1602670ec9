// SPDX-License-Identifier: Apache-2.0
// All connections: a slab of records and a hash over their keys.  Everything is allocated when it
// is made; a lookup reads one cache line of the hash and the record it finds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/engine/connection.hpp"
#include "host/engine/large_pages.hpp"

namespace fpvs::engine {

class ConnectionTable {
  public:
    ConnectionTable(std::size_t connections_max, std::uint64_t hash_seed);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t capacity() const { return records_.size(); }
    [[nodiscard]] bool has_room(std::size_t count) const { return capacity() - size_ >= count; }

    // A fresh record, not findable yet.  There must be room.
    [[nodiscard]] Connection& allocate();
    // Gives the record back; it must not be findable.  Handles of it are wrong from now on.
    void release(Connection& record);

    // Makes the record findable by its key, or no longer.
    void insert(Connection& record);
    void remove(Connection& record);

    [[nodiscard]] Connection* find(const FlowKey& key);
    // The record of a handle, unless it is gone.
    [[nodiscard]] Connection* find(ConnectionHandle handle);
    // Two steps ahead of find(): its place in the hash, then the record that this names.
    void prefetch(const FlowKey& key) const;
    void prefetch_record(const FlowKey& key) const;

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
    static constexpr std::size_t kSlots = 7;

    // Seven places of (hash tag, record number + 1); 0 is an empty place.  A key that finds its
    // bucket full goes to the next, and `passed` counts the keys that went past this one, so that
    // a search knows where it may stop.
    struct alignas(64) Bucket {
        std::array<std::uint32_t, kSlots> tags{};
        std::array<std::uint32_t, kSlots> records{};
        std::uint32_t passed = 0;
    };
    static_assert(sizeof(Bucket) == 64);

    [[nodiscard]] std::size_t bucket_of(std::uint64_t hash) const { return hash & bucket_mask_; }
    [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) {
        return static_cast<std::uint32_t>(hash >> 32);
    }

    std::vector<Connection, LargePages<Connection>> records_;
    std::vector<Bucket, LargePages<Bucket>> buckets_;
    std::size_t bucket_mask_ = 0;
    std::uint64_t hash_seed_ = 0;
    std::size_t size_ = 0;
    std::uint32_t fresh_ = 0;
    std::uint32_t free_ = kNoIndex;  // A list through `timer_next`.
};

}  // namespace fpvs::engine
