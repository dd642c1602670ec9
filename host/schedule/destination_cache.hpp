// SPDX-License-Identifier: Apache-2.0
// What lblc and lblcr remember of each destination address.  Bounded: the address that was not
// asked for longest makes room for a new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <utility>

#include "host/schedule/scheduler.hpp"

namespace fpvs::schedule {

template <class Value>
class DestinationCache {
  public:
    // Null if the address is not known, or was not asked for in `idle_ms`.
    [[nodiscard]] Value* find(const model::IpAddress& address,
                              std::uint64_t now_ms,
                              std::uint64_t idle_ms) {
        const auto found = by_address_.find(address);
        if (found == by_address_.end()) {
            return nullptr;
        }
        if (now_ms > found->second->used_ms + idle_ms) {
            entries_.erase(found->second);
            by_address_.erase(found);
            return nullptr;
        }
        found->second->used_ms = now_ms;
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->value;
    }

    // The address must not be known.
    void insert(const model::IpAddress& address, Value value, std::uint64_t now_ms) {
        if (entries_.size() == kEntriesMax) {
            by_address_.erase(entries_.back().address);
            entries_.pop_back();
        }
        entries_.push_front({.address = address, .used_ms = now_ms, .value = std::move(value)});
        by_address_.emplace(address, entries_.begin());
    }

  private:
    static constexpr std::size_t kEntriesMax = 16384;

    struct Entry {
        model::IpAddress address;
        std::uint64_t used_ms = 0;
        Value value;
    };
    std::list<Entry> entries_;  // The last asked for first.
    std::unordered_map<model::IpAddress, typename std::list<Entry>::iterator, model::AddressHash>
        by_address_;
};

// Servers are remembered by their keys: one that was deleted and is back is the same again.
[[nodiscard]] inline std::optional<std::size_t> position_of(Servers servers,
                                                            const model::ServerKey& key) {
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (servers[i]->key == key) {
            return i;
        }
    }
    return std::nullopt;
}

// More active connections than its weight, while another has room for twice as many as it has.
[[nodiscard]] inline bool should_share(const ServerState& server, Servers servers) {
    if (server.active <= static_cast<std::uint32_t>(server.weight)) {
        return false;
    }
    for (const ServerState* other : servers) {
        if (std::uint64_t{other->active} * 2 < static_cast<std::uint32_t>(other->weight)) {
            return true;
        }
    }
    return false;
}

}  // namespace fpvs::schedule
