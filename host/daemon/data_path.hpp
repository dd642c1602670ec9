// SPDX-License-Identifier: Apache-2.0
// Everything that carries packets, put together: DPDK, the workers with their engines, the
// interfaces of the kernel, and the wire behind each of them.
//
// All calls are made on the control plane's thread; what concerns an engine runs on its worker's
// (docs/decisions/0002, 0009).
#pragma once

#include <rte_mempool.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "drivers/dpdk/eal.hpp"
#include "drivers/dpdk/ethdev_port.hpp"
#include "drivers/dpdk/frame_pool.hpp"
#include "drivers/dpdk/tap_port.hpp"
#include "host/daemon/card_session.hpp"
#include "host/daemon/port_options.hpp"
#include "host/engine/director.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/kept_memory.hpp"
#include "host/engine/recollection.hpp"
#include "host/model/mark_rule.hpp"
#include "host/model/view.hpp"
#include "host/provider/card.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/neighbours.hpp"
#include "host/provider/routes.hpp"
#include "host/slowpath/exchange.hpp"
#include "host/slowpath/readers.hpp"
#include "host/slowpath/shared_neighbours.hpp"
#include "host/slowpath/shared_port.hpp"
#include "host/slowpath/snapshots.hpp"
#include "host/slowpath/worker.hpp"
#include "host/slowpath/worker_thread.hpp"
#include "host/sync/engines.hpp"
#include "host/util/result.hpp"

namespace fpvs::daemon {

struct DataPathOptions {
    std::vector<InterfacePlan> interfaces;
    std::size_t connections_max = model::kConnectionsMax;
    std::size_t workers = 1;
    // Where connections are kept for the next process; empty: they end with this one.
    std::string state_path = {};
    // A card carries its ports already and will be attached soon: what the standby ports bring is
    // what the card forwards.
    bool card_runs = false;
};

class DataPath {
  public:
    // What a card was told is kept beside the state.
    static constexpr const char* kLedgerSuffix = ".card";

    // Opens every interface and its standby port, and starts the workers' threads.  Neighbours and
    // clock must outlive the result.
    [[nodiscard]] static Result<std::unique_ptr<DataPath>> start(const DataPathOptions& options,
                                                                 provider::Neighbours& neighbours,
                                                                 const provider::Clock& clock);
    // Ends the threads first, then what they used.
    ~DataPath();
    DataPath(const DataPath&) = delete;
    DataPath& operator=(const DataPath&) = delete;

    // Runs function(engine, now) on the first worker's thread and returns its result: for edits,
    // and for what that engine tells of all.
    template <class Function>
    auto with_engine(Function&& function) {
        const FreeReplaced after(*this);
        return first().thread->call([&] { return function(*first().engine, clock_.now()); });
    }
    // A page of the connections of all workers; a cursor of 0 is the beginning, and the end.
    [[nodiscard]] engine::ConnectionPage connections(std::uint64_t cursor, std::size_t count_max);
    [[nodiscard]] std::size_t workers() const { return workers_.size(); }
    // For connection synchronisation, whose thread may call these.
    [[nodiscard]] sync::Engines& sync_engines() { return sync_engines_; }

    // Takes over the connections that the process before has left, once services and servers are
    // there.  From then on the next process will find ours.
    [[nodiscard]] Status remember();

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
    // Told on the worker's thread; before a card is attached.
    void on_card_lost(std::function<void()> handler) { card_lost_ = std::move(handler); }
    // The card that was expected does not come.
    void give_up_card();
    // Where a card has failed, its state is the reason.
    [[nodiscard]] model::CardView card_view();

  private:
    using Time = provider::Nanoseconds;

    struct Interface {
        InterfacePlan plan;
        provider::NetworkPort port;
        std::unique_ptr<dpdk::TapPort> tap;
        std::unique_ptr<dpdk::EthdevPort> standby;
        // The same for several workers; no standby if the device has a queue for each.
        std::unique_ptr<slowpath::SharedPort> shared_tap;
        std::unique_ptr<slowpath::SharedPort> shared_standby;
    };

    struct WorkerParts {
        std::unique_ptr<engine::Engine> engine;
        std::unique_ptr<slowpath::Worker> worker;
        std::unique_ptr<slowpath::WorkerThread> thread;
    };

    class SyncEngines final : public sync::Engines {
      public:
        explicit SyncEngines(DataPath& path) : path_(path) {}
        std::size_t workers() const override { return path_.workers_.size(); }
        void attach(std::span<engine::SyncSink* const> connections,
                    engine::SyncSink* templates) override;
        sync::Outcome learn(std::span<const engine::SyncedConnection> batch) override;
        engine::SyncPage synced(std::uint64_t cursor, std::size_t count_max) override;
        std::uint32_t servers_added() const override { return path_.director_.servers_added(); }

      private:
        DataPath& path_;
    };

    // What an edit replaced is freed here, once no worker reads it any more.
    class FreeReplaced {
      public:
        explicit FreeReplaced(DataPath& path) : path_(path) {}
        ~FreeReplaced() { path_.free_replaced(); }
        FreeReplaced(const FreeReplaced&) = delete;
        FreeReplaced& operator=(const FreeReplaced&) = delete;

      private:
        DataPath& path_;
    };

    // Where packets lie.
    struct Pools {
        dpdk::FramePool frames;
        dpdk::FramePool whole_packets;  // Those made whole from fragments.
    };

    // Memory that outlives the process: ours, and what the one before has left.
    struct Kept {
        std::optional<engine::KeptMemory> memory;
        std::unique_ptr<engine::Recollection> before;
    };
    [[nodiscard]] static Result<Kept> open_kept(const DataPathOptions& options);
    [[nodiscard]] static engine::EngineOptions engine_options(const DataPathOptions& options,
                                                              const Kept& kept);

    DataPath(dpdk::Eal eal,
             Pools pools,
             Kept kept,
             const DataPathOptions& options,
             provider::Neighbours& neighbours,
             const provider::Clock& clock);
    [[nodiscard]] Status make_workers();
    [[nodiscard]] Status open_interfaces(const std::vector<InterfacePlan>& plans);
    [[nodiscard]] Status open_interface(const InterfacePlan& plan, std::uint16_t number);
    [[nodiscard]] Result<std::unique_ptr<dpdk::EthdevPort>> open_standby(
        const StandbyOption& standby, std::uint16_t number);
    [[nodiscard]] Status start_threads();
    // On the worker's thread where there is one alone, or before threads run.
    void carry_by_standby();
    void carry_by_standby(Interface& interface);
    [[nodiscard]] provider::PacketPort* wire_of(const Interface& interface, std::size_t worker);
    void leave_card(Time now);
    void name_port(model::PortView& port) const;
    void free_replaced();
    [[nodiscard]] WorkerParts& first() { return workers_.front(); }

    dpdk::Eal eal_;
    const provider::Clock& clock_;
    Pools pools_;
    Kept kept_;
    const std::string ledger_path_;  // Where what the card is told is kept.
    engine::Director director_;
    slowpath::Snapshots snapshots_;
    slowpath::Readers readers_;
    slowpath::SharedNeighbours shared_neighbours_;  // The last share is the card's.
    std::unique_ptr<slowpath::Exchange> exchange_;  // None for a worker alone.
    std::vector<Interface> interfaces_;
    std::vector<WorkerParts> workers_;
    SyncEngines sync_engines_{*this};
    std::function<void()> card_lost_ = [] {};
    std::unique_ptr<CardSession> card_;  // Used on the worker's thread while that runs.
};

}  // namespace fpvs::daemon
