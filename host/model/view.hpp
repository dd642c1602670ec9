// SPDX-License-Identifier: Apache-2.0
// What is going on, as lists and tools show it: snapshots by value, safe to carry between threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/model/virtual_service.hpp"
#include "host/model/vrrp_instance.hpp"

namespace fpvs::model {

// Totals since the object was made or zeroed.  Bytes are IP lengths, as IPVS counts them.
struct TrafficCounters {
    std::uint64_t connections = 0;
    std::uint64_t packets_in = 0;
    std::uint64_t packets_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
};

// Smoothed rates per second, as IPVS's estimator gives them.
struct TrafficRates {
    std::uint64_t connections = 0;
    std::uint64_t packets_in = 0;
    std::uint64_t packets_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
};

struct ServerView {
    ServerKey key;
    ServerSettings settings;
    std::uint32_t active_connections = 0;
    std::uint32_t inactive_connections = 0;
    std::uint32_t persistent_connections = 0;
    TrafficCounters counters;
    TrafficRates rates;
};

struct ServiceView {
    ServiceKey key;
    ServiceSettings settings;
    TrafficCounters counters;
    TrafficRates rates;
    std::vector<IpAddress> local_addresses;  // For Forwarding::full_nat.
    std::vector<ServerView> servers;         // In scheduling order: the newest first.
};

struct ConnectionView {
    Protocol protocol = Protocol::tcp;
    std::uint32_t expires_s = 0;
    std::string state;  // IPVS's name: ESTABLISHED, FIN_WAIT, ASSURED, ...
    IpAddress client_address;
    std::uint16_t client_port = 0;  // 0 in a template.
    IpAddress virtual_address;
    std::uint16_t virtual_port = 0;
    IpAddress server_address;
    std::uint16_t server_port = 0;
    Forwarding forwarding = Forwarding::direct_routing;
    IpAddress local_address;  // The director's end towards the server, with Forwarding::full_nat.
    std::uint16_t local_port = 0;
    bool template_entry = false;
    // The mark of a template by firewall mark; it has neither virtual address nor protocol.
    std::uint32_t firewall_mark = 0;
    bool offloaded = false;  // The card forwards it.
};

struct RingView {
    std::string name;
    std::uint64_t level = 0;  // Slots in use.
    std::uint64_t slots = 0;
};

struct StageCounterView {
    std::string name;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

struct StageView {
    std::string name;
    std::vector<StageCounterView> counters;
};

struct PortView {
    std::uint32_t index = 0;
    std::string interface;
    MacAddress mac;
    bool link_up = false;
};

// A service that the card knows.
struct CardServiceView {
    ServiceKey key;
    std::string steering;  // How the card schedules for it: "source", "maglev", ...; "none".
    std::uint64_t steer_words = 0;
    std::uint64_t packets = 0;  // All that came to it.
    std::uint64_t bytes = 0;
};

struct CardView {
    bool present = false;
    std::string state;  // "running", "none", or the sentence that says what is wrong.
    std::string bitstream_path;
    std::string platform;
    std::string uuid;
    bool simulated = false;
    std::uint64_t abi_hash = 0;
    std::uint64_t flows = 0;  // Entries in the card's table.
    std::uint64_t flows_max = 0;
    std::uint64_t flows6 = 0;  // Of IPv6.
    std::uint64_t flows6_max = 0;
    std::uint64_t next_hops = 0;
    std::uint64_t next_hops_max = 0;
    std::uint64_t steer_words = 0;  // Of all services' tables.
    std::uint64_t steer_words_max = 0;
    std::vector<std::string> capabilities;  // Names of abi::Capability.
    std::vector<CardServiceView> services;
    std::vector<PortView> ports;
    std::vector<RingView> rings;
    std::vector<StageView> stages;
};

struct VrrpInstanceView {
    std::string name;
    std::string interface;
    std::uint8_t virtual_router_id = 0;
    std::string state;  // "INIT", "BACKUP", "MASTER" or "FAULT".
    std::uint8_t priority = 0;
    std::uint32_t advert_interval_cs = 0;
    IpAddress master_address;  // Who sent the last good advert; any() before the first.
    std::uint8_t master_priority = 0;
    std::vector<VirtualAddress> addresses;
    std::uint64_t master_transitions = 0;  // Times this director became master.
    std::uint64_t adverts_sent = 0;
    std::uint64_t adverts_received = 0;
    std::uint64_t adverts_refused = 0;
};

struct HealthCheckView {
    ServiceKey service;
    ServerKey server;
    CheckKind kind = CheckKind::tcp;
    bool up = false;
    std::uint32_t failures = 0;     // In a row, 0 after a success.
    std::uint64_t since_s = 0;      // How long the server has been up or down.
    std::string last_result;        // "connected", "connection refused", "timed out", ...
    std::uint64_t checks_done = 0;  // Attempts since the start, retries included.
};

// A switch that IPVS has as a sysctl.
struct SettingView {
    std::string name;
    std::int64_t value = 0;
    std::int64_t initial = 0;       // What it is here when nobody sets it,
    std::int64_t kernel_value = 0;  // and in the kernel.
    std::string meaning;
};

// The daemon itself.
struct DaemonView {
    std::string version;
    std::uint32_t process_id = 0;
    std::uint64_t uptime_s = 0;
    std::string config_path;        // Empty: started without a file.
    std::uint64_t connections = 0;  // Entries in the table, templates included.
    std::uint64_t connections_max = 0;
};

}  // namespace fpvs::model
