// SPDX-License-Identifier: Apache-2.0
// Whether a tracked script counts as well, by how it ended lately: `rise` successes in a row make
// it well, `fall` failures make it fail, and the first end of all decides alone.
#pragma once

#include <cstdint>
#include <optional>

#include "host/model/vrrp_tracking.hpp"

namespace fpvs::vrrp {

class ScriptVerdict {
  public:
    explicit ScriptVerdict(const model::VrrpScript& script)
        : rise_(script.rise), fall_(script.fall) {
        if (script.fails_at_first) {
            well_ = false;
        }
    }

    // None: it has not run yet.
    [[nodiscard]] std::optional<bool> well() const { return well_; }

    // Whether the verdict is another now.
    bool on_end(bool success) {
        if (well_ == success) {
            in_row_ = 0;
            return false;
        }
        ++in_row_;
        if (well_ && in_row_ < (success ? rise_ : fall_)) {
            return false;
        }
        well_ = success;
        in_row_ = 0;
        return true;
    }

  private:
    const std::uint32_t rise_;
    const std::uint32_t fall_;
    std::optional<bool> well_;
    std::uint32_t in_row_ = 0;  // Ends that speak against the verdict.
};

}  // namespace fpvs::vrrp
