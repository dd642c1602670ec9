// SPDX-License-Identifier: Apache-2.0
// A port whose cable is a pair of capture files (classic pcap, Ethernet).
//
// Frames come in as fast as the card takes them: their times are not replayed.  What the card sends
// is written at once, with the simulated time in nanoseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "drivers/kernel/unique_fd.hpp"
#include "sim/card/port.hpp"

namespace fpvs::sim::card {

class PcapPort final : public Port {
  public:
    // An empty path: nothing to read, or nothing is written.
    [[nodiscard]] static Result<std::unique_ptr<Port>> open(std::string text,
                                                            const std::string& in,
                                                            const std::string& out);

    [[nodiscard]] int fd() const override { return -1; }
    [[nodiscard]] bool link_up() const override { return true; }
    [[nodiscard]] Receipt receive(Frame& frame) override;
    void send(std::span<const std::uint8_t> frame, std::uint64_t time_ns) override;

  private:
    PcapPort(std::string text, std::vector<Frame> frames, kernel::UniqueFd out)
        : Port(std::move(text)), frames_(std::move(frames)), out_(std::move(out)) {}

    std::vector<Frame> frames_;
    std::size_t next_ = 0;
    kernel::UniqueFd out_;
};

}  // namespace fpvs::sim::card
