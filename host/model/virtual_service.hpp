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
#include "host/util/shared_list.hpp"

namespace fpvs::model {

enum class Protocol : std::uint8_t { tcp = 6, udp = 17, sctp = 132 };

// How a packet gets to its server.  `full_nat` is not IPVS's: it writes a local address of the
// director in place of the client's as well, so that replies come back by any route.
enum class Forwarding : std::uint8_t { nat, local, tunnel, direct_routing, full_nat };

enum class TunnelKind : std::uint8_t { ipip, gue, gre };
enum class TunnelChecksum : std::uint8_t { none, checksum, remote_checksum };

// What is put around a packet for a server with Forwarding::tunnel.
struct Tunnel {
    TunnelKind kind = TunnelKind::ipip;
    TunnelChecksum checksum = TunnelChecksum::none;  // `remote_checksum` is GUE's.
    std::uint16_t port = 0;                          // GUE's destination port.

    friend bool operator==(const Tunnel&, const Tunnel&) = default;
};

// A virtual service's identity: 192.0.2.1:80/TCP.  Port 0 (every port) needs persistence.
// A service by firewall mark has that mark and a family, which is that of IpAddress::any() in
// `address`; the other fields stay as they are here.
struct ServiceKey {
    IpAddress address;
    std::uint16_t port = 0;
    Protocol protocol = Protocol::tcp;
    std::uint32_t firewall_mark = 0;  // 0 = none.

    friend auto operator<=>(const ServiceKey&, const ServiceKey&) = default;
};

// A real server's identity within its service.
struct ServerKey {
    IpAddress address;
    std::uint16_t port = 0;

    friend auto operator<=>(const ServerKey&, const ServerKey&) = default;
};

// "TCP 192.0.2.1:80", "UDP [2001:db8::1]:53", "FWM 5", "FWM 5 -6".
[[nodiscard]] std::string to_string(const ServiceKey& key);
[[nodiscard]] std::string to_string(const ServerKey& key);

// Which clients count as one is said by a mask for IPv4 and by a prefix length for IPv6.
struct Persistence {
    std::uint32_t timeout_s = 360;
    std::uint32_t client_mask = 0xffffffff;
    std::uint8_t client_prefix = 128;
    std::string engine = {};  // IPVS's `pe`, "sip" or empty: what tells clients apart besides.

    friend bool operator==(const Persistence&, const Persistence&) = default;
};

// Settings that `ipvsadm -a` and `-e` take.
struct ServerSettings {
    Forwarding forwarding = Forwarding::direct_routing;
    std::int32_t weight = 1;            // 0 = quiesced: no new connections, the old ones go on.
    std::uint32_t upper_threshold = 0;  // 0 = none.
    std::uint32_t lower_threshold = 0;
    Tunnel tunnel = {};  // For Forwarding::tunnel.

    friend bool operator==(const ServerSettings&, const ServerSettings&) = default;
};

// How a server behind Forwarding::full_nat learns who its client is.
enum class ClientAddress : std::uint8_t {
    not_told,
    toa,       // A TCP option in the first segments.
    proxy_v2,  // A PROXY protocol header of version 2 before the first byte.
};

// Settings that `ipvsadm -A` and `-E` take.
struct ServiceSettings {
    std::string scheduler = "wlc";
    bool hash_fallback = false;  // sh-fallback, mh-fallback: another server if one cannot take it.
    bool hash_port = false;      // sh-port, mh-port: the client's port counts too.
    bool third_flag = false;     // flag-3, which no scheduler reads: lists show it.
    std::optional<Persistence> persistence;
    bool one_packet = false;
    ClientAddress client_address = ClientAddress::not_told;  // For Forwarding::full_nat.

    friend bool operator==(const ServiceSettings&, const ServiceSettings&) = default;
};

// One `real_server` block: the server, how it is checked and who hears of it.
struct RealServerConfig {
    ServerKey key;
    ServerSettings settings;
    std::vector<HealthCheck> checks = {};
    bool inhibit_on_failure = false;  // A server that is down stays, with weight 0.
    Script notify_up = {};
    Script notify_down = {};

    friend bool operator==(const RealServerConfig&, const RealServerConfig&) = default;
};

// Serves while the others have no quorum.
struct SorryServer {
    ServerKey key;
    ServerSettings settings;
    bool inhibit = false;  // It stays with weight 0 while it is not needed.

    friend bool operator==(const SorryServer&, const SorryServer&) = default;
};

// How much weight of live servers a service needs.
struct Quorum {
    std::uint32_t weight = 1;
    std::uint32_t hysteresis = 0;  // More to gain it, less to lose it.
    Script notify_up = {};
    Script notify_down = {};

    friend bool operator==(const Quorum&, const Quorum&) = default;
};

// One `virtual_server` block.
struct VirtualServiceConfig {
    ServiceKey key;
    ServiceSettings settings;
    std::uint32_t delay_loop_ms = 60'000;  // Between two checks of a server.
    SharedList<RealServerConfig> servers = {};
    std::vector<IpAddress> local_addresses = {};  // For Forwarding::full_nat.
    Quorum quorum = {};
    std::optional<SorryServer> sorry_server = {};
    bool omega = false;       // The end of the daemon is told as the end of servers and quorum.
    bool ha_suspend = false;  // No checks while this director does not have the address.
    // `virtual_server group NAME`: the same servers, checked once, stand behind each of these.  The
    // first is `key`.  Empty: `key` alone.
    std::string group = {};
    std::vector<ServiceKey> members = {};

    friend bool operator==(const VirtualServiceConfig&, const VirtualServiceConfig&) = default;
};

}  // namespace fpvs::model
