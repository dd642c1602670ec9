// SPDX-License-Identifier: Apache-2.0
#include "host/config/keywords.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string>
#include <vector>

namespace fpvs::config {
namespace {

constexpr std::string_view kTwoMasters = "the address would belong to two directors at once";
constexpr std::string_view kNoTracking = "the director would stay master when what it tracks fails";
constexpr std::string_view kOtherTiming = "the election would be timed otherwise than on the peers";
constexpr std::string_view kNamespace = "start fpvsd in that namespace instead (ip netns exec)";

constexpr auto kUnreadInTop = std::to_array<UnreadKeyword>({
    {.name = "bfd_instance"},
    {.name = "child_wait_time"},
    {.name = "garp_group"},
    {.name = "instance"},
    {.name = "interface_up_down_delays"},
    {.name = "linkbeat_interfaces"},
    {.name = "linkbeat_use_polling"},
    {.name = "namespace_with_ipsets"},
    {.name = "net_namespace", .refusal = kNamespace},
    {.name = "net_namespace_ipvs", .refusal = kNamespace},
    {.name = "static_ipaddress"},
    {.name = "static_routes"},
    {.name = "static_rules"},
    {.name = "track_group"},
    {.name = "use_pid_dir"},
});

constexpr auto kUnreadInGlobalDefs = std::to_array<UnreadKeyword>({
    {.name = "bfd_cpu_affinity"},
    {.name = "bfd_no_swap"},
    {.name = "bfd_priority"},
    {.name = "bfd_process_name"},
    {.name = "bfd_rlimit_rttime"},
    {.name = "bfd_rt_priority"},
    {.name = "checker_cpu_affinity"},
    {.name = "checker_no_swap"},
    {.name = "checker_priority"},
    {.name = "checker_process_name"},
    {.name = "checker_rlimit_rttime"},
    {.name = "checker_rt_priority"},
    {.name = "config_save_dir"},
    {.name = "data_use_instance"},
    {.name = "dbus_service_name"},
    {.name = "default_interface"},
    {.name = "disable_local_igmp"},
    {.name = "dynamic_interfaces"},
    {.name = "enable_dbus"},
    {.name = "enable_snmp_checker"},
    {.name = "enable_snmp_rfc"},
    {.name = "enable_snmp_rfcv2"},
    {.name = "enable_snmp_rfcv3"},
    {.name = "enable_snmp_vrrp"},
    {.name = "enable_traps"},
    {.name = "log_unknown_vrids"},
    {.name = "lvs_flush"},
    {.name = "lvs_flush_on_stop"},
    {.name = "lvs_netlink_cmd_rcv_bufs"},
    {.name = "lvs_netlink_cmd_rcv_bufs_force"},
    {.name = "lvs_netlink_monitor_rcv_bufs"},
    {.name = "lvs_netlink_monitor_rcv_bufs_force"},
    {.name = "lvs_notify_fifo_script"},
    {.name = "lvs_timeouts"},
    {.name = "max_auto_priority"},
    {.name = "min_auto_priority_delay"},
    {.name = "nftables"},
    {.name = "nftables_counters"},
    {.name = "nftables_ifindex"},
    {.name = "nftables_ipvs"},
    {.name = "nftables_ipvs_priority"},
    {.name = "nftables_ipvs_start_fwmark"},
    {.name = "nftables_priority"},
    {.name = "no_checker_emails"},
    {.name = "no_email_faults"},
    {.name = "notification_email"},
    {.name = "notification_email_from"},
    {.name = "notify_fifo_script"},
    {.name = "process_monitor_rcv_bufs"},
    {.name = "process_monitor_rcv_bufs_force"},
    {.name = "process_name"},
    {.name = "process_names"},
    {.name = "reload_check_config"},
    {.name = "reload_file"},
    {.name = "reload_repeat"},
    {.name = "reload_time_file"},
    {.name = "shutdown_script"},
    {.name = "shutdown_script_timeout"},
    {.name = "smtp_alert"},
    {.name = "smtp_alert_checker"},
    {.name = "smtp_alert_vrrp"},
    {.name = "smtp_connect_timeout"},
    {.name = "smtp_helo_name"},
    {.name = "smtp_server"},
    {.name = "snmp_socket"},
    {.name = "startup_script"},
    {.name = "startup_script_timeout"},
    {.name = "tmp_config_directory"},
    {.name = "umask"},
    {.name = "vmac_addr_prefix"},
    {.name = "vmac_prefix"},
    {.name = "vrrp_cpu_affinity"},
    {.name = "vrrp_down_timer_adverts", .refusal = kOtherTiming},
    {.name = "vrrp_garp_extra_if"},
    {.name = "vrrp_garp_interval"},
    {.name = "vrrp_gna_interval"},
    {.name = "vrrp_higher_prio_send_advert"},
    {.name = "vrrp_ipsets"},
    {.name = "vrrp_iptables"},
    {.name = "vrrp_lower_prio_no_advert"},
    {.name = "vrrp_mcast_group6"},
    {.name = "vrrp_min_garp"},
    {.name = "vrrp_netlink_cmd_rcv_bufs"},
    {.name = "vrrp_netlink_cmd_rcv_bufs_force"},
    {.name = "vrrp_netlink_monitor_rcv_bufs"},
    {.name = "vrrp_netlink_monitor_rcv_bufs_force"},
    {.name = "vrrp_no_swap"},
    {.name = "vrrp_notify_fifo_script"},
    {.name = "vrrp_notify_priority_changes"},
    {.name = "vrrp_priority"},
    {.name = "vrrp_process_name"},
    {.name = "vrrp_rlimit_rttime"},
    {.name = "vrrp_rt_priority"},
    {.name = "vrrp_rx_bufs_multiplier"},
    {.name = "vrrp_rx_bufs_policy"},
    {.name = "vrrp_skip_check_adv_addr"},
    {.name = "vrrp_startup_delay"},
    {.name = "vrrp_strict"},
});

constexpr auto kUnreadInVrrpInstance = std::to_array<UnreadKeyword>({
    {.name = "accept"},
    {.name = "debug"},
    {.name = "down_timer_adverts", .refusal = kOtherTiming},
    {.name = "garp_extra_if"},
    {.name = "higher_prio_send_advert"},
    {.name = "kernel_rx_buf_size"},
    {.name = "linkbeat_use_polling"},
    {.name = "lower_prio_no_advert"},
    {.name = "mcast_dst_ip", .refusal = kTwoMasters},
    {.name = "no_accept"},
    {.name = "old_unicast_checksum"},
    {.name = "promote_secondaries"},
    {.name = "skip_check_adv_addr"},
    {.name = "strict_mode"},
    {.name = "track_bfd", .refusal = kNoTracking},
    {.name = "track_src_ip"},
    {.name = "unicast_fault_no_peer"},
    {.name = "unicast_ttl"},
    {.name = "use_ipvlan"},
    {.name = "use_vmac_addr"},
    {.name = "virtual_routes", .refusal = "these routes would be missing"},
    {.name = "virtual_rules", .refusal = "these rules would be missing"},
    {.name = "vrf", .refusal = "adverts would go out elsewhere"},
});

constexpr auto kUnreadInVirtualServer = std::to_array<UnreadKeyword>({
    {.name = "hashed"},
    {.name = "smtp_alert"},
    {.name = "snmp_name"},
});

constexpr auto kUnreadInRealServer = std::to_array<UnreadKeyword>({
    {.name = "smtp_alert"},
    {.name = "snmp_name"},
});

constexpr bool sorted(std::span<const UnreadKeyword> table) {
    return std::is_sorted(
        table.begin(), table.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}
static_assert(sorted(kUnreadInTop));
static_assert(sorted(kUnreadInGlobalDefs));
static_assert(sorted(kUnreadInVrrpInstance));
static_assert(sorted(kUnreadInVirtualServer));
static_assert(sorted(kUnreadInRealServer));

char lower(char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

}  // namespace

std::span<const UnreadKeyword> unread_at_top() {
    return kUnreadInTop;
}
std::span<const UnreadKeyword> unread_in_global_defs() {
    return kUnreadInGlobalDefs;
}
std::span<const UnreadKeyword> unread_in_vrrp_instance() {
    return kUnreadInVrrpInstance;
}
std::span<const UnreadKeyword> unread_in_virtual_server() {
    return kUnreadInVirtualServer;
}
std::span<const UnreadKeyword> unread_in_real_server() {
    return kUnreadInRealServer;
}

const UnreadKeyword* find_unread(std::span<const UnreadKeyword> table, std::string_view name) {
    const auto found = std::lower_bound(table.begin(),
                                        table.end(),
                                        name,
                                        [](const UnreadKeyword& keyword, std::string_view wanted) {
                                            return keyword.name < wanted;
                                        });
    return found != table.end() && found->name == name ? &*found : nullptr;
}

unsigned edit_distance(std::string_view a, std::string_view b) {
    // Three rows of the usual table: the last two are needed for swaps of neighbours.
    std::vector<unsigned> before(b.size() + 1);
    std::vector<unsigned> above(b.size() + 1);
    std::vector<unsigned> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        above[j] = static_cast<unsigned>(j);
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = static_cast<unsigned>(i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const unsigned replaced = above[j - 1] + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

void Suggestion::consider(std::string_view candidate) {
    constexpr std::size_t kLettersMax = 64;  // A longer word is no slip of the finger.
    if (misspelt_.size() > kLettersMax) {
        return;
    }
    const unsigned distance = edit_distance(misspelt_, candidate);
    const auto letters = static_cast<unsigned>(std::max(misspelt_.size(), candidate.size()));
    if (distance < distance_ && distance * kLettersPerEdit <= letters) {
        distance_ = distance;
        nearest_ = candidate;
    }
}

std::string Suggestion::text() const {
    return nearest_.empty() ? std::string() : "; did you mean '" + std::string(nearest_) + "'?";
}

}  // namespace fpvs::config
