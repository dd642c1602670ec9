// SPDX-License-Identifier: Apache-2.0
#include "host/config/parser.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "host/config/block.hpp"
#include "host/config/checker_globals_reader.hpp"
#include "host/config/diagnostics.hpp"
#include "host/config/fpvs_reader.hpp"
#include "host/config/keywords.hpp"
#include "host/config/statement.hpp"
#include "host/config/sync_daemon_reader.hpp"
#include "host/config/values.hpp"
#include "host/config/virtual_server_reader.hpp"
#include "host/config/vrrp_draft.hpp"
#include "host/config/vrrp_group_reader.hpp"
#include "host/config/vrrp_notify_reader.hpp"
#include "host/config/vrrp_reader.hpp"
#include "host/config/vrrp_tracking_reader.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

struct ConfigDraft {
    model::Config config;
    std::map<std::string, std::uint32_t> instance_lines;  // By name.
    // A virtual router is known by its interface, family and number.
    std::map<std::tuple<std::string, model::Family, std::uint8_t>, std::uint32_t> router_id_lines;
    std::vector<VrrpDraft> instances;    // Until global_defs are known,
    std::vector<VrrpGroupDraft> groups;  // and all instances.
    VrrpDefaults vrrp_defaults;
    std::optional<SyncDaemonDraft> sync_daemon;  // Until instances are known.
    std::map<model::ServiceKey, std::uint32_t> service_lines;
    std::vector<Word> track_files;  // Names that checks use, each at its place.
    std::size_t servers = 0;
};

constexpr std::size_t kReadBytes = std::size_t{1} << 20;  // Of a file, at once.
constexpr model::Ipv4 kVrrpGroup{0xe0000012};             // 224.0.0.18, RFC 3768 5.2.2.

constexpr std::uint32_t kAnnouncementMax = 86'400;  // Of a burst, or of seconds.

template <auto Member, std::uint32_t Least = 0>
void read_announcement(const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
    if (const auto value =
            read_number(statement, {.min = Least, .max = kAnnouncementMax}, diagnostics)) {
        draft.vrrp_defaults.announcements.*Member = *value;
    }
}

constexpr auto kGlobalKeywords = std::to_array<Keyword<ConfigDraft>>({
    {.name = "router_id",
     .read =
         [](const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
             if (const Word* const word = single_value(statement, diagnostics)) {
                 draft.config.router_id = word->text;
             }
         }},
    {.name = "lvs_sync_daemon",
     .read =
         [](const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
             draft.sync_daemon = read_sync_daemon(statement, diagnostics);
         }},
    {.name = "vrrp_version",
     .read =
         [](const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
             if (const auto version = read_number(statement, {.min = 2, .max = 3}, diagnostics)) {
                 draft.vrrp_defaults.version = static_cast<std::uint8_t>(*version);
             }
         }},
    {.name = "vrrp_check_unicast_src",
     .read =
         [](const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             draft.vrrp_defaults.check_unicast_source = true;
         }},
    {.name = "vrrp_garp_master_delay",
     .read = read_announcement<&model::VrrpAnnouncements::delay_s>},
    {.name = "vrrp_garp_master_repeat",
     .read = read_announcement<&model::VrrpAnnouncements::repeat, 1>},
    {.name = "vrrp_garp_master_refresh",
     .read = read_announcement<&model::VrrpAnnouncements::refresh_s>},
    {.name = "vrrp_garp_master_refresh_repeat",
     .read = read_announcement<&model::VrrpAnnouncements::refresh_repeat, 1>},
    {.name = "vrrp_garp_lower_prio_delay",
     .read =
         [](const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
             draft.vrrp_defaults.lower_priority_delay_s =
                 read_number(statement, {.min = 0, .max = kAnnouncementMax}, diagnostics);
         }},
    {.name = "vrrp_garp_lower_prio_repeat",
     .read =
         [](const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
             draft.vrrp_defaults.lower_priority_repeat =
                 read_number(statement, {.min = 1, .max = kAnnouncementMax}, diagnostics);
         }},
    {.name = "vrrp_mcast_group4",
     .read =
         [](const Statement& statement, ConfigDraft&, Diagnostics& diagnostics) {
             const Word* const word = single_value(statement, diagnostics);
             if (word == nullptr) {
                 return;
             }
             const auto group = read_ipv4(*word, "vrrp_mcast_group4", diagnostics);
             if (group && *group != kVrrpGroup) {
                 diagnostics.error(word->position,
                                   "only the group 224.0.0.18 is supported yet, on every peer");
             }
         }},
});

void read_global_definitions(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    expect_no_value(block, diagnostics);
    BlockReader<ConfigDraft> own(kGlobalKeywords, unread_in_global_defs(), draft, diagnostics);
    BlockReader<model::Config> of_checks(checker_globals(), {}, draft.config, diagnostics);
    BlockReader<model::Config> of_fifos(vrrp_fifo_keywords(), {}, draft.config, diagnostics);
    for (const Statement& statement : block.children) {
        if (of_checks.knows(statement)) {
            of_checks.read(statement);
        } else if (of_fifos.knows(statement)) {
            of_fifos.read(statement);
        } else {
            own.read(statement);
        }
    }
}

void add_vrrp_instance(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    if (draft.instances.size() == model::kVrrpInstancesMax) {
        diagnostics.error(block.keyword().position,
                          "more than {} vrrp_instance blocks",
                          model::kVrrpInstancesMax);
        return;
    }
    draft.instances.push_back(read_vrrp_instance(block, diagnostics));
}

void finish_vrrp_instance(VrrpDraft written, ConfigDraft& draft, Diagnostics& diagnostics) {
    const Position place = written.position;
    const TrackDrafts tracks = std::move(written.tracks);
    model::VrrpInstance instance = finish(std::move(written), draft.vrrp_defaults, diagnostics);
    instance.tracks = finish(tracks, draft.config, diagnostics);
    const auto [name, is_new_name] = draft.instance_lines.emplace(instance.name, place.line);
    if (!is_new_name) {
        diagnostics.error(
            place, "vrrp_instance '{}' is already defined at line {}", instance.name, name->second);
    }
    const auto [id, is_new_id] = draft.router_id_lines.emplace(
        std::tuple(instance.interface, instance.family, instance.virtual_router_id), place.line);
    if (!is_new_id && instance.virtual_router_id != 0) {
        diagnostics.error(place,
                          "virtual_router_id {} on interface {} is already used by the instance "
                          "at line {}",
                          instance.virtual_router_id,
                          instance.interface,
                          id->second);
    }
    draft.config.vrrp_instances.push_back(std::move(instance));
}

void add_vrrp_script(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    read_vrrp_script(block, draft.config, diagnostics);
}

void add_vrrp_process(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    read_vrrp_process(block, draft.config, diagnostics);
}

void read_sync_group(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    if (draft.groups.size() == model::kVrrpInstancesMax) {
        diagnostics.error(block.keyword().position,
                          "more than {} vrrp_sync_group blocks",
                          model::kVrrpInstancesMax);
        return;
    }
    draft.groups.push_back(read_vrrp_group(block, diagnostics));
}

void add_virtual_server(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    const Position place = block.keyword().position;
    auto service = read_virtual_server(block, draft.track_files, diagnostics);
    if (!service) {
        return;
    }
    const auto [line, is_new] = draft.service_lines.emplace(service->key, place.line);
    if (!is_new) {
        diagnostics.error(place,
                          "this address, port and protocol are already those of the "
                          "virtual_server at line {}",
                          line->second);
        return;
    }
    draft.servers += service->servers.size();
    if (draft.config.virtual_services.size() == model::kVirtualServicesMax) {
        diagnostics.error(place, "more than {} virtual_server blocks", model::kVirtualServicesMax);
        return;
    }
    if (draft.servers > model::kRealServersMax) {
        diagnostics.error(place, "more than {} real_server blocks", model::kRealServersMax);
        return;
    }
    draft.config.virtual_services.push_back(std::move(*service));
}

void add_track_file(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    read_track_file(block, draft.config, diagnostics);
}

void add_tls_client(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    read_tls_client(block, draft.config, diagnostics);
}

void add_fpvs(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    read_fpvs(block, draft.config, diagnostics);
}

constexpr auto kTopKeywords = std::to_array<Keyword<ConfigDraft>>({
    {.name = "global_defs", .shape = Shape::block, .read = read_global_definitions},
    {.name = "vrrp_instance", .shape = Shape::block, .read = add_vrrp_instance},
    {.name = "vrrp_sync_group", .shape = Shape::block, .read = read_sync_group},
    {.name = "vrrp_script", .shape = Shape::block, .read = add_vrrp_script},
    {.name = "vrrp_track_process", .shape = Shape::block, .read = add_vrrp_process},
    {.name = "virtual_server", .shape = Shape::block, .read = add_virtual_server},
    {.name = "track_file", .shape = Shape::block, .read = add_track_file},
    {.name = "vrrp_track_file", .shape = Shape::block, .read = add_track_file},
    {.name = "SSL", .shape = Shape::block, .read = add_tls_client},
    {.name = "fpvs", .shape = Shape::block, .read = add_fpvs},
});

Error too_large(std::string_view file_name) {
    return {.code = Code::exhausted,
            .message = fmt::format("the file is larger than {} MiB, the most that is read",
                                   model::kConfigFileBytesMax >> 20),
            .where = std::string(file_name)};
}

}  // namespace

Result<ParsedConfig> parse(std::string_view text, std::string_view file_name) {
    if (text.size() > model::kConfigFileBytesMax) {
        return fail(too_large(file_name));
    }
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) {
        text.remove_prefix(kByteOrderMark.size());
    }
    // With its words or braces wrong, what the file means would be guesswork: then only that is
    // said.
    Diagnostics spelling(file_name);
    Diagnostics diagnostics(file_name);
    ConfigDraft draft;
    BlockReader<ConfigDraft> reader(kTopKeywords, unread_at_top(), draft, diagnostics);
    for_each_statement(text, spelling, [&](const Statement& statement) {
        if (!spelling.failed()) {
            reader.read(statement);
        }
    });
    if (spelling.failed()) {
        return fail(spelling.to_error());
    }
    for (VrrpDraft& instance : draft.instances) {
        finish_vrrp_instance(std::move(instance), draft, diagnostics);
    }
    for (VrrpGroupDraft& group : draft.groups) {
        add_vrrp_group(std::move(group), draft.config, diagnostics);
    }
    if (draft.sync_daemon) {
        finish_sync_daemon(std::move(*draft.sync_daemon), draft.config, diagnostics);
    }
    require_track_files(draft.track_files, draft.config, diagnostics);
    if (diagnostics.failed()) {
        return fail(diagnostics.to_error());
    }
    return ParsedConfig{.config = std::move(draft.config), .warnings = diagnostics.warnings()};
}

Result<ParsedConfig> parse_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text;
    // Up to a piece more than allowed, so that a longer file is noticed without reading all of it.
    while (file && text.size() <= model::kConfigFileBytesMax) {
        const std::size_t before = text.size();
        text.resize(before + kReadBytes);
        file.read(text.data() + before, static_cast<std::streamsize>(kReadBytes));
        text.resize(before + static_cast<std::size_t>(file.gcount()));
    }
    if (!file.is_open() || file.bad()) {
        return fail({.code = Code::unavailable,
                     .message = fmt::format("cannot be read: {}", std::strerror(errno)),
                     .where = path});
    }
    return parse(text, path);
}

}  // namespace fpvs::config
