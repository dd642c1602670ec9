// SPDX-License-Identifier: Apache-2.0
#include "host/cli/listing.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "host/cli/endpoint.hpp"
#include "host/cli/order.hpp"
#include "host/cli/scheduler_flags.hpp"

namespace fpvs::cli {
namespace {

enum class Columns : std::uint8_t {
    plain,
    stats,
    rate,
    thresholds,
    persistent_connections,
    tunnels
};

Columns columns_of(const ListStyle& style) {
    if (style.stats) {
        return Columns::stats;
    }
    if (style.rate) {
        return Columns::rate;
    }
    if (style.thresholds) {
        return Columns::thresholds;
    }
    if (style.persistent_connections) {
        return Columns::persistent_connections;
    }
    return style.tunnels ? Columns::tunnels : Columns::plain;
}

std::string_view title_of(Columns columns) {
    switch (columns) {
        case Columns::stats:
            return "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes "
                   "OutBytes\n"
                   "  -> RemoteAddress:Port\n";
        case Columns::rate:
            return "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   "
                   "OutBPS\n"
                   "  -> RemoteAddress:Port\n";
        case Columns::thresholds:
            return "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
                   "  -> RemoteAddress:Port\n";
        case Columns::persistent_connections:
            return "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n"
                   "  -> RemoteAddress:Port\n";
        case Columns::tunnels:
            return "Prot LocalAddress:Port Scheduler Flags\n"
                   "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn "
                   "InActConn\n";
        case Columns::plain:
            return "Prot LocalAddress:Port Scheduler Flags\n"
                   "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n";
    }
    return "";
}

// Nine columns; large numbers in thousands and so on, unless they shall be exact.
std::string number(std::uint64_t value, bool exact) {
    struct Unit {
        std::uint64_t below;
        std::uint64_t divisor;
        char letter;
    };
    constexpr std::array<Unit, 4> kUnits = {{{1'000'000'000ULL, 1'000ULL, 'K'},
                                             {100'000'000'000ULL, 1'000'000ULL, 'M'},
                                             {100'000'000'000'000ULL, 1'000'000'000ULL, 'G'},
                                             {~0ULL, 1'000'000'000'000ULL, 'T'}}};
    constexpr std::uint64_t kExactBelow = 100'000'000;
    if (exact || value < kExactBelow) {
        return fmt::format(" {:8}", value);
    }
    const Unit* unit = kUnits.begin();
    while (value >= unit->below && unit + 1 != kUnits.end()) {
        ++unit;
    }
    return fmt::format("{:8}{}", value / unit->divisor, unit->letter);
}

std::string traffic(const api::Traffic& t, bool exact) {
    return number(t.connections(), exact) + number(t.packets_in(), exact) +
           number(t.packets_out(), exact) + number(t.bytes_in(), exact) +
           number(t.bytes_out(), exact) + "\n";
}

// ipvsadm never shortens the first three rates of a server, and neither do we.
std::string server_rates(const api::Traffic& t, bool exact) {
    return number(t.connections(), true) + number(t.packets_in(), true) +
           number(t.packets_out(), true) + number(t.bytes_in(), exact) +
           number(t.bytes_out(), exact) + "\n";
}

std::string_view protocol_title(api::Protocol protocol) {
    switch (protocol) {
        case api::UDP:
            return "UDP";
        case api::SCTP:
            return "SCTP";
        default:
            return "TCP";
    }
}

// "TCP  192.0.2.1:80" or "FWM  5 IPv6", padded so that numbers line up.
std::string service_text(const api::ServiceKey& key, const ListStyle& style, Names& names) {
    if (key.firewall_mark() != 0) {
        return fmt::format("{}{}", key.firewall_mark(), key.family() == api::IPV6 ? " IPv6" : "");
    }
    return endpoint_text(key.address(),
                         key.port(),
                         key.protocol(),
                         {.numeric = style.numeric, .fits_column = true},
                         names);
}

std::string_view service_title(const api::ServiceKey& key) {
    return key.firewall_mark() != 0 ? "FWM" : protocol_title(key.protocol());
}

std::string settings_text(const api::ServiceSettings& settings) {
    std::string text = " " + settings.scheduler();
    if (settings.scheduler_flags() != 0) {
        text += " (" + scheduler_flags_text(settings) + ")";
    }
    if (settings.has_persistence()) {
        const api::Persistence& persistence = settings.persistence();
        text += fmt::format(" persistent {}", persistence.timeout_s());
        if (!persistence.client_mask().empty()) {
            text += " mask " + persistence.client_mask();
        }
        if (!persistence.engine().empty()) {
            text += " pe " + persistence.engine();
        }
    }
    return text + (settings.one_packet() ? " ops" : "");
}

std::string_view method_text(api::Forwarding forwarding) {
    switch (forwarding) {
        case api::NAT:
            return "Masq";
        case api::LOCAL:
            return "Local";
        case api::TUNNEL:
            return "Tunnel";
        case api::BYPASS:
            return "Bypass";
        case api::FULL_NAT:
            return "FullNat";  // As DPVS's ipvsadm calls it.
        default:
            return "Route";
    }
}

std::string tunnel_text(const api::ServerSettings& settings) {
    if (settings.forwarding() != api::TUNNEL) {
        return "n/a";
    }
    const api::Tunnel& tunnel = settings.tunnel();
    const std::string_view checksum = tunnel.checksum() == api::CHECKSUM          ? "+c"
                                      : tunnel.checksum() == api::REMOTE_CHECKSUM ? "r+c"
                                                                                  : "-c";
    switch (tunnel.kind()) {
        case api::GUE:
            return fmt::format("gue:{}:{}", tunnel.port(), checksum);
        case api::GRE:
            return fmt::format("gre:{}", checksum);
        default:
            return "ipip";
    }
}

std::string service_row(const api::Service& service, const ListStyle& style, Names& names) {
    const std::string name = service_text(service.key(), style, names);
    const std::string_view title = service_title(service.key());
    switch (columns_of(style)) {
        case Columns::stats:
            return fmt::format(
                "{:<4} {:<28}{}", title, name, traffic(service.counters(), style.exact));
        case Columns::rate:
            return fmt::format(
                "{:<4} {:<28}{}", title, name, traffic(service.rates(), style.exact));
        default:
            return fmt::format("{:<4} {}{}\n", title, name, settings_text(service.settings()));
    }
}

std::string server_row(const api::Server& server,
                       api::Protocol protocol,
                       const ListStyle& style,
                       Names& names) {
    const std::string name = endpoint_text(server.key().address(),
                                           server.key().port(),
                                           protocol,
                                           {.numeric = style.numeric, .fits_column = true},
                                           names);
    const std::uint32_t active = server.active_connections();
    const std::uint32_t inactive = server.inactive_connections();
    const api::ServerSettings& settings = server.settings();
    const std::string_view method = method_text(settings.forwarding());
    switch (columns_of(style)) {
        case Columns::stats:
            return fmt::format("  -> {:<28}{}", name, traffic(server.counters(), style.exact));
        case Columns::rate:
            return fmt::format("  -> {:<28}{}", name, server_rates(server.rates(), style.exact));
        case Columns::thresholds:
            return fmt::format("  -> {:<28} {:<10} {:<10} {:<10} {:<10}\n",
                               name,
                               settings.upper_threshold(),
                               settings.lower_threshold(),
                               active,
                               inactive);
        case Columns::persistent_connections:
            return fmt::format("  -> {:<28} {:<9} {:<11} {:<10} {:<10}\n",
                               name,
                               settings.weight(),
                               server.persistent_connections(),
                               active,
                               inactive);
        case Columns::tunnels:
            return fmt::format("  -> {:<28} {:<7} {:<13} {:<6} {:<10} {:<10}\n",
                               name,
                               method,
                               tunnel_text(settings),
                               settings.weight(),
                               active,
                               inactive);
        case Columns::plain:
            return fmt::format("  -> {:<28} {:<7} {:<6} {:<10} {:<10}\n",
                               name,
                               method,
                               settings.weight(),
                               active,
                               inactive);
    }
    return "";
}

}  // namespace

std::string list_services(const api::Services& services,
                          const ListStyle& style,
                          bool titled,
                          Names& names) {
    std::string text = titled ? "IP Virtual Server version 1.2.1 (size=4096)\n" : "";
    text += title_of(columns_of(style));
    for (const api::Service* const service : ordered(services, style.sorted)) {
        text += service_row(*service, style, names);
        for (const api::Server* const server : ordered(*service, style.sorted)) {
            text += server_row(*server, service->key().protocol(), style, names);
        }
    }
    return text;
}

std::string list_local_addresses(const api::Services& services, Names& names) {
    std::string text = "VIP:VPORT            TOTAL    SNAT_IP\n";
    for (const api::Service* const service : ordered(services, true)) {
        if (service->local_addresses().empty()) {
            continue;
        }
        text += fmt::format("{:<20} {}\n",
                            service_text(service->key(), {.numeric = true}, names),
                            service->local_addresses_size());
        for (const std::string& address : service->local_addresses()) {
            text += fmt::format("{:<29} {}\n", "", address);
        }
    }
    return text;
}

std::string connections_title(const ListStyle& style) {
    return fmt::format(
        "IPVS connection entries\n"
        "pro expire state       source             virtual            destination{}\n",
        style.persistent_connections ? "        pe name          pe_data" : "");
}

std::string connection_row(const api::Connection& c, const ListStyle& style, Names& names) {
    const auto text = [&](const std::string& address, std::uint32_t port) {
        return endpoint_text(address, port, c.protocol(), {.numeric = style.numeric}, names);
    };
    return fmt::format(
        "{:<3} {:<6} {:<11} {:<18} {:<18} {}\n",
        c.protocol() == api::PROTOCOL_UNSPECIFIED ? "IP" : protocol_title(c.protocol()),
        fmt::format("{:02}:{:02}", c.expires_s() / 60, c.expires_s() % 60),
        c.state(),
        text(c.client_address(), c.client_port()),
        text(c.virtual_address(), c.virtual_port()),
        text(c.server_address(), c.server_port()));
}

std::string list_timeouts(const api::Timeouts& timeouts) {
    return fmt::format("Timeout (tcp tcpfin udp): {} {} {}\n",
                       timeouts.tcp_s(),
                       timeouts.tcp_fin_s(),
                       timeouts.udp_s());
}

std::string list_sync_daemons(const api::SyncDaemons& daemons) {
    std::string text;
    for (const api::SyncDaemon& daemon : daemons.daemons()) {
        text += fmt::format(
            "{} sync daemon (mcast={}, syncid={}, maxlen={}, group={}, port={}, ttl={})\n",
            daemon.role() == api::MASTER ? "master" : "backup",
            daemon.interface(),
            daemon.sync_id(),
            daemon.message_bytes_max(),
            daemon.group(),
            daemon.port(),
            daemon.ttl());
    }
    return text;
}

}  // namespace fpvs::cli
