// SPDX-License-Identifier: Apache-2.0
// Bulk resynchronisation over the network: a backup asks for everything, a master sends it.  Both
// belong to the synchronisation thread, and take their steps there between other work.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "host/model/sync_daemon.hpp"
#include "host/sync/engines.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::daemon {

// Answers requests of backups of the same group.
class BulkMaster {
  public:
    // Engines must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<BulkMaster>> open(boost::asio::io_context& io,
                                                                  const model::SyncDaemon& daemon,
                                                                  sync::Engines& engines);
    ~BulkMaster();
    BulkMaster(const BulkMaster&) = delete;
    BulkMaster& operator=(const BulkMaster&) = delete;

  private:
    class State;
    explicit BulkMaster(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

// Asks until it was told everything, or nobody answered for a while.
class BulkBackup {
  public:
    // `hear` gets each message of the stream; `finish` is called after each part of it.
    struct Listener {
        std::function<void(std::span<const std::uint8_t> message)> hear;
        std::function<void()> finish;
    };
    [[nodiscard]] static Result<std::unique_ptr<BulkBackup>> open(boost::asio::io_context& io,
                                                                  const model::SyncDaemon& daemon,
                                                                  Listener listener);
    ~BulkBackup();
    BulkBackup(const BulkBackup&) = delete;
    BulkBackup& operator=(const BulkBackup&) = delete;

  private:
    class State;
    explicit BulkBackup(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace fpvs::daemon
