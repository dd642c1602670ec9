// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/event.hpp"

#include <fmt/core.h>

namespace fpvs::vrrp {

std::string_view word(const Event& event) {
    switch (event.kind) {
        case Event::Kind::stopped:
            return "STOP";
        case Event::Kind::deleted:
            return event.notify->tells_deleted ? "DELETED" : "FAULT";
        case Event::Kind::lower_priority:
            return "MASTER_RX_LOWER_PRI";
        case Event::Kind::priority:
            return event.state == State::master ? "MASTER_PRIORITY" : "BACKUP_PRIORITY";
        case Event::Kind::state:
        case Event::Kind::reloaded:
            break;
    }
    return name(event.state);
}

std::string fifo_line(const Event& event) {
    return fmt::format("{} \"{}\" {} {}\n",
                       event.of_group ? "GROUP" : "INSTANCE",
                       event.name,
                       word(event),
                       event.priority);
}

}  // namespace fpvs::vrrp
