// SPDX-License-Identifier: Apache-2.0
#include "host/cli/option.hpp"

#include <array>
#include <initializer_list>

namespace fpvs::cli {
namespace {

using enum Option;
using Kind = CommandKind;

constexpr std::array<std::string_view, 19> kCommandNames = {
    "add-service", "edit-service", "delete-service", "flush",         "restore",
    "save",        "add-server",   "edit-server",    "delete-server", "list",
    "zero",        "set",          "start-daemon",   "stop-daemon",   "add-laddr",
    "del-laddr",   "get-laddr",    "help",           "version",
};

constexpr std::array<std::string_view, kOptionCount> kOptionNames = {
    "numeric",
    "connection",
    "service-address",
    "scheduler",
    "persistent",
    "netmask",
    "real-server",
    "forwarding-method",
    "weight",
    "u-threshold",
    "l-threshold",
    "mcast-interface",
    "timeout",
    "daemon",
    "stats",
    "rate",
    "thresholds",
    "persistent-conn",
    "nosort",
    "syncid",
    "exact",
    "ops",
    "pe",
    "sched-flags",
    "mcast-group",
    "mcast-port",
    "mcast-ttl",
    "sync-maxlen",
    "tun-info",
    "tun-type",
    "tun-port",
    "tun-nocsum",
    "tun-csum",
    "tun-remcsum",
    "laddr",
    "ifname",
    "client-address",
};

constexpr auto kSpellings = std::to_array<Spelling>({
    {'A', "add-service", Argument::none, Kind::add_service},
    {'E', "edit-service", Argument::none, Kind::edit_service},
    {'D', "delete-service", Argument::none, Kind::delete_service},
    {'C', "clear", Argument::none, Kind::flush},
    {'R', "restore", Argument::none, Kind::restore},
    {'S', "save", Argument::none, Kind::save},
    {'a', "add-server", Argument::none, Kind::add_server},
    {'e', "edit-server", Argument::none, Kind::edit_server},
    {'d', "delete-server", Argument::none, Kind::delete_server},
    {'L', "list", Argument::none, Kind::list},
    {'l', "", Argument::none, Kind::list},
    {'Z', "zero", Argument::none, Kind::zero},
    {'\0', "set", Argument::none, Kind::set_timeouts},
    {'\0', "start-daemon", Argument::required, Kind::start_sync_daemon},
    {'\0', "stop-daemon", Argument::required, Kind::stop_sync_daemon},
    {'P', "add-laddr", Argument::none, Kind::add_local_address},
    {'Q', "del-laddr", Argument::none, Kind::delete_local_address},
    {'G', "get-laddr", Argument::none, Kind::list_local_addresses},
    {'h', "help", Argument::none, Kind::help},
    {'v', "version", Argument::none, Kind::version},
    {'t', "tcp-service", Argument::required, {}, service_address, Variant::tcp},
    {'u', "udp-service", Argument::required, {}, service_address, Variant::udp},
    {'\0', "sctp-service", Argument::required, {}, service_address, Variant::sctp},
    {'f', "fwmark-service", Argument::required, {}, service_address, Variant::firewall_mark},
    {'6', "ipv6", Argument::none, {}, {}, Variant::ipv6},
    {'s', "scheduler", Argument::required, {}, scheduler},
    {'p', "persistent", Argument::optional, {}, persistent},
    {'M', "netmask", Argument::required, {}, netmask},
    {'r', "real-server", Argument::required, {}, real_server},
    {'m', "masquerading", Argument::none, {}, forwarding_method, Variant::masquerading},
    {'i', "ipip", Argument::none, {}, forwarding_method, Variant::ipip},
    {'g', "gatewaying", Argument::none, {}, forwarding_method, Variant::gatewaying},
    {'\0', "fullnat", Argument::none, {}, forwarding_method, Variant::full_nat},
    {'w', "weight", Argument::required, {}, weight},
    {'x', "u-threshold", Argument::required, {}, u_threshold},
    {'y', "l-threshold", Argument::required, {}, l_threshold},
    {'n', "numeric", Argument::none, {}, numeric},
    {'c', "connection", Argument::none, {}, connection},
    {'\0', "timeout", Argument::none, {}, timeout},
    {'\0', "daemon", Argument::none, {}, daemon},
    {'\0', "stats", Argument::none, {}, stats},
    {'\0', "rate", Argument::none, {}, rate},
    {'X', "exact", Argument::none, {}, exact},
    {'\0', "thresholds", Argument::none, {}, thresholds},
    {'\0', "persistent-conn", Argument::none, {}, persistent_conn},
    {'\0', "tun-info", Argument::none, {}, tun_info},
    {'\0', "nosort", Argument::none, {}, nosort},
    {'\0', "sort", Argument::none, {}, {}, Variant::sort},
    {'o', "ops", Argument::none, {}, ops},
    {'b', "sched-flags", Argument::required, {}, sched_flags},
    {'\0', "pe", Argument::required, {}, pe},
    {'\0', "tun-type", Argument::required, {}, tun_type},
    {'\0', "tun-port", Argument::required, {}, tun_port},
    {'\0', "tun-nocsum", Argument::none, {}, tun_nocsum},
    {'\0', "tun-csum", Argument::none, {}, tun_csum},
    {'\0', "tun-remcsum", Argument::none, {}, tun_remcsum},
    {'\0', "syncid", Argument::required, {}, syncid},
    {'\0', "sync-maxlen", Argument::required, {}, sync_maxlen},
    {'\0', "mcast-interface", Argument::required, {}, mcast_interface},
    {'\0', "mcast-group", Argument::required, {}, mcast_group},
    {'\0', "mcast-port", Argument::required, {}, mcast_port},
    {'\0', "mcast-ttl", Argument::required, {}, mcast_ttl},
    {'z', "laddr", Argument::required, {}, local_address},
    {'F', "ifname", Argument::required, {}, local_interface},
    {'\0', "client-address", Argument::required, {}, client_address},
    {'\0', "proxy-protocol", Argument::required, {}, client_address, Variant::proxy_protocol},
});

// Bit i is the option with number i.
using OptionSet = std::uint64_t;

constexpr OptionSet set_of(std::initializer_list<Option> options) {
    OptionSet set = 0;
    for (const Option option : options) {
        set |= OptionSet{1} << static_cast<unsigned>(option);
    }
    return set;
}

constexpr bool contains(OptionSet set, Option option) {
    return (set & set_of({option})) != 0;
}

constexpr OptionSet kServiceSettings =
    set_of({scheduler, persistent, netmask, ops, pe, sched_flags, client_address});
constexpr OptionSet kServerSettings = set_of({forwarding_method,
                                              weight,
                                              u_threshold,
                                              l_threshold,
                                              tun_type,
                                              tun_port,
                                              tun_nocsum,
                                              tun_csum,
                                              tun_remcsum});
constexpr OptionSet kListStyle = set_of({numeric,
                                         connection,
                                         service_address,
                                         timeout,
                                         daemon,
                                         stats,
                                         rate,
                                         thresholds,
                                         persistent_conn,
                                         nosort,
                                         syncid,
                                         exact,
                                         tun_info});
constexpr OptionSet kSyncSettings =
    set_of({mcast_interface, syncid, sync_maxlen, mcast_group, mcast_port, mcast_ttl});

struct Uses {
    OptionSet required = 0;
    OptionSet allowed = 0;
};

Uses uses_of(CommandKind command) {
    switch (command) {
        case Kind::add_service:
        case Kind::edit_service:
            return {set_of({service_address}), kServiceSettings};
        case Kind::delete_service:
            return {set_of({service_address}), 0};
        case Kind::save:
            return {0, set_of({numeric})};
        case Kind::add_server:
        case Kind::edit_server:
            return {set_of({service_address, real_server}), kServerSettings};
        case Kind::delete_server:
            return {set_of({service_address, real_server}), 0};
        case Kind::list:
            return {0, kListStyle};
        case Kind::zero:
            return {0, set_of({service_address})};
        case Kind::start_sync_daemon:
            return {0, kSyncSettings};
        case Kind::stop_sync_daemon:
            return {0, set_of({syncid})};
        case Kind::add_local_address:
        case Kind::delete_local_address:
            return {set_of({service_address, local_address}), set_of({local_interface})};
        case Kind::list_local_addresses:
            return {0, set_of({service_address, numeric})};
        case Kind::flush:
        case Kind::restore:
        case Kind::set_timeouts:
        case Kind::help:
        case Kind::version:
            return {};
    }
    return {};
}

}  // namespace

std::string_view name_of(CommandKind command) {
    return kCommandNames[static_cast<std::size_t>(command)];
}

std::string_view name_of(Option option) {
    return kOptionNames[static_cast<std::size_t>(option)];
}

Use use_of(CommandKind command, Option option) {
    const Uses uses = uses_of(command);
    if (contains(uses.required, option)) {
        return Use::required;
    }
    return contains(uses.allowed, option) ? Use::allowed : Use::forbidden;
}

std::span<const Spelling> spellings() {
    return kSpellings;
}

bool is_of_server(CommandKind command) {
    return command == Kind::add_server || command == Kind::edit_server;
}

}  // namespace fpvs::cli
