// SPDX-License-Identifier: Apache-2.0
// A director with several workers in memory, stepped by hand or by threads of the test's.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "host/slowpath/exchange.hpp"
#include "host/slowpath/shared_neighbours.hpp"
#include "host/slowpath/shared_port.hpp"
#include "host/slowpath/snapshots.hpp"
#include "host/slowpath/worker.hpp"
#include "host/util/check.hpp"

namespace fpvs::kit {

class WorkerGroup {
  public:
    // Pools as in slowpath::WorkerOptions, which makes the rest.
    WorkerGroup(std::size_t workers,
                const engine::EngineOptions& options,
                provider::Neighbours& neighbours,
                const slowpath::WorkerOptions& worker_options = {})
        : director_(options, workers),
          neighbours_(neighbours, workers),
          exchange_(slowpath::Exchange::make(workers).value()) {
        slowpath::WorkerOptions each = worker_options;
        each.snapshots = &snapshots;
        each.exchange = workers > 1 ? exchange_.get() : nullptr;
        for (std::size_t worker = 0; worker < workers; ++worker) {
            engines_.push_back(std::make_unique<engine::Engine>(director_, worker));
            workers_.push_back(std::make_unique<slowpath::Worker>(
                *engines_[worker], neighbours_.of(worker), each));
        }
    }

    // The first worker receives from `host`, and `receiver` from `wire`.
    void add_port(const provider::NetworkPort& port,
                  provider::PacketPort& wire,
                  provider::PacketPort& host,
                  std::size_t receiver = 0) {
        slowpath::SharedPort& shared_wire = shared_.emplace_back(wire);
        slowpath::SharedPort& shared_host = shared_.emplace_back(host);
        for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
            const Status added = workers_[worker]->add_port(
                port, worker == 0 ? &shared_host.receiver() : &shared_host.sender());
            FPVS_CHECK(added.has_value());
            workers_[worker]->carry(
                port.number,
                worker == receiver ? &shared_wire.receiver() : &shared_wire.sender(),
                slowpath::Selection::by_worker);
        }
    }

    [[nodiscard]] std::size_t size() const { return workers_.size(); }
    [[nodiscard]] engine::Engine& engine() { return *engines_.front(); }
    [[nodiscard]] engine::Engine& engine_of(std::size_t worker) { return *engines_[worker]; }
    [[nodiscard]] slowpath::Worker& operator[](std::size_t worker) { return *workers_[worker]; }

    // Every worker by turns, until none has anything to do.  The first last: see EngineGroup.
    void step(provider::Nanoseconds now) {
        for (bool busy = true; busy;) {
            busy = false;
            for (std::size_t worker = workers_.size(); worker-- > 0;) {
                busy |= workers_[worker]->step(now);
            }
        }
    }

    template <class Counted>
    [[nodiscard]] std::uint64_t count(Counted counted) const {
        std::uint64_t sum = 0;
        for (const auto& worker : workers_) {
            sum += worker->counters()[counted].frames;
        }
        return sum;
    }

    slowpath::Snapshots snapshots;

  private:
    engine::Director director_;
    slowpath::SharedNeighbours neighbours_;
    std::deque<slowpath::SharedPort> shared_;
    std::unique_ptr<slowpath::Exchange> exchange_;
    std::vector<std::unique_ptr<engine::Engine>> engines_;
    std::vector<std::unique_ptr<slowpath::Worker>> workers_;
};

}  // namespace fpvs::kit
