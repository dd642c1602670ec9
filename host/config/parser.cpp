// SPDX-License-Identifier: Apache-2.0
#include "host/config/parser.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "host/config/block.hpp"
#include "host/config/block_memory.hpp"
#include "host/config/checker_globals_reader.hpp"
#include "host/config/diagnostics.hpp"
#include "host/config/files.hpp"
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
    std::map<model::ServiceKey, Position> service_places;
    std::vector<Word> track_files;  // Names that checks use, each at its place.
    std::size_t services = 0;       // With all members of groups.
    std::size_t servers = 0;
    std::vector<ServerGroup> server_groups;
    // Services of groups, which may be defined behind them: each goes to its place in the list.
    std::vector<std::pair<std::size_t, ServiceDraft>> group_services;
    LineSource& source;
};

constexpr model::Ipv4 kVrrpGroup{0xe0000012};  // 224.0.0.18, RFC 3768 5.2.2.

constexpr std::uint32_t kAnnouncementMax = 86'400;  // Of a burst, or of seconds.

template <auto Member, std::uint32_t Least = 0>
void read_announcement(const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
    if (const auto value =
            read_number(statement, {.min = Least, .max = kAnnouncementMax}, diagnostics)) {
        draft.vrrp_defaults.announcements.*Member = *value;
    }
}

// `include_check [+|-]match ...`: without a sign they replace what was asked for before, and
// without a word all are asked for.
void read_include_check(const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
    constexpr std::array kChecks{std::pair("match", &IncludeChecks::match),
                                 std::pair("wildcard_match", &IncludeChecks::wildcard_match),
                                 std::pair("brace_match", &IncludeChecks::brace_match),
                                 std::pair("readable", &IncludeChecks::readable)};
    IncludeChecks& checks = draft.source.include_checks();
    const std::span words = std::span(statement.words).subspan(1);
    if (words.empty()) {
        checks = {.match = true, .wildcard_match = true, .brace_match = true, .readable = true};
    }
    for (const Word& word : words) {
        const bool adds = word.text.starts_with('+');
        const bool removes = word.text.starts_with('-');
        if (!adds && !removes && &word == words.data()) {
            checks = {};
        }
        const std::string_view name = std::string_view(word.text).substr(adds || removes ? 1 : 0);
        const auto check = std::find_if(
            kChecks.begin(), kChecks.end(), [&](const auto& known) { return known.first == name; });
        if (check == kChecks.end()) {
            diagnostics.error(word.position,
                              "'include_check' takes match, wildcard_match, brace_match and "
                              "readable, with + or - before them, not '{}'",
                              word.text);
        } else {
            checks.*check->second = !removes;
        }
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
    {.name = "include_check", .read = read_include_check, .repeats = true},
    {.name = "random_seed",
     .read =
         [](const Statement& statement, ConfigDraft& draft, Diagnostics& diagnostics) {
             constexpr NumberRange kSeeds{.min = 0,
                                          .max = std::numeric_limits<std::uint32_t>::max()};
             if (const auto seed = read_number(statement, kSeeds, diagnostics)) {
                 draft.source.seed(*seed);
             }
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

// The keys under which packets find the service.
std::span<const model::ServiceKey> keys_of(const model::VirtualServiceConfig& service) {
    return service.members.empty() ? std::span(&service.key, 1) : std::span(service.members);
}

// True: it is new, and there is room for it.
bool enter_service(const model::VirtualServiceConfig& service,
                   Position place,
                   ConfigDraft& draft,
                   Diagnostics& diagnostics) {
    for (const model::ServiceKey& key : keys_of(service)) {
        const auto [known, is_new] = draft.service_places.emplace(key, place);
        if (!is_new && service.members.empty() && known->second.file == place.file) {
            diagnostics.error(place,
                              "this address, port and protocol are already those of the "
                              "virtual_server at line {}",
                              known->second.line);
            return false;
        }
        if (!is_new) {
            diagnostics.error(place,
                              "{} is already a virtual server at {}",
                              model::to_string(key),
                              diagnostics.place(known->second));
            return false;
        }
    }
    draft.services += keys_of(service).size();
    draft.servers += keys_of(service).size() * service.servers.size();
    if (draft.services > model::kVirtualServicesMax) {
        diagnostics.error(place, "more than {} virtual_server blocks", model::kVirtualServicesMax);
        return false;
    }
    if (draft.servers > model::kRealServersMax) {
        diagnostics.error(place, "more than {} real_server blocks", model::kRealServersMax);
        return false;
    }
    return true;
}

void enter(const KnownBlock& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    diagnostics.add_warnings(block.warnings);
    const ReadService& read = block.read;
    draft.track_files.insert(
        draft.track_files.end(), read.track_files.begin(), read.track_files.end());
    if (read.service && enter_service(*read.service, block.place, draft, diagnostics)) {
        draft.config.virtual_services.push_back(*read.service);
    }
}

void add_server_group(const Statement& block, ConfigDraft& draft, Diagnostics& diagnostics) {
    ServerGroup group = read_server_group(block, diagnostics);
    for (const ServerGroup& other : draft.server_groups) {
        if (other.name == group.name) {
            diagnostics.error(group.place,
                              "virtual_server_group '{}' is already defined at {}",
                              group.name,
                              diagnostics.place(other.place));
            return;
        }
    }
    draft.server_groups.push_back(std::move(group));
}

// All groups are known now.
void finish_group_services(ConfigDraft& draft, Diagnostics& diagnostics) {
    std::size_t added = 0;
    for (auto& [place_in_list, service] : draft.group_services) {
        const Position place = service.place;
        const Word name = *service.group;
        Suggestion suggestion(name.text);
        const ServerGroup* group = nullptr;
        for (const ServerGroup& candidate : draft.server_groups) {
            suggestion.consider(candidate.name);
            group = candidate.name == name.text ? &candidate : group;
        }
        if (group == nullptr) {
            diagnostics.error(name.position,
                              "there is no virtual_server_group '{}'{}",
                              name.text,
                              suggestion.text());
        }
        ReadService read = finish(std::move(service), group, diagnostics);
        draft.track_files.insert(
            draft.track_files.end(), read.track_files.begin(), read.track_files.end());
        if (!read.service || !enter_service(*read.service, place, draft, diagnostics)) {
            continue;
        }
        auto& services = draft.config.virtual_services;
        services.insert(services.begin() + static_cast<std::ptrdiff_t>(place_in_list + added),
                        std::move(*read.service));
        ++added;
    }
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
    {.name = "virtual_server", .shape = Shape::block},  // Reading::visit() reads it.
    {.name = "virtual_server_group", .shape = Shape::block, .read = add_server_group},
    {.name = "track_file", .shape = Shape::block, .read = add_track_file},
    {.name = "vrrp_track_file", .shape = Shape::block, .read = add_track_file},
    {.name = "SSL", .shape = Shape::block, .read = add_tls_client},
    {.name = "fpvs", .shape = Shape::block, .read = add_fpvs},
});

// Goes through the statements of a configuration once.
class Reading final : public StatementVisitor {
  public:
    // `known` and `learned` are null where nothing is to be remembered.
    Reading(LineSource& source,
            ConfigDraft& draft,
            std::shared_ptr<const FileNames> file_names,
            Diagnostics& spelling,
            Diagnostics& diagnostics,
            BlockMemory* known,
            BlockMemory* learned)
        : source_(source),
          draft_(draft),
          file_names_(std::move(file_names)),
          spelling_(spelling),
          diagnostics_(diagnostics),
          reader_(kTopKeywords, unread_at_top(), draft, diagnostics),
          known_(known),
          learned_(learned) {}

    void visit(const Statement& statement, const std::optional<Extent>& extent) override {
        // With its words or braces wrong, what the file means would be guesswork: then only that
        // is said.
        if (spelling_.failed()) {
            return;
        }
        if (statement.keyword().text != "virtual_server" || !statement.has_block) {
            reader_.read(statement);
            return;
        }
        Diagnostics findings(file_names_);
        ServiceDraft service = read_virtual_server(statement, findings);
        if (service.group) {
            diagnostics_.add(findings);
            draft_.group_services.emplace_back(draft_.config.virtual_services.size(),
                                               std::move(service));
            return;
        }
        auto block = std::make_shared<KnownBlock>();
        block->place = service.place;
        block->read = finish(std::move(service), nullptr, findings);
        if (findings.failed()) {
            diagnostics_.add(findings);
            return;
        }
        block->warnings = findings.warning_list();
        enter(*block, draft_, diagnostics_);
        if (learned_ != nullptr && extent) {
            learned_->add(source_.opened()[extent->begin.file], *extent, std::move(block));
        }
    }

    void between() override {
        while (known_ != nullptr && !spelling_.failed()) {
            const auto rest = source_.rest();
            if (!rest) {
                return;
            }
            const LineSource::Mark here = source_.mark();
            const LineSource::Opened& file = source_.opened()[here.file];
            const BlockMemory::Entry* const entry = known_->find(file.path, *rest);
            if (entry == nullptr) {
                return;
            }
            const Extent extent{
                .begin = here, .bytes = entry->extent.bytes, .lines = entry->extent.lines};
            auto block = entry->block;
            const LineSource::Mark& there = entry->extent.begin;
            if (there.line != here.line || there.file != here.file) {
                block = std::make_shared<KnownBlock>(moved(*block, there, here));
            }
            enter(*block, draft_, diagnostics_);
            learned_->add(file, extent, std::move(block));
            source_.skip(extent.bytes, extent.lines);
            ++passed_over_;
        }
    }

    [[nodiscard]] std::size_t passed_over() const { return passed_over_; }

  private:
    LineSource& source_;
    ConfigDraft& draft_;
    std::shared_ptr<const FileNames> file_names_;
    Diagnostics& spelling_;
    Diagnostics& diagnostics_;
    BlockReader<ConfigDraft> reader_;
    BlockMemory* known_;
    BlockMemory* learned_;
    std::size_t passed_over_ = 0;
};

Result<ParsedConfig> read_all(LineSource::Text text,
                              const std::string& path,
                              const ReadOptions& options,
                              BlockMemory* known,
                              BlockMemory* learned,
                              std::size_t& passed_over) {
    const auto file_names = std::make_shared<FileNames>();
    Diagnostics spelling(file_names);
    Diagnostics diagnostics(file_names);
    LineSource source(options, file_names, spelling);
    source.open(std::move(text), path);
    ConfigDraft draft{.source = source};
    Reading reading(source, draft, file_names, spelling, diagnostics, known, learned);
    for_each_statement(source, spelling, reading);
    passed_over = reading.passed_over();
    if (spelling.failed()) {
        return fail(spelling.to_error());
    }
    finish_group_services(draft, diagnostics);
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
    diagnostics.add_warnings(spelling.warning_list());
    return ParsedConfig{.config = std::move(draft.config), .warnings = diagnostics.warnings()};
}

}  // namespace

Result<ParsedConfig> parse(std::string_view text,
                           std::string_view file_name,
                           const ReadOptions& options) {
    if (text.size() > model::kConfigFileBytesMax) {
        return fail({.code = Code::exhausted,
                     .message = fmt::format("the file is larger than {} MiB, the most that is read",
                                            model::kConfigFileBytesMax >> 20),
                     .where = std::string(file_name)});
    }
    std::size_t passed_over = 0;
    return read_all(std::make_shared<const std::string>(text),
                    std::string(file_name),
                    options,
                    nullptr,
                    nullptr,
                    passed_over);
}

ConfigReader::ConfigReader(ReadOptions options)
    : options_(std::move(options)), memory_(std::make_unique<BlockMemory>()) {}

ConfigReader::~ConfigReader() = default;

Result<ParsedConfig> ConfigReader::read(const std::string& path) {
    const Files& files = options_.files != nullptr ? *options_.files : files_on_disk();
    FPVS_TRY(std::string text, files.read(path));
    auto learned = std::make_unique<BlockMemory>();
    auto parsed = read_all(std::make_shared<const std::string>(std::move(text)),
                           path,
                           options_,
                           memory_.get(),
                           learned.get(),
                           blocks_known_);
    if (parsed) {
        memory_ = std::move(learned);
    }
    return parsed;
}

Result<ParsedConfig> parse_file(const std::string& path, const ReadOptions& options) {
    return ConfigReader(options).read(path);
}

}  // namespace fpvs::config
