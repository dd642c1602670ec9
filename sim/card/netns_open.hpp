// SPDX-License-Identifier: Apache-2.0
// Opens something inside a network namespace, which it then stays in.
#pragma once

#include <optional>
#include <string>

#include "drivers/kernel/netns_scope.hpp"

namespace fpvs::sim::card {

// `open()` in the namespace of that name, or where we are if it is empty.
template <class Open>
auto open_in_netns(const std::string& netns, Open open) -> decltype(open()) {
    std::optional<kernel::NetnsScope> scope;
    if (!netns.empty()) {
        FPVS_TRY(auto entered, kernel::NetnsScope::enter(netns));
        scope.emplace(std::move(entered));
    }
    return open();
}

}  // namespace fpvs::sim::card
