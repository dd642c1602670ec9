// SPDX-License-Identifier: Apache-2.0
#include "host/engine/connection_table.hpp"

#include <bit>

#include "host/util/check.hpp"

namespace fpvs::engine {

ConnectionTable::ConnectionTable(std::size_t connections_max, std::uint64_t hash_seed)
    : records_(connections_max), hash_seed_(hash_seed) {
    FPVS_CHECK(connections_max > 0 && connections_max < kNoIndex);
    // At most 4 of 7 places are taken, so that almost every key is in its own bucket.
    constexpr std::size_t kLoad = 4;
    buckets_.resize(std::bit_ceil((connections_max + kLoad - 1) / kLoad));
    bucket_mask_ = buckets_.size() - 1;
}

Connection& ConnectionTable::allocate() {
    FPVS_CHECK(has_room(1));
    ++size_;
    std::uint32_t index = free_;
    std::uint32_t generation = 0;
    if (index != kNoIndex) {
        free_ = records_[index].timer_next;
        generation = records_[index].generation;
    } else {
        index = fresh_++;
    }
    Connection& record = records_[index];
    record = Connection{};
    record.generation = generation;
    record.in_use = true;
    return record;
}

void ConnectionTable::release(Connection& record) {
    FPVS_CHECK(record.in_use && !record.findable && !record.timer_armed);
    record.in_use = false;
    ++record.generation;
    record.timer_next = free_;
    free_ = index_of(record);
    --size_;
}

void ConnectionTable::insert(Connection& record) {
    FPVS_CHECK(record.in_use && !record.findable);
    const std::uint64_t hash = record.key.hash(hash_seed_);
    for (std::size_t b = bucket_of(hash);; b = (b + 1) & bucket_mask_) {
        Bucket& bucket = buckets_[b];
        for (std::size_t i = 0; i < kSlots; ++i) {
            if (bucket.records[i] == 0) {
                bucket.records[i] = index_of(record) + 1;
                bucket.tags[i] = tag_of(hash);
                record.findable = true;
                return;
            }
        }
        ++bucket.passed;
    }
}

void ConnectionTable::remove(Connection& record) {
    if (!record.findable) {
        return;
    }
    const std::uint64_t hash = record.key.hash(hash_seed_);
    for (std::size_t b = bucket_of(hash);; b = (b + 1) & bucket_mask_) {
        Bucket& bucket = buckets_[b];
        for (std::size_t i = 0; i < kSlots; ++i) {
            if (bucket.records[i] == index_of(record) + 1) {
                bucket.records[i] = 0;
                bucket.tags[i] = 0;
                record.findable = false;
                return;
            }
        }
        FPVS_CHECK(bucket.passed > 0, "record {} is not where it was put", index_of(record));
        --bucket.passed;
    }
}

Connection* ConnectionTable::find(const FlowKey& key) {
    const std::uint64_t hash = key.hash(hash_seed_);
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t b = bucket_of(hash);; b = (b + 1) & bucket_mask_) {
        const Bucket& bucket = buckets_[b];
        for (std::size_t i = 0; i < kSlots; ++i) {
            if (bucket.tags[i] == tag && bucket.records[i] != 0 &&
                records_[bucket.records[i] - 1].key == key) {
                return &records_[bucket.records[i] - 1];
            }
        }
        if (bucket.passed == 0) {
            return nullptr;
        }
    }
}

Connection* ConnectionTable::find(ConnectionHandle handle) {
    if (handle.index >= fresh_) {
        return nullptr;
    }
    Connection& record = records_[handle.index];
    return record.in_use && record.generation == handle.generation ? &record : nullptr;
}

void ConnectionTable::prefetch(const FlowKey& key) const {
    __builtin_prefetch(&buckets_[bucket_of(key.hash(hash_seed_))]);
}

void ConnectionTable::prefetch_record(const FlowKey& key) const {
    const std::uint64_t hash = key.hash(hash_seed_);
    const Bucket& bucket = buckets_[bucket_of(hash)];
    for (std::size_t i = 0; i < kSlots; ++i) {
        if (bucket.tags[i] == tag_of(hash) && bucket.records[i] != 0) {
            __builtin_prefetch(&records_[bucket.records[i] - 1], 1);
            return;
        }
    }
}

}  // namespace fpvs::engine
