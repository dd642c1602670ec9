// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/route_table.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace fpvs::slowpath {
namespace {

constexpr std::uint32_t kNowhere = 0;
constexpr unsigned kIndexBits = 16;
constexpr std::size_t kIndexEntries = (std::size_t{1} << kIndexBits) + 1;  // One beyond the last.
constexpr unsigned kWordBits = 32;

// The bits of a number that a prefix of that length leaves open.
template <class Number>
constexpr Number host_bits(unsigned length) {
    return length >= 8 * sizeof(Number) ? 0 : static_cast<Number>(~Number{0}) >> length;
}

}  // namespace

RouteTable::Ipv6Number RouteTable::number_of(const model::Ipv6& address) {
    Ipv6Number number = 0;
    for (const std::uint32_t word : address.words) {
        number = number << kWordBits | word;
    }
    return number;
}

template <class Number>
RouteTable::Block<Number> RouteTable::block_of(Number address, unsigned length) {
    const auto open = host_bits<Number>(length);
    return {.first = address & ~open, .last = address | open};
}

// One pass over the blocks in the order of their first addresses, with the blocks that are open at
// that place on a stack: prefixes are nested or apart, never crossing.
template <class Number>
std::vector<RouteTable::Range<Number>> RouteTable::flatten(std::vector<Block<Number>> blocks) {
    // An enclosing block before those in it; of equal ones the best last, as the last one wins.
    std::sort(blocks.begin(), blocks.end(), [](const auto& left, const auto& right) {
        if (left.first != right.first) {
            return left.first < right.first;
        }
        if (left.last != right.last) {
            return left.last > right.last;
        }
        return left.metric != right.metric ? left.metric > right.metric : left.route > right.route;
    });
    std::vector<Range<Number>> ranges{{.first = Number{}, .hop = kNowhere}};
    const auto begin_range = [&ranges](Number first, std::uint32_t hop) {
        if (ranges.back().first == first) {
            ranges.pop_back();
        }
        if (ranges.empty() || ranges.back().hop != hop) {
            ranges.push_back({.first = first, .hop = hop});
        }
    };
    std::vector<Block<Number>> open;
    const auto close = [&] {
        const Number end = static_cast<Number>(open.back().last + 1);
        open.pop_back();
        if (end != Number{}) {  // Else it was the last of all addresses.
            begin_range(end, open.empty() ? kNowhere : open.back().hop);
        }
    };
    for (const Block<Number>& block : blocks) {
        while (!open.empty() && open.back().last < block.first) {
            close();
        }
        begin_range(block.first, block.hop);
        open.push_back(block);
    }
    while (!open.empty()) {
        close();
    }
    return ranges;
}

RouteTable::RouteTable(std::span<const provider::Route> routes) : hops_(1) {
    std::map<Hop, std::uint32_t> known{{Hop{}, kNowhere}};
    std::vector<Block<std::uint32_t>> ipv4;
    std::vector<Block<Ipv6Number>> ipv6;
    for (std::uint32_t i = 0; i < routes.size(); ++i) {
        const provider::Route& route = routes[i];
        Hop hop;
        if (route.interface_index != 0) {
            hop = {.way = {.next_hop = route.gateway.value_or(model::IpAddress{}),
                           .interface_index = route.interface_index,
                           .mtu = route.mtu},
                   .on_link = !route.gateway};
        }
        const auto [place, fresh] =
            known.try_emplace(hop, static_cast<std::uint32_t>(hops_.size()));
        if (fresh) {
            hops_.push_back(hop);
        }
        const auto add = [&](auto& blocks, auto block) {
            block.metric = route.metric;
            block.route = i;
            block.hop = place->second;
            blocks.push_back(block);
        };
        if (route.prefix.address.is_ipv4()) {
            add(ipv4, block_of(number_of(route.prefix.address.ipv4()), route.prefix.length));
        } else {
            add(ipv6, block_of(number_of(route.prefix.address.ipv6()), route.prefix.length));
        }
    }
    ipv4_ = flatten(std::move(ipv4));
    ipv6_ = flatten(std::move(ipv6));
    index_ipv4();
}

void RouteTable::index_ipv4() {
    ipv4_index_.resize(kIndexEntries);
    std::uint32_t range = 0;
    for (std::size_t half = 0; half < kIndexEntries; ++half) {
        while (range < ipv4_.size() && ipv4_[range].first >> kIndexBits < half) {
            ++range;
        }
        ipv4_index_[half] = range;
    }
}

// The last of the ranges that begins at or before the number; the first one does.  Each step halves
// what is left; a branch on the outcome could not be foreseen.
template <class Number>
std::uint32_t RouteTable::last_below(const Range<Number>* range,
                                     std::size_t count,
                                     Number number) noexcept {
    while (count > 1) {
        const std::size_t half = count / 2;
        std::size_t below = range[half].first <= number ? 1 : 0;
        asm("" : "+r"(below));  // Keeps the compiler from making a branch of it.
        range += below * half;
        count -= half;
    }
    return range->hop;
}

std::uint32_t RouteTable::hop_of(model::Ipv4 address) const noexcept {
    const std::uint32_t half = address.value >> kIndexBits;
    // With the range that began before this half's addresses; for half 0 it is among them.
    const std::uint32_t begin = std::max(ipv4_index_[half], 1u) - 1;
    return last_below(&ipv4_[begin], ipv4_index_[half + 1] - begin, number_of(address));
}

std::uint32_t RouteTable::hop_of(const model::Ipv6& address) const noexcept {
    return last_below(ipv6_.data(), ipv6_.size(), number_of(address));
}

std::optional<Way> RouteTable::find(const model::IpAddress& destination) const noexcept {
    const Hop& hop =
        hops_[destination.is_ipv4() ? hop_of(destination.ipv4()) : hop_of(destination.ipv6())];
    if (hop.way.interface_index == 0) [[unlikely]] {
        return std::nullopt;
    }
    std::optional<Way> way(hop.way);
    if (hop.on_link) {
        way->next_hop = destination;
    }
    return way;
}

std::size_t RouteTable::size_bytes() const noexcept {
    return hops_.size() * sizeof(Hop) + ipv4_.size() * sizeof(ipv4_[0]) +
           ipv6_.size() * sizeof(ipv6_[0]) + ipv4_index_.size() * sizeof(ipv4_index_[0]);
}

}  // namespace fpvs::slowpath
