// SPDX-License-Identifier: Apache-2.0
// `lvs_sync_daemon INTERFACE [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]`.
#pragma once

#include <optional>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/config.hpp"

namespace fpvs::config {

struct SyncDaemonDraft {
    model::SyncFollower follower;
    std::optional<Word> instance;  // Where it is named.
    bool has_id = false;
};

[[nodiscard]] std::optional<SyncDaemonDraft> read_sync_daemon(const Statement& statement,
                                                              Diagnostics& diagnostics);
// Once all instances are known: without an id it is the instance's virtual router's.
void finish_sync_daemon(SyncDaemonDraft draft, model::Config& config, Diagnostics& diagnostics);

}  // namespace fpvs::config
