// SPDX-License-Identifier: Apache-2.0
#include "host/config/vrrp_printer.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "host/config/check_printer.hpp"

namespace fpvs::config {
namespace {

std::string_view keyword_of(model::TrackKind kind) {
    switch (kind) {
        case model::TrackKind::interface:
            return "track_interface";
        case model::TrackKind::script:
            return "track_script";
        case model::TrackKind::file:
            return "track_file";
        case model::TrackKind::process:
            return "track_process";
    }
    return "";
}

// In the order of the file: what was in one block may stand in several.
void print_tracks(Writer& out, const std::vector<model::VrrpTrack>& tracks) {
    for (std::size_t i = 0; i < tracks.size(); ++i) {
        if (i == 0 || tracks[i - 1].kind != tracks[i].kind) {
            out.open("{}", keyword_of(tracks[i].kind));
        }
        out.line("{} weight {}", quoted(tracks[i].name), weight_words(tracks[i].weight));
        if (i + 1 == tracks.size() || tracks[i + 1].kind != tracks[i].kind) {
            out.close();
        }
    }
}

void print_notify(Writer& out, const model::VrrpNotify& notify) {
    write_script(out, "notify", notify.any);
    write_script(out, "notify_master", notify.master);
    write_script(out, "notify_backup", notify.backup);
    write_script(out, "notify_fault", notify.fault);
    write_script(out, "notify_stop", notify.stop);
    if (notify.deleted.given()) {
        write_script(out, "notify_deleted", notify.deleted);
    } else if (notify.tells_deleted) {
        out.line("notify_deleted");
    }
    write_script(out, "notify_master_rx_lower_pri", notify.lower_priority);
    if (notify.tells_priority) {
        out.line("notify_priority_changes");
    }
}

void print_announcements(Writer& out, const model::VrrpAnnouncements& announcements) {
    const auto print = [&](std::string_view keyword, std::uint32_t value, std::uint32_t usual) {
        if (value != usual) {
            out.line("{} {}", keyword, value);
        }
    };
    constexpr model::VrrpAnnouncements kUsual;
    print("garp_master_delay", announcements.delay_s, kUsual.delay_s);
    print("garp_master_repeat", announcements.repeat, kUsual.repeat);
    print("garp_master_refresh", announcements.refresh_s, kUsual.refresh_s);
    print("garp_master_refresh_repeat", announcements.refresh_repeat, kUsual.refresh_repeat);
    print("garp_lower_prio_delay", announcements.lower_priority_delay_s, announcements.delay_s);
    print("garp_lower_prio_repeat", announcements.lower_priority_repeat, announcements.repeat);
}

void print_peers(Writer& out, const model::VrrpInstance& instance) {
    if (instance.source) {
        out.line("{} {}",
                 instance.unicast_peers.empty() ? "mcast_src_ip" : "unicast_src_ip",
                 model::to_string(*instance.source));
    }
    if (instance.unicast_peers.empty()) {
        return;
    }
    if (instance.check_unicast_source) {
        out.line("check_unicast_src");
    }
    out.open("unicast_peer");
    for (const model::IpAddress& peer : instance.unicast_peers) {
        out.line("{}", model::to_string(peer));
    }
    out.close();
}

void print_addresses(Writer& out,
                     std::string_view keyword,
                     const std::vector<model::VirtualAddress>& addresses) {
    if (addresses.empty()) {
        return;
    }
    out.open("{}", keyword);
    for (const model::VirtualAddress& address : addresses) {
        out.line("{}/{}{}{}",
                 model::to_string(address.address),
                 address.prefix_length,
                 address.interface.empty() ? "" : " dev ",
                 address.interface.empty() ? "" : quoted(address.interface));
    }
    out.close();
}

void print_instance(Writer& out, const model::VrrpInstance& instance) {
    out.blank_line();
    out.open("vrrp_instance {}", quoted(instance.name));
    out.line("state {}", instance.initial_master ? "MASTER" : "BACKUP");
    out.line("interface {}", quoted(instance.interface));
    out.line("virtual_router_id {}", instance.virtual_router_id);
    out.line("priority {}", instance.priority);
    if (instance.version != 2) {
        out.line("version {}", instance.version);
    }
    out.line("advert_int {}", seconds(instance.advert_interval_cs * 10));
    if (instance.family == model::Family::ipv6) {
        out.line("native_ipv6");
    }
    if (!instance.preempt) {
        out.line("nopreempt");
    }
    if (instance.preempt_delay_ms != 0) {
        out.line("preempt_delay {}", seconds(instance.preempt_delay_ms));
    }
    if (instance.checksum_of_message_only) {
        out.line("v3_checksum_as_v2");
    }
    if (instance.virtual_mac) {
        const model::VrrpVirtualMac& virtual_mac = *instance.virtual_mac;
        out.line(
            "use_vmac {} {}", quoted(virtual_mac.interface), model::to_string(virtual_mac.mac));
        if (virtual_mac.adverts_from_base) {
            out.line("vmac_xmit_base");
        }
    }
    if (instance.ignores_link) {
        out.line("dont_track_primary");
    }
    print_announcements(out, instance.announcements);
    print_notify(out, instance.notify);
    print_tracks(out, instance.tracks);
    print_peers(out, instance);
    if (instance.authentication != model::VrrpAuthentication::none) {
        const bool header = instance.authentication == model::VrrpAuthentication::header;
        out.open("authentication");
        out.line("auth_type {}", header ? "AH" : "PASS");
        out.line("auth_pass {}", quoted(instance.password));
        out.close();
    }
    print_addresses(out, "virtual_ipaddress", instance.addresses);
    print_addresses(out, "virtual_ipaddress_excluded", instance.excluded_addresses);
    out.close();
}

void print_script(Writer& out, const model::VrrpScript& script) {
    out.blank_line();
    out.open("vrrp_script {}", quoted(script.name));
    out.line("script {}", command_word(script.script));
    if (!script.script.user.empty()) {
        out.line("user{}", user_words(script.script.user, script.script.group));
    }
    out.line("interval {}", seconds(script.interval_ms));
    if (script.timeout_ms != 0) {
        out.line("timeout {}", seconds(script.timeout_ms));
    }
    out.line("rise {}", script.rise);
    out.line("fall {}", script.fall);
    out.line("weight {}", weight_words(script.weight));
    if (script.fails_at_first) {
        out.line("init_fail");
    }
    out.close();
}

void print_process(Writer& out, const model::VrrpProcess& process) {
    out.blank_line();
    out.open("vrrp_track_process {}", quoted(process.name));
    std::string words;
    for (const std::string& word : process.command) {
        words += ' ';
        words += quoted(word);
    }
    out.line("process{}", words);
    if (process.match != model::ParameterMatch::whole) {
        out.line("param_match {}",
                 process.match == model::ParameterMatch::initial ? "initial" : "partial");
    } else if (process.match_parameters) {
        out.line("param_match");
    }
    out.line("weight {}", weight_words(process.weight));
    out.line("quorum {}", process.quorum);
    if (process.quorum_max != model::VrrpProcess::kNoQuorumMax) {
        out.line("quorum_max {}", process.quorum_max);
    }
    if (process.fork_delay_ms != 0) {
        out.line("fork_delay {}", seconds(process.fork_delay_ms));
    }
    if (process.terminate_delay_ms != 0) {
        out.line("terminate_delay {}", seconds(process.terminate_delay_ms));
    }
    if (process.full_command) {
        out.line("full_command");
    }
    out.close();
}

void print_group(Writer& out, const model::VrrpGroup& group) {
    out.blank_line();
    out.open("vrrp_sync_group {}", quoted(group.name));
    out.open("group");
    for (const std::string& member : group.members) {
        out.line("{}", quoted(member));
    }
    out.close();
    if (group.tracks_with_weights) {
        out.line("sync_group_tracking_weight");
    }
    print_tracks(out, group.tracks);
    print_notify(out, group.notify);
    out.close();
}

}  // namespace

void print_vrrp_fifos(Writer& out, const model::VrrpFifos& fifos) {
    if (!fifos.all.empty()) {
        out.line("notify_fifo {}", quoted(fifos.all));
    }
    if (!fifos.vrrp.empty()) {
        out.line("vrrp_notify_fifo {}", quoted(fifos.vrrp));
    }
    if (fifos.tells_on_reload) {
        out.line("fifo_write_vrrp_states_on_reload");
    }
}

void print_vrrp(Writer& out, const model::Config& config) {
    for (const model::VrrpScript& script : config.vrrp_scripts) {
        print_script(out, script);
    }
    for (const model::VrrpProcess& process : config.vrrp_processes) {
        print_process(out, process);
    }
    for (const model::VrrpGroup& group : config.vrrp_groups) {
        print_group(out, group);
    }
    for (const model::VrrpInstance& instance : config.vrrp_instances) {
        print_instance(out, instance);
    }
}

}  // namespace fpvs::config
