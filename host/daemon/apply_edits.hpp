// SPDX-License-Identifier: Apache-2.0
// Carries out the edits that a new configuration asks for.
#pragma once

#include <cstddef>
#include <vector>

#include "host/daemon/service_plan.hpp"
#include "host/engine/engine.hpp"

namespace fpvs::daemon {

// Returns how many were refused.  A command may have been there first, so that is said in the log
// and no reason to stop.
std::size_t apply_edits(engine::Engine& engine, const std::vector<Edit>& edits);

}  // namespace fpvs::daemon
