// SPDX-License-Identifier: Apache-2.0
// A `virtual_server` block while it is read: what stands there, each with its place.  What a word
// means may depend on one that comes later, so the draft is filled in when all is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/config/check_draft.hpp"
#include "host/config/diagnostics.hpp"
#include "host/config/forwarding_reader.hpp"
#include "host/config/lexer.hpp"
#include "host/config/server_group_reader.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::config {

struct ServerDraft {
    Position place;
    Position address_place;
    std::optional<model::IpAddress> address;
    std::optional<std::uint16_t> port;
    Position port_place;
    std::optional<Method> method;
    std::optional<std::int32_t> weight;
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;
    Position lower_threshold_place;
    std::optional<bool> inhibit_on_failure;
    std::string virtual_host;
    model::Script notify_up;
    model::Script notify_down;
    CheckTimers timers;
    std::vector<CheckDraft> checks;
};

struct SorryServerDraft {
    Position place;
    std::optional<model::IpAddress> address;
    std::optional<std::uint16_t> port;
};

struct ServiceDraft {
    Position place;
    std::optional<Word> group;  // `virtual_server group NAME`.
    model::VirtualServiceConfig service;
    Position protocol_place;
    bool has_protocol = false;
    bool has_scheduler = false;
    std::optional<Method> method;
    std::optional<std::int32_t> weight;
    std::vector<Word> scheduler_flags;
    std::optional<std::uint32_t> persistence_timeout_s;
    std::optional<Word> granularity;
    std::string persistence_engine;
    Position persistence_place;
    std::optional<model::Family> family;  // As ip_family says.
    std::optional<bool> inhibit_on_failure;
    std::string virtual_host;
    Position quorum_place;
    Position hysteresis_place;
    std::optional<SorryServerDraft> sorry_server;
    std::optional<Method> sorry_server_method;
    bool sorry_server_inhibit = false;
    CheckTimers timers;
    std::vector<ServerDraft> servers;
};

// What a `virtual_server` block says in the end.
struct ReadService {
    // Nothing if the block has no real server: keepalived passes over those.
    std::optional<model::VirtualServiceConfig> service;
    std::vector<Word> track_files;  // The names that its checks need.
};

// Completes the draft: keepalived's defaults, what follows from other statements, the servers.
// `group` is the one that the draft names, or null.
[[nodiscard]] ReadService finish(ServiceDraft draft,
                                 const ServerGroup* group,
                                 Diagnostics& diagnostics);

}  // namespace fpvs::config
