// SPDX-License-Identifier: Apache-2.0
#include "host/config/instead.hpp"

#include <array>

namespace fpvs::config {
namespace {

constexpr std::string_view kNoBfd = "FPVS does not speak BFD";
constexpr std::string_view kNoMail = "fpvsd sends no mail; a notify script can";
constexpr std::string_view kNoSnmp = "fpvsd has no SNMP agent; ask it by fpvsadm --json";
constexpr std::string_view kNoDbus = "fpvsd is not on D-Bus; ask it by fpvsadm --json";
constexpr std::string_view kOneProcess =
    "fpvsd is one process without a pid file, named and ended by its service manager";
constexpr std::string_view kScheduling =
    "adverts have a real-time thread of their own, and the rest is scheduled as the service "
    "manager says";
constexpr std::string_view kOwnBuffers = "fpvsd sizes its sockets' buffers itself";
constexpr std::string_view kNoFilter =
    "packets to services do not pass the kernel's packet filter; fpvs { firewall_mark } marks them";
constexpr std::string_view kFifoReader =
    "fpvsd only writes the FIFO; its reader is the service manager's to start";
constexpr std::string_view kHooks = "the service manager can run it before and after fpvsd";
constexpr std::string_view kReloads =
    "fpvsd reloads when it is told to, by SIGHUP or fpvsadm reload";
constexpr std::string_view kInMemory = "files are read into memory, and kept nowhere else";
constexpr std::string_view kSystemsOwn = "set it up by the system's own network configuration";
constexpr std::string_view kLinkEvents = "the kernel tells fpvsd of its links";

struct Rule {
    std::string_view pattern;  // A word, or one with `*` before or behind it.
    std::string_view clause;
};

// The first that fits counts.
constexpr auto kRules = std::to_array<Rule>({
    {"bfd_*", kNoBfd},
    {"track_bfd", kNoBfd},
    {"smtp_*", kNoMail},
    {"notification_email*", kNoMail},
    {"no_checker_emails", kNoMail},
    {"no_email_faults", kNoMail},
    {"*snmp*", kNoSnmp},
    {"enable_traps", kNoSnmp},
    {"*dbus*", kNoDbus},
    {"*process_name", kOneProcess},
    {"process_names", kOneProcess},
    {"instance", kOneProcess},
    {"use_pid_dir", kOneProcess},
    {"child_wait_time", kOneProcess},
    {"*_cpu_affinity", kScheduling},
    {"*_no_swap", kScheduling},
    {"*_rlimit_rttime", kScheduling},
    {"*_rt_priority", kScheduling},
    {"checker_priority", kScheduling},
    {"vrrp_priority", kScheduling},
    {"max_auto_priority", kScheduling},
    {"min_auto_priority_delay", kScheduling},
    {"*_rcv_bufs*", kOwnBuffers},
    {"vrrp_rx_bufs_*", kOwnBuffers},
    {"kernel_rx_buf_size", kOwnBuffers},
    {"nftables*", kNoFilter},
    {"vrrp_iptables", kNoFilter},
    {"vrrp_ipsets", kNoFilter},
    {"namespace_with_ipsets", kNoFilter},
    {"*_fifo_script", kFifoReader},
    {"startup_script*", kHooks},
    {"shutdown_script*", kHooks},
    {"umask", kHooks},
    {"reload_check_config", "a wrong file never replaces what runs"},
    {"reload_*", kReloads},
    {"config_save_dir", kInMemory},
    {"tmp_config_directory", kInMemory},
    {"data_use_instance", "fpvsadm shows what keepalived dumps to files"},
    {"lvs_timeouts", "fpvsadm --set sets them"},
    {"lvs_flush*", "the table of services is fpvsd's own and begins with what this file says"},
    {"default_interface", kSystemsOwn},
    {"static_*", kSystemsOwn},
    {"disable_local_igmp", kSystemsOwn},
    {"promote_secondaries", kSystemsOwn},
    {"linkbeat_*", kLinkEvents},
    {"interface_up_down_delays", kLinkEvents},
    {"hashed", "the scheduler's own flags say it, as sh-port does"},
});

bool fits(std::string_view pattern, std::string_view word) {
    const bool any_before = pattern.starts_with('*');
    const bool any_behind = pattern.ends_with('*');
    pattern.remove_prefix(any_before ? 1 : 0);
    pattern.remove_suffix(any_behind ? 1 : 0);
    if (any_before && any_behind) {
        return word.find(pattern) != std::string_view::npos;
    }
    if (any_before) {
        return word.ends_with(pattern);
    }
    return any_behind ? word.starts_with(pattern) : word == pattern;
}

}  // namespace

std::string_view what_instead(std::string_view keyword) {
    for (const Rule& rule : kRules) {
        if (fits(rule.pattern, keyword)) {
            return rule.clause;
        }
    }
    return "it has no effect";
}

}  // namespace fpvs::config
