// SPDX-License-Identifier: Apache-2.0
// Which way a packet goes: longest-prefix match over the host's routes, both families.
//
// Built once and never changed, so that threads can share it and a new one is swapped in by
// pointer.  The prefixes are flattened into ranges that do not overlap, each with its answer; a
// lookup finds the last range that begins at or before the address.  For IPv4 an index by the upper
// half of the address leaves few ranges to look at, mostly one.  All of it is small enough for the
// caches: the index is 256 KiB, of which traffic touches little, and a route makes at most two
// ranges.  (DPDK's rte_lpm and rte_fib take 64 MiB however few the routes are, from the EAL's
// memory, and twice that while one table replaces another.)
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/model/address.hpp"
#include "host/provider/routes.hpp"

namespace fpvs::slowpath {

// A way to one destination.
struct Way {
    model::IpAddress next_hop;  // The gateway, or the destination itself when it is on-link.
    std::uint32_t interface_index = 0;
    std::uint32_t mtu = 0;  // 0: the interface's.

    friend auto operator<=>(const Way&, const Way&) = default;
};

class RouteTable {
  public:
    explicit RouteTable(std::span<const provider::Route> routes = {});

    // None: no route, or one that leads nowhere.
    [[nodiscard]] std::optional<Way> find(const model::IpAddress& destination) const noexcept;

    [[nodiscard]] std::size_t size_bytes() const noexcept;

  private:
    // What routes of many prefixes have in common.
    struct Hop {
        Way way;               // By interface 0: nowhere.
        bool on_link = false;  // The next hop is the destination.
        friend auto operator<=>(const Hop&, const Hop&) = default;
    };
    __extension__ using Ipv6Number = unsigned __int128;
    // The addresses from `first` up to the next range.
    template <class Number>
    struct Range {
        Number first;
        std::uint32_t hop = 0;  // In hops_.
    };
    // A route's prefix as numbers.
    template <class Number>
    struct Block {
        Number first;
        Number last;
        std::uint32_t metric = 0;
        std::uint32_t route = 0;  // Its place in the table that was given.
        std::uint32_t hop = 0;
    };

    [[nodiscard]] static std::uint32_t number_of(model::Ipv4 address) { return address.value; }
    [[nodiscard]] static Ipv6Number number_of(const model::Ipv6& address);
    template <class Number>
    [[nodiscard]] static Block<Number> block_of(Number address, unsigned length);
    template <class Number>
    [[nodiscard]] static std::vector<Range<Number>> flatten(std::vector<Block<Number>> blocks);
    void index_ipv4();
    template <class Number>
    [[nodiscard]] static std::uint32_t last_below(const Range<Number>* range,
                                                  std::size_t count,
                                                  Number number) noexcept;
    [[nodiscard]] std::uint32_t hop_of(model::Ipv4 address) const noexcept;
    [[nodiscard]] std::uint32_t hop_of(const model::Ipv6& address) const noexcept;

    std::vector<Hop> hops_;  // Each once; the first is nowhere.
    std::vector<Range<std::uint32_t>> ipv4_;
    std::vector<Range<Ipv6Number>> ipv6_;
    // By the upper half of an address: how many IPv4 ranges begin below that half's addresses.
    std::vector<std::uint32_t> ipv4_index_;
};

}  // namespace fpvs::slowpath
