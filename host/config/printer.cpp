// SPDX-License-Identifier: Apache-2.0
#include "host/config/printer.hpp"

#include <fmt/core.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "host/config/announce_reader.hpp"
#include "host/config/check_printer.hpp"
#include "host/config/vrrp_printer.hpp"
#include "host/config/writer.hpp"

namespace fpvs::config {
namespace {

std::string_view checksum_name(model::TunnelChecksum checksum) {
    switch (checksum) {
        case model::TunnelChecksum::none:
            return "nocsum";
        case model::TunnelChecksum::checksum:
            return "csum";
        case model::TunnelChecksum::remote_checksum:
            return "remcsum";
    }
    return "nocsum";
}

// What follows lb_kind or lvs_method.
std::string method_words(const model::ServerSettings& settings) {
    switch (settings.forwarding) {
        case model::Forwarding::nat:
        case model::Forwarding::local:  // IPVS's own finding, never written in a file.
            return "NAT";
        case model::Forwarding::direct_routing:
            return "DR";
        case model::Forwarding::full_nat:
            return "FULLNAT";
        case model::Forwarding::tunnel:
            break;
    }
    const model::Tunnel& tunnel = settings.tunnel;
    switch (tunnel.kind) {
        case model::TunnelKind::ipip:
            return "TUN";
        case model::TunnelKind::gue:
            return fmt::format(
                "TUN type gue port {} {}", tunnel.port, checksum_name(tunnel.checksum));
        case model::TunnelKind::gre:
            return fmt::format("TUN type gre {}", checksum_name(tunnel.checksum));
    }
    return "TUN";
}

void print_server(Writer& out,
                  const model::RealServerConfig& server,
                  const std::string& service_method) {
    out.blank_line();
    out.open("real_server {} {}", model::to_string(server.key.address), server.key.port);
    out.line("weight {}", server.settings.weight);
    if (const std::string method = method_words(server.settings); method != service_method) {
        out.line("lvs_method {}", method);
    }
    if (server.settings.upper_threshold != 0) {
        out.line("uthreshold {}", server.settings.upper_threshold);
    }
    if (server.settings.lower_threshold != 0) {
        out.line("lthreshold {}", server.settings.lower_threshold);
    }
    if (server.inhibit_on_failure) {
        out.line("inhibit_on_failure");
    }
    write_script(out, "notify_up", server.notify_up);
    write_script(out, "notify_down", server.notify_down);
    for (const model::HealthCheck& check : server.checks) {
        print_check(out, check);
    }
    out.close();
}

void print_pool(Writer& out,
                const model::VirtualServiceConfig& service,
                const std::string& service_method) {
    if (service.omega) {
        out.line("omega");
    }
    if (service.ha_suspend) {
        out.line("ha_suspend");
    }
    const model::Quorum usual;
    if (service.quorum.weight != usual.weight) {
        out.line("quorum {}", service.quorum.weight);
    }
    if (service.quorum.hysteresis != usual.hysteresis) {
        out.line("hysteresis {}", service.quorum.hysteresis);
    }
    write_script(out, "quorum_up", service.quorum.notify_up);
    write_script(out, "quorum_down", service.quorum.notify_down);
    if (!service.sorry_server) {
        return;
    }
    const model::SorryServer& sorry = *service.sorry_server;
    out.line("sorry_server {} {}", model::to_string(sorry.key.address), sorry.key.port);
    if (const std::string method = method_words(sorry.settings); method != service_method) {
        out.line("sorry_server_lvs_method {}", method);
    }
    if (sorry.inhibit) {
        out.line("sorry_server_inhibit");
    }
}

void print_scheduler_flags(Writer& out, const model::ServiceSettings& settings) {
    const bool named = settings.scheduler == "sh" || settings.scheduler == "mh";
    if (settings.hash_fallback) {
        out.line("{}", named ? settings.scheduler + "-fallback" : "flag-1");
    }
    if (settings.hash_port) {
        out.line("{}", named ? settings.scheduler + "-port" : "flag-2");
    }
    if (settings.third_flag) {
        out.line("flag-3");
    }
}

std::string_view protocol_word(model::Protocol protocol) {
    switch (protocol) {
        case model::Protocol::tcp:
            return "TCP";
        case model::Protocol::udp:
            return "UDP";
        case model::Protocol::sctp:
            return "SCTP";
    }
    return "TCP";
}

void print_persistence(Writer& out, const model::Persistence& persistence, model::Family family) {
    const model::Persistence whole;
    out.line("persistence_timeout {}", persistence.timeout_s);
    if (family == model::Family::ipv6 && persistence.client_prefix != whole.client_prefix) {
        out.line("persistence_granularity {}", persistence.client_prefix);
    } else if (family == model::Family::ipv4 && persistence.client_mask != whole.client_mask) {
        out.line("persistence_granularity {}",
                 model::to_string(model::Ipv4{persistence.client_mask}));
    }
    if (!persistence.engine.empty()) {
        out.line("persistence_engine {}", persistence.engine);
    }
}

void print_group(Writer& out, const model::VirtualServiceConfig& service) {
    out.blank_line();
    out.open("virtual_server_group {}", quoted(service.group));
    for (const model::ServiceKey& member : service.members) {
        if (member.firewall_mark != 0) {
            out.line(
                "fwmark {} {}", member.firewall_mark, member.address.is_ipv6() ? "inet6" : "inet");
        } else {
            out.line("{} {}", model::to_string(member.address), member.port);
        }
    }
    out.close();
}

void print_service(Writer& out, const model::VirtualServiceConfig& service) {
    // The method that most files give once for the service.
    const std::string method =
        service.servers.empty() ? "NAT" : method_words(service.servers.front().settings);
    out.blank_line();
    if (!service.group.empty()) {
        out.open("virtual_server group {}", quoted(service.group));
        if (service.key.firewall_mark != 0) {
            out.line("ip_family {}", service.key.address.is_ipv6() ? "inet6" : "inet");
        } else {
            out.line("protocol {}", protocol_word(service.key.protocol));
        }
    } else if (service.key.firewall_mark != 0) {
        out.open("virtual_server fwmark {}", service.key.firewall_mark);
        out.line("ip_family {}", service.key.address.is_ipv6() ? "inet6" : "inet");
    } else {
        out.open("virtual_server {} {}", model::to_string(service.key.address), service.key.port);
        out.line("protocol {}", protocol_word(service.key.protocol));
    }
    out.line("delay_loop {}", seconds(service.delay_loop_ms));
    out.line("lb_algo {}", service.settings.scheduler);
    print_scheduler_flags(out, service.settings);
    out.line("lb_kind {}", method);
    if (service.settings.persistence) {
        print_persistence(out, *service.settings.persistence, service.key.address.family);
    }
    if (service.settings.one_packet) {
        out.line("ops");
    }
    if (service.settings.client_address != model::ClientAddress::not_told) {
        out.line("client_address {}",
                 service.settings.client_address == model::ClientAddress::toa ? "toa" : "proxy-v2");
    }
    for (const model::IpAddress& address : service.local_addresses) {
        out.line("local_address {}", model::to_string(address));
    }
    print_pool(out, service, method);
    for (const model::RealServerConfig& server : service.servers) {
        print_server(out, server, method);
    }
    out.close();
}

void print_mark_rule(Writer& out, const model::MarkRule& rule) {
    out.open("firewall_mark {}", rule.mark);
    if (rule.destination) {
        out.line("destination {}", model::to_string(*rule.destination));
    }
    if (rule.source) {
        out.line("source {}", model::to_string(*rule.source));
    }
    if (rule.protocol) {
        out.line("protocol {}", model::name(*rule.protocol));
    }
    if (rule.has_ports()) {
        out.line("port {}-{}", rule.first_port, rule.last_port);
    }
    if (!rule.interface.empty()) {
        out.line("interface {}", quoted(rule.interface));
    }
    if (rule.vlan) {
        out.line("vlan {}", *rule.vlan);
    }
    out.close();
}

void print_fpvs(Writer& out, const model::Config& config) {
    if (config.settings.empty() && config.mark_rules.empty() && !config.workers &&
        !config.announce) {
        return;
    }
    out.blank_line();
    out.open("fpvs");
    if (config.workers) {
        out.line("workers {}", *config.workers);
    }
    for (const model::SettingChange& setting : config.settings) {
        out.line("set {} {}", quoted(setting.name), setting.value);
    }
    for (const model::MarkRule& rule : config.mark_rules) {
        print_mark_rule(out, rule);
    }
    if (config.announce) {
        print_announce(out, *config.announce);
    }
    out.close();
}

void print_sync_follower(Writer& out, const model::SyncFollower& follower) {
    const model::SyncDaemon& daemon = follower.daemon;
    out.line("lvs_sync_daemon {}{} id {} maxlen {} port {} ttl {} group {}",
             quoted(daemon.interface),
             follower.instance.empty() ? "" : " inst " + quoted(follower.instance),
             daemon.sync_id,
             daemon.message_bytes_max,
             daemon.port,
             daemon.ttl,
             model::to_string(daemon.group));
}

}  // namespace

std::string print(const model::Config& config) {
    Writer out;
    if (!config.router_id.empty() || config.scripts != model::ScriptDefaults{} ||
        config.checkers != model::CheckerSettings{} || config.vrrp_fifos != model::VrrpFifos{} ||
        config.sync_follower) {
        out.open("global_defs");
        if (!config.router_id.empty()) {
            out.line("router_id {}", quoted(config.router_id));
        }
        if (config.sync_follower) {
            print_sync_follower(out, *config.sync_follower);
        }
        print_checker_globals(out, config);
        print_vrrp_fifos(out, config.vrrp_fifos);
        out.close();
    }
    print_tls_client(out, config.tls_client);
    for (const model::TrackFile& file : config.track_files) {
        print_track_file(out, file);
    }
    print_vrrp(out, config);
    std::set<std::string_view> groups;  // Services of several protocols may share one.
    for (const model::VirtualServiceConfig& service : config.virtual_services) {
        if (!service.group.empty() && groups.insert(service.group).second) {
            print_group(out, service);
        }
        print_service(out, service);
    }
    print_fpvs(out, config);
    return out.take();
}

}  // namespace fpvs::config
