// SPDX-License-Identifier: Apache-2.0
// What a director's two ports are plugged into: ports in memory (fake_wires.cpp), or a card with
// its RTL, rings and the daemon's own session with it (card_wires.cpp).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/provider/neighbours.hpp"
#include "host/provider/network_port.hpp"
#include "host/slowpath/worker.hpp"
#include "tests/conformance/packets/recording.hpp"

namespace fpvs::test {

class Wires {
  public:
    virtual ~Wires() = default;
    virtual void receive(Side side, const Frame& frame) = 0;
    // Whatever is under way gets there.
    virtual void settle(provider::Nanoseconds now) = 0;
    [[nodiscard]] virtual std::vector<Frame> sent(Side side) = 0;
    // A frame as it was before a MAC filled it.
    [[nodiscard]] virtual Frame as_captured(Frame frame) const { return frame; }
    virtual void neighbour_changed(const model::IpAddress& target,
                                   const provider::Neighbour& neighbour) = 0;
    // Frames that left without the host.
    [[nodiscard]] virtual std::uint64_t forwarded_by_card() { return 0; }
};

struct Plugs {
    std::vector<provider::NetworkPort> ports;  // By side.
    engine::Engine& engine;
    provider::Neighbours& neighbours;
    slowpath::Worker& worker;
    rte_mempool& pool;
};

// All of `plugs` outlives it.
[[nodiscard]] std::unique_ptr<Wires> plug_in(const Plugs& plugs);
// The family of recordings, as reports name it.
[[nodiscard]] std::string family_of_wires();

}  // namespace fpvs::test
