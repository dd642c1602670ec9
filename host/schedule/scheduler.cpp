// SPDX-License-Identifier: Apache-2.0
#include "host/schedule/scheduler.hpp"

#include <algorithm>
#include <array>

#include "host/schedule/schedulers.hpp"

namespace fpvs::schedule {
namespace {

constexpr std::array<std::string_view, 14> kNames = {
    "dh", "fo", "lblc", "lblcr", "lc", "mh", "nq", "ovf", "rr", "sed", "sh", "twos", "wlc", "wrr"};
// A scheduler that needs no seed does not take one.
using Factory = std::unique_ptr<Scheduler> (*)(std::uint64_t seed);
template <auto kMake>
constexpr Factory kWithoutSeed = [](std::uint64_t) { return kMake(); };

constexpr std::array<Factory, kNames.size()> kFactories = {kWithoutSeed<make_dh>,
                                                           kWithoutSeed<make_fo>,
                                                           kWithoutSeed<make_lblc>,
                                                           kWithoutSeed<make_lblcr>,
                                                           kWithoutSeed<make_lc>,
                                                           kWithoutSeed<make_mh>,
                                                           kWithoutSeed<make_nq>,
                                                           kWithoutSeed<make_ovf>,
                                                           kWithoutSeed<make_rr>,
                                                           kWithoutSeed<make_sed>,
                                                           kWithoutSeed<make_sh>,
                                                           make_twos,
                                                           kWithoutSeed<make_wlc>,
                                                           kWithoutSeed<make_wrr>};

}  // namespace

std::unique_ptr<Scheduler> make_scheduler(std::string_view name, std::uint64_t seed) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    return found == kNames.end()
               ? nullptr
               : kFactories[static_cast<std::size_t>(found - kNames.begin())](seed);
}

std::span<const std::string_view> scheduler_names() {
    return kNames;
}

}  // namespace fpvs::schedule
