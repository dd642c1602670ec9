// SPDX-License-Identifier: Apache-2.0
#include "host/schedule/scheduler.hpp"

#include <algorithm>
#include <array>

#include "host/schedule/schedulers.hpp"

namespace fpvs::schedule {
namespace {

using Factory = std::unique_ptr<Scheduler> (*)();

constexpr std::array<std::string_view, 13> kNames = {
    "dh", "fo", "lblc", "lblcr", "lc", "mh", "nq", "ovf", "rr", "sed", "sh", "wlc", "wrr"};
constexpr std::array<Factory, kNames.size()> kFactories = {make_dh,
                                                           make_fo,
                                                           make_lblc,
                                                           make_lblcr,
                                                           make_lc,
                                                           make_mh,
                                                           make_nq,
                                                           make_ovf,
                                                           make_rr,
                                                           make_sed,
                                                           make_sh,
                                                           make_wlc,
                                                           make_wrr};

}  // namespace

std::unique_ptr<Scheduler> make_scheduler(std::string_view name) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    return found == kNames.end() ? nullptr
                                 : kFactories[static_cast<std::size_t>(found - kNames.begin())]();
}

std::span<const std::string_view> scheduler_names() {
    return kNames;
}

}  // namespace fpvs::schedule
