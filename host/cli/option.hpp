// SPDX-License-Identifier: Apache-2.0
// ipvsadm's options as data: how each is written, what it takes, and which command allows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace fpvs::cli {

enum class CommandKind : std::uint8_t {
    add_service,
    edit_service,
    delete_service,
    flush,
    restore,
    save,
    add_server,
    edit_server,
    delete_server,
    list,
    zero,
    set_timeouts,
    start_sync_daemon,
    stop_sync_daemon,
    // DPVS's, for local addresses of FULLNAT.
    add_local_address,
    delete_local_address,
    list_local_addresses,
    help,
    version,
};

// As sentences call it: "add-service".
[[nodiscard]] std::string_view name_of(CommandKind command);

// In the order in which ipvsadm finds fault with them.
enum class Option : std::uint8_t {
    numeric,
    connection,
    service_address,
    scheduler,
    persistent,
    netmask,
    real_server,
    forwarding_method,
    weight,
    u_threshold,
    l_threshold,
    mcast_interface,
    timeout,
    daemon,
    stats,
    rate,
    thresholds,
    persistent_conn,
    nosort,
    syncid,
    exact,
    ops,
    pe,
    sched_flags,
    mcast_group,
    mcast_port,
    mcast_ttl,
    sync_maxlen,
    tun_info,
    tun_type,
    tun_port,
    tun_nocsum,
    tun_csum,
    tun_remcsum,
    // Not ipvsadm's.
    local_address,
    local_interface,
    client_address,
};
constexpr std::size_t kOptionCount = 37;

[[nodiscard]] std::string_view name_of(Option option);

enum class Use : std::uint8_t { forbidden, allowed, required };
[[nodiscard]] Use use_of(CommandKind command, Option option);

enum class Argument : std::uint8_t { none, required, optional };

// Spellings that share an option but not a meaning.
enum class Variant : std::uint8_t {
    plain,
    tcp,
    udp,
    sctp,
    firewall_mark,
    ipv6,
    masquerading,
    ipip,
    gatewaying,
    full_nat,
    sort,
    proxy_protocol,
};

// One way to write something: a command, an option, or (-6, --sort) what only the variant says.
struct Spelling {
    char letter = '\0';          // '\0': only the long form.
    std::string_view word = {};  // Empty: only the letter.
    Argument argument = Argument::none;
    std::optional<CommandKind> command = {};
    std::optional<Option> option = {};
    Variant variant = Variant::plain;
};

// -b has two meanings: ipvsadm's --sched-flags takes a value, DPVS's --fullnat is a server's and
// takes none.
constexpr char kAmbiguousLetter = 'b';

[[nodiscard]] std::span<const Spelling> spellings();
[[nodiscard]] bool is_of_server(CommandKind command);  // add_server or edit_server.

}  // namespace fpvs::cli
