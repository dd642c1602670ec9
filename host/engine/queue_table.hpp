// SPDX-License-Identifier: Apache-2.0
// Where a NIC with the key of Owners has to put what it receives: the queue of each hash, by its
// last bits.
#pragma once

#include <array>
#include <cstdint>

#include "host/engine/owners.hpp"

namespace fpvs::engine {

[[nodiscard]] std::array<std::uint16_t, Owners::kBuckets> queue_table(const Owners& owners);

}  // namespace fpvs::engine
