// SPDX-License-Identifier: Apache-2.0
// Where the bits of each node are found in later stages: the delay registers of a process.
#pragma once

#include <string>
#include <vector>

#include "hw/hlsc/base/options.hpp"
#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

// Neighbouring bits of a node that are needed up to the same stage.
struct DelayedRange {
    int low = 0;
    int high = 0;
    int last_stage = 0;
};

class Placement {
  public:
    Placement(const Process& process, const Options& options);

    // The expression for a value as stage `stage` sees it.
    [[nodiscard]] std::string expression(const Value& value, int stage) const;
    [[nodiscard]] const std::vector<DelayedRange>& ranges(int node) const {
        return ranges_[static_cast<std::size_t>(node)];
    }
    // The register that holds range number `range` of a node in a stage.
    [[nodiscard]] static std::string delayed_name(int node, std::size_t range, int stage);
    // The name under which a node's result appears in its own stage.
    [[nodiscard]] std::string result_name(int node) const;
    // Bits of delay registers altogether.
    [[nodiscard]] long register_bits() const { return register_bits_; }

  private:
    void use(const Value& value, int stage);
    void collect_uses();
    void form_ranges();
    [[nodiscard]] std::string part(int node, int low, int high, int stage) const;

    const Process& process_;
    std::vector<std::vector<int>> last_use_;  // By node and bit.
    std::vector<std::vector<DelayedRange>> ranges_;
    long register_bits_ = 0;
    int planted_node_ = -1;  // Taken a stage too early, on request of a test.
};

}  // namespace fpvs::hlsc
