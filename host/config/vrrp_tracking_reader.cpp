// SPDX-License-Identifier: Apache-2.0
#include "host/config/vrrp_tracking_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
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

constexpr std::uint32_t kMillisecondsPerSecond = 1000;
constexpr std::uint32_t kTimeMaxS = 86'400;
constexpr std::uint32_t kRunsMax = 1000;        // Of rise and fall.
constexpr std::int32_t kScriptWeightMax = 253;  // keepalived's limits,
constexpr std::int32_t kWeightMax = 254;        // that of files and processes.

std::int32_t weight_max(model::TrackKind kind) {
    const bool narrow = kind == model::TrackKind::script || kind == model::TrackKind::interface;
    return narrow ? kScriptWeightMax : kWeightMax;
}

bool is_in_range(const model::TrackWeight& weight,
                 std::int32_t max,
                 Position position,
                 Diagnostics& diagnostics) {
    if (weight.factor < -max || weight.factor > max) {
        diagnostics.error(position, "a weight is from {} to {} here", -max, max);
        return false;
    }
    return true;
}

std::optional<std::uint32_t> read_milliseconds(const Statement& statement,
                                               std::uint32_t least,
                                               Diagnostics& diagnostics) {
    return read_time(statement,
                     {.units_per_s = kMillisecondsPerSecond,
                      .min_units = least,
                      .max_units = kTimeMaxS * kMillisecondsPerSecond},
                     diagnostics);
}

// -- Lines that name what is tracked ---------------------------------------------------------

// `NAME [weight N [reverse|noreverse]]`.
void read_track(const Statement& line,
                model::TrackKind kind,
                TrackDrafts& drafts,
                Diagnostics& diagnostics) {
    TrackDraft draft{.kind = kind, .name = line.keyword()};
    if (!has_shape(line, Shape::line, diagnostics)) {
        return;
    }
    for (std::size_t i = 1; i < line.words.size(); ++i) {
        const Word& word = line.words[i];
        if (word.text == "weight" && i + 1 < line.words.size()) {
            const Statement of_weight{.words = {word, line.words[++i]}};
            const auto weight = read_track_weight(of_weight, diagnostics);
            if (weight &&
                is_in_range(*weight, weight_max(kind), line.words[i].position, diagnostics)) {
                draft.weight = weight;
            }
        } else if (draft.weight && word.text == "reverse") {
            draft.weight->reverse = true;
        } else if (draft.weight && (word.text == "noreverse" || word.text == "no_reverse")) {
            draft.weight->reverse = false;
        } else {
            diagnostics.error(word.position,
                              "'{}' is not understood; 'weight N [reverse]' may follow the name",
                              word.text);
            return;
        }
    }
    if (drafts.size() == model::kVrrpTracksMax) {
        diagnostics.error(
            draft.name.position, "at most {} things are tracked", model::kVrrpTracksMax);
        return;
    }
    drafts.push_back(std::move(draft));
}

template <model::TrackKind Kind>
void read_tracks(const Statement& block, TrackDrafts& drafts, Diagnostics& diagnostics) {
    for (const Statement& line : block.children) {
        read_track(line, Kind, drafts, diagnostics);
    }
}

constexpr auto kTrackKeywords = std::to_array<Keyword<TrackDrafts>>({
    {.name = "track_interface",
     .shape = Shape::block,
     .read = read_tracks<model::TrackKind::interface>},
    {.name = "track_script", .shape = Shape::block, .read = read_tracks<model::TrackKind::script>},
    {.name = "track_file", .shape = Shape::block, .read = read_tracks<model::TrackKind::file>},
    {.name = "track_process",
     .shape = Shape::block,
     .read = read_tracks<model::TrackKind::process>},
});

// The weight that a named thing has of its own; nothing: there is no such thing.
template <class Thing>
std::optional<model::TrackWeight> weight_of(const Word& name,
                                            std::string_view keyword,
                                            const std::vector<Thing>& things,
                                            Diagnostics& diagnostics) {
    Suggestion suggestion(name.text);
    for (const Thing& thing : things) {
        if (thing.name == name.text) {
            return thing.weight;
        }
        suggestion.consider(thing.name);
    }
    diagnostics.error(
        name.position, "there is no {} '{}'{}", keyword, name.text, suggestion.text());
    return std::nullopt;
}

std::optional<model::TrackWeight> usual_weight(const TrackDraft& draft,
                                               const model::Config& config,
                                               Diagnostics& diagnostics) {
    switch (draft.kind) {
        case model::TrackKind::interface:
            (void)read_interface(draft.name, diagnostics);
            return model::TrackWeight{.factor = 0};
        case model::TrackKind::script:
            return weight_of(draft.name, "vrrp_script", config.vrrp_scripts, diagnostics);
        case model::TrackKind::file:
            return weight_of(draft.name, "track_file", config.track_files, diagnostics);
        case model::TrackKind::process:
            return weight_of(draft.name, "vrrp_track_process", config.vrrp_processes, diagnostics);
    }
    return std::nullopt;
}

// -- vrrp_script ----------------------------------------------------------------------------

constexpr auto kScriptKeywords = std::to_array<Keyword<model::VrrpScript>>({
    {.name = "script",
     .read =
         [](const Statement& statement, model::VrrpScript& script, Diagnostics& diagnostics) {
             // The user has a keyword of its own.
             const model::Script read = read_script(statement, diagnostics);
             script.script.arguments = read.arguments;
         }},
    {.name = "interval",
     .read =
         [](const Statement& statement, model::VrrpScript& script, Diagnostics& diagnostics) {
             script.interval_ms =
                 read_milliseconds(statement, 1, diagnostics).value_or(script.interval_ms);
         }},
    {.name = "timeout",
     .read =
         [](const Statement& statement, model::VrrpScript& script, Diagnostics& diagnostics) {
             script.timeout_ms = read_milliseconds(statement, 0, diagnostics).value_or(0);
         }},
    {.name = "rise",
     .read =
         [](const Statement& statement, model::VrrpScript& script, Diagnostics& diagnostics) {
             script.rise =
                 read_number(statement, {.min = 1, .max = kRunsMax}, diagnostics).value_or(1);
         }},
    {.name = "fall",
     .read =
         [](const Statement& statement, model::VrrpScript& script, Diagnostics& diagnostics) {
             script.fall =
                 read_number(statement, {.min = 1, .max = kRunsMax}, diagnostics).value_or(1);
         }},
    {.name = "weight",
     .read =
         [](const Statement& statement, model::VrrpScript& script, Diagnostics& diagnostics) {
             const auto weight = read_track_weight(statement, diagnostics);
             if (weight &&
                 is_in_range(
                     *weight, kScriptWeightMax, statement.keyword().position, diagnostics)) {
                 script.weight = *weight;
             }
         }},
    {.name = "user",
     .read =
         [](const Statement& statement, model::VrrpScript& script, Diagnostics& diagnostics) {
             read_user(statement, script.script.user, script.script.group, diagnostics);
         }},
    {.name = "init_fail",
     .read =
         [](const Statement& statement, model::VrrpScript& script, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             script.fails_at_first = true;
         }},
});

// -- vrrp_track_process ---------------------------------------------------------------------

void read_process_command(const Statement& statement,
                          model::VrrpProcess& process,
                          Diagnostics& diagnostics) {
    if (statement.words.size() < 2 || statement.words.size() > model::kScriptArgumentsMax + 1) {
        diagnostics.error(statement.keyword().position,
                          "'process' needs a name, and at most {} parameters",
                          model::kScriptArgumentsMax - 1);
        return;
    }
    process.command.clear();
    for (const Word& word : std::span(statement.words).subspan(1)) {
        process.command.push_back(word.text);
    }
}

void read_parameter_match(const Statement& statement,
                          model::VrrpProcess& process,
                          Diagnostics& diagnostics) {
    process.match_parameters = true;
    if (statement.words.size() == 1) {
        return;
    }
    const auto choice = read_choice(statement, {"initial", "partial"}, diagnostics);
    process.match = choice == 0 ? model::ParameterMatch::initial : model::ParameterMatch::partial;
}

template <std::uint32_t model::VrrpProcess::* Which>
void read_delay(const Statement& statement, model::VrrpProcess& process, Diagnostics& diagnostics) {
    process.*Which = read_milliseconds(statement, 0, diagnostics).value_or(0);
}

template <std::uint32_t model::VrrpProcess::* Which, std::uint32_t Least>
void read_quorum(const Statement& statement,
                 model::VrrpProcess& process,
                 Diagnostics& diagnostics) {
    constexpr auto kMost = static_cast<std::uint32_t>(model::kProcessesMax);
    process.*Which =
        read_number(statement, {.min = Least, .max = kMost}, diagnostics).value_or(Least);
}

constexpr auto kProcessKeywords = std::to_array<Keyword<model::VrrpProcess>>({
    {.name = "process", .read = read_process_command},
    {.name = "param_match", .read = read_parameter_match},
    {.name = "weight",
     .read =
         [](const Statement& statement, model::VrrpProcess& process, Diagnostics& diagnostics) {
             const auto weight = read_track_weight(statement, diagnostics);
             if (weight &&
                 is_in_range(*weight, kWeightMax, statement.keyword().position, diagnostics)) {
                 process.weight = *weight;
             }
         }},
    {.name = "quorum", .read = read_quorum<&model::VrrpProcess::quorum, 1>},
    {.name = "quorum_max", .read = read_quorum<&model::VrrpProcess::quorum_max, 0>},
    {.name = "fork_delay", .read = read_delay<&model::VrrpProcess::fork_delay_ms>},
    {.name = "terminate_delay", .read = read_delay<&model::VrrpProcess::terminate_delay_ms>},
    {.name = "delay",
     .read =
         [](const Statement& statement, model::VrrpProcess& process, Diagnostics& diagnostics) {
             read_delay<&model::VrrpProcess::fork_delay_ms>(statement, process, diagnostics);
             process.terminate_delay_ms = process.fork_delay_ms;
         }},
    {.name = "full_command",
     .read =
         [](const Statement& statement, model::VrrpProcess& process, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             process.full_command = true;
         }},
});

// Takes the thing's name from `keyword NAME`, and puts the thing among the others.
template <class Thing>
void add(const Statement& block,
         Thing thing,
         std::vector<Thing>& things,
         Diagnostics& diagnostics) {
    const std::string& keyword = block.keyword().text;
    const Position place = block.keyword().position;
    const Word* const name = single_value(block, diagnostics);
    if (name == nullptr) {
        return;
    }
    thing.name = name->text;
    if (std::any_of(things.begin(), things.end(), [&](const Thing& other) {
            return other.name == thing.name;
        })) {
        diagnostics.error(place, "there is already a {} '{}'", keyword, thing.name);
    } else if (things.size() == model::kVrrpTrackersMax) {
        diagnostics.error(place, "more than {} {} blocks", model::kVrrpTrackersMax, keyword);
    } else {
        things.push_back(std::move(thing));
    }
}

}  // namespace

std::span<const Keyword<TrackDrafts>> vrrp_track_keywords() {
    return kTrackKeywords;
}

void read_vrrp_script(const Statement& block, model::Config& config, Diagnostics& diagnostics) {
    model::VrrpScript script;
    read_block<model::VrrpScript>(block.children, kScriptKeywords, {}, script, diagnostics);
    if (!script.script.given()) {
        diagnostics.error(block.keyword().position, "a vrrp_script needs a script");
    }
    add(block, std::move(script), config.vrrp_scripts, diagnostics);
}

void read_vrrp_process(const Statement& block, model::Config& config, Diagnostics& diagnostics) {
    model::VrrpProcess process;
    read_block<model::VrrpProcess>(block.children, kProcessKeywords, {}, process, diagnostics);
    if (process.command.empty()) {
        diagnostics.error(block.keyword().position, "a vrrp_track_process needs a process");
    }
    if (process.quorum_max < process.quorum && process.quorum_max != 0) {
        diagnostics.error(block.keyword().position, "quorum_max is less than quorum");
    }
    process.match_parameters |= process.command.size() > 1;
    add(block, std::move(process), config.vrrp_processes, diagnostics);
}

std::vector<model::VrrpTrack> finish(const TrackDrafts& drafts,
                                     const model::Config& config,
                                     Diagnostics& diagnostics) {
    std::vector<model::VrrpTrack> tracks;
    for (const TrackDraft& draft : drafts) {
        if (const auto usual = usual_weight(draft, config, diagnostics)) {
            tracks.push_back({.kind = draft.kind,
                              .name = draft.name.text,
                              .weight = draft.weight.value_or(*usual)});
        }
    }
    return tracks;
}

}  // namespace fpvs::config
