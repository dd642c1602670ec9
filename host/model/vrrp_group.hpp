// SPDX-License-Identifier: Apache-2.0
// Whom VRRP tells of its states, and `vrrp_sync_group`: instances that change state together.
#pragma once

#include <string>
#include <vector>

#include "host/model/script.hpp"
#include "host/model/vrrp_tracking.hpp"

namespace fpvs::model {

// Scripts of an instance or a group; each may be absent.
struct VrrpNotify {
    Script any = {};  // Called with INSTANCE or GROUP, the name, the state and the priority.
    Script master = {};
    Script backup = {};
    Script fault = {};
    Script stop = {};
    Script deleted = {};
    Script lower_priority = {};  // A master heard a lower one.
    bool tells_deleted = false;  // notify_deleted: DELETED where FAULT is said otherwise.
    bool tells_priority = false;

    friend bool operator==(const VrrpNotify&, const VrrpNotify&) = default;
};

struct VrrpGroup {
    std::string name;
    std::vector<std::string> members;    // Names of instances.
    std::vector<VrrpTrack> tracks = {};  // Of every member.
    VrrpNotify notify = {};
    bool tracks_with_weights = false;  // sync_group_tracking_weight: members may have their own.

    friend bool operator==(const VrrpGroup&, const VrrpGroup&) = default;
};

// Named pipes that `global_defs` gives; empty: none.
struct VrrpFifos {
    std::string vrrp = {};  // vrrp_notify_fifo
    std::string all = {};   // notify_fifo
    bool tells_on_reload = false;

    friend bool operator==(const VrrpFifos&, const VrrpFifos&) = default;
};

}  // namespace fpvs::model
