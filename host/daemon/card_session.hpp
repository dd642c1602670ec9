// SPDX-License-Identifier: Apache-2.0
// One card from its load to its end: its rings, the port they make, and the tables that the
// engine's decisions are written to.  Everything here belongs to the worker's thread.
//
// What the card learned before it punted a packet is known when that packet is handled: the port
// has the events handled between taking frames from the ring and handing them over.
#pragma once

#include <rte_mempool.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drivers/dpdk/card_port.hpp"
#include "host/engine/engine.hpp"
#include "host/model/view.hpp"
#include "host/offload/card_ledger.hpp"
#include "host/offload/offload.hpp"
#include "host/provider/card.hpp"
#include "host/provider/card_past.hpp"
#include "host/provider/card_rings.hpp"
#include "host/provider/neighbours.hpp"
#include "host/provider/network_port.hpp"
#include "host/provider/packet_port.hpp"
#include "host/util/result.hpp"

namespace fpvs::daemon {

class CardSession {
  public:
    using Time = provider::Nanoseconds;

    // Starts the card's rings and puts its tables at the engine's service.  What the card is told
    // is kept at `ledger_path`, if there is one; where the card runs on since the process before
    // died, and what that kept is about this card, its connections are gone on with.
    [[nodiscard]] static Result<std::unique_ptr<CardSession>> open(
        std::unique_ptr<provider::Card> card,
        const std::string& ledger_path,
        std::vector<provider::NetworkPort> ports,
        engine::Engine& engine,
        provider::Neighbours& neighbours,
        rte_mempool& pool,
        offload::WayToClient way_to);

    [[nodiscard]] provider::PacketPort& port() { return *events_first_; }
    // Events and commands.  False once the card is lost; the engine has been told.
    [[nodiscard]] bool step(Time now);
    void neighbour_changed(const model::IpAddress& target,
                           const std::optional<provider::Neighbour>& neighbour) {
        offload_->neighbour_changed(target, neighbour);
    }
    void path_mtu_changed(const model::IpAddress& target, std::uint32_t mtu) {
        offload_->path_mtu_changed(target, mtu);
    }
    void routes_changed() { offload_->routes_changed(); }
    // The operator takes the card away.
    void leave(Time now);
    [[nodiscard]] model::CardView view();

  private:
    CardSession() = default;

    // A new ledger, with what is gone on with in it.
    void begin_ledger(const std::string& path,
                      const offload::CardLimits& limits,
                      const provider::CardPast& past,
                      const std::optional<offload::Adoption>& adoption,
                      abi::HashKey key);

    // In the order of their dependence: each uses those before it.
    std::unique_ptr<provider::Card> card_;
    std::unique_ptr<provider::CardRings> rings_;
    std::optional<offload::CardLedger> ledger_;
    std::string ledger_path_;
    std::unique_ptr<dpdk::CardPort> port_;
    std::unique_ptr<offload::Offload> offload_;
    std::unique_ptr<provider::PacketPort> events_first_;
    Time now_{};  // Of the last step.
};

}  // namespace fpvs::daemon
