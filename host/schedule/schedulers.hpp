// SPDX-License-Identifier: Apache-2.0
// One factory a scheduler, under IPVS's names.  What each does is said in its file.
#pragma once

#include <cstdint>
#include <memory>

#include "host/schedule/scheduler.hpp"

namespace fpvs::schedule {

[[nodiscard]] std::unique_ptr<Scheduler> make_dh();
[[nodiscard]] std::unique_ptr<Scheduler> make_fo();
[[nodiscard]] std::unique_ptr<Scheduler> make_lblc();
[[nodiscard]] std::unique_ptr<Scheduler> make_lblcr();
[[nodiscard]] std::unique_ptr<Scheduler> make_lc();
[[nodiscard]] std::unique_ptr<Scheduler> make_mh();
[[nodiscard]] std::unique_ptr<Scheduler> make_nq();
[[nodiscard]] std::unique_ptr<Scheduler> make_ovf();
[[nodiscard]] std::unique_ptr<Scheduler> make_rr();
[[nodiscard]] std::unique_ptr<Scheduler> make_sed();
[[nodiscard]] std::unique_ptr<Scheduler> make_sh();
[[nodiscard]] std::unique_ptr<Scheduler> make_twos(std::uint64_t seed);
[[nodiscard]] std::unique_ptr<Scheduler> make_wlc();
[[nodiscard]] std::unique_ptr<Scheduler> make_wrr();

}  // namespace fpvs::schedule
