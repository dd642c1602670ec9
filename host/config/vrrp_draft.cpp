// SPDX-License-Identifier: Apache-2.0
#include "host/config/vrrp_draft.hpp"

#include <algorithm>
#include <utility>

namespace fpvs::config {
namespace {

constexpr std::uint8_t kPriorityDefault = 100;
constexpr std::uint8_t kPriorityOwner = 255;  // What `state MASTER` alone means to keepalived.
constexpr std::uint32_t kCentisecondsPerSecond = 100;
constexpr std::uint32_t kIntervalMaxV3Cs = 4095;  // Twelve bits on the wire.

void settle_priority(VrrpDraft& draft, Diagnostics& diagnostics) {
    model::VrrpInstance& instance = draft.instance;
    instance.priority =
        draft.priority.value_or(instance.initial_master ? kPriorityOwner : kPriorityDefault);
    if (!draft.priority && instance.initial_master) {
        diagnostics.warning(draft.position,
                            "'state MASTER' without a priority means priority 255, the owner of "
                            "the addresses; write the priority");
    }
    if (instance.priority == kPriorityOwner && !instance.preempt) {
        diagnostics.warning(draft.nopreempt_position,
                            "priority 255 always preempts; nopreempt is ignored");
        instance.preempt = true;
    }
    if (!instance.preempt && instance.preempt_delay_ms != 0) {
        diagnostics.warning(draft.preempt_delay_position,
                            "preempt_delay is ignored beside nopreempt");
        instance.preempt_delay_ms = 0;
    }
}

// The first address that says so gives the family of the adverts.
void settle_family(VrrpDraft& draft, Diagnostics& diagnostics) {
    model::VrrpInstance& instance = draft.instance;
    if (draft.native_ipv6) {
        instance.family = model::Family::ipv6;
    } else if (instance.source) {
        instance.family = instance.source->family;
    } else if (!instance.unicast_peers.empty()) {
        instance.family = instance.unicast_peers.front().family;
    } else if (!instance.addresses.empty()) {
        instance.family = instance.addresses.front().address.family;
    }
    const auto differs = [&](const model::IpAddress& address) {
        return address.family != instance.family;
    };
    if (instance.source && differs(*instance.source)) {
        diagnostics.error(draft.position,
                          "vrrp_instance '{}' sends adverts of another family than its source "
                          "address {}",
                          instance.name,
                          model::to_string(*instance.source));
    }
    for (const model::IpAddress& peer : instance.unicast_peers) {
        if (differs(peer)) {
            diagnostics.error(draft.position,
                              "vrrp_instance '{}' sends adverts of another family than its peer {}",
                              instance.name,
                              model::to_string(peer));
        }
    }
    std::erase_if(instance.addresses, [&](const model::VirtualAddress& address) {
        if (differs(address.address)) {
            diagnostics.warning(draft.position,
                                "{} of vrrp_instance '{}' is ignored, as keepalived does: adverts "
                                "carry one family; write it in virtual_ipaddress_excluded",
                                model::to_string(address.address),
                                instance.name);
            return true;
        }
        return false;
    });
}

void settle_version(VrrpDraft& draft, const VrrpDefaults& defaults, Diagnostics& diagnostics) {
    model::VrrpInstance& instance = draft.instance;
    instance.version = draft.version.value_or(defaults.version);
    if (instance.family == model::Family::ipv6 && instance.version == 2) {
        if (draft.version) {
            diagnostics.warning(draft.position,
                                "vrrp_instance '{}' uses version 3: VRRP version 2 has no IPv6",
                                instance.name);
        }
        instance.version = 3;
    }
    if (instance.version == 3 && instance.authentication != model::VrrpAuthentication::none) {
        diagnostics.warning(draft.position,
                            "vrrp_instance '{}': version 3 has no authentication (RFC 9568 9); "
                            "the block is ignored",
                            instance.name);
        instance.authentication = model::VrrpAuthentication::none;
        instance.password.clear();
    }
}

// Version 2 counts whole seconds on the wire, version 3 centiseconds.
void settle_interval(VrrpDraft& draft, Diagnostics& diagnostics) {
    model::VrrpInstance& instance = draft.instance;
    const std::uint32_t interval_cs = draft.advert.interval_cs;
    instance.advert_interval_cs = interval_cs;
    if (instance.version == 3) {
        if (interval_cs > kIntervalMaxV3Cs) {
            diagnostics.error(draft.advert.word.position,
                              "advert_int {} is more than 40.95, the most of VRRP version 3",
                              draft.advert.word.text);
        }
        return;
    }
    const std::uint32_t seconds = std::max<std::uint32_t>(
        1, (interval_cs + kCentisecondsPerSecond / 2) / kCentisecondsPerSecond);
    instance.advert_interval_cs = seconds * kCentisecondsPerSecond;
    if (instance.advert_interval_cs != interval_cs) {
        diagnostics.warning(draft.advert.word.position,
                            "VRRP version 2 counts whole seconds: advert_int {} is taken as {}",
                            draft.advert.word.text,
                            seconds);
    }
}

// A lower master is answered as a new one is announced, unless something else is said.
void settle_announcements(VrrpDraft& draft, const VrrpDefaults& defaults) {
    const auto& written = draft.announcements;
    const model::VrrpAnnouncements& fallback = defaults.announcements;
    model::VrrpAnnouncements& meant = draft.instance.announcements;
    meant.repeat = written.repeat.value_or(fallback.repeat);
    meant.delay_s = written.delay_s.value_or(fallback.delay_s);
    meant.refresh_s = written.refresh_s.value_or(fallback.refresh_s);
    meant.refresh_repeat = written.refresh_repeat.value_or(fallback.refresh_repeat);
    meant.lower_priority_repeat = written.lower_priority_repeat.value_or(
        defaults.lower_priority_repeat.value_or(meant.repeat));
    meant.lower_priority_delay_s = written.lower_priority_delay_s.value_or(
        defaults.lower_priority_delay_s.value_or(meant.delay_s));
}

// 00:00:5e:00:01:ID, of IPv6 00:00:5e:00:02:ID.
model::MacAddress mac_of(const model::VrrpInstance& instance) {
    const std::uint8_t family = instance.family == model::Family::ipv4 ? 1 : 2;
    return {{0x00, 0x00, 0x5e, 0x00, family, instance.virtual_router_id}};
}

void settle_virtual_mac(VrrpDraft& draft, Diagnostics& diagnostics) {
    const auto& written = draft.virtual_mac;
    model::VrrpInstance& instance = draft.instance;
    if (!written.wanted) {
        if (written.adverts_from_base) {
            diagnostics.warning(written.position, "vmac_xmit_base has no effect without use_vmac");
        }
        return;
    }
    model::VrrpVirtualMac virtual_mac{.interface = written.interface,
                                      .mac = written.mac.value_or(mac_of(instance)),
                                      .adverts_from_base = written.adverts_from_base};
    if (virtual_mac.interface.empty()) {
        virtual_mac.interface = fmt::format("vrrp.{}", instance.virtual_router_id);
    }
    if (!instance.unicast_peers.empty() && !virtual_mac.adverts_from_base) {
        diagnostics.warning(written.position,
                            "use_vmac beside unicast_peer: adverts go out of the interface itself, "
                            "as with vmac_xmit_base");
        virtual_mac.adverts_from_base = true;
    }
    instance.virtual_mac = std::move(virtual_mac);
}

void require_parts(const VrrpDraft& draft, Diagnostics& diagnostics) {
    const model::VrrpInstance& instance = draft.instance;
    if (!draft.has_interface) {
        diagnostics.error(draft.position, "vrrp_instance '{}' needs an interface", instance.name);
    }
    if (!draft.has_router_id) {
        diagnostics.error(
            draft.position, "vrrp_instance '{}' needs a virtual_router_id", instance.name);
    }
    if (instance.addresses.empty()) {
        diagnostics.warning(
            draft.position, "vrrp_instance '{}' has no virtual_ipaddress", instance.name);
    } else if (instance.family == model::Family::ipv6 && instance.unicast_peers.empty() &&
               instance.addresses.front().address.words[0] >> 22 != 0xfe80 >> 6) {
        diagnostics.warning(draft.position,
                            "the first address of vrrp_instance '{}' should be link-local "
                            "(RFC 9568 5.2.9)",
                            instance.name);
    }
}

}  // namespace

model::VrrpInstance finish(VrrpDraft draft,
                           const VrrpDefaults& defaults,
                           Diagnostics& diagnostics) {
    settle_priority(draft, diagnostics);
    settle_family(draft, diagnostics);
    settle_version(draft, defaults, diagnostics);
    settle_interval(draft, diagnostics);
    settle_announcements(draft, defaults);
    settle_virtual_mac(draft, diagnostics);
    draft.instance.check_unicast_source =
        draft.check_unicast_source.value_or(defaults.check_unicast_source);
    require_parts(draft, diagnostics);
    return std::move(draft.instance);
}

}  // namespace fpvs::config
