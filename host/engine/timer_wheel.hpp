// SPDX-License-Identifier: Apache-2.0
// The timers of all connections without a timer for each: a wheel of lists, one a tick.
//
// A packet only moves its connection's deadline; the connection stays in the list it is in, unless
// the new deadline comes before that list's turn.  When a list's turn comes, what is not due yet
// is put where it now belongs.  So a busy connection is touched once a timeout, not once a packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/engine/connection_table.hpp"

namespace fpvs::engine {

class TimerWheel {
  public:
    explicit TimerWheel(ConnectionTable& connections);

    // Makes sure that the connection comes up soon after `record.deadline_ms`, or before.
    void arm(Connection& record);
    void disarm(Connection& record);

    // Calls due(record) for what comes up until `now_ms`, at most `budget` times; the record is
    // disarmed then, and `due` arms it again or gives it up.  True: the budget was used up.
    template <class Due>
    bool advance(std::uint64_t now_ms, std::size_t budget, Due&& due) {
        const std::uint64_t now_tick = now_ms / kTickMs;
        while (tick_ < now_tick) {
            const std::uint32_t& head = heads_[(tick_ + 1) % kSlots];
            while (head != kNoIndex) {
                if (budget-- == 0) {
                    return true;
                }
                Connection& record = connections_.at(head);
                disarm(record);
                due(record);
            }
            // One turn of the wheel sees everything, however long ago the last call was.
            ++tick_;
            if (now_tick > tick_ + kSlots) {
                tick_ = now_tick - kSlots;
            }
        }
        return false;
    }

  private:
    static constexpr std::uint64_t kTickMs = 100;
    static constexpr std::uint64_t kSlots = 16384;  // 27 minutes; longer timers go round again.

    ConnectionTable& connections_;
    std::vector<std::uint32_t> heads_;
    std::uint64_t tick_ = 0;  // Everything up to this tick has come up.
};

}  // namespace fpvs::engine
