// SPDX-License-Identifier: Apache-2.0
// A port whose cable is an existing interface, read and written through a raw packet socket:
// usually one end of a veth pair whose other end is in a bridge or a host.
//
// A veth is not a wire, and its traps are undone here:
// - A sender may leave checksums to hardware that is not there.  The socket says where one is due
//   (PACKET_VNET_HDR) and it is completed, so that the card sees the frame a wire would carry.
// - A sender may leave segmentation to it, too, up to 64 KiB a "frame".  No wire carries those;
//   they are dropped as unreadable and logged once.  `ethtool -K PEER tso off gso off` on the
//   sender's end avoids them.
// - The kernel takes a VLAN tag out of a frame before it hands it over (PACKET_AUXDATA); it is put
//   back.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "drivers/kernel/unique_fd.hpp"
#include "sim/card/port.hpp"

namespace fpvs::sim::card {

class PacketPort final : public Port {
  public:
    [[nodiscard]] static Result<std::unique_ptr<Port>> open(std::string text,
                                                            const std::string& name,
                                                            const std::string& netns);

    [[nodiscard]] int fd() const override { return socket_.get(); }
    [[nodiscard]] bool link_up() const override;
    [[nodiscard]] Receipt receive(Frame& frame) override;
    void send(std::span<const std::uint8_t> frame, std::uint64_t time_ns) override;

  private:
    PacketPort(std::string text, std::string name, kernel::UniqueFd socket)
        : Port(std::move(text)), name_(std::move(name)), socket_(std::move(socket)) {}

    std::string name_;
    kernel::UniqueFd socket_;
    bool segments_reported_ = false;
};

}  // namespace fpvs::sim::card
