// SPDX-License-Identifier: Apache-2.0
// What libfpvs_xrt_sim.so exports: loading it, before XRT has opened any device, makes the
// simulated card XRT's device 0.  This tells whether that worked.
#pragma once

extern "C" {

// Null when the simulated card is registered, or the sentence that says why it is not.
[[gnu::visibility("default")]] const char* fpvs_xrt_sim_problem();
}

namespace fpvs::xrt_sim {

using ProblemFunction = const char*();
constexpr const char* kProblemFunction = "fpvs_xrt_sim_problem";

}  // namespace fpvs::xrt_sim
