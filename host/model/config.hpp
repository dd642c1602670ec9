// SPDX-License-Identifier: Apache-2.0
// Everything a configuration file says, after it was read and found right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/model/announce.hpp"
#include "host/model/mark_rule.hpp"
#include "host/model/sync_daemon.hpp"
#include "host/model/virtual_service.hpp"
#include "host/model/vrrp_group.hpp"
#include "host/model/vrrp_instance.hpp"
#include "host/model/vrrp_tracking.hpp"

namespace fpvs::model {

// `set NAME VALUE`.  Which names there are is the engine's to say.
struct SettingChange {
    std::string name;
    std::int64_t value = 0;
    std::string where = {};  // "file:line:column", for messages; it makes no difference.

    friend bool operator==(const SettingChange& a, const SettingChange& b) {
        return a.name == b.name && a.value == b.value;
    }
};

// `SSL { ... }`: what SSL_GET shows of itself, as files in PEM.
struct TlsClient {
    std::string password = {};
    std::string authorities = {};  // Kept as written; any certificate is taken.
    std::string certificate = {};
    std::string key = {};

    friend bool operator==(const TlsClient&, const TlsClient&) = default;
};

// What `global_defs` says of checks.
struct CheckerSettings {
    bool log_all_failures = false;
    bool notify_at_start = false;  // Servers that are up from the start are told of, too.
    std::string notify_fifo = {};  // Empty: none.

    friend bool operator==(const CheckerSettings&, const CheckerSettings&) = default;
};

struct Config {
    std::string router_id;
    ScriptDefaults scripts = {};
    CheckerSettings checkers = {};
    TlsClient tls_client = {};
    std::optional<SyncFollower> sync_follower = {};
    std::vector<TrackFile> track_files = {};
    std::vector<VrrpScript> vrrp_scripts = {};
    std::vector<VrrpProcess> vrrp_processes = {};
    VrrpFifos vrrp_fifos = {};
    std::vector<VrrpGroup> vrrp_groups = {};
    std::vector<VrrpInstance> vrrp_instances;
    std::vector<VirtualServiceConfig> virtual_services;
    std::vector<SettingChange> settings;
    std::vector<MarkRule> mark_rules;           // In order: the first that fits counts.
    std::optional<std::uint32_t> workers = {};  // `workers N`: threads that carry packets.
    std::optional<Announce> announce = {};

    friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace fpvs::model
