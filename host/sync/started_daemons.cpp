// SPDX-License-Identifier: Apache-2.0
#include "host/sync/started_daemons.hpp"

namespace fpvs::sync {

Status StartedDaemons::start(const model::SyncDaemon& daemon) {
    if (!interface_exists_(daemon.interface)) {
        return fail(Code::unavailable, "No such device");
    }
    if (of(daemon.role)) {
        return fail(Code::already_exists, "Daemon has already run");
    }
    of(daemon.role) = daemon;
    return {};
}

Status StartedDaemons::stop(model::SyncRole role) {
    if (!of(role)) {
        return fail(Code::not_found, "No daemon is running");
    }
    of(role).reset();
    return {};
}

std::vector<model::SyncDaemon> StartedDaemons::list() const {
    std::vector<model::SyncDaemon> daemons;
    for (const auto& daemon : {master_, backup_}) {
        if (daemon) {
            daemons.push_back(*daemon);
        }
    }
    return daemons;
}

}  // namespace fpvs::sync
