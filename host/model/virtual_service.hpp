// SPDX-License-Identifier: Apache-2.0
// What an operator asks for: a virtual service and its real servers, in LVS's words.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/model/address.hpp"
#include "host/model/health_check.hpp"

namespace fpvs::model {

enum class Protocol : std::uint8_t { tcp = 6, udp = 17 };

enum class Forwarding : std::uint8_t { nat, local, tunnel, direct_routing };

// A virtual service's identity: 192.0.2.1:80/TCP.  Port 0 (every port) needs persistence.
// A service by firewall mark has that mark and nothing else: the other fields stay as they are
// here.
struct ServiceKey {
    Ipv4 address;
    std::uint16_t port = 0;
    Protocol protocol = Protocol::tcp;
    std::uint32_t firewall_mark = 0;  // 0 = none.

    friend auto operator<=>(const ServiceKey&, const ServiceKey&) = default;
};

// A real server's identity within its service.
struct ServerKey {
    Ipv4 address;
    std::uint16_t port = 0;

    friend auto operator<=>(const ServerKey&, const ServerKey&) = default;
};

struct Persistence {
    std::uint32_t timeout_s = 360;
    std::uint32_t client_mask = 0xffffffff;

    friend bool operator==(const Persistence&, const Persistence&) = default;
};

// Settings that `ipvsadm -a` and `-e` take.
struct ServerSettings {
    Forwarding forwarding = Forwarding::direct_routing;
    std::int32_t weight = 1;            // 0 = quiesced: no new connections, the old ones go on.
    std::uint32_t upper_threshold = 0;  // 0 = none.
    std::uint32_t lower_threshold = 0;

    friend bool operator==(const ServerSettings&, const ServerSettings&) = default;
};

// Settings that `ipvsadm -A` and `-E` take.
struct ServiceSettings {
    std::string scheduler = "wlc";
    bool hash_fallback = false;  // sh-fallback, mh-fallback: another server if one cannot take it.
    bool hash_port = false;      // sh-port, mh-port: the client's port counts too.
    std::optional<Persistence> persistence;
    bool one_packet = false;

    friend bool operator==(const ServiceSettings&, const ServiceSettings&) = default;
};

// One `real_server` block: the server and how it is checked.
struct RealServerConfig {
    ServerKey key;
    ServerSettings settings;
    std::vector<HealthCheck> checks;

    friend bool operator==(const RealServerConfig&, const RealServerConfig&) = default;
};

// One `virtual_server` block.
struct VirtualServiceConfig {
    ServiceKey key;
    ServiceSettings settings;
    std::uint32_t delay_loop_ms = 60'000;  // Between two checks of a server.
    std::vector<RealServerConfig> servers;

    friend bool operator==(const VirtualServiceConfig&, const VirtualServiceConfig&) = default;
};

}  // namespace fpvs::model
