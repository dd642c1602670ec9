// SPDX-License-Identifier: Apache-2.0
// The card's next hops.  One neighbour has one, whoever sends there: servers of several services,
// and the replies to all clients behind a gateway.  So one command turns all of them to another MAC
// address, or away from the card while none is known.
//
// A number is used for another neighbour only after the last entry that names it was overwritten on
// the card, not only here: whoever names one counts as a user for both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/model/address.hpp"
#include "host/offload/write_queue.hpp"
#include "hw/abi/entries.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/record.hpp"

namespace fpvs::offload {

using NextHopRecord = abi::Record<abi::NextHopEntry>;

constexpr std::uint16_t kNoNextHop = 0xffff;

struct NextHopKey {
    model::IpAddress address;           // The server itself, or the way's next hop.
    std::uint32_t interface_index = 0;  // Of a way; 0 of a server.
    std::uint32_t mtu = 0;              // Of a route that has one.

    friend bool operator==(const NextHopKey&, const NextHopKey&) = default;
};

class NextHopTable {
  public:
    NextHopTable();

    // The number of the key's hop, with one user more; a new one begins as `target` resolves.
    // kNoNextHop: all are in use.
    template <class Resolve>
    [[nodiscard]] std::uint16_t use(const NextHopKey& key,
                                    const model::IpAddress& target,
                                    Resolve&& resolve) {
        std::uint16_t number = find(key);
        if (number == kNoNextHop) {
            number = take(key, target);
            if (number != kNoNextHop) {
                set(number, resolve(target, key.mtu));
            }
        }
        retain(number);
        return number;
    }
    void retain(std::uint16_t number) {
        if (number != kNoNextHop) {
            ++hops_[number].users;
        }
    }
    void release(std::uint16_t number);
    // The card has the hop under this number, and this is its first user.  None are in use so far
    // but those that were adopted.
    void adopt(std::uint16_t number,
               const NextHopKey& key,
               const model::IpAddress& target,
               const NextHopRecord& record);

    // The card's entry, which is invalid while nothing may be sent there.
    void set(std::uint16_t number, const NextHopRecord& record);
    [[nodiscard]] const NextHopRecord& at(std::uint16_t number) const {
        return hops_[number].record;
    }
    [[nodiscard]] const NextHopKey& key_of(std::uint16_t number) const { return hops_[number].key; }
    [[nodiscard]] const model::IpAddress& target_of(std::uint16_t number) const {
        return hops_[number].target;
    }
    [[nodiscard]] bool is_valid(std::uint16_t number) const {
        return number != kNoNextHop && at(number).get<abi::NextHopEntry::valid>() != 0;
    }
    // function(number, target, mtu) for `count` numbers in use from `first` on, round and round.
    // Returns where to go on.
    template <class Function>
    std::uint16_t visit(std::uint16_t first, std::size_t count, Function&& function) const {
        std::uint16_t number = first;
        for (std::size_t i = 0; i < count; ++i) {
            if (hops_[number].users != 0) {
                function(number, hops_[number].target, hops_[number].key.mtu);
            }
            number = static_cast<std::uint16_t>((number + 1) % hops_.size());
        }
        return number;
    }

    // Whom the kernel need not be asked for any more: targets of hops that were given up since the
    // last call, and of none in use.
    [[nodiscard]] std::vector<model::IpAddress> take_left_targets();

    [[nodiscard]] bool is_used(std::uint16_t number) const { return hops_[number].users != 0; }
    [[nodiscard]] std::size_t in_use() const { return hops_.size() - free_.size(); }
    [[nodiscard]] std::size_t size() const { return hops_.size(); }
    [[nodiscard]] WriteQueue& writes() { return writes_; }
    [[nodiscard]] const WriteQueue& writes() const { return writes_; }

  private:
    struct Hop {
        NextHopKey key;
        model::IpAddress target;  // Whom the kernel is asked for.
        NextHopRecord record;
        std::uint32_t users = 0;
        std::uint16_t next_in_chain = kNoNextHop;
    };

    [[nodiscard]] std::uint16_t find(const NextHopKey& key) const;
    [[nodiscard]] std::uint16_t take(const NextHopKey& key, const model::IpAddress& target);
    [[nodiscard]] std::uint16_t& chain_of(const NextHopKey& key);

    std::vector<Hop> hops_;
    std::vector<std::uint16_t> chains_;  // By the key's hash, the first of its hops.
    std::vector<std::uint16_t> free_;
    std::vector<model::IpAddress> left_;  // As many as there are hops, at most.
    WriteQueue writes_;
};

}  // namespace fpvs::offload
