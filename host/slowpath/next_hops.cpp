// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/next_hops.hpp"

#include <algorithm>
#include <utility>

namespace fpvs::slowpath {
namespace {

[[nodiscard]] bool is_link_local(const model::IpAddress& address) {
    return address.is_ipv6() && address.words[0] >> 22 == 0xfe80U >> 6;
}

[[nodiscard]] std::size_t hash_of(const Way& way) {
    return model::AddressHash()(way.next_hop) + way.interface_index;
}

// The route's, if it has one.
[[nodiscard]] std::uint32_t mtu_of(const NextHop& hop, const provider::Egress& egress) {
    return hop.route_mtu != 0 ? std::min(hop.route_mtu, egress.mtu) : egress.mtu;
}

}  // namespace

NextHops::NextHops(provider::Neighbours& neighbours,
                   const Published<RouteTable>& routes,
                   std::size_t servers_max)
    : neighbours_(neighbours),
      routes_(routes),
      servers_max_(servers_max),
      hops_(servers_max + kClientHops),
      chains_(hops_.size() / 2, kEndOfChain) {
    path_mtus_.reserve(kPathMtusMax);
}

NextHops::~NextHops() {
    for (const Waiting& waiting : std::span(waiting_).first(waiting_count_)) {
        for (const Outgoing& held : std::span(waiting.packets).first(waiting.count)) {
            rte_pktmbuf_free(held.frame);
        }
    }
}

void NextHops::ask(NextHop& hop,
                   const model::IpAddress& address,
                   std::uint32_t route_mtu) noexcept {
    if (hop.state != NextHop::State::unknown) {
        leave_target(hop);
    }
    std::uint32_t& chain = chain_of(address);
    hop = NextHop{};
    hop.target = address;
    hop.next_in_chain = std::exchange(chain, index_of(hop));
    hop.route_mtu = route_mtu;
    hop.state = NextHop::State::waiting;
    settle(hop, neighbours_.resolve(address));
}

void NextHops::leave_target(NextHop& hop) noexcept {
    std::uint32_t* link = &chain_of(hop.target);
    bool needed = false;
    while (*link != kEndOfChain) {
        NextHop& other = hops_[*link];
        if (&other == &hop) {
            *link = hop.next_in_chain;
            continue;
        }
        needed |= other.target == hop.target;
        link = &other.next_in_chain;
    }
    if (!needed) {
        neighbours_.forget(hop.target);
    }
}

const NextHop* NextHops::towards(const model::IpAddress& address) noexcept {
    const std::optional<Way> way = routes_.get().find(address);
    if (!way) {
        return nullptr;
    }
    constexpr std::size_t kSets = kClientHops / kWays;
    const std::size_t set = hash_of(*way) % kSets;
    const std::span<NextHop> candidates =
        std::span(hops_).subspan(servers_max_ + set * kWays, kWays);
    for (NextHop& hop : candidates) {
        if (hop.state != NextHop::State::unknown && hop.key == way->next_hop &&
            hop.key_interface == way->interface_index) {
            hop.last_used = ++use_count_;
            return &hop;
        }
    }
    NextHop* hop = place_for(candidates);
    if (hop == nullptr) {
        return nullptr;
    }
    // A link-local gateway means nothing without its interface; an address behind it leads the
    // kernel to the same gateway.
    ask(*hop, is_link_local(way->next_hop) ? address : way->next_hop, way->mtu);
    hop->key = way->next_hop;
    hop->key_interface = way->interface_index;
    hop->last_used = ++use_count_;
    return hop;
}

// A free one, or the longest unused for which nothing waits.
NextHop* NextHops::place_for(std::span<NextHop> candidates) noexcept {
    NextHop* oldest = nullptr;
    for (NextHop& hop : candidates) {
        if (hop.state == NextHop::State::unknown) {
            return &hop;
        }
        const bool older =
            oldest == nullptr || use_count_ - hop.last_used > use_count_ - oldest->last_used;
        if (older && !is_waited_for(hop)) {
            oldest = &hop;
        }
    }
    return oldest;
}

bool NextHops::is_waited_for(const NextHop& hop) const noexcept {
    const auto waiting = std::span(waiting_).first(waiting_count_);
    return std::any_of(waiting.begin(), waiting.end(), [index = index_of(hop)](const Waiting& one) {
        return one.hop == index;
    });
}

rte_mbuf* NextHops::hold(const Outgoing& packet,
                         const NextHop& hop,
                         provider::Nanoseconds now) noexcept {
    const std::uint32_t index = index_of(hop);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(waiting_count_);
    auto waiting = std::find_if(waiting_.begin(), end, [index](const Waiting& candidate) {
        return candidate.hop == index;
    });
    if (waiting == end) {
        if (waiting_count_ == kWaitingHopsMax) {
            return packet.frame;
        }
        ++waiting_count_;
        waiting->hop = index;
        waiting->since = now;
        waiting->count = 0;
    }
    rte_mbuf* displaced = nullptr;
    if (waiting->count == kFramesPerHopMax) {
        displaced = waiting->packets.front().frame;
        std::shift_left(waiting->packets.begin(), waiting->packets.end(), 1);
        --waiting->count;
    }
    waiting->packets[waiting->count++] = packet;
    return displaced;
}

void NextHops::neighbour_changed(const model::IpAddress& target,
                                 const std::optional<provider::Neighbour>& neighbour) {
    for (std::uint32_t at = chain_of(target); at != kEndOfChain; at = hops_[at].next_in_chain) {
        if (hops_[at].target == target) {
            hops_[at].state = NextHop::State::waiting;
            settle(hops_[at], neighbour);
        }
    }
}

void NextHops::on_path_mtu(PathMtuHandler handler) {
    path_mtu_changed_ = std::move(handler);
    for (const PathMtu& told : path_mtus_) {
        if (hops_[told.hop].path_mtu_told) {
            path_mtu_changed_(hops_[told.hop].target, hops_[told.hop].mtu);
        }
    }
}

void NextHops::learn_path_mtu(const NextHop& hop,
                              std::uint32_t mtu,
                              provider::Nanoseconds now) noexcept {
    NextHop& learned = hops_[index_of(hop)];
    if (learned.state != NextHop::State::resolved || mtu >= learned.mtu) {
        return;
    }
    if (!learned.path_mtu_told && path_mtus_.size() == kPathMtusMax) {
        return;
    }
    if (!learned.path_mtu_told) {
        path_mtus_.push_back({index_of(hop), now + kPathMtuTime});
    }
    learned.path_mtu_told = true;
    learned.mtu = mtu;
    path_mtu_changed_(learned.target, mtu);
}

void NextHops::forget_old_path_mtus(provider::Nanoseconds now) noexcept {
    std::erase_if(path_mtus_, [&](const PathMtu& told) {
        NextHop& hop = hops_[told.hop];
        if (told.until > now) {
            return false;
        }
        if (const provider::Egress* egress = egress_of(hop.interface_index);
            egress != nullptr && hop.path_mtu_told) {
            hop.mtu = mtu_of(hop, *egress);
        }
        hop.path_mtu_told = false;
        path_mtu_changed_(hop.target, 0);
        return true;
    });
}

bool NextHops::is_over(const Waiting& waiting, provider::Nanoseconds now) noexcept {
    NextHop& hop = hops_[waiting.hop];
    if (hop.state == NextHop::State::waiting) {
        settle(hop, neighbours_.resolve(hop.target));
    }
    return hop.state != NextHop::State::waiting || now - waiting.since >= kResolutionTime;
}

void NextHops::settle(NextHop& hop, const std::optional<provider::Neighbour>& neighbour) noexcept {
    if (!neighbour) {
        return;
    }
    const provider::Egress* egress = egress_of(neighbour->interface_index);
    if (egress == nullptr) {
        hop.state = NextHop::State::unreachable;
        return;
    }
    hop.state = NextHop::State::resolved;
    hop.port = egress->port;
    if (!hop.path_mtu_told || hop.interface_index != egress->interface_index) {
        hop.path_mtu_told = false;
        hop.mtu = mtu_of(hop, *egress);
    }
    hop.interface_index = egress->interface_index;
    hop.source = neighbour->source;
    hop.link = LinkHeader::make(neighbour->mac, egress->mac, egress->vlan);
}

const provider::Egress* NextHops::egress_of(std::uint32_t interface_index) const noexcept {
    const auto found = std::find_if(egresses_.begin(), egresses_.end(), [=](const auto& egress) {
        return egress.interface_index == interface_index;
    });
    return found != egresses_.end() ? &*found : nullptr;
}

}  // namespace fpvs::slowpath
