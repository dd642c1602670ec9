// SPDX-License-Identifier: Apache-2.0
// Settings, rules and daemons of synchronisation between the wire and the model.
#include <cstdint>
#include <limits>
#include <string>

#include "host/control/convert.hpp"

namespace fpvs::control {
namespace {

// A number of the wire that must fit a narrower one.
template <class Narrow>
Result<Narrow> narrow(std::uint32_t value, const char* what) {
    if (value > std::numeric_limits<Narrow>::max()) {
        return fail(Code::invalid_argument, "{} is no {}", value, what);
    }
    return static_cast<Narrow>(value);
}

Result<std::optional<model::Prefix>> read_prefix(const std::string& text, const char* what) {
    if (text.empty()) {
        return std::nullopt;
    }
    if (const auto prefix = model::parse_prefix(text)) {
        return prefix;
    }
    return fail(
        Code::invalid_argument, "{} '{}' is no address or block such as 10.0.0.0/8", what, text);
}

}  // namespace

api::Timeouts to_api(const model::ConnectionTimeouts& timeouts) {
    api::Timeouts wire;
    wire.set_tcp_s(timeouts.tcp_s);
    wire.set_tcp_fin_s(timeouts.tcp_fin_s);
    wire.set_udp_s(timeouts.udp_s);
    return wire;
}

api::Setting to_api(const model::SettingView& setting) {
    api::Setting wire;
    wire.set_name(setting.name);
    wire.set_value(setting.value);
    wire.set_initial(setting.initial);
    wire.set_kernel_value(setting.kernel_value);
    wire.set_meaning(setting.meaning);
    return wire;
}

Result<model::MarkRule> from_api(const api::MarkRule& wire) {
    model::MarkRule rule{.mark = wire.mark(), .interface = wire.interface()};
    FPVS_TRY(rule.destination, read_prefix(wire.destination(), "destination"));
    FPVS_TRY(rule.source, read_prefix(wire.source(), "source"));
    if (wire.protocol() != api::PROTOCOL_UNSPECIFIED) {
        FPVS_TRY(rule.protocol, from_api(wire.protocol()));
    }
    if (wire.last_port() != 0) {
        FPVS_TRY(rule.first_port, narrow<std::uint16_t>(wire.first_port(), "port"));
        FPVS_TRY(rule.last_port, narrow<std::uint16_t>(wire.last_port(), "port"));
    }
    if (wire.vlan() != 0) {
        FPVS_TRY(rule.vlan, narrow<std::uint16_t>(wire.vlan(), "VLAN"));
    }
    FPVS_TRY_STATUS(model::check(rule));
    return rule;
}

api::MarkRule to_api(const model::MarkRule& rule) {
    api::MarkRule wire;
    wire.set_mark(rule.mark);
    wire.set_destination(rule.destination ? model::to_string(*rule.destination) : "");
    wire.set_source(rule.source ? model::to_string(*rule.source) : "");
    if (rule.protocol) {
        wire.set_protocol(to_api(*rule.protocol));
    }
    if (rule.has_ports()) {
        wire.set_first_port(rule.first_port);
        wire.set_last_port(rule.last_port);
    }
    wire.set_interface(rule.interface);
    wire.set_vlan(rule.vlan.value_or(0));
    return wire;
}

Result<model::SyncRole> from_api(api::SyncRole role) {
    switch (role) {
        case api::MASTER:
            return model::SyncRole::master;
        case api::BACKUP:
            return model::SyncRole::backup;
        default:
            return fail(Code::invalid_argument, "A daemon is master or backup");
    }
}

Result<model::SyncDaemon> from_api(const api::SyncDaemon& wire) {
    model::SyncDaemon daemon{.interface = wire.interface()};
    FPVS_TRY(daemon.role, from_api(wire.role()));
    FPVS_TRY(daemon.sync_id, narrow<std::uint8_t>(wire.sync_id(), "syncid"));
    if (wire.message_bytes_max() != 0) {
        FPVS_TRY(daemon.message_bytes_max,
                 narrow<std::uint16_t>(wire.message_bytes_max(), "sync-maxlen"));
    }
    if (!wire.group().empty()) {
        const auto group = model::parse_address(wire.group());
        if (!group) {
            return fail(Code::invalid_argument, "'{}' is no address", wire.group());
        }
        daemon.group = *group;
    }
    if (wire.port() != 0) {
        FPVS_TRY(daemon.port, narrow<std::uint16_t>(wire.port(), "port"));
    }
    if (wire.ttl() != 0) {
        FPVS_TRY(daemon.ttl, narrow<std::uint8_t>(wire.ttl(), "TTL"));
    }
    return daemon;
}

api::SyncDaemon to_api(const model::SyncDaemon& daemon) {
    api::SyncDaemon wire;
    wire.set_role(daemon.role == model::SyncRole::master ? api::MASTER : api::BACKUP);
    wire.set_interface(daemon.interface);
    wire.set_sync_id(daemon.sync_id);
    wire.set_message_bytes_max(daemon.message_bytes_max);
    wire.set_group(model::to_string(daemon.group));
    wire.set_port(daemon.port);
    wire.set_ttl(daemon.ttl);
    return wire;
}

}  // namespace fpvs::control
