// SPDX-License-Identifier: Apache-2.0
// ipvsadm's grammar.  Mistakes are found in its order: while reading options from left to right,
// then words that are left over, then options that the command forbids or lacks, then options that
// contradict one another.
#include <arpa/inet.h>
#include <fmt/core.h>

#include <array>
#include <bitset>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

#include "host/cli/command.hpp"
#include "host/cli/endpoint.hpp"
#include "host/cli/scanner.hpp"

namespace fpvs::cli {
namespace {

constexpr int kExitUsage = 2;
constexpr int kExitParse = 255;
constexpr std::int64_t kIntMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kPersistenceSecondsMax = std::int64_t{31} * 86'400;
constexpr std::int64_t kUdpPayloadMax = 65'507;
constexpr std::uint32_t kPersistenceSecondsDefault = 360;
constexpr std::size_t kSchedulerNameMax = 15;
constexpr std::uint32_t kSchedulerFlags = 3;

using Check = tl::expected<void, Refusal>;

template <class... Args>
[[nodiscard]] tl::unexpected<Refusal> refuse(fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected<Refusal>(
        Refusal{kExitUsage, fmt::format(format, std::forward<Args>(args)...) + "\n"});
}

[[nodiscard]] tl::unexpected<Refusal> try_help() {
    return tl::unexpected<Refusal>(
        Refusal{kExitParse, "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n"});
}

class Parser {
  public:
    Parser(std::vector<std::string> words, Names& names)
        : scanner_(std::move(words)), names_(names) {}

    [[nodiscard]] tl::expected<Command, Refusal> parse();

  private:
    // Steps of parse(), in order.
    [[nodiscard]] Check read_command();
    [[nodiscard]] Check read_options();
    [[nodiscard]] Check read_arguments();
    [[nodiscard]] Check check_uses() const;
    [[nodiscard]] Check check_list() const;
    [[nodiscard]] Check finish_service();
    [[nodiscard]] Check finish_server();
    [[nodiscard]] Check check_tunnel();
    void finish_list();

    // One option each.
    [[nodiscard]] Check read_option(const ScannedOption& option);
    [[nodiscard]] Check read_service(const ScannedOption& option);
    [[nodiscard]] Check read_firewall_mark(const std::string& value);
    [[nodiscard]] Check read_persistence(const ScannedOption& option);
    [[nodiscard]] Check read_netmask(const std::string& value);
    [[nodiscard]] Check read_server(const std::string& value);
    void read_forwarding(Variant variant);
    [[nodiscard]] Check read_server_number(Option option, const std::string& value);
    [[nodiscard]] Check read_tunnel(Option option, const std::string& value);
    [[nodiscard]] Check read_sync_setting(Option option, const std::string& value);
    [[nodiscard]] Check read_multicast_group(const std::string& value);
    [[nodiscard]] Check read_sync_role(const std::string& value);
    [[nodiscard]] Check read_scheduler_flags();
    [[nodiscard]] Check read_local_address(const std::string& value);
    [[nodiscard]] Check read_client_address(const ScannedOption& option);

    [[nodiscard]] bool has(Option option) const { return given_[static_cast<std::size_t>(option)]; }

    Scanner scanner_;
    Names& names_;
    Command command_;
    std::bitset<kOptionCount> given_;
    std::string scheduler_flags_;
    std::string tunnel_name_ = "ipip";
    std::string netmask_;
    std::string persistence_engine_;
    std::uint32_t persistence_timeout_s_ = kPersistenceSecondsDefault;
    std::optional<std::uint16_t> server_port_;
};

tl::expected<Command, Refusal> Parser::parse() {
    // The bare name lists, as -L does.
    command_.server_settings.set_weight(1);
    command_.server_settings.set_forwarding(api::DIRECT_ROUTING);
    if (const Check done = read_command(); !done) {
        return tl::unexpected<Refusal>(done.error());
    }
    if (command_.kind == CommandKind::help || command_.kind == CommandKind::version) {
        return std::move(command_);
    }
    using Step = Check (Parser::*)();
    constexpr std::array<Step, 3> kReading = {
        &Parser::read_options, &Parser::read_arguments, &Parser::read_scheduler_flags};
    for (const Step step : kReading) {
        if (const Check done = (this->*step)(); !done) {
            return tl::unexpected<Refusal>(done.error());
        }
    }
    if (const Check uses = check_uses(); !uses) {
        return tl::unexpected<Refusal>(uses.error());
    }
    Check finished;
    switch (command_.kind) {
        case CommandKind::list:
            finished = check_list();
            break;
        case CommandKind::add_service:
        case CommandKind::edit_service:
            finished = finish_service();
            break;
        case CommandKind::add_server:
        case CommandKind::edit_server:
        case CommandKind::delete_server:
            finished = finish_server();
            break;
        default:
            break;
    }
    if (!finished) {
        return tl::unexpected<Refusal>(finished.error());
    }
    finish_list();
    return std::move(command_);
}

// ---- Reading.

Check Parser::read_command() {
    const auto first = scanner_.next();
    if (!first) {
        // Nothing at all, or only words that are no options.
        return scanner_.is_empty() ? Check() : try_help();
    }
    if (first->spelling == nullptr || !first->spelling->command || !first->mistake.empty()) {
        return try_help();
    }
    command_.kind = *first->spelling->command;
    scanner_.set_command(command_.kind);
    if (command_.kind == CommandKind::start_sync_daemon ||
        command_.kind == CommandKind::stop_sync_daemon) {
        return read_sync_role(*first->value);
    }
    return {};
}

Check Parser::read_sync_role(const std::string& value) {
    if (value == "master") {
        command_.sync_daemon.set_role(api::MASTER);
    } else if (value == "backup") {
        command_.sync_daemon.set_role(api::BACKUP);
    } else if (command_.kind == CommandKind::start_sync_daemon) {
        return refuse("illegal start-daemon parameter specified");
    } else {
        return refuse("illegal start_daemon specified");
    }
    return {};
}

Check Parser::read_options() {
    while (const auto option = scanner_.next()) {
        if (!option->mistake.empty()) {
            return tl::unexpected<Refusal>(Refusal{kExitParse, option->mistake + "\n"});
        }
        if (option->spelling->command) {
            return refuse("invalid option `{}'", option->word);
        }
        if (option->spelling->option) {
            const auto bit = static_cast<std::size_t>(*option->spelling->option);
            if (given_[bit]) {
                return refuse("multiple '{}' options specified",
                              name_of(*option->spelling->option));
            }
            given_.set(bit);
        }
        if (const Check done = read_option(*option); !done) {
            return done;
        }
    }
    return {};
}

Check Parser::read_option(const ScannedOption& option) {
    const Spelling& spelling = *option.spelling;
    if (!spelling.option) {
        if (spelling.variant == Variant::ipv6) {
            if (!command_.service || command_.service->firewall_mark() == 0) {
                return refuse("-6 used before -f\n");
            }
            command_.service->set_family(api::IPV6);
        }
        return {};
    }
    const std::string value = option.value.value_or("");
    switch (*spelling.option) {
        case Option::service_address:
            return read_service(option);
        case Option::scheduler:
            command_.service_settings.set_scheduler(value.substr(0, kSchedulerNameMax));
            return {};
        case Option::persistent:
            return read_persistence(option);
        case Option::netmask:
            return read_netmask(value);
        case Option::pe:
            persistence_engine_ = value;
            return {};
        case Option::ops:
            command_.service_settings.set_one_packet(true);
            return {};
        case Option::sched_flags:
            scheduler_flags_ = value;
            return {};
        case Option::real_server:
            return read_server(value);
        case Option::forwarding_method:
            read_forwarding(spelling.variant);
            return {};
        case Option::weight:
        case Option::u_threshold:
        case Option::l_threshold:
            return read_server_number(*spelling.option, value);
        case Option::tun_type:
        case Option::tun_port:
        case Option::tun_nocsum:
        case Option::tun_csum:
        case Option::tun_remcsum:
            return read_tunnel(*spelling.option, value);
        case Option::mcast_interface:
        case Option::mcast_group:
        case Option::mcast_port:
        case Option::mcast_ttl:
        case Option::syncid:
        case Option::sync_maxlen:
            return read_sync_setting(*spelling.option, value);
        case Option::local_address:
            return read_local_address(value);
        case Option::client_address:
            return read_client_address(option);
        default:
            return {};  // The style of a list; finish_list() looks at what was given.
    }
}

Check Parser::read_service(const ScannedOption& option) {
    api::ServiceKey key;
    switch (option.spelling->variant) {
        case Variant::firewall_mark:
            command_.service = key;
            return read_firewall_mark(*option.value);
        case Variant::udp:
            key.set_protocol(api::UDP);
            break;
        case Variant::sctp:
            key.set_protocol(api::SCTP);
            break;
        default:
            key.set_protocol(api::TCP);
            break;
    }
    const auto endpoint = parse_endpoint(*option.value, key.protocol(), names_);
    if (!endpoint) {
        return refuse("illegal virtual server address[:port] specified");
    }
    key.set_address(endpoint->address);
    key.set_port(endpoint->port.value_or(0));
    key.set_family(endpoint->is_ipv6 ? api::IPV6 : api::IPV4);
    command_.service = key;
    return {};
}

Check Parser::read_firewall_mark(const std::string& value) {
    const auto mark = parse_number(value, 1, std::numeric_limits<std::uint32_t>::max());
    if (!mark) {
        return refuse("invalid fwmark value `{}' specified", value);
    }
    command_.service->set_firewall_mark(static_cast<std::uint32_t>(*mark));
    command_.service->set_family(api::IPV4);
    return {};
}

Check Parser::read_persistence(const ScannedOption& option) {
    if (!option.value) {
        return {};
    }
    const auto timeout = parse_number(*option.value, 1, kPersistenceSecondsMax);
    if (!timeout) {
        return refuse("invalid timeout value `{}' specified", *option.value);
    }
    persistence_timeout_s_ = static_cast<std::uint32_t>(*timeout);
    return {};
}

// What the mask may be depends on the service named before it.
Check Parser::read_netmask(const std::string& value) {
    constexpr std::int64_t kPrefixMax = 128;
    if (command_.service && command_.service->family() == api::IPV6) {
        const auto prefix = parse_number(value, 1, kPrefixMax);
        if (!prefix) {
            return refuse("illegal ipv6 netmask specified");
        }
        netmask_ = *prefix == kPrefixMax ? "" : std::to_string(*prefix);
        return {};
    }
    in_addr mask{};
    if (inet_aton(value.c_str(), &mask) == 0) {
        return refuse("illegal virtual server persistent mask specified");
    }
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &mask, text.data(), text.size());
    netmask_ = mask.s_addr == INADDR_NONE ? "" : text.data();
    return {};
}

Check Parser::read_server(const std::string& value) {
    const api::Protocol protocol = command_.service ? command_.service->protocol() : api::TCP;
    const auto endpoint = parse_endpoint(value, protocol, names_);
    if (!endpoint) {
        return refuse("illegal real server address[:port] specified");
    }
    command_.server.set_address(endpoint->address);
    server_port_ = endpoint->port;
    return {};
}

void Parser::read_forwarding(Variant variant) {
    switch (variant) {
        case Variant::masquerading:
            command_.server_settings.set_forwarding(api::NAT);
            break;
        case Variant::ipip:
            command_.server_settings.set_forwarding(api::TUNNEL);
            break;
        case Variant::full_nat:
            command_.server_settings.set_forwarding(api::FULL_NAT);
            break;
        default:
            command_.server_settings.set_forwarding(api::DIRECT_ROUTING);
            break;
    }
}

Check Parser::read_server_number(Option option, const std::string& value) {
    const auto number = parse_number(value, 0, kIntMax);
    if (option == Option::weight) {
        if (!number) {
            return refuse("illegal weight specified");
        }
        command_.server_settings.set_weight(static_cast<std::int32_t>(*number));
    } else if (option == Option::u_threshold) {
        if (!number) {
            return refuse("illegal u_threshold specified");
        }
        command_.server_settings.set_upper_threshold(static_cast<std::uint32_t>(*number));
    } else {
        if (!number) {
            return refuse("illegal l_threshold specified");
        }
        command_.server_settings.set_lower_threshold(static_cast<std::uint32_t>(*number));
    }
    return {};
}

Check Parser::read_tunnel(Option option, const std::string& value) {
    api::Tunnel& tunnel = *command_.server_settings.mutable_tunnel();
    switch (option) {
        case Option::tun_type:
            if (value == "ipip") {
                tunnel.set_kind(api::IPIP);
            } else if (value == "gue") {
                tunnel.set_kind(api::GUE);
            } else if (value == "gre") {
                tunnel.set_kind(api::GRE);
            } else {
                return refuse("illegal tunnel type specified");
            }
            tunnel_name_ = value;
            return {};
        case Option::tun_port: {
            const auto port = parse_number(value, 1, std::numeric_limits<std::uint16_t>::max());
            if (!port) {
                return refuse("illegal tunnel port specified");
            }
            tunnel.set_port(static_cast<std::uint32_t>(*port));
            return {};
        }
        case Option::tun_csum:
            tunnel.set_checksum(api::CHECKSUM);
            return {};
        case Option::tun_remcsum:
            tunnel.set_checksum(api::REMOTE_CHECKSUM);
            return {};
        default:
            tunnel.set_checksum(api::NO_CHECKSUM);
            return {};
    }
}

Check Parser::read_sync_setting(Option option, const std::string& value) {
    constexpr std::size_t kInterfaceNameMax = 15;
    api::SyncDaemon& daemon = command_.sync_daemon;
    const auto number = [&value](std::int64_t min, std::int64_t max) {
        return parse_number(value, min, max);
    };
    switch (option) {
        case Option::mcast_interface:
            daemon.set_interface(value.substr(0, kInterfaceNameMax));
            return {};
        case Option::mcast_group:
            return read_multicast_group(value);
        case Option::mcast_port:
            if (const auto port = number(1, std::numeric_limits<std::uint16_t>::max())) {
                daemon.set_port(static_cast<std::uint32_t>(*port));
                return {};
            }
            return refuse("illegal mcast-port specified");
        case Option::mcast_ttl:
            if (const auto ttl = number(1, std::numeric_limits<std::uint8_t>::max())) {
                daemon.set_ttl(static_cast<std::uint32_t>(*ttl));
                return {};
            }
            return refuse("illegal mcast-ttl specified");
        case Option::syncid:
            if (const auto id = number(0, std::numeric_limits<std::uint8_t>::max())) {
                daemon.set_sync_id(static_cast<std::uint32_t>(*id));
                return {};
            }
            return refuse("illegal syncid specified");
        default:
            if (const auto length = number(1, kUdpPayloadMax)) {
                daemon.set_message_bytes_max(static_cast<std::uint32_t>(*length));
                return {};
            }
            return refuse("illegal sync-maxlen specified");
    }
}

Check Parser::read_multicast_group(const std::string& value) {
    if (is_ipv6(value)) {
        in6_addr group{};
        if (inet_pton(AF_INET6, value.c_str(), &group) != 1 || !IN6_IS_ADDR_MULTICAST(&group)) {
            return refuse("invalid IPv6 mcast-group `{}'", value);
        }
    } else {
        in_addr group{};
        if (inet_pton(AF_INET, value.c_str(), &group) != 1 || !IN_MULTICAST(ntohl(group.s_addr))) {
            return refuse("invalid IPv4 mcast-group `{}'", value);
        }
    }
    command_.sync_daemon.set_group(value);
    return {};
}

Check Parser::read_local_address(const std::string& value) {
    const auto endpoint = parse_endpoint(value, api::TCP, names_);
    if (!endpoint || endpoint->port) {
        return refuse("illegal local address specified");
    }
    command_.local_address = endpoint->address;
    return {};
}

// --proxy-protocol is DPVS's, where an address that is not told so is told by TOA.
Check Parser::read_client_address(const ScannedOption& option) {
    const bool is_dpvs = option.spelling->variant == Variant::proxy_protocol;
    const std::string& value = *option.value;
    api::ServiceSettings& settings = command_.service_settings;
    if (value == (is_dpvs ? "v2" : "proxy-v2")) {
        settings.set_client_address(api::PROXY_V2);
    } else if (value == (is_dpvs ? "disable" : "toa")) {
        settings.set_client_address(api::TOA);
    } else if (is_dpvs) {
        return refuse("illegal proxy-protocol `{}': it is disable or v2", value);
    } else if (value == "none") {
        settings.set_client_address(api::NOT_TOLD);
    } else {
        return refuse("illegal client-address `{}': it is none, toa or proxy-v2", value);
    }
    return {};
}

Check Parser::read_arguments() {
    constexpr std::size_t kTimeouts = 3;
    std::size_t used = 0;
    const std::vector<std::string>& arguments = scanner_.arguments();
    if (command_.kind == CommandKind::set_timeouts) {
        if (arguments.size() < kTimeouts) {
            return refuse("--set option requires 3 timeout values");
        }
        std::array<std::uint32_t, kTimeouts> values{};
        for (; used < kTimeouts; ++used) {
            const auto value = parse_number(arguments[used], 0, kIntMax);
            if (!value) {
                return refuse("invalid timeout value `{}' specified", arguments[used]);
            }
            values[used] = static_cast<std::uint32_t>(*value);
        }
        command_.timeouts.set_tcp_s(values[0]);
        command_.timeouts.set_tcp_fin_s(values[1]);
        command_.timeouts.set_udp_s(values[2]);
    }
    if (arguments.size() > used) {
        return refuse("unexpected argument {}", arguments[used]);
    }
    return {};
}

Check Parser::read_scheduler_flags() {
    struct Flag {
        std::string_view name;
        std::uint32_t bit;
        std::string_view scheduler;  // Empty: of any.
    };
    static constexpr std::array<Flag, 7> kFlags = {{{"flag-1", 1, ""},
                                                    {"flag-2", 2, ""},
                                                    {"flag-3", 4, ""},
                                                    {"sh-fallback", 1, "sh"},
                                                    {"sh-port", 2, "sh"},
                                                    {"mh-fallback", 1, "mh"},
                                                    {"mh-port", 2, "mh"}}};
    static_assert(kFlags.size() == 2 * kSchedulerFlags + 1);
    std::string_view rest = scheduler_flags_;
    while (!rest.empty()) {
        const std::string_view name = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), name.size() + 1));
        if (name.empty()) {
            continue;
        }
        const Flag* found = nullptr;
        for (const Flag& flag : kFlags) {
            found = flag.name == name ? &flag : found;
        }
        if (found == nullptr) {
            return refuse("invalid scheduler flag `{}'", name);
        }
        api::ServiceSettings& settings = command_.service_settings;
        if (!found->scheduler.empty() && found->scheduler != settings.scheduler()) {
            return refuse("incompatible scheduler flag `{}'", name);
        }
        settings.set_scheduler_flags(settings.scheduler_flags() | found->bit);
    }
    return {};
}

// ---- Checking.

Check Parser::check_uses() const {
    for (std::size_t i = 0; i < kOptionCount; ++i) {
        const auto option = static_cast<Option>(i);
        const Use use = use_of(command_.kind, option);
        if (has(option) && use == Use::forbidden) {
            return refuse("Illegal '{}' option with the '{}' command",
                          name_of(option),
                          name_of(command_.kind));
        }
        if (!has(option) && use == Use::required) {
            return refuse("You need to supply the '{}' option for the '{}' command",
                          name_of(option),
                          name_of(command_.kind));
        }
    }
    return {};
}

Check Parser::check_list() const {
    // Each of these excludes those after it; the sentence names the pair as ipvsadm does.
    struct Pair {
        Option option;
        Option other;
    };
    static constexpr std::array<Pair, 6> kPairs = {{{Option::service_address, Option::connection},
                                                    {Option::timeout, Option::connection},
                                                    {Option::timeout, Option::service_address},
                                                    {Option::daemon, Option::connection},
                                                    {Option::daemon, Option::service_address},
                                                    {Option::daemon, Option::timeout}}};
    for (const Pair& pair : kPairs) {
        if (has(pair.option) && has(pair.other)) {
            return refuse("The option '{}' conflicts with the '{}' option in the 'list' command",
                          name_of(pair.option),
                          name_of(pair.other));
        }
    }
    const bool columns = has(Option::stats) || has(Option::rate) || has(Option::thresholds);
    const bool no_services = has(Option::timeout) || has(Option::daemon);
    if ((columns && (no_services || has(Option::connection))) ||
        (has(Option::persistent_conn) && no_services)) {
        return refuse("options conflicts in the list command");
    }
    return {};
}

void Parser::finish_list() {
    ListStyle& style = command_.list;
    style.numeric = has(Option::numeric);
    style.sorted = !has(Option::nosort);
    style.exact = has(Option::exact);
    style.connections = has(Option::connection);
    style.timeouts = has(Option::timeout);
    style.sync_daemons = has(Option::daemon);
    style.stats = has(Option::stats);
    style.rate = has(Option::rate);
    style.thresholds = has(Option::thresholds);
    style.persistent_connections = has(Option::persistent_conn);
    style.tunnels = has(Option::tun_info);
}

Check Parser::finish_service() {
    api::ServiceSettings& settings = command_.service_settings;
    if (settings.scheduler().empty()) {
        settings.set_scheduler("wlc");
    }
    if (has(Option::persistent)) {
        api::Persistence& persistence = *settings.mutable_persistence();
        persistence.set_timeout_s(persistence_timeout_s_);
        persistence.set_client_mask(netmask_);
        persistence.set_engine(persistence_engine_);
    }
    const bool by_mark = command_.service->firewall_mark() != 0;
    if (!by_mark && command_.service->port() == 0 && !has(Option::persistent)) {
        return refuse("Zero port specified for non-persistent service");
    }
    if (!by_mark && settings.one_packet() && command_.service->protocol() != api::UDP) {
        return refuse("One-Packet Scheduling is only for UDP virtual services");
    }
    return {};
}

Check Parser::finish_server() {
    const bool by_mark = command_.service->firewall_mark() != 0;
    const api::ServerSettings& settings = command_.server_settings;
    const bool deletes = command_.kind == CommandKind::delete_server;
    const std::uint32_t service_port = by_mark ? 0 : command_.service->port();
    // Without either kind of NAT nothing rewrites the port, so it is the service's.
    const bool rewrites_port =
        deletes || settings.forwarding() == api::NAT || settings.forwarding() == api::FULL_NAT;
    command_.server.set_port(rewrites_port ? server_port_.value_or(service_port) : service_port);
    if (deletes) {
        return {};
    }
    const bool server_is_ipv6 = is_ipv6(command_.server.address());
    if (server_is_ipv6 != (command_.service->family() == api::IPV6) &&
        settings.forwarding() != api::TUNNEL) {
        return refuse("Different address family is allowed only for tunneling servers");
    }
    return check_tunnel();
}

Check Parser::check_tunnel() {
    const bool options = has(Option::tun_type) || has(Option::tun_port) ||
                         has(Option::tun_nocsum) || has(Option::tun_csum) ||
                         has(Option::tun_remcsum);
    if (!options) {
        return {};
    }
    if (command_.server_settings.forwarding() != api::TUNNEL) {
        return refuse("Tunnel options conflict with forward method");
    }
    const api::TunnelKind kind = command_.server_settings.tunnel().kind();
    if (kind == api::GUE && !has(Option::tun_port)) {
        return refuse("You need to supply the 'tun-port' option for the 'gue' tunnel type");
    }
    const auto forbidden = [kind](Option option) {
        switch (option) {
            case Option::tun_port:
            case Option::tun_remcsum:
                return kind != api::GUE;
            default:
                return kind == api::IPIP;
        }
    };
    constexpr std::array kEncapsulation = {
        Option::tun_port, Option::tun_nocsum, Option::tun_csum, Option::tun_remcsum};
    for (const Option option : kEncapsulation) {
        if (has(option) && forbidden(option)) {
            return refuse(
                "Illegal '{}' option with the '{}' tunnel type", name_of(option), tunnel_name_);
        }
    }
    constexpr std::array<std::array<Option, 2>, 3> kPairs = {
        {{Option::tun_csum, Option::tun_nocsum},
         {Option::tun_remcsum, Option::tun_nocsum},
         {Option::tun_remcsum, Option::tun_csum}}};
    for (const auto& [option, other] : kPairs) {
        if (has(option) && has(other)) {
            return refuse("The option '{}' conflicts with the '{}' option in the '{}' tunnel type",
                          name_of(option),
                          name_of(other),
                          tunnel_name_);
        }
    }
    return {};
}

}  // namespace

tl::expected<Command, Refusal> parse_command(std::vector<std::string> words, Names& names) {
    return Parser(std::move(words), names).parse();
}

}  // namespace fpvs::cli
