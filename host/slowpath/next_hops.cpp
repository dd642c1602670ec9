// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/next_hops.hpp"

#include <algorithm>

namespace fpvs::slowpath {

NextHops::NextHops(provider::Neighbours& neighbours, std::size_t servers_max)
    : neighbours_(neighbours), next_hops_(servers_max) {}

NextHops::~NextHops() {
    for (const Waiting& waiting : std::span(waiting_).first(waiting_count_)) {
        for (const HeldFrame& held : std::span(waiting.frames).first(waiting.count)) {
            rte_pktmbuf_free(held.frame);
        }
    }
}

void NextHops::ask(NextHop& next_hop, model::Ipv4 address) noexcept {
    next_hop = NextHop{};
    next_hop.server = address;
    next_hop.state = NextHop::State::waiting;
    settle(next_hop, neighbours_.resolve(address));
}

rte_mbuf* NextHops::hold(const HeldFrame& frame, provider::Nanoseconds now) noexcept {
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(waiting_count_);
    auto waiting = std::find_if(waiting_.begin(), end, [&frame](const Waiting& candidate) {
        return candidate.server == frame.server;
    });
    if (waiting == end) {
        if (waiting_count_ == kWaitingServersMax) {
            return frame.frame;
        }
        ++waiting_count_;
        waiting->server = frame.server;
        waiting->since = now;
        waiting->count = 0;
    }
    rte_mbuf* displaced = nullptr;
    if (waiting->count == kFramesPerServerMax) {
        displaced = waiting->frames.front().frame;
        std::shift_left(waiting->frames.begin(), waiting->frames.end(), 1);
        --waiting->count;
    }
    waiting->frames[waiting->count++] = frame;
    return displaced;
}

void NextHops::neighbour_changed(const model::IpAddress& target,
                                 const std::optional<provider::Neighbour>& neighbour) {
    for (NextHop& next_hop : next_hops_) {
        if (next_hop.server == target && next_hop.state != NextHop::State::unknown) {
            next_hop.state = NextHop::State::waiting;
            settle(next_hop, neighbour);
        }
    }
}

bool NextHops::is_over(const Waiting& waiting, provider::Nanoseconds now) noexcept {
    NextHop& next_hop = next_hops_[waiting.server];
    if (next_hop.state == NextHop::State::waiting) {
        settle(next_hop, neighbours_.resolve(next_hop.server));
    }
    return next_hop.state != NextHop::State::waiting || now - waiting.since >= kResolutionTime;
}

void NextHops::settle(NextHop& next_hop,
                      const std::optional<provider::Neighbour>& neighbour) noexcept {
    if (!neighbour) {
        return;
    }
    const auto egress =
        std::find_if(egresses_.begin(), egresses_.end(), [&](const provider::Egress& candidate) {
            return candidate.interface_index == neighbour->interface_index;
        });
    if (egress == egresses_.end()) {
        next_hop.state = NextHop::State::unreachable;
        return;
    }
    next_hop.state = NextHop::State::resolved;
    next_hop.port = egress->port;
    next_hop.mtu = egress->mtu;
    next_hop.link = LinkHeader::make(neighbour->mac, egress->mac, egress->vlan);
}

}  // namespace fpvs::slowpath
