// SPDX-License-Identifier: Apache-2.0
// A director that tells and one that listens, without sockets: what the first says goes to a
// function of the test's, which may hand it to the second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/sync/backup.hpp"
#include "host/sync/master.hpp"
#include "tests/kit/engine_group.hpp"

namespace fpvs::kit {

using Datagram = std::vector<std::uint8_t>;

class SyncTeller {
  public:
    SyncTeller(EngineGroup& group,
               const model::SyncDaemon& daemon,
               std::function<void(Datagram)> wire)
        : group_(group) {
        // A worker alone says everything in one order.
        const std::size_t outboxes = group.size() == 1 ? 1 : group.size() + 1;
        for (std::size_t i = 0; i < outboxes; ++i) {
            outboxes_.push_back(std::make_unique<sync::Outbox>(4096));
        }
        std::vector<sync::Outbox*> all;
        for (const auto& outbox : outboxes_) {
            all.push_back(outbox.get());
        }
        for (std::size_t worker = 0; worker < group.size(); ++worker) {
            group[worker].attach_sync(all[worker], all.back());
        }
        master_ = std::make_unique<sync::Master>(
            daemon,
            std::move(all),
            [wire = std::move(wire)](std::span<const std::uint8_t> message) {
                wire(Datagram(message.begin(), message.end()));
                return sync::Master::Sending::sent;
            });
    }
    ~SyncTeller() {
        for (std::size_t worker = 0; worker < group_.size(); ++worker) {
            group_[worker].attach_sync(nullptr, nullptr);
        }
    }
    SyncTeller(const SyncTeller&) = delete;
    SyncTeller& operator=(const SyncTeller&) = delete;

    void step(engine::Engine::Time now) { master_->step(group_.first().settings(), now); }
    void flush() { master_->flush(group_.first().settings()); }
    [[nodiscard]] sync::MasterCounters counters() const { return master_->counters(); }

  private:
    EngineGroup& group_;
    std::vector<std::unique_ptr<sync::Outbox>> outboxes_;
    std::unique_ptr<sync::Master> master_;
};

class SyncListener {
  public:
    // `now` is read whenever something is learned.
    SyncListener(EngineGroup& group, std::uint8_t sync_id, const engine::Engine::Time& now)
        : now_(now), backup_(sync_id, [&group, &now](auto batch) {
              sync::Outcome outcome;
              for (const engine::SyncedConnection& told : batch) {
                  const engine::Packet from_client{.source_address = told.client_address,
                                                   .source_port = told.client_port};
                  outcome.push_back(
                      group[group.first().sender_owner(from_client)].learn(told, now));
              }
              return outcome;
          }) {}

    void hear(const Datagram& datagram) {
        backup_.hear(datagram, now_);
        backup_.finish(now_);
    }
    void step(std::uint32_t servers_added) { backup_.step(servers_added, now_); }
    [[nodiscard]] const sync::BackupCounters& counters() const { return backup_.counters(); }
    [[nodiscard]] std::size_t unbound() const { return backup_.unbound(); }

  private:
    const engine::Engine::Time& now_;
    sync::Backup backup_;
};

}  // namespace fpvs::kit
