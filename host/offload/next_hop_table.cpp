// SPDX-License-Identifier: Apache-2.0
#include "host/offload/next_hop_table.hpp"

#include <algorithm>
#include <utility>

namespace fpvs::offload {

NextHopTable::NextHopTable()
    : hops_(abi::kNextHopsMax), chains_(abi::kNextHopsMax, kNoNextHop), writes_(abi::kNextHopsMax) {
    free_.reserve(abi::kNextHopsMax);
    for (int number = abi::kNextHopsMax; number-- > 0;) {
        free_.push_back(static_cast<std::uint16_t>(number));
    }
}

std::uint16_t& NextHopTable::chain_of(const NextHopKey& key) {
    const std::size_t hash = model::AddressHash()(key.address) + key.interface_index + key.mtu;
    return chains_[hash % chains_.size()];
}

std::uint16_t NextHopTable::find(const NextHopKey& key) const {
    std::uint16_t number = const_cast<NextHopTable*>(this)->chain_of(key);
    while (number != kNoNextHop && !(hops_[number].key == key)) {
        number = hops_[number].next_in_chain;
    }
    return number;
}

std::uint16_t NextHopTable::take(const NextHopKey& key, const model::IpAddress& target) {
    if (free_.empty()) {
        return kNoNextHop;
    }
    const std::uint16_t number = free_.back();
    free_.pop_back();
    std::uint16_t& chain = chain_of(key);
    Hop& hop = hops_[number];
    hop.key = key;
    hop.target = target;
    hop.next_in_chain = chain;
    chain = number;
    return number;
}

void NextHopTable::adopt(std::uint16_t number,
                         const NextHopKey& key,
                         const model::IpAddress& target,
                         const NextHopRecord& record) {
    std::erase(free_, number);
    Hop& hop = hops_[number];
    std::uint16_t& chain = chain_of(key);
    hop = {.key = key, .target = target, .record = record, .users = 1, .next_in_chain = chain};
    chain = number;
}

void NextHopTable::release(std::uint16_t number) {
    if (number == kNoNextHop || --hops_[number].users != 0) {
        return;
    }
    std::uint16_t* link = &chain_of(hops_[number].key);
    while (*link != number) {
        link = &hops_[*link].next_in_chain;
    }
    *link = hops_[number].next_in_chain;
    free_.push_back(number);
    if (left_.size() < hops_.size()) {
        left_.push_back(hops_[number].target);
    }
}

std::vector<model::IpAddress> NextHopTable::take_left_targets() {
    std::vector<model::IpAddress> left = std::exchange(left_, {});
    std::sort(left.begin(), left.end());
    left.erase(std::unique(left.begin(), left.end()), left.end());
    if (!left.empty()) {
        visit(0, hops_.size(), [&](std::uint16_t, const model::IpAddress& target, std::uint32_t) {
            const auto found = std::lower_bound(left.begin(), left.end(), target);
            if (found != left.end() && *found == target) {
                left.erase(found);
            }
        });
    }
    return left;
}

void NextHopTable::set(std::uint16_t number, const NextHopRecord& record) {
    if (!(hops_[number].record == record)) {
        hops_[number].record = record;
        writes_.push(number);
    }
}

}  // namespace fpvs::offload
