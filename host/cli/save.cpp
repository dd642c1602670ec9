// SPDX-License-Identifier: Apache-2.0
#include "host/cli/save.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "host/cli/endpoint.hpp"
#include "host/cli/mark_rule_words.hpp"
#include "host/cli/order.hpp"
#include "host/cli/scheduler_flags.hpp"

namespace fpvs::cli {
namespace {

enum class Detail : bool {
    as_ipvsadm,
    whole,
};

std::string saved_service(const api::ServiceKey& key, bool numeric, Names& names) {
    if (key.firewall_mark() != 0) {
        return fmt::format("-f {}{}", key.firewall_mark(), key.family() == api::IPV6 ? " -6" : "");
    }
    const std::string_view option = key.protocol() == api::UDP    ? "-u"
                                    : key.protocol() == api::SCTP ? "--sctp-service"
                                                                  : "-t";
    return fmt::format(
        "{} {}",
        option,
        endpoint_text(key.address(), key.port(), key.protocol(), {.numeric = numeric}, names));
}

std::string_view saved_client_address(api::ClientAddress client_address) {
    switch (client_address) {
        case api::TOA:
            return " --client-address toa";
        case api::PROXY_V2:
            return " --client-address proxy-v2";
        default:
            return "";
    }
}

std::string saved_settings(const api::ServiceSettings& settings, Detail detail) {
    constexpr std::uint32_t kFlag3 = 4;
    std::string text = " -s " + settings.scheduler();
    if (settings.has_persistence()) {
        text += fmt::format(" -p {}", settings.persistence().timeout_s());
        if (!settings.persistence().client_mask().empty()) {
            text += " -M " + settings.persistence().client_mask();
        }
        if (!settings.persistence().engine().empty()) {
            text += " --pe " + settings.persistence().engine();
        }
    }
    if (settings.one_packet()) {
        text += " -o";
    }
    if (settings.scheduler_flags() != 0) {
        std::string flags = scheduler_flags_text(settings);
        const bool lost = (settings.scheduler_flags() & kFlag3) != 0 && !flags.ends_with("flag-3");
        if (detail == Detail::whole && lost) {
            flags += (flags.empty() ? "" : ",") + std::string("flag-3");
        }
        text += " -b " + flags;
    }
    return text.append(saved_client_address(settings.client_address()));
}

std::string saved_tunnel(const api::Tunnel& tunnel) {
    const std::string_view checksum = tunnel.checksum() == api::CHECKSUM          ? " --tun-csum"
                                      : tunnel.checksum() == api::REMOTE_CHECKSUM ? " --tun-remcsum"
                                                                                  : " --tun-nocsum";
    switch (tunnel.kind()) {
        case api::GUE:
            return fmt::format(" --tun-type gue --tun-port {}{}", tunnel.port(), checksum);
        case api::GRE:
            return fmt::format(" --tun-type gre{}", checksum);
        default:
            return " --tun-type ipip";
    }
}

std::string_view saved_method(api::Forwarding forwarding) {
    switch (forwarding) {
        case api::NAT:
            return "-m";
        case api::TUNNEL:
            return "-i";
        case api::FULL_NAT:
            return "-b";
        default:
            return "-g";
    }
}

std::string saved_server(const api::Server& server, const std::string& name, Detail detail) {
    const api::ServerSettings& settings = server.settings();
    std::string text =
        fmt::format(" -r {} {} -w {}{}",
                    name,
                    saved_method(settings.forwarding()),
                    settings.weight(),
                    settings.forwarding() == api::TUNNEL ? saved_tunnel(settings.tunnel()) : "");
    const bool limited = settings.upper_threshold() != 0 || settings.lower_threshold() != 0;
    if (detail == Detail::whole && limited) {
        text += fmt::format(" -x {} -y {}", settings.upper_threshold(), settings.lower_threshold());
    }
    return text;
}

std::string saved(const api::Services& services, Detail detail, bool numeric, Names& names) {
    std::string text;
    for (const api::Service* const service : ordered(services, true)) {
        const api::ServiceKey& key = service->key();
        const std::string name = saved_service(key, numeric, names);
        text += "-A " + name + saved_settings(service->settings(), detail) + "\n";
        std::vector<const api::Server*> servers = ordered(*service, detail == Detail::as_ipvsadm);
        if (detail == Detail::whole) {
            // A server is added before those that are there: the last one goes first, so that
            // the order in which they are scheduled stays.
            std::reverse(servers.begin(), servers.end());
        }
        for (const api::Server* const server : servers) {
            const std::string server_name = endpoint_text(server->key().address(),
                                                          server->key().port(),
                                                          key.protocol(),
                                                          {.numeric = numeric},
                                                          names);
            text += "-a " + name + saved_server(*server, server_name, detail) + "\n";
        }
        for (const std::string& address : service->local_addresses()) {
            text += "-P " + name + " -z " + address + "\n";
        }
    }
    return text;
}

std::string saved(const api::SyncDaemon& daemon) {
    return fmt::format(
        "--start-daemon {} --mcast-interface {} --syncid {} --sync-maxlen {} --mcast-group {} "
        "--mcast-port {} --mcast-ttl {}\n",
        daemon.role() == api::MASTER ? "master" : "backup",
        daemon.interface(),
        daemon.sync_id(),
        daemon.message_bytes_max(),
        daemon.group(),
        daemon.port(),
        daemon.ttl());
}

}  // namespace

std::string save_services(const api::Services& services, bool numeric, Names& names) {
    return saved(services, Detail::as_ipvsadm, numeric, names);
}

std::string save_state(const SavedState& state, Names& names) {
    std::string text = fmt::format("--set {} {} {}\n",
                                   state.timeouts.tcp_s(),
                                   state.timeouts.tcp_fin_s(),
                                   state.timeouts.udp_s());
    for (const api::Setting& setting : state.settings.settings()) {
        if (setting.value() != setting.initial()) {
            text += fmt::format("set {} {}\n", setting.name(), setting.value());
        }
    }
    for (const api::MarkRule& rule : state.mark_rules.rules()) {
        text += "mark add " + mark_rule_text(rule) + "\n";
    }
    text += saved(state.services, Detail::whole, true, names);
    for (const api::SyncDaemon& daemon : state.sync_daemons.daemons()) {
        text += saved(daemon);
    }
    return text;
}

}  // namespace fpvs::cli
