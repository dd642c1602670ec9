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

std::optional<model::Ipv4> read_ipv4(ByteView bytes) {
    if (bytes.size() < sizeof(std::uint32_t)) {
        return std::nullopt;
    }
    std::uint32_t network = 0;
    std::memcpy(&network, bytes.data(), sizeof network);
    return model::Ipv4{ntohl(network)};
}

void write_address(MessageWriter& out, std::uint16_t type, const model::IpAddress& address) {
    std::array<std::uint8_t, kAddressBytes> bytes{};
    const std::uint32_t network = htonl(address.ipv4().value);
    std::memcpy(bytes.data(), &network, sizeof network);
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
           (settings.hash_fallback ? kFlagFallback : 0u) | (settings.hash_port ? kFlagPort : 0u);
}

}  // namespace

int read_service_key(const Attributes& attributes, model::ServiceKey& key) {
    const auto family = attributes.number<std::uint16_t>(IPVS_SVC_ATTR_AF);
    if (!family) {
        return EINVAL;
    }
    if (*family != AF_INET) {
        return EAFNOSUPPORT;
    }
    if (const auto mark = attributes.number<std::uint32_t>(IPVS_SVC_ATTR_FWMARK); mark && *mark) {
        key.firewall_mark = *mark;
        return 0;
    }
    const auto protocol = attributes.number<std::uint16_t>(IPVS_SVC_ATTR_PROTOCOL);
    const auto address = read_ipv4(attributes.bytes(IPVS_SVC_ATTR_ADDR));
    const auto port = attributes.be16(IPVS_SVC_ATTR_PORT);
    if (!protocol || !address || !port) {
        return EINVAL;
    }
    if (*protocol != IPPROTO_TCP && *protocol != IPPROTO_UDP) {
        return EPROTONOSUPPORT;
    }
    key.address = *address;
    key.port = *port;
    key.protocol = *protocol == IPPROTO_TCP ? model::Protocol::tcp : model::Protocol::udp;
    return 0;
}

int read_service_settings(const Attributes& attributes, model::ServiceSettings& settings) {
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
    settings.persistence.reset();
    if ((value.flags & IP_VS_SVC_F_PERSISTENT) != 0) {
        const auto mask = read_ipv4(attributes.bytes(IPVS_SVC_ATTR_NETMASK));
        if (!mask) {
            return EINVAL;
        }
        settings.persistence =
            model::Persistence{.timeout_s = *timeout, .client_mask = mask->value};
    }
    return attributes.text(IPVS_SVC_ATTR_PE_NAME).empty() ? 0 : ENOENT;
}

int read_server_key(const Attributes& attributes, model::ServerKey& key) {
    const auto address = read_ipv4(attributes.bytes(IPVS_DEST_ATTR_ADDR));
    const auto port = attributes.be16(IPVS_DEST_ATTR_PORT);
    if (!address || !port) {
        return EINVAL;
    }
    const auto family = attributes.number<std::uint16_t>(IPVS_DEST_ATTR_ADDR_FAMILY);
    if (family.value_or(AF_INET) != AF_INET) {
        return EAFNOSUPPORT;
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
    out.number16(IPVS_SVC_ATTR_AF, AF_INET);
    if (service.key.firewall_mark != 0) {
        out.number32(IPVS_SVC_ATTR_FWMARK, service.key.firewall_mark);
    } else {
        out.number16(IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(service.key.protocol));
        write_address(out, IPVS_SVC_ATTR_ADDR, service.key.address);
        out.be16(IPVS_SVC_ATTR_PORT, service.key.port);
    }
    const auto& settings = service.settings;
    out.text(IPVS_SVC_ATTR_SCHED_NAME, settings.scheduler);
    const ip_vs_flags flags{flags_of(settings), ~0u};
    out.bytes(IPVS_SVC_ATTR_FLAGS, {reinterpret_cast<const std::uint8_t*>(&flags), sizeof flags});
    const model::Persistence persistence =
        settings.persistence.value_or(model::Persistence{.timeout_s = 0});
    out.number32(IPVS_SVC_ATTR_TIMEOUT, persistence.timeout_s);
    out.number32(IPVS_SVC_ATTR_NETMASK, htonl(persistence.client_mask));
    write_statistics(
        out, IPVS_SVC_ATTR_STATS, IPVS_SVC_ATTR_STATS64, service.counters, service.rates);
    out.end_nest(nest);
}

void write_server(MessageWriter& out, const model::ServerView& server) {
    const std::size_t nest = out.begin_nest(IPVS_CMD_ATTR_DEST);
    write_address(out, IPVS_DEST_ATTR_ADDR, server.key.address);
    out.be16(IPVS_DEST_ATTR_PORT, server.key.port);
    constexpr std::array<std::uint32_t, 4> kMethods{
        IP_VS_CONN_F_MASQ, IP_VS_CONN_F_LOCALNODE, IP_VS_CONN_F_TUNNEL, IP_VS_CONN_F_DROUTE};
    out.number32(IPVS_DEST_ATTR_FWD_METHOD,
                 kMethods.at(static_cast<std::size_t>(server.settings.forwarding)));
    out.number32(IPVS_DEST_ATTR_WEIGHT, static_cast<std::uint32_t>(server.settings.weight));
    out.number8(IPVS_DEST_ATTR_TUN_TYPE, 0);  // ipip, and what the kernel says without a tunnel.
    out.number16(IPVS_DEST_ATTR_TUN_PORT, 0);
    out.number16(IPVS_DEST_ATTR_TUN_FLAGS, 0);
    out.number32(IPVS_DEST_ATTR_U_THRESH, server.settings.upper_threshold);
    out.number32(IPVS_DEST_ATTR_L_THRESH, server.settings.lower_threshold);
    out.number32(IPVS_DEST_ATTR_ACTIVE_CONNS, server.active_connections);
    out.number32(IPVS_DEST_ATTR_INACT_CONNS, server.inactive_connections);
    out.number32(IPVS_DEST_ATTR_PERSIST_CONNS, server.persistent_connections);
    out.number16(IPVS_DEST_ATTR_ADDR_FAMILY, AF_INET);
    write_statistics(
        out, IPVS_DEST_ATTR_STATS, IPVS_DEST_ATTR_STATS64, server.counters, server.rates);
    out.end_nest(nest);
}

}  // namespace fpvs::ipvs_netlink
