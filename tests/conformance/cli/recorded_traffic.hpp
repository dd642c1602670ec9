// SPDX-License-Identifier: Apache-2.0
// The packets that were sent while cli.json was recorded, played to the engine.
#pragma once

#include <cstddef>
#include <string>

#include "tests/kit/engine_operations.hpp"

namespace fpvs::test {

// Sends what the recording's notes say was sent before invocation number `index`.
void traffic_before(std::size_t index, kit::EngineOperations& operations);

// Whether a list shows that packets were counted or connections exist.
[[nodiscard]] bool has_traffic(const std::string& list);

}  // namespace fpvs::test
