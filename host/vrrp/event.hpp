// SPDX-License-Identifier: Apache-2.0
// What an instance or a sync group has to tell the operator.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/model/vrrp_group.hpp"
#include "host/vrrp/election.hpp"

namespace fpvs::vrrp {

struct Event {
    enum class Kind : std::uint8_t {
        state,           // It entered `state`.
        stopped,         // The daemon ends.
        deleted,         // A new configuration does not have it any more.
        lower_priority,  // As master it heard a lower one.
        priority,        // Its effective priority changed.
        reloaded,        // A new configuration left it in `state`.
    };

    Kind kind = Kind::state;
    bool of_group = false;
    std::string name = {};
    State state = State::initialize;
    std::uint8_t priority = 0;  // A group has none: 0.
    // Whom it concerns, as the configuration of that moment has it; never null.
    std::shared_ptr<const model::VrrpNotify> notify = {};
};

// The words that scripts and FIFOs get: "MASTER", "STOP", "MASTER_RX_LOWER_PRI", "BACKUP_PRIORITY".
[[nodiscard]] std::string_view word(const Event& event);
// 'INSTANCE "VI_1" MASTER 100' and the end of the line, as keepalived writes it.
[[nodiscard]] std::string fifo_line(const Event& event);

}  // namespace fpvs::vrrp
