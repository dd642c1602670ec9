// SPDX-License-Identifier: Apache-2.0
// Carries out the ipvsadm commands that the recorded scenarios contain; no more of its grammar.
#pragma once

#include <string>
#include <string_view>

#include "host/engine/engine.hpp"

namespace fpvs::test {

struct CommandResult {
    int exit_code = 0;
    std::string output;
    model::ServiceKey service;  // The service it was about.
};

// Returns what ipvsadm would have printed and returned.  A command that is not understood, or
// about something that the engine does not have, gives `unsupported`.
struct Unsupported {
    std::string reason;
};

[[nodiscard]] tl::expected<CommandResult, Unsupported> run_ipvsadm(engine::Engine& engine,
                                                                   std::string_view command);

}  // namespace fpvs::test
