// SPDX-License-Identifier: Apache-2.0
// The director's own network stack, as far as recordings show it.  FPVS hands the host what is for
// no virtual service; on a real director the same kernel answers, so its answers are in the
// recordings and not among what the slow path sends.
//
// A recorded frame counts as such an answer only if the frame that it answers was handed over, and
// it is one of
//  - that frame, routed: one hop further, the rest of its IP packet unchanged;
//  - an echo reply to it;
//  - a TCP reset to a segment for an address of the director;
//  - "port unreachable" to a datagram for an address of the director;
//  - "time exceeded" to a packet that was only to be routed.
#pragma once

#include <vector>

#include "tests/conformance/packets/frame_view.hpp"

namespace fpvs::test {

class HostStack {
  public:
    void handed_over(Frame frame) { frames_.push_back({std::move(frame), false}); }
    void own(model::IpAddress address) { own_.push_back(address); }

    // Whether the frame answers one that was handed over and not answered yet; if so, that one is
    // answered now.
    [[nodiscard]] bool explains(const Frame& recorded);

  private:
    struct HandedOver {
        Frame frame;
        bool answered = false;
    };
    [[nodiscard]] bool is_own(const model::IpAddress& address) const;
    [[nodiscard]] bool answers(const Frame& recorded, const Frame& request) const;

    std::vector<HandedOver> frames_;
    std::vector<model::IpAddress> own_;
};

}  // namespace fpvs::test
