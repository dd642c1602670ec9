// SPDX-License-Identifier: Apache-2.0
// Everything that carries packets, put together: DPDK, the worker with its engine, the interfaces
// of the kernel, and the wire behind each of them.
//
// All calls are made on the control plane's thread; what concerns the engine runs on the worker's
// (docs/decisions/0002).
#pragma once

#include <rte_mempool.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "drivers/dpdk/eal.hpp"
#include "drivers/dpdk/ethdev_port.hpp"
#include "drivers/dpdk/frame_pool.hpp"
#include "drivers/dpdk/tap_port.hpp"
#include "host/daemon/card_session.hpp"
#include "host/daemon/port_options.hpp"
#include "host/engine/engine.hpp"
#include "host/model/mark_rule.hpp"
#include "host/model/view.hpp"
#include "host/provider/card.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/neighbours.hpp"
#include "host/provider/routes.hpp"
#include "host/slowpath/worker.hpp"
#include "host/slowpath/worker_thread.hpp"
#include "host/util/result.hpp"

namespace fpvs::daemon {

class DataPath {
  public:
    // Opens every interface and its standby port, and starts the worker's thread.  Neighbours and
    // clock must outlive the result.
    [[nodiscard]] static Result<std::unique_ptr<DataPath>> start(
        const std::vector<InterfacePlan>& plans,
        std::size_t connections_max,
        provider::Neighbours& neighbours,
        const provider::Clock& clock);
    // Ends the thread first, then what it used.
    ~DataPath();
    DataPath(const DataPath&) = delete;
    DataPath& operator=(const DataPath&) = delete;

    // Runs function(engine, now) on the worker's thread and returns its result.
    template <class Function>
    auto with_engine(Function&& function) {
        return thread_->call([&] { return function(engine_, clock_.now()); });
    }

    void neighbour_changed(const model::IpAddress& target,
                           const std::optional<provider::Neighbour>& neighbour);
    // From the next burst on.
    void use_routes(const std::vector<provider::Route>& routes);

    // Which packets have a firewall mark, from the next burst on.
    [[nodiscard]] Status set_mark_rules(const std::vector<model::MarkRule>& rules);

    // Gives the interfaces that have a card port to the card, and the engine a place to offload to.
    // A card that is attached already must be detached before.
    [[nodiscard]] Status attach_card(std::unique_ptr<provider::Card> card);
    // Connections go on in software; the standby ports carry their interfaces again.
    void detach_card();
    // Where a card has failed, its state is the reason.
    [[nodiscard]] model::CardView card_view();

  private:
    using Time = provider::Nanoseconds;

    struct Interface {
        InterfacePlan plan;
        provider::NetworkPort port;
        std::unique_ptr<dpdk::TapPort> tap;
        std::unique_ptr<dpdk::EthdevPort> standby;
    };

    // Where packets lie.
    struct Pools {
        dpdk::FramePool frames;
        dpdk::FramePool whole_packets;  // Those made whole from fragments.
    };

    DataPath(dpdk::Eal eal,
             Pools pools,
             std::size_t connections_max,
             provider::Neighbours& neighbours,
             const provider::Clock& clock);
    [[nodiscard]] Status open_interfaces(const std::vector<InterfacePlan>& plans);
    [[nodiscard]] Status open_interface(const InterfacePlan& plan, std::uint16_t number);
    // On the worker's thread, or before it runs.
    void carry_by_standby();
    void leave_card(Time now);
    void name_port(model::PortView& port) const;

    dpdk::Eal eal_;
    const provider::Clock& clock_;
    Pools pools_;
    engine::Engine engine_;
    std::vector<Interface> interfaces_;
    std::unique_ptr<slowpath::Worker> worker_;
    provider::Neighbours& neighbours_;
    std::unique_ptr<CardSession> card_;  // Used on the worker's thread while that runs.
    std::unique_ptr<slowpath::WorkerThread> thread_;
};

}  // namespace fpvs::daemon
