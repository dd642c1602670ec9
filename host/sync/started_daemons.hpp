// SPDX-License-Identifier: Apache-2.0
// Which daemons of connection synchronisation were started: one of a role at most.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/model/sync_daemon.hpp"
#include "host/util/result.hpp"

namespace fpvs::sync {

class StartedDaemons {
  public:
    using InterfaceExists = std::function<bool(const std::string& name)>;

    explicit StartedDaemons(InterfaceExists interface_exists)
        : interface_exists_(std::move(interface_exists)) {}

    // Errors are ipvsadm's sentences: Code::unavailable "No such device", already_exists "Daemon
    // has already run".
    [[nodiscard]] Status start(const model::SyncDaemon& daemon);
    // Code::not_found "No daemon is running".
    [[nodiscard]] Status stop(model::SyncRole role);
    [[nodiscard]] std::vector<model::SyncDaemon> list() const;  // The master first.

  private:
    [[nodiscard]] std::optional<model::SyncDaemon>& of(model::SyncRole role) {
        return role == model::SyncRole::master ? master_ : backup_;
    }

    InterfaceExists interface_exists_;
    std::optional<model::SyncDaemon> master_;
    std::optional<model::SyncDaemon> backup_;
};

}  // namespace fpvs::sync
