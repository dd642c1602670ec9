// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/counters.hpp"

#include <string>

namespace fpvs::slowpath {
namespace {

constexpr std::array<Fate, kOutcomes> kFates = {
#define FPVS_SLOWPATH_FATE(name, fate, meaning) Fate::fate,
    FPVS_SLOWPATH_OUTCOMES(FPVS_SLOWPATH_FATE)
#undef FPVS_SLOWPATH_FATE
};

constexpr std::array<std::string_view, kOutcomes> kOutcomeNames = {
#define FPVS_SLOWPATH_NAME(name, fate, meaning) #name,
    FPVS_SLOWPATH_OUTCOMES(FPVS_SLOWPATH_NAME)
#undef FPVS_SLOWPATH_NAME
};

constexpr std::array<std::string_view, kIncidents> kIncidentNames = {
#define FPVS_SLOWPATH_NAME(name, meaning) #name,
    FPVS_SLOWPATH_INCIDENTS(FPVS_SLOWPATH_NAME)
#undef FPVS_SLOWPATH_NAME
};

}  // namespace

Fate fate(Outcome outcome) {
    return kFates[static_cast<std::size_t>(outcome)];
}

std::string_view name(Outcome outcome) {
    return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

std::string_view name(Incident incident) {
    return kIncidentNames[static_cast<std::size_t>(incident)];
}

model::StageView Counters::view() const {
    model::StageView stage{.name = "slow path", .counters = {}};
    stage.counters.reserve(kOutcomes + kIncidents);
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        stage.counters.push_back(
            {std::string(kOutcomeNames[i]), outcomes_[i].frames, outcomes_[i].bytes});
    }
    for (std::size_t i = 0; i < kIncidents; ++i) {
        stage.counters.push_back(
            {std::string(kIncidentNames[i]), incidents_[i].frames, incidents_[i].bytes});
    }
    return stage;
}

}  // namespace fpvs::slowpath
