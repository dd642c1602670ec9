// SPDX-License-Identifier: Apache-2.0
#include "host/config/checker_globals_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "host/config/check_reader.hpp"
#include "host/config/script_reader.hpp"
#include "host/config/values.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr auto kGlobals = std::to_array<Keyword<model::Config>>({
    {.name = "script_user",
     .read =
         [](const Statement& statement, model::Config& config, Diagnostics& diagnostics) {
             read_user(statement, config.scripts.user, config.scripts.group, diagnostics);
         }},
    {.name = "enable_script_security",
     .read =
         [](const Statement& statement, model::Config& config, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             config.scripts.security = true;
         }},
    {.name = "checker_log_all_failures",
     .read =
         [](const Statement& statement, model::Config& config, Diagnostics& diagnostics) {
             config.checkers.log_all_failures = read_flag(statement, diagnostics);
         }},
    {.name = "rs_init_notifies",
     .read =
         [](const Statement& statement, model::Config& config, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             config.checkers.notify_at_start = true;
         }},
    {.name = "lvs_notify_fifo",
     .read =
         [](const Statement& statement, model::Config& config, Diagnostics& diagnostics) {
             const Word* const word = single_value(statement, diagnostics);
             config.checkers.notify_fifo = word != nullptr ? word->text : "";
         }},
});

// Of either sign, but not the number without a positive counterpart.
std::optional<std::int32_t> read_signed(const Word& word,
                                        std::string_view what,
                                        Diagnostics& diagnostics) {
    constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
    std::int32_t value = 0;
    const char* const last = word.text.data() + word.text.size();
    const auto [end, error] = std::from_chars(word.text.data(), last, value);
    if (error != std::errc() || end != last || value < -kMax) {
        diagnostics.error(word.position,
                          "{} must be a whole number from {} to {}, not '{}'",
                          what,
                          -kMax,
                          kMax,
                          word.text);
        return std::nullopt;
    }
    return value;
}

// `init_file [VALUE] [overwrite]`.
void read_initial(const Statement& statement, model::TrackFile& file, Diagnostics& diagnostics) {
    file.initial = 0;
    for (const Word& word : std::span(statement.words).subspan(1)) {
        if (word.text == "overwrite") {
            file.overwrite = true;
        } else if (const auto value = read_signed(word, "'init_file'", diagnostics)) {
            file.initial = value;
        }
    }
}

constexpr auto kTrackFileKeywords = std::to_array<Keyword<model::TrackFile>>({
    {.name = "file",
     .read =
         [](const Statement& statement, model::TrackFile& file, Diagnostics& diagnostics) {
             const Word* const word = single_value(statement, diagnostics);
             file.path = word != nullptr ? word->text : "";
         }},
    {.name = "weight",
     .read =
         [](const Statement& statement, model::TrackFile& file, Diagnostics& diagnostics) {
             file.weight = read_track_weight(statement, diagnostics).value_or(file.weight);
         }},
    {.name = "init_file", .read = read_initial},
});

template <std::string model::TlsClient::* Field>
void read_text(const Statement& statement, model::TlsClient& client, Diagnostics& diagnostics) {
    const Word* const word = single_value(statement, diagnostics);
    client.*Field = word != nullptr ? word->text : "";
}

constexpr auto kTlsKeywords = std::to_array<Keyword<model::TlsClient>>({
    {.name = "password", .read = read_text<&model::TlsClient::password>},
    {.name = "ca",
     .read =
         [](const Statement& statement, model::TlsClient& client, Diagnostics& diagnostics) {
             read_text<&model::TlsClient::authorities>(statement, client, diagnostics);
             diagnostics.warning(statement.keyword().position,
                                 "'ca' has no effect: as with keepalived, certificates of servers "
                                 "are not verified");
         }},
    {.name = "certificate", .read = read_text<&model::TlsClient::certificate>},
    {.name = "key", .read = read_text<&model::TlsClient::key>},
});

}  // namespace

std::span<const Keyword<model::Config>> checker_globals() {
    return kGlobals;
}

std::optional<model::TrackWeight> read_track_weight(const Statement& statement,
                                                    Diagnostics& diagnostics) {
    if (statement.words.size() < 2) {
        diagnostics.error(statement.keyword().position, "'weight' needs a value");
        return std::nullopt;
    }
    model::TrackWeight weight;
    if (const auto factor = read_signed(statement.words[1], "'weight'", diagnostics)) {
        weight.factor = *factor;
    }
    for (const Word& word : std::span(statement.words).subspan(2)) {
        if (word.text != "reverse") {
            diagnostics.warning(
                word.position, "'weight' may be followed by reverse; '{}' is ignored", word.text);
        } else {
            weight.reverse = true;
        }
    }
    return weight;
}

void read_track_file(const Statement& block, model::Config& config, Diagnostics& diagnostics) {
    const Position place = block.keyword().position;
    model::TrackFile file;
    if (block.words.size() < 2) {
        diagnostics.error(place, "'{}' needs a name", block.keyword().text);
    } else {
        file.name = block.words[1].text;
    }
    read_block<model::TrackFile>(block.children, kTrackFileKeywords, {}, file, diagnostics);
    if (!file.path.starts_with('/')) {
        diagnostics.error(place, "{} needs a file, by its whole path", block.keyword().text);
    }
    const bool known = std::any_of(config.track_files.begin(),
                                   config.track_files.end(),
                                   [&](const auto& other) { return other.name == file.name; });
    if (known) {
        diagnostics.error(place, "there is already a track_file '{}'", file.name);
    } else if (config.track_files.size() == model::kTrackFilesMax) {
        diagnostics.error(place, "more than {} track files", model::kTrackFilesMax);
    } else {
        config.track_files.push_back(std::move(file));
    }
}

void read_tls_client(const Statement& block, model::Config& config, Diagnostics& diagnostics) {
    expect_no_value(block, diagnostics);
    read_block<model::TlsClient>(block.children, kTlsKeywords, {}, config.tls_client, diagnostics);
}

void require_track_files(std::span<const Word> names,
                         const model::Config& config,
                         Diagnostics& diagnostics) {
    for (const Word& name : names) {
        Suggestion suggestion(name.text);
        bool known = false;
        for (const model::TrackFile& file : config.track_files) {
            known = known || file.name == name.text;
            suggestion.consider(file.name);
        }
        if (!known && !name.text.empty()) {
            diagnostics.error(
                name.position, "there is no track_file '{}'{}", name.text, suggestion.text());
        }
    }
}

}  // namespace fpvs::config
