// SPDX-License-Identifier: Apache-2.0
// The seam between the engine and who tells other directors of its connections: connection
// synchronisation (host/sync), or nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/model/address.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::engine {

// A connection, or a template, as another director must know it.
struct SyncedConnection {
    std::uint8_t protocol = 0;  // 0: a template by firewall mark.
    bool is_template = false;
    bool active = false;     // Counts as ActiveConn.
    std::uint8_t state = 0;  // Of its protocol; of a template 1 if it is assured.
    model::Forwarding forwarding = model::Forwarding::direct_routing;
    std::uint16_t client_port = 0;
    std::uint16_t virtual_port = 0;
    std::uint16_t server_port = 0;
    std::uint32_t firewall_mark = 0;
    std::uint32_t timeout_s = 0;  // 0: as the receiver has it for that state.
    model::IpAddress client_address = {};
    model::IpAddress virtual_address = {};
    model::IpAddress server_address = {};

    friend bool operator==(const SyncedConnection&, const SyncedConnection&) = default;
};

class SyncSink {
  public:
    virtual ~SyncSink() = default;

    // In the middle of a decision: an implementation queues and returns, or loses it and counts.
    virtual void say(const SyncedConnection& connection) = 0;
};

// What became of a connection that another director told of.
enum class Learning : std::uint8_t {
    created,
    updated,
    superseded,  // The end of one in whose place another is known here: no change.
    no_server,   // Nobody here has this end: tell again when a server was added.
    table_full,
    needs_local_end,  // Its server is behind FULLNAT, with a local end that nobody told.
};
constexpr std::size_t kLearningCount = 6;

// Part of what a director that has just come should know of, as ConnectionPage has them.
struct SyncPage {
    std::vector<SyncedConnection> connections;
    std::uint64_t next_cursor = 0;  // Where the next page begins; 0: there is none.
};

}  // namespace fpvs::engine
