// SPDX-License-Identifier: Apache-2.0
// Which addresses a director wants to be asked for: those of its services by address, each while
// one of the services that have it has its quorum (docs/decisions/0016).
#pragma once

#include <functional>

#include "host/announce/frr.hpp"
#include "host/model/config.hpp"

namespace fpvs::announce {

struct Plan {
    Addresses wanted;
    Addresses known;  // Those that could be, if their servers were well.
};

using QuorumOf = std::function<bool(const model::ServiceKey& service)>;
// Without `announce` there is none.
[[nodiscard]] Plan plan_addresses(const model::Config& config, const QuorumOf& has_quorum);

}  // namespace fpvs::announce
