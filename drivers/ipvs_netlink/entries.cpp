// SPDX-License-Identifier: Apache-2.0
#include "drivers/ipvs_netlink/entries.hpp"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace fpvs::ipvs_netlink {
namespace {

constexpr std::size_t kAddressBytes = 16;  // Every address has room for IPv6.
// linux/ip_vs.h calls these SCHED1 and SCHED2; what they mean is the scheduler's.
constexpr std::uint32_t kFlagFallback = IP_VS_SVC_F_SCHED1;
constexpr std::uint32_t kFlagPort = IP_VS_SVC_F_SCHED2;
constexpr std::uint32_t kFlagThird = IP_VS_SVC_F_SCHED3;

std::uint16_t family_number(model::Family family) {
    return family == model::Family::ipv6 ? AF_INET6 : AF_INET;
}

std::optional<model::Family> read_family(std::uint16_t number) {
    switch (number) {
        case AF_INET:
            return model::Family::ipv4;
        case AF_INET6:
            return model::Family::ipv6;
        default:
            return std::nullopt;
    }
}

// IPv4 is the first word of the room.
std::optional<model::IpAddress> read_address(ByteView bytes, model::Family family) {
    model::IpAddress address = model::IpAddress::any(family);
    const std::size_t words = family == model::Family::ipv6 ? address.words.size() : 1;
    if (bytes.size() < words * sizeof(std::uint32_t)) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < words; ++i) {
        std::uint32_t network = 0;
        std::memcpy(&network, bytes.data() + i * sizeof network, sizeof network);
        address.words[i] = ntohl(network);
    }
    return address;
}

std::optional<model::Protocol> read_protocol(std::uint16_t number) {
    switch (number) {
        case IPPROTO_TCP:
            return model::Protocol::tcp;
        case IPPROTO_UDP:
            return model::Protocol::udp;
        case IPPROTO_SCTP:
            return model::Protocol::sctp;
        default:
            return std::nullopt;
    }
}

void write_address(MessageWriter& out, std::uint16_t type, const model::IpAddress& address) {
    std::array<std::uint8_t, kAddressBytes> bytes{};
    for (std::size_t i = 0; i < address.words.size(); ++i) {
        const std::uint32_t network = htonl(address.words[i]);
        std::memcpy(bytes.data() + i * sizeof network, &network, sizeof network);
    }
    out.bytes(type, bytes);
}

std::uint32_t saturated(std::uint64_t value) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

// The older statistics carry counts in 32 bits, bytes in 64; the newer ones all in 64.
void write_statistics(MessageWriter& out,
                      std::uint16_t type,
                      std::uint16_t type64,
                      const model::TrafficCounters& counters,
                      const model::TrafficRates& rates) {
    const std::array<std::uint64_t, 10> values{counters.connections,
                                               counters.packets_in,
                                               counters.packets_out,
                                               counters.bytes_in,
                                               counters.bytes_out,
                                               rates.connections,
                                               rates.packets_in,
                                               rates.packets_out,
                                               rates.bytes_in,
                                               rates.bytes_out};
    const std::size_t nest = out.begin_nest(type);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto attribute = static_cast<std::uint16_t>(IPVS_STATS_ATTR_CONNS + i);
        if (attribute == IPVS_STATS_ATTR_INBYTES || attribute == IPVS_STATS_ATTR_OUTBYTES) {
            out.number64(attribute, values.at(i));
        } else {
            // The kernel cuts these to 32 bits; a saturated number misleads less.
            out.number32(attribute, saturated(values.at(i)));
        }
    }
    out.end_nest(nest);
    const std::size_t nest64 = out.begin_nest(type64);
    for (std::size_t i = 0; i < values.size(); ++i) {
        out.number64(static_cast<std::uint16_t>(IPVS_STATS_ATTR_CONNS + i), values.at(i));
    }
    out.end_nest(nest64);
}

std::uint32_t flags_of(const model::ServiceSettings& settings) {
    return IP_VS_SVC_F_HASHED | (settings.persistence ? IP_VS_SVC_F_PERSISTENT : 0u) |
           (settings.one_packet ? IP_VS_SVC_F_ONEPACKET : 0u) |
           (settings.hash_fallback ? kFlagFallback : 0u) | (settings.hash_port ? kFlagPort : 0u) |
           (settings.third_flag ? kFlagThird : 0u);
}

// For IPv4 the mask in network order, for IPv6 the prefix's length.
std::uint32_t netmask_of(const model::Persistence& persistence, model::Family family) {
    return family == model::Family::ipv6 ? persistence.client_prefix
                                         : htonl(persistence.client_mask);
}

int read_persistence(const Attributes& attributes,
                     model::Family family,
                     std::uint32_t timeout_s,
                     model::Persistence& persistence) {
    constexpr std::uint32_t kPrefixMax = 128;
    const auto netmask = attributes.number<std::uint32_t>(IPVS_SVC_ATTR_NETMASK);
    if (!netmask) {
        return EINVAL;
    }
    persistence.timeout_s = timeout_s;
    persistence.engine = attributes.text(IPVS_SVC_ATTR_PE_NAME);
    if (family == model::Family::ipv4) {
        persistence.client_mask = ntohl(*netmask);
        return 0;
    }
    if (*netmask < 1 || *netmask > kPrefixMax) {
        return EINVAL;
    }
    persistence.client_prefix = static_cast<std::uint8_t>(*netmask);
    return 0;
}

// What a server without a tunnel has is ipip's.
model::Tunnel read_tunnel(const Attributes& attributes) {
    model::Tunnel tunnel;
    switch (attributes.number<std::uint8_t>(IPVS_DEST_ATTR_TUN_TYPE).value_or(0)) {
        case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
            tunnel.kind = model::TunnelKind::gue;
            break;
        case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
            tunnel.kind = model::TunnelKind::gre;
            break;
        default:
            break;
    }
    tunnel.port = attributes.be16(IPVS_DEST_ATTR_TUN_PORT).value_or(0);
    const auto flags = attributes.number<std::uint16_t>(IPVS_DEST_ATTR_TUN_FLAGS).value_or(0);
    if ((flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM) != 0) {
        tunnel.checksum = model::TunnelChecksum::remote_checksum;
    } else if ((flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM) != 0) {
        tunnel.checksum = model::TunnelChecksum::checksum;
    }
    return tunnel;
}

void write_tunnel(MessageWriter& out, const model::Tunnel& tunnel) {
    out.number8(IPVS_DEST_ATTR_TUN_TYPE,
                tunnel.kind == model::TunnelKind::gue   ? IP_VS_CONN_F_TUNNEL_TYPE_GUE
                : tunnel.kind == model::TunnelKind::gre ? IP_VS_CONN_F_TUNNEL_TYPE_GRE
                                                        : IP_VS_CONN_F_TUNNEL_TYPE_IPIP);
    out.be16(IPVS_DEST_ATTR_TUN_PORT, tunnel.port);
    out.number16(
        IPVS_DEST_ATTR_TUN_FLAGS,
        tunnel.checksum == model::TunnelChecksum::remote_checksum ? IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM
        : tunnel.checksum == model::TunnelChecksum::checksum      ? IP_VS_TUNNEL_ENCAP_FLAG_CSUM
                                                                  : IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM);
}

std::uint32_t method_number(model::Forwarding forwarding) {
    switch (forwarding) {
        case model::Forwarding::local:
            return IP_VS_CONN_F_LOCALNODE;
        case model::Forwarding::tunnel:
            return IP_VS_CONN_F_TUNNEL;
        case model::Forwarding::direct_routing:
            return IP_VS_CONN_F_DROUTE;
        default:  // IPVS has no word for FULLNAT; NAT comes nearest.
            return IP_VS_CONN_F_MASQ;
    }
}

}  // namespace

int read_service_key(const Attributes& attributes, model::ServiceKey& key) {
    const auto family = attributes.number<std::uint16_t>(IPVS_SVC_ATTR_AF);
    if (!family) {
        return EINVAL;
    }
    const auto known = read_family(*family);
    if (!known) {
        return EAFNOSUPPORT;
    }
    if (const auto mark = attributes.number<std::uint32_t>(IPVS_SVC_ATTR_FWMARK); mark && *mark) {
        key.address = model::IpAddress::any(*known);
        key.firewall_mark = *mark;
        return 0;
    }
    const auto protocol = attributes.number<std::uint16_t>(IPVS_SVC_ATTR_PROTOCOL);
    const auto address = read_address(attributes.bytes(IPVS_SVC_ATTR_ADDR), *known);
    const auto port = attributes.be16(IPVS_SVC_ATTR_PORT);
    if (!protocol || !address || !port) {
        return EINVAL;
    }
    const auto known_protocol = read_protocol(*protocol);
    if (!known_protocol) {
        return EPROTONOSUPPORT;
    }
    key.address = *address;
    key.port = *port;
    key.protocol = *known_protocol;
    return 0;
}

int read_service_settings(const Attributes& attributes,
                          model::Family family,
                          model::ServiceSettings& settings) {
    const ByteView flags = attributes.bytes(IPVS_SVC_ATTR_FLAGS);
    const auto timeout = attributes.number<std::uint32_t>(IPVS_SVC_ATTR_TIMEOUT);
    if (!attributes.has(IPVS_SVC_ATTR_SCHED_NAME) || flags.size() < sizeof(ip_vs_flags) ||
        !timeout) {
        return EINVAL;
    }
    ip_vs_flags value{};
    std::memcpy(&value, flags.data(), sizeof value);
    settings.scheduler = attributes.text(IPVS_SVC_ATTR_SCHED_NAME);
    settings.one_packet = (value.flags & IP_VS_SVC_F_ONEPACKET) != 0;
    settings.hash_fallback = (value.flags & kFlagFallback) != 0;
    settings.hash_port = (value.flags & kFlagPort) != 0;
    settings.third_flag = (value.flags & kFlagThird) != 0;
    settings.persistence.reset();
    if ((value.flags & IP_VS_SVC_F_PERSISTENT) == 0) {
        return 0;
    }
    return read_persistence(attributes, family, *timeout, settings.persistence.emplace());
}

int read_server_key(const Attributes& attributes,
                    model::Family service_family,
                    model::ServerKey& key) {
    const auto family = read_family(attributes.number<std::uint16_t>(IPVS_DEST_ATTR_ADDR_FAMILY)
                                        .value_or(family_number(service_family)));
    if (!family) {
        return EAFNOSUPPORT;
    }
    const auto address = read_address(attributes.bytes(IPVS_DEST_ATTR_ADDR), *family);
    const auto port = attributes.be16(IPVS_DEST_ATTR_PORT);
    if (!address || !port) {
        return EINVAL;
    }
    key = {*address, *port};
    return 0;
}

int read_server_settings(const Attributes& attributes, model::ServerSettings& settings) {
    const auto method = attributes.number<std::uint32_t>(IPVS_DEST_ATTR_FWD_METHOD);
    const auto weight = attributes.number<std::uint32_t>(IPVS_DEST_ATTR_WEIGHT);
    const auto upper = attributes.number<std::uint32_t>(IPVS_DEST_ATTR_U_THRESH);
    const auto lower = attributes.number<std::uint32_t>(IPVS_DEST_ATTR_L_THRESH);
    if (!method || !weight || !upper || !lower) {
        return EINVAL;
    }
    switch (*method & IP_VS_CONN_F_FWD_MASK) {
        case IP_VS_CONN_F_MASQ:
            settings.forwarding = model::Forwarding::nat;
            break;
        case IP_VS_CONN_F_LOCALNODE:
            settings.forwarding = model::Forwarding::local;
            break;
        case IP_VS_CONN_F_TUNNEL:
            settings.forwarding = model::Forwarding::tunnel;
            settings.tunnel = read_tunnel(attributes);
            break;
        case IP_VS_CONN_F_DROUTE:
            settings.forwarding = model::Forwarding::direct_routing;
            break;
        default:
            return EINVAL;
    }
    settings.weight = static_cast<std::int32_t>(*weight);
    settings.upper_threshold = *upper;
    settings.lower_threshold = *lower;
    // The kernel's ranges: a negative weight or crossed thresholds.
    return settings.weight < 0 || *lower > *upper ? ERANGE : 0;
}

void write_service(MessageWriter& out, const model::ServiceView& service) {
    const std::size_t nest = out.begin_nest(IPVS_CMD_ATTR_SERVICE);
    const model::Family family = service.key.address.family;
    out.number16(IPVS_SVC_ATTR_AF, family_number(family));
    if (service.key.firewall_mark != 0) {
        out.number32(IPVS_SVC_ATTR_FWMARK, service.key.firewall_mark);
    } else {
        out.number16(IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(service.key.protocol));
        write_address(out, IPVS_SVC_ATTR_ADDR, service.key.address);
        out.be16(IPVS_SVC_ATTR_PORT, service.key.port);
    }
    const auto& settings = service.settings;
    const model::Persistence persistence =
        settings.persistence.value_or(model::Persistence{.timeout_s = 0});
    out.text(IPVS_SVC_ATTR_SCHED_NAME, settings.scheduler);
    if (!persistence.engine.empty()) {
        out.text(IPVS_SVC_ATTR_PE_NAME, persistence.engine);
    }
    const ip_vs_flags flags{flags_of(settings), ~0u};
    out.bytes(IPVS_SVC_ATTR_FLAGS, {reinterpret_cast<const std::uint8_t*>(&flags), sizeof flags});
    out.number32(IPVS_SVC_ATTR_TIMEOUT, persistence.timeout_s);
    out.number32(IPVS_SVC_ATTR_NETMASK, netmask_of(persistence, family));
    write_statistics(
        out, IPVS_SVC_ATTR_STATS, IPVS_SVC_ATTR_STATS64, service.counters, service.rates);
    out.end_nest(nest);
}

void write_server(MessageWriter& out, const model::ServerView& server) {
    const std::size_t nest = out.begin_nest(IPVS_CMD_ATTR_DEST);
    write_address(out, IPVS_DEST_ATTR_ADDR, server.key.address);
    out.be16(IPVS_DEST_ATTR_PORT, server.key.port);
    out.number32(IPVS_DEST_ATTR_FWD_METHOD, method_number(server.settings.forwarding));
    out.number32(IPVS_DEST_ATTR_WEIGHT, static_cast<std::uint32_t>(server.settings.weight));
    write_tunnel(out, server.settings.tunnel);
    out.number32(IPVS_DEST_ATTR_U_THRESH, server.settings.upper_threshold);
    out.number32(IPVS_DEST_ATTR_L_THRESH, server.settings.lower_threshold);
    out.number32(IPVS_DEST_ATTR_ACTIVE_CONNS, server.active_connections);
    out.number32(IPVS_DEST_ATTR_INACT_CONNS, server.inactive_connections);
    out.number32(IPVS_DEST_ATTR_PERSIST_CONNS, server.persistent_connections);
    out.number16(IPVS_DEST_ATTR_ADDR_FAMILY, family_number(server.key.address.family));
    write_statistics(
        out, IPVS_DEST_ATTR_STATS, IPVS_DEST_ATTR_STATS64, server.counters, server.rates);
    out.end_nest(nest);
}

int read_sync_role(const Attributes& attributes, model::SyncRole& role) {
    switch (attributes.number<std::uint32_t>(IPVS_DAEMON_ATTR_STATE).value_or(IP_VS_STATE_NONE)) {
        case IP_VS_STATE_MASTER:
            role = model::SyncRole::master;
            return 0;
        case IP_VS_STATE_BACKUP:
            role = model::SyncRole::backup;
            return 0;
        default:
            return EINVAL;
    }
}

int read_sync_daemon(const Attributes& attributes, model::SyncDaemon& daemon) {
    const auto sync_id = attributes.number<std::uint32_t>(IPVS_DAEMON_ATTR_SYNC_ID);
    if (!attributes.has(IPVS_DAEMON_ATTR_MCAST_IFN) || !sync_id ||
        *sync_id > std::numeric_limits<std::uint8_t>::max()) {
        return EINVAL;
    }
    daemon.interface = attributes.text(IPVS_DAEMON_ATTR_MCAST_IFN);
    daemon.sync_id = static_cast<std::uint8_t>(*sync_id);
    // 0 is the default, too.
    const auto take = [](auto value, auto& into) { into = value && *value != 0 ? *value : into; };
    take(attributes.number<std::uint16_t>(IPVS_DAEMON_ATTR_SYNC_MAXLEN), daemon.message_bytes_max);
    take(attributes.number<std::uint16_t>(IPVS_DAEMON_ATTR_MCAST_PORT), daemon.port);
    take(attributes.number<std::uint8_t>(IPVS_DAEMON_ATTR_MCAST_TTL), daemon.ttl);
    for (const auto& [type, family] :
         {std::pair(IPVS_DAEMON_ATTR_MCAST_GROUP, model::Family::ipv4),
          std::pair(IPVS_DAEMON_ATTR_MCAST_GROUP6, model::Family::ipv6)}) {
        if (attributes.has(static_cast<std::uint16_t>(type))) {
            const auto group =
                read_address(attributes.bytes(static_cast<std::uint16_t>(type)), family);
            if (!group) {
                return EINVAL;
            }
            daemon.group = *group;
        }
    }
    return read_sync_role(attributes, daemon.role);
}

void write_sync_daemon(MessageWriter& out, const model::SyncDaemon& daemon) {
    const std::size_t nest = out.begin_nest(IPVS_CMD_ATTR_DAEMON);
    out.number32(IPVS_DAEMON_ATTR_STATE,
                 daemon.role == model::SyncRole::master ? IP_VS_STATE_MASTER : IP_VS_STATE_BACKUP);
    out.text(IPVS_DAEMON_ATTR_MCAST_IFN, daemon.interface);
    out.number32(IPVS_DAEMON_ATTR_SYNC_ID, daemon.sync_id);
    out.number16(IPVS_DAEMON_ATTR_SYNC_MAXLEN, daemon.message_bytes_max);
    out.number16(IPVS_DAEMON_ATTR_MCAST_PORT, daemon.port);
    out.number8(IPVS_DAEMON_ATTR_MCAST_TTL, daemon.ttl);
    if (daemon.group.is_ipv6()) {
        write_address(out, IPVS_DAEMON_ATTR_MCAST_GROUP6, daemon.group);
    } else {
        out.number32(IPVS_DAEMON_ATTR_MCAST_GROUP, htonl(daemon.group.ipv4().value));
    }
    out.end_nest(nest);
}

}  // namespace fpvs::ipvs_netlink
