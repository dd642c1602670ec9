// SPDX-License-Identifier: Apache-2.0
// A `vrrp_instance` block as it was written.  What it means depends on keywords around it, which
// may come later: version and interval on each other and on the family, all on global_defs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/config/vrrp_tracking_reader.hpp"
#include "host/model/vrrp_instance.hpp"

namespace fpvs::config {

// What global_defs say for all instances, and keepalived's defaults where they say nothing.
struct VrrpDefaults {
    std::uint8_t version = 2;
    bool check_unicast_source = false;
    model::VrrpAnnouncements announcements;
    std::optional<std::uint32_t> lower_priority_repeat;
    std::optional<std::uint32_t> lower_priority_delay_s;
};

struct VrrpDraft {
    model::VrrpInstance instance;
    Position position;
    bool has_interface = false;
    bool has_router_id = false;
    bool native_ipv6 = false;
    std::optional<std::uint8_t> version;
    std::optional<std::uint8_t> priority;
    struct {
        std::uint32_t interval_cs = 100;
        Word word;
    } advert;
    std::optional<bool> check_unicast_source;
    struct {
        std::optional<std::uint32_t> repeat;
        std::optional<std::uint32_t> delay_s;
        std::optional<std::uint32_t> refresh_s;
        std::optional<std::uint32_t> refresh_repeat;
        std::optional<std::uint32_t> lower_priority_repeat;
        std::optional<std::uint32_t> lower_priority_delay_s;
    } announcements;
    TrackDrafts tracks;
    struct {
        bool wanted = false;
        Position position;
        std::string interface;                 // Empty: vrrp.ID.
        std::optional<model::MacAddress> mac;  // None: the virtual router's (RFC 9568 7.3).
        bool adverts_from_base = false;
    } virtual_mac;
    Position nopreempt_position;
    Position preempt_delay_position;
};

// The instance that is meant; contradictions are reported at their places.
[[nodiscard]] model::VrrpInstance finish(VrrpDraft draft,
                                         const VrrpDefaults& defaults,
                                         Diagnostics& diagnostics);

}  // namespace fpvs::config
