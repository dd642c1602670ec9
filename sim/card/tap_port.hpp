// SPDX-License-Identifier: Apache-2.0
// A port whose cable ends in a TAP device.  The kernel completes checksums and cuts segments before
// it hands frames to a TAP without offloads, so they are as on a wire.
#pragma once

#include <memory>
#include <string>

#include "drivers/kernel/tap.hpp"
#include "sim/card/port.hpp"

namespace fpvs::sim::card {

class TapPort final : public Port {
  public:
    [[nodiscard]] static Result<std::unique_ptr<Port>> open(std::string text,
                                                            const std::string& name,
                                                            const std::string& netns);

    [[nodiscard]] int fd() const override { return tap_.fd(); }
    [[nodiscard]] bool link_up() const override;
    [[nodiscard]] Receipt receive(Frame& frame) override;
    void send(std::span<const std::uint8_t> frame, std::uint64_t time_ns) override;

  private:
    TapPort(std::string text, kernel::Tap tap, kernel::UniqueFd control)
        : Port(std::move(text)), tap_(std::move(tap)), control_(std::move(control)) {}

    kernel::Tap tap_;
    kernel::UniqueFd control_;
};

}  // namespace fpvs::sim::card
