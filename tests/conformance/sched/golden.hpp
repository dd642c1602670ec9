// SPDX-License-Identifier: Apache-2.0
// Recordings of a real IPVS, read from tests/data or from $GOLDEN.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace fpvs::test {

// Every scenario of every sched/*.json.  Aborts with a sentence if there is none.
[[nodiscard]] std::vector<nlohmann::json> load_scenarios();
[[nodiscard]] nlohmann::json load_tcp_state_machine();
[[nodiscard]] nlohmann::json load_seed_run();

}  // namespace fpvs::test
