// SPDX-License-Identifier: Apache-2.0
// What the verbs of fpvsadm print: fixed layouts, one fact a line or a row.
#pragma once

#include <string>

#include "host/control/api.pb.h"

namespace fpvs::cli {

namespace api = control::api;

[[nodiscard]] std::string daemon_report(const api::Daemon& daemon);
[[nodiscard]] std::string card_report(const api::Card& card);
[[nodiscard]] std::string vrrp_report(const api::VrrpInstances& instances);
[[nodiscard]] std::string health_report(const api::HealthChecks& checks);
[[nodiscard]] std::string settings_report(const api::Settings& settings);
[[nodiscard]] std::string announcements_report(const api::Announcements& announcements);
[[nodiscard]] std::string mark_rules_report(const api::MarkRules& rules);

}  // namespace fpvs::cli
