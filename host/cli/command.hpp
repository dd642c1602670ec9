// SPDX-License-Identifier: Apache-2.0
// A command line of ipvsadm's grammar, understood: what is to be done, in the words of the wire.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/cli/names.hpp"
#include "host/cli/option.hpp"
#include "host/control/api.pb.h"
#include "host/util/result.hpp"

namespace fpvs::cli {

namespace api = control::api;

struct ListStyle {
    bool numeric = false;
    bool sorted = true;
    bool exact = false;
    // What is listed; without any of them, services.
    bool connections = false;
    bool timeouts = false;
    bool sync_daemons = false;
    // Which columns; the first that is set counts.
    bool stats = false;
    bool rate = false;
    bool thresholds = false;
    bool persistent_connections = false;
    bool tunnels = false;
};

struct Command {
    CommandKind kind = CommandKind::list;
    std::optional<api::ServiceKey> service;
    api::ServiceSettings service_settings;
    api::ServerKey server;
    api::ServerSettings server_settings;
    api::Timeouts timeouts;
    api::SyncDaemon sync_daemon;
    std::string local_address;
    ListStyle list;
};

// What ipvsadm says about a command line that it does not take, and how it exits.
struct Refusal {
    int exit_code = 255;
    std::string message;  // With the line's end.
};

// `words` are those after the program's name.  Names of hosts and ports are looked up in `names`.
[[nodiscard]] tl::expected<Command, Refusal> parse_command(std::vector<std::string> words,
                                                           Names& names);

}  // namespace fpvs::cli
