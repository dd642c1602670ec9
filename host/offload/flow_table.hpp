// SPDX-License-Identifier: Apache-2.0
// The flows of one family as they shall lie on the card, and which of its places are out of date.
//
// A flow may lie in any of kFlowWays places of one bucket in either half.  Where all six are taken,
// others make room: a breadth-first search over at most kPlacesSearched places finds the shortest
// chain of moves that ends at a free one, which lets the table fill to 95 %.  After a search in
// vain, the next ones are short until flows have gone.  A packet finds its flow at any time: a flow
// that moves is written at its new place before its old one is overwritten, because chains are
// written from their free end and a flow moves only if the card holds it where the table does.  The
// flows of a chain that is not written yet stay where they are; what finds no room meanwhile is
// refused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/model/address.hpp"
#include "host/offload/next_hop_table.hpp"
#include "host/offload/write_queue.hpp"
#include "hw/abi/entries.hpp"
#include "hw/abi/hash.hpp"
#include "hw/abi/limits.hpp"

namespace fpvs::offload {

constexpr std::size_t kPlacesSearched = 4096;
constexpr std::size_t kPlacesSearchedWhenFull = 64;
// Of the table, so much has to become free before long searches are worth their time again.
constexpr std::size_t kFreedShare = 1024;

// Keys are compared whole and say themselves where they lie; a default one is an empty place.
struct Ipv4FlowKey {
    std::uint64_t word = 0;  // The low 64 bits of abi::FlowEntry.

    [[nodiscard]] static Ipv4FlowKey make(const model::IpAddress& client,
                                          std::uint16_t client_port,
                                          std::uint32_t service,
                                          bool reply) {
        constexpr std::uint64_t kValid = std::uint64_t{1} << abi::FlowEntry::valid::lsb;
        return {abi::flow_key(
                    client.words[0], client_port, static_cast<std::uint16_t>(service), reply) |
                kValid};
    }
    [[nodiscard]] model::IpAddress client_address() const {
        return model::Ipv4{static_cast<std::uint32_t>(word)};
    }
    [[nodiscard]] std::uint16_t client_port() const {
        return static_cast<std::uint16_t>(word >> abi::FlowEntry::client_port::lsb);
    }
    [[nodiscard]] std::uint16_t service() const { return word >> 48 & 0xfff; }
    [[nodiscard]] bool is_reply() const { return (word >> abi::FlowEntry::reply::lsb & 1) != 0; }
    [[nodiscard]] bool is_empty() const { return word == 0; }
    [[nodiscard]] std::uint64_t hash(abi::HashKey key) const {
        return abi::flow_hash(
            key, 0, static_cast<std::uint32_t>(word), client_port(), service(), is_reply(), false);
    }
    friend bool operator==(const Ipv4FlowKey&, const Ipv4FlowKey&) = default;
};

struct Ipv6FlowKey {
    std::uint64_t address_low = 0;
    std::uint64_t address_high = 0;
    std::uint32_t rest = 0;  // Port, service and `valid` as abi::Flow6Entry has them from bit 128.

    [[nodiscard]] static Ipv6FlowKey make(const model::IpAddress& client,
                                          std::uint16_t client_port,
                                          std::uint32_t service,
                                          bool /*reply*/) {
        const auto& words = client.words;
        return {.address_low = std::uint64_t{words[2]} << 32 | words[3],
                .address_high = std::uint64_t{words[0]} << 32 | words[1],
                .rest = client_port | service << 16 | std::uint32_t{1} << 31};
    }
    [[nodiscard]] model::IpAddress client_address() const {
        return model::Ipv6{{static_cast<std::uint32_t>(address_high >> 32),
                            static_cast<std::uint32_t>(address_high),
                            static_cast<std::uint32_t>(address_low >> 32),
                            static_cast<std::uint32_t>(address_low)}};
    }
    [[nodiscard]] std::uint16_t client_port() const { return static_cast<std::uint16_t>(rest); }
    [[nodiscard]] std::uint16_t service() const { return rest >> 16 & 0xfff; }
    [[nodiscard]] bool is_reply() const { return false; }
    [[nodiscard]] bool is_empty() const { return rest == 0; }
    [[nodiscard]] std::uint64_t hash(abi::HashKey key) const {
        return abi::flow_hash(
            key, address_high, address_low, client_port(), service(), false, true);
    }
    friend bool operator==(const Ipv6FlowKey&, const Ipv6FlowKey&) = default;
};

constexpr std::uint16_t kNoStamp = 0xffff;

// What is known of a flow besides its key.
struct Flow {
    std::uint64_t connection = 0;
    std::uint32_t other_address = 0;  // FULLNAT's other end, see abi::FlowEntry.
    std::uint32_t hit_epoch = 0;      // When it was last known to be hit, or put where it is.
    std::uint16_t other_port = 0;
    std::uint16_t server = 0;
    std::uint16_t reply_hop = kNoNextHop;
    std::uint16_t stamp = kNoStamp;  // The card's for its place, as last read.
    abi::Method method = abi::Method::direct_routing;
};

template <class Key>
class FlowTable {
  public:
    static constexpr std::uint32_t kNowhere = UINT32_MAX;

    struct Entry {
        Key key;
        Flow flow;
    };

    FlowTable(abi::HashKey hash_key, int buckets_log2)
        : hash_key_(hash_key),
          buckets_log2_(buckets_log2),
          entries_((std::size_t{1} << buckets_log2) * abi::kFlowBucketWays),
          hops_on_card_(entries_.size(), kNoNextHop),
          writes_(entries_.size()) {}

    [[nodiscard]] std::uint32_t find(const Key& key) const {
        const std::uint64_t hash = key.hash(hash_key_);
        for (int half = 0; half < abi::kFlowHalves; ++half) {
            const std::uint32_t first = first_of(half, hash);
            for (std::uint32_t place = first; place < first + abi::kFlowWays; ++place) {
                if (entries_[place].key == key) {
                    return place;
                }
            }
        }
        return kNowhere;
    }

    // A place for a key that is not in the table; kNowhere: there is no room.
    [[nodiscard]] std::uint32_t insert(const Key& key, const Flow& flow, std::uint32_t epoch) {
        const std::uint64_t hash = key.hash(hash_key_);
        std::uint32_t place = free_place(hash);
        if (place == kNowhere) {
            place = make_room(hash, epoch);
            if (place == kNowhere) {
                return kNowhere;
            }
        }
        entries_[place] = {key, flow};
        ++count_;
        writes_.push(place);
        return place;
    }
    // The card has the flow there already.
    void adopt(std::uint32_t place, const Key& key, const Flow& flow) {
        entries_[place] = {key, flow};
        ++count_;
    }
    void remove(std::uint32_t place) {
        entries_[place] = Entry{};
        --count_;
        writes_.push(place);
    }

    [[nodiscard]] const Entry& at(std::uint32_t place) const { return entries_[place]; }
    // Changes are followed by rewrite().
    [[nodiscard]] Flow& flow_at(std::uint32_t place) { return entries_[place].flow; }
    void rewrite(std::uint32_t place) { writes_.push(place); }

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::uint64_t moves() const { return moves_; }
    [[nodiscard]] WriteQueue& writes() { return writes_; }
    [[nodiscard]] const WriteQueue& writes() const { return writes_; }
    // The next hop that the entry names which the card has at the place.
    [[nodiscard]] std::uint16_t& hop_on_card(std::uint32_t place) { return hops_on_card_[place]; }

    // A place as commands and events name it.
    [[nodiscard]] std::uint32_t bucket_of(std::uint32_t place) const {
        return place / abi::kFlowWays & (buckets() - 1);
    }
    [[nodiscard]] std::uint32_t way_of(std::uint32_t place) const {
        const std::uint32_t half = place / abi::kFlowWays >> buckets_log2_;
        return half * abi::kFlowWays + place % abi::kFlowWays;
    }
    // kNowhere if there is no such place.
    [[nodiscard]] std::uint32_t place_of(std::uint64_t bucket, std::uint64_t way) const {
        if (bucket >= buckets() || way >= abi::kFlowBucketWays) {
            return kNowhere;
        }
        const std::uint64_t half = way / abi::kFlowWays;
        return static_cast<std::uint32_t>((half * buckets() + bucket) * abi::kFlowWays +
                                          way % abi::kFlowWays);
    }

  private:
    // A place that would be free if its flow moved to where `parent` begins to look.
    struct Step {
        std::uint32_t place = 0;
        std::int32_t parent = -1;
    };

    [[nodiscard]] std::uint32_t buckets() const { return std::uint32_t{1} << buckets_log2_; }
    [[nodiscard]] std::uint32_t first_of(int half, std::uint64_t hash) const {
        return (static_cast<std::uint32_t>(half) * buckets() +
                abi::flow_bucket(hash, half, buckets_log2_)) *
               abi::kFlowWays;
    }
    [[nodiscard]] int half_of(std::uint32_t place) const {
        return static_cast<int>(place / abi::kFlowWays >> buckets_log2_);
    }

    // In the emptier of its buckets.
    [[nodiscard]] std::uint32_t free_place(std::uint64_t hash) const {
        std::uint32_t found = kNowhere;
        int free_most = 0;
        for (int half = 0; half < abi::kFlowHalves; ++half) {
            const std::uint32_t first = first_of(half, hash);
            int free = 0;
            std::uint32_t last_free = kNowhere;
            for (std::uint32_t place = first; place < first + abi::kFlowWays; ++place) {
                if (entries_[place].key.is_empty()) {
                    ++free;
                    last_free = place;
                }
            }
            if (free > free_most) {
                free_most = free;
                found = last_free;
            }
        }
        return found;
    }

    void consider(std::uint32_t place, std::int32_t parent) {
        if (steps_count_ == steps_max_ || writes_.is_waiting(place)) {
            return;
        }
        for (std::int32_t at = parent; at >= 0; at = steps_[static_cast<std::size_t>(at)].parent) {
            if (steps_[static_cast<std::size_t>(at)].place == place) {
                return;
            }
        }
        steps_[steps_count_++] = {place, parent};
    }

    [[nodiscard]] std::uint32_t make_room(std::uint64_t hash, std::uint32_t epoch) {
        steps_count_ = 0;
        if (count_ + entries_.size() / kFreedShare < full_count_) {
            full_count_ = SIZE_MAX;
        }
        steps_max_ = full_count_ == SIZE_MAX ? kPlacesSearched : kPlacesSearchedWhenFull;
        for (int half = 0; half < abi::kFlowHalves; ++half) {
            const std::uint32_t first = first_of(half, hash);
            for (std::uint32_t place = first; place < first + abi::kFlowWays; ++place) {
                consider(place, -1);
            }
        }
        for (std::size_t at = 0; at < steps_count_; ++at) {
            const std::uint32_t place = steps_[at].place;
            const int other_half = 1 - half_of(place);
            const std::uint32_t first = first_of(other_half, entries_[place].key.hash(hash_key_));
            for (std::uint32_t next = first; next < first + abi::kFlowWays; ++next) {
                if (entries_[next].key.is_empty()) {
                    return move_along(static_cast<std::int32_t>(at), next, epoch);
                }
            }
            for (std::uint32_t next = first; next < first + abi::kFlowWays; ++next) {
                consider(next, static_cast<std::int32_t>(at));
            }
        }
        full_count_ = count_;
        return kNowhere;
    }

    // Every flow of the chain one place on, the last one first.  What stamp the card has for the
    // new place is nobody's, so the move counts as a hit.
    [[nodiscard]] std::uint32_t move_along(std::int32_t last,
                                           std::uint32_t free,
                                           std::uint32_t epoch) {
        for (std::int32_t at = last; at >= 0; at = steps_[static_cast<std::size_t>(at)].parent) {
            const std::uint32_t place = steps_[static_cast<std::size_t>(at)].place;
            entries_[free] = entries_[place];
            entries_[free].flow.hit_epoch = epoch;
            entries_[free].flow.stamp = kNoStamp;
            writes_.push(free);
            entries_[place] = Entry{};
            free = place;
            ++moves_;
        }
        return free;
    }

    abi::HashKey hash_key_;
    int buckets_log2_;
    std::vector<Entry> entries_;  // By half, bucket and way.
    std::vector<std::uint16_t> hops_on_card_;
    WriteQueue writes_;
    std::size_t count_ = 0;
    std::uint64_t moves_ = 0;
    std::array<Step, kPlacesSearched> steps_;
    std::size_t steps_count_ = 0;
    std::size_t steps_max_ = kPlacesSearched;
    std::size_t full_count_ = SIZE_MAX;  // The table's when the last search was in vain.
};

}  // namespace fpvs::offload
