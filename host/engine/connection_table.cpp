// SPDX-License-Identifier: Apache-2.0
#include "host/engine/connection_table.hpp"

#include <atomic>
#include <utility>

#include "host/util/check.hpp"

namespace fpvs::engine {

ConnectionTable::ConnectionTable(TableMemory memory, std::uint64_t hash_seed)
    : hash_(hash_seed),
      records_(std::move(memory.records)),
      wide_(std::move(memory.wide)),
      notes_(std::move(memory.notes)),
      forward_(records_.size()),
      replies_(records_.size()) {
    FPVS_CHECK(capacity() > 0 && capacity() < kNoIndex);
}

Connection& ConnectionTable::allocate(const Flow& flow) {
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
    record.key = flow.key;
    record.generation = generation;
    record.in_use = true;
    if (flow.key.family() == model::Family::ipv6) {
        wide_[index] = flow.wide;
    }
    return record;
}

void ConnectionTable::release(Connection& record) {
    FPVS_CHECK(record.in_use && !record.findable && !record.replies_findable &&
               !record.timer_armed);
    if (record.forwarding == model::Forwarding::full_nat) {
        note(record) = 0;  // Nobody else has one.
    }
    record.in_use = false;
    ++record.generation;
    record.timer_next = free_;
    free_ = index_of(record);
    --size_;
}

void ConnectionTable::insert(Connection& record) {
    FPVS_CHECK(record.in_use && !record.findable);
    forward_.insert(hash_(record.key), index_of(record));
    // Who finds the memory after the process has died takes a findable record for a whole one.
    std::atomic_signal_fence(std::memory_order_release);
    record.findable = true;
}

void ConnectionTable::remove(Connection& record) {
    if (record.findable) {
        forward_.remove(hash_(record.key), index_of(record));
        record.findable = false;
    }
}

void ConnectionTable::insert_reply(Connection& record, const Flow& reply) {
    FPVS_CHECK(record.in_use && !record.replies_findable);
    replies_.insert(reply.hash, index_of(record));
    record.replies_findable = true;
    ++two_way_;
}

void ConnectionTable::remove_reply(Connection& record, const Flow& reply) {
    FPVS_CHECK(record.replies_findable);
    replies_.remove(reply.hash, index_of(record));
    record.replies_findable = false;
    --two_way_;
}

Connection* ConnectionTable::find(ConnectionHandle handle) {
    if (handle.index >= fresh_) {
        return nullptr;
    }
    Connection& record = records_[handle.index];
    return record.in_use && record.generation == handle.generation ? &record : nullptr;
}

model::IpAddress ConnectionTable::client_address(const Connection& record) const {
    return record.key.family() == model::Family::ipv4
               ? model::IpAddress(model::Ipv4{record.key.client_address()})
               : model::IpAddress(model::Ipv6{wide_[index_of(record)].client});
}

model::IpAddress ConnectionTable::virtual_address(const Connection& record) const {
    return record.key.family() == model::Family::ipv4
               ? model::IpAddress(model::Ipv4{record.key.virtual_address()})
               : model::IpAddress(model::Ipv6{wide_[index_of(record)].virtual_end});
}

}  // namespace fpvs::engine
