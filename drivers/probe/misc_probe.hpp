// SPDX-License-Identifier: Apache-2.0
// MISC_CHECK: a program of the operator's says by its exit status whether a server serves.
#pragma once

#include <memory>

#include "host/provider/probe.hpp"
#include "host/provider/script_runner.hpp"

namespace fpvs::probe {

// What an exit status means, given the server's configured weight's change: 0 is success, 1 is
// failure, and more is a weight plus 2 for a dynamic check and a failure for others.
[[nodiscard]] provider::ProbeReport judge_script(const model::MiscCheck& check,
                                                 std::int32_t server_weight,
                                                 const provider::ScriptEnd& end);

[[nodiscard]] std::unique_ptr<provider::Probe::Attempt> begin_misc(
    provider::ScriptRunner& scripts,
    const provider::ProbeRequest& request,
    provider::Probe::Done done);

}  // namespace fpvs::probe
