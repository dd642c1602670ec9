// SPDX-License-Identifier: Apache-2.0
// A rule for a firewall mark as it is typed: "5 destination 10.0.0.0/8 port 80-90 protocol tcp".
// The words are those of a `firewall_mark` block in the configuration file.
#pragma once

#include <span>
#include <string>

#include "host/control/api.pb.h"
#include "host/util/result.hpp"

namespace fpvs::cli {

namespace api = control::api;

// Whether addresses and names can be meant is the daemon's to say.
[[nodiscard]] Result<api::MarkRule> parse_mark_rule(std::span<const std::string> words);
[[nodiscard]] std::string mark_rule_text(const api::MarkRule& rule);

}  // namespace fpvs::cli
