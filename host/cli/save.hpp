// SPDX-License-Identifier: Apache-2.0
// Tables as commands that make them again.
//
// `ipvsadm -S` loses thresholds, timeouts and synchronisation; scripts compare its bytes, so -S
// does the same here.  `fpvsadm save` loses nothing.  `fpvsadm -R` reads both.
#pragma once

#include <string>

#include "host/cli/names.hpp"
#include "host/control/api.pb.h"

namespace fpvs::cli {

namespace api = control::api;

// `ipvsadm -S`, and local addresses where there are any.
[[nodiscard]] std::string save_services(const api::Services& services, bool numeric, Names& names);

// What `fpvsadm save` asks the daemon for.
struct SavedState {
    api::Timeouts timeouts;
    api::Settings settings;
    api::MarkRules mark_rules;
    api::Services services;
    api::SyncDaemons sync_daemons;
};

// Everything in it that is not as it would be in a new daemon.  Numeric.
[[nodiscard]] std::string save_state(const SavedState& state, Names& names);

}  // namespace fpvs::cli
