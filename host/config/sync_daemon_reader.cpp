// SPDX-License-Identifier: Apache-2.0
#include "host/config/sync_daemon_reader.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "host/config/values.hpp"

namespace fpvs::config {
namespace {

constexpr std::uint32_t kMessageBytesMax = 65'507;  // Of a UDP datagram.

constexpr bool is_option(std::string_view word) {
    return word == "id" || word == "maxlen" || word == "port" || word == "ttl" || word == "group";
}

void read_option(const Word& option,
                 const Word& value,
                 SyncDaemonDraft& draft,
                 Diagnostics& diagnostics) {
    model::SyncDaemon& daemon = draft.follower.daemon;
    const auto number = [&](std::uint32_t min, std::uint32_t max) {
        return read_number(value, option.text, {.min = min, .max = max}, diagnostics);
    };
    if (option.text == "id") {
        if (const auto id = number(0, 255)) {
            daemon.sync_id = static_cast<std::uint8_t>(*id);
            draft.has_id = true;
        }
    } else if (option.text == "maxlen") {
        if (const auto bytes = number(1, kMessageBytesMax)) {
            daemon.message_bytes_max = static_cast<std::uint16_t>(*bytes);
        }
    } else if (option.text == "port") {
        if (const auto port = number(1, 65'535)) {
            daemon.port = static_cast<std::uint16_t>(*port);
        }
    } else if (option.text == "ttl") {
        if (const auto ttl = number(1, 255)) {
            daemon.ttl = static_cast<std::uint8_t>(*ttl);
        }
    } else if (const auto group = read_address(value, option.text, diagnostics)) {
        const bool is_group =
            group->is_ipv4() ? group->words[0] >> 28 == 0xe : group->words[0] >> 24 == 0xff;
        if (!is_group) {
            diagnostics.error(value.position, "'{}' is no multicast group", value.text);
        }
        daemon.group = *group;
    }
}

}  // namespace

std::optional<SyncDaemonDraft> read_sync_daemon(const Statement& statement,
                                                Diagnostics& diagnostics) {
    const std::vector<Word>& words = statement.words;
    if (words.size() < 2) {
        diagnostics.error(statement.keyword().position, "lvs_sync_daemon needs an interface");
        return std::nullopt;
    }
    const auto interface = read_interface(words[1], diagnostics);
    if (!interface) {
        return std::nullopt;
    }
    SyncDaemonDraft draft;
    draft.follower.daemon.interface = *interface;
    std::size_t next = 2;
    if (next + 1 < words.size() && words[next].text == "inst") {
        ++next;
        draft.instance = words[next++];
    } else if (next < words.size() && !is_option(words[next].text)) {
        draft.instance = words[next++];
    }
    for (; next < words.size(); next += 2) {
        if (!is_option(words[next].text)) {
            diagnostics.error(words[next].position,
                              "lvs_sync_daemon knows id, maxlen, port, ttl and group, not '{}'",
                              words[next].text);
            return std::nullopt;
        }
        if (next + 1 == words.size()) {
            diagnostics.error(words[next].position, "'{}' needs a value", words[next].text);
            return std::nullopt;
        }
        read_option(words[next], words[next + 1], draft, diagnostics);
    }
    return draft;
}

void finish_sync_daemon(SyncDaemonDraft draft, model::Config& config, Diagnostics& diagnostics) {
    if (draft.instance) {
        const auto& instances = config.vrrp_instances;
        const auto found = std::find_if(instances.begin(), instances.end(), [&](const auto& one) {
            return one.name == draft.instance->text;
        });
        if (found == instances.end()) {
            diagnostics.error(
                draft.instance->position, "there is no vrrp_instance '{}'", draft.instance->text);
            return;
        }
        draft.follower.instance = found->name;
        if (!draft.has_id) {
            draft.follower.daemon.sync_id = found->virtual_router_id;
        }
    }
    config.sync_follower = std::move(draft.follower);
}

}  // namespace fpvs::config
