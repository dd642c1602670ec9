// SPDX-License-Identifier: Apache-2.0
// Whether enough processes of a kind run, and not too many, for as long as the delays ask.
#pragma once

#include <optional>
#include <span>

#include "host/model/vrrp_tracking.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/track_source.hpp"

namespace fpvs::vrrp {

// The kernel's name of a process, or the first word of its command line where that is compared.
[[nodiscard]] bool matches(const model::VrrpProcess& wanted, const provider::Process& process);
[[nodiscard]] bool needs_command(const model::VrrpProcess& wanted);

class ProcessQuorum {
  public:
    explicit ProcessQuorum(const model::VrrpProcess& wanted) : wanted_(wanted) {}

    // Whether the verdict is another now.  The first look decides at once.
    bool look(provider::Nanoseconds now, std::span<const provider::Process> processes);
    [[nodiscard]] std::optional<bool> well() const { return well_; }

  private:
    const model::VrrpProcess wanted_;
    std::optional<bool> well_;
    std::optional<provider::Nanoseconds> change_at_;  // While it looks otherwise than the verdict.
};

}  // namespace fpvs::vrrp
