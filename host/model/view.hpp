// SPDX-License-Identifier: Apache-2.0
// What is going on, as lists and tools show it: snapshots by value, safe to carry between threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/model/virtual_service.hpp"

namespace fpvs::model {

// Totals since the object was made or zeroed.  Bytes are IP lengths, as IPVS counts them.
struct TrafficCounters {
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
};

struct ServiceView {
    ServiceKey key;
    ServiceSettings settings;
    TrafficCounters counters;
    std::vector<ServerView> servers;  // In scheduling order: the newest first.
};

struct ConnectionView {
    Protocol protocol = Protocol::tcp;
    std::uint32_t expires_s = 0;
    std::string state;  // IPVS's name: ESTABLISHED, FIN_WAIT, ASSURED, ...
    Ipv4 client_address;
    std::uint16_t client_port = 0;  // 0 in a template.
    Ipv4 virtual_address;
    std::uint16_t virtual_port = 0;
    Ipv4 server_address;
    std::uint16_t server_port = 0;
    bool template_entry = false;
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
    std::vector<PortView> ports;
    std::vector<RingView> rings;
    std::vector<StageView> stages;
};

}  // namespace fpvs::model
