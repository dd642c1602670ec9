// SPDX-License-Identifier: Apache-2.0
// The switches that IPVS has as sysctls in net.ipv4.vs, under the same names and with the kernel's
// defaults (Linux, Documentation/networking/ipvs-sysctl.rst).  The two numbers of sync_threshold
// are sync_threshold and sync_period here; sync_flush_ms, sync_template_refresh and
// tables_by_address are FPVS's own.
// Those that only make sense inside the kernel (cache_bypass, conntrack, ignore_tunneled,
// schedule_icmp, snat_reroute, sync_sock_size) do not exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "host/model/view.hpp"
#include "host/util/result.hpp"

namespace fpvs::engine {

// The three defences have modes: 0 off; 1 and 2 while the connection table is nearly full; 3 on.
constexpr int kDefenceOff = 0;
constexpr int kDefenceOn = 3;

// SETTING(name, initial, lowest, highest, meaning)
#define FPVS_ENGINE_SETTINGS(SETTING)                                                             \
    SETTING(am_droprate, 10, 1, 1'000'000, "drop_packet drops each am_droprate-th")               \
    SETTING(amemthresh, 1024, 0, 1'000'000'000, "room is short below so many free connections")   \
    SETTING(conn_reuse_mode, 1, 0, 3, "a SYN on an ended connection is scheduled anew")           \
    SETTING(drop_entry, 0, 0, 3, "defence: half-open connections are ended at random")            \
    SETTING(drop_packet, 0, 0, 3, "defence: some first packets are dropped")                      \
    SETTING(                                                                                      \
        expire_nodest_conn, 0, 0, 1, "connections of a deleted server end at their next packet")  \
    SETTING(expire_quiescent_template, 0, 0, 1, "weight 0 ends the server's persistence")         \
    SETTING(lblc_expiration, 86400, 0, 31'536'000, "seconds after which lblc forgets an address") \
    SETTING(lblcr_expiration, 86400, 0, 31'536'000, "the same of lblcr")                          \
    SETTING(nat_icmp_send, 0, 0, 1, "ICMP port unreachable to a server that answers nobody")      \
    SETTING(pmtu_disc, 1, 0, 1, "tunnels keep \"do not fragment\"")                               \
    SETTING(run_estimation, 1, 0, 1, "rates are estimated")                                       \
    SETTING(secure_tcp, 0, 0, 3, "defence: TCP states by the stricter table")                     \
    SETTING(sloppy_sctp, 0, 0, 1, "any SCTP packet may begin a connection")                       \
    SETTING(sloppy_tcp, 0, 0, 1, "any TCP packet but a RST may begin a connection")               \
    SETTING(sync_flush_ms, 100, 1, 60'000, "a sync message waits so long for more to tell")       \
    SETTING(sync_period, 50, 0, 1'000'000, "a connection is told each sync_period packets")       \
    SETTING(sync_persist_mode, 0, 0, 1, "of persistent services only templates are told")         \
    SETTING(sync_ports, 1, 1, 64, "UDP ports on which a backup listens")                          \
    SETTING(sync_qlen_max, 4096, 1, 1'000'000, "sync messages that may wait to be sent")          \
    SETTING(sync_refresh_period, 0, 0, 1'000'000, "seconds in which no change is not told again") \
    SETTING(sync_retries, 0, 0, 3, "within that time it is told so many times more")              \
    SETTING(sync_template_refresh, 10, 0, 3600, "sync_refresh_period of templates, if it is 0")   \
    SETTING(sync_threshold, 3, 0, 1'000'000, "of these packets it is told with that number")      \
    SETTING(sync_version, 1, 0, 1, "version of the sync messages that are sent")                  \
    SETTING(tables_by_address, 0, 0, 1, "mh's and sh's tables do not depend on who came first")

struct Settings {
#define FPVS_ENGINE_SETTING_MEMBER(name, initial, lowest, highest, meaning) int name = initial;
    FPVS_ENGINE_SETTINGS(FPVS_ENGINE_SETTING_MEMBER)
#undef FPVS_ENGINE_SETTING_MEMBER

    // Code::not_found for a name that is none of these, Code::invalid_argument for a value that is
    // out of range; both change nothing.
    [[nodiscard]] Status set(std::string_view setting, int value);
    [[nodiscard]] std::optional<int> get(std::string_view setting) const;
    [[nodiscard]] std::vector<model::SettingView> view() const;
};

}  // namespace fpvs::engine
