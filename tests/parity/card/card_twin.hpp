// SPDX-License-Identifier: Apache-2.0
// A world's director as the card's tables have it: the third and fourth execution beside the
// reference and the slow path.  It plays the smallest host there can be: connections that the
// reference holds established are the card's flows, and what the card hands over is the slow
// path's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/reference/director.hpp"
#include "tests/kit/card_dataplane.hpp"
#include "tests/parity/packets/world.hpp"

namespace fpvs::parity {

class CardTwin {
  public:
    // Sets the dataplane up for the world; it outlives this.
    CardTwin(const World& world, kit::CardDataplane& dataplane);

    // Brings flows and next hops to what the reference knows before a frame comes.
    void follow(reference::Director& model, std::uint64_t now_ms);

    struct Answer {
        std::vector<reference::Frame> sent;
        std::vector<kit::Punted> punted;
    };
    Answer receive(int port, const reference::Bytes& frame);

    // Empty if the card's counters of servers and services grew by what it forwarded.
    [[nodiscard]] std::string check_counters();
    // Of a frame that the card forwarded: what the reference counted for it.
    void forwarded(const std::vector<reference::ServiceView>& before,
                   const std::vector<reference::ServiceView>& after);

  private:
    [[nodiscard]] std::optional<kit::FlowSetup> flow_of(
        const reference::ConnectionView& connection) const;
    [[nodiscard]] kit::Setup make_setup() const;

    const World& world_;
    kit::CardDataplane& dataplane_;
    kit::Setup setup_;
    std::map<kit::FlowKey, kit::FlowSetup> flows_;
    kit::Counts before_;
    std::map<std::uint16_t, kit::Count> to_servers_;
    std::map<std::uint16_t, kit::Count> to_clients_;
};

}  // namespace fpvs::parity
