// SPDX-License-Identifier: Apache-2.0
// Keeps the elections of a sync group together, without any input or output.
//
//   master   all become master at once, when none of them hears a better one;
//   backup   as soon as one must leave mastership to a better one, the others resign theirs;
//   fault    while one of them is not able, none is.
//
// After every input to a member, settle() says what the others must do.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "host/vrrp/election.hpp"

namespace fpvs::vrrp {

class SyncGroup {
  public:
    struct Step {
        std::size_t member;
        Actions actions;
    };
    using Steps = std::vector<Step>;

    // They must outlive the group.
    explicit SyncGroup(std::vector<Election*> members)
        : members_(std::move(members)), able_(members_.size(), true) {}

    // For Election::start(): whether the group is able, given this of a member.
    [[nodiscard]] bool note_able(std::size_t member, bool able);
    [[nodiscard]] Steps set_able(Nanoseconds now, std::size_t member, bool able);
    [[nodiscard]] Steps settle(Nanoseconds now);

    // Master only while all of them are.
    [[nodiscard]] State state() const;

  private:
    std::vector<Election*> members_;
    std::vector<bool> able_;  // Of their own.
};

}  // namespace fpvs::vrrp
