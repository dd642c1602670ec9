// SPDX-License-Identifier: Apache-2.0
#include "host/config/vrrp_group_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "host/config/block.hpp"
#include "host/config/keywords.hpp"
#include "host/config/values.hpp"
#include "host/config/vrrp_notify_reader.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr auto kGroupKeywords = std::to_array<Keyword<VrrpGroupDraft>>({
    {.name = "group",
     .shape = Shape::block,
     .read =
         [](const Statement& block, VrrpGroupDraft& draft, Diagnostics& diagnostics) {
             for (const Statement& line : block.children) {
                 if (has_shape(line, Shape::line, diagnostics)) {
                     draft.members.insert(
                         draft.members.end(), line.words.begin(), line.words.end());
                 }
             }
         }},
    {.name = "sync_group_tracking_weight",
     .read =
         [](const Statement& statement, VrrpGroupDraft& draft, Diagnostics& diagnostics) {
             expect_no_value(statement, diagnostics);
             draft.group.tracks_with_weights = true;
         }},
});

constexpr auto kUnreadInGroup = std::to_array<UnreadKeyword>({
    {.name = "global_tracking"},
    {.name = "track_bfd", .refusal = "the group would stay master when what it tracks fails"},
});

void drop_weights(const model::VrrpGroup& group,
                  model::VrrpInstance& member,
                  Position position,
                  Diagnostics& diagnostics) {
    for (model::VrrpTrack& track : member.tracks) {
        if (track.weight.factor != 0 && !group.tracks_with_weights) {
            diagnostics.warning(position,
                                "the weight of '{}' in vrrp_instance '{}' is taken as 0, as in "
                                "keepalived: members of '{}' must agree; track it in the group",
                                track.name,
                                member.name,
                                group.name);
            track.weight.factor = 0;
        }
    }
}

bool is_in_another_group(const std::string& member, const model::Config& config) {
    return std::any_of(
        config.vrrp_groups.begin(), config.vrrp_groups.end(), [&](const auto& group) {
            return std::find(group.members.begin(), group.members.end(), member) !=
                   group.members.end();
        });
}

void add_member(const Word& word,
                model::VrrpGroup& group,
                model::Config& config,
                Diagnostics& diagnostics) {
    Suggestion suggestion(word.text);
    for (model::VrrpInstance& instance : config.vrrp_instances) {
        suggestion.consider(instance.name);
        if (instance.name != word.text) {
            continue;
        }
        if (is_in_another_group(word.text, config) ||
            std::find(group.members.begin(), group.members.end(), word.text) !=
                group.members.end()) {
            diagnostics.error(
                word.position, "vrrp_instance '{}' is in a sync group already", word.text);
            return;
        }
        drop_weights(group, instance, word.position, diagnostics);
        group.members.push_back(word.text);
        return;
    }
    diagnostics.error(
        word.position, "there is no vrrp_instance '{}'{}", word.text, suggestion.text());
}

}  // namespace

VrrpGroupDraft read_vrrp_group(const Statement& block, Diagnostics& diagnostics) {
    VrrpGroupDraft draft;
    draft.position = block.keyword().position;
    if (const Word* const name = single_value(block, diagnostics)) {
        draft.group.name = name->text;
    }
    BlockReader<VrrpGroupDraft> own(kGroupKeywords, kUnreadInGroup, draft, diagnostics);
    BlockReader<model::VrrpNotify> notify(
        vrrp_notify_keywords(), {}, draft.group.notify, diagnostics);
    BlockReader<TrackDrafts> tracks(vrrp_track_keywords(), {}, draft.tracks, diagnostics);
    for (const Statement& statement : block.children) {
        if (notify.knows(statement)) {
            notify.read(statement);
        } else if (tracks.knows(statement)) {
            tracks.read(statement);
        } else {
            own.read(statement);
        }
    }
    return draft;
}

void add_vrrp_group(VrrpGroupDraft draft, model::Config& config, Diagnostics& diagnostics) {
    model::VrrpGroup& group = draft.group;
    if (std::any_of(config.vrrp_groups.begin(), config.vrrp_groups.end(), [&](const auto& other) {
            return other.name == group.name;
        })) {
        diagnostics.error(draft.position, "vrrp_sync_group '{}' is already defined", group.name);
        return;
    }
    for (const Word& member : draft.members) {
        add_member(member, group, config, diagnostics);
    }
    if (draft.members.size() < 2) {
        diagnostics.warning(draft.position,
                            "vrrp_sync_group '{}' has {} instance(s): there is nothing to keep "
                            "together",
                            group.name,
                            draft.members.size());
    }
    group.tracks = finish(draft.tracks, config, diagnostics);
    config.vrrp_groups.push_back(std::move(group));
}

}  // namespace fpvs::config
