// SPDX-License-Identifier: Apache-2.0
#include "host/engine/settings.hpp"

#include <algorithm>
#include <array>

namespace fpvs::engine {
namespace {

struct Description {
    std::string_view name;
    int Settings::* member;
    int initial;
    int lowest;
    int highest;
    std::string_view meaning;
};

constexpr std::array kDescriptions = {
#define FPVS_ENGINE_SETTING_ROW(name, initial, lowest, highest, meaning) \
    Description{#name, &Settings::name, initial, lowest, highest, meaning},
    FPVS_ENGINE_SETTINGS(FPVS_ENGINE_SETTING_ROW)
#undef FPVS_ENGINE_SETTING_ROW
};

[[nodiscard]] const Description* find(std::string_view setting) {
    const auto* const found =
        std::find_if(kDescriptions.begin(), kDescriptions.end(), [&](const auto& description) {
            return description.name == setting;
        });
    return found == kDescriptions.end() ? nullptr : found;
}

// Where FPVS's own settings stand for what the kernel always does.
[[nodiscard]] int kernel_value(const Description& description) {
    constexpr int kKernelFlushMs = 2'000;
    return description.name == "sync_template_refresh" ? 0
           : description.name == "sync_flush_ms"       ? kKernelFlushMs
                                                       : description.initial;
}

}  // namespace

Status Settings::set(std::string_view setting, int value) {
    const Description* description = find(setting);
    if (description == nullptr) {
        return fail(Code::not_found, "No setting is named {}", setting);
    }
    if (value < description->lowest || value > description->highest) {
        return fail(Code::invalid_argument,
                    "{} is {} to {}, not {}",
                    setting,
                    description->lowest,
                    description->highest,
                    value);
    }
    this->*description->member = value;
    return {};
}

std::optional<int> Settings::get(std::string_view setting) const {
    const Description* description = find(setting);
    return description == nullptr ? std::nullopt : std::optional(this->*description->member);
}

std::vector<model::SettingView> Settings::view() const {
    std::vector<model::SettingView> views;
    views.reserve(kDescriptions.size());
    for (const Description& description : kDescriptions) {
        views.push_back({.name = std::string(description.name),
                         .value = this->*description.member,
                         .initial = description.initial,
                         .kernel_value = kernel_value(description),
                         .meaning = std::string(description.meaning)});
    }
    return views;
}

}  // namespace fpvs::engine
