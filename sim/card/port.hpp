// SPDX-License-Identifier: Apache-2.0
// What a simulated MAC is plugged into.
//
//   tap:NAME[@NETNS]     a TAP device, made if there is none: the other side is a kernel's
//   interface veth:NAME[@NETNS]    an existing interface, usually one end of a veth pair, through a
//   raw socket pcap:IN,OUT          frames from a capture file, sent as soon as the host has
//   started the rings;
//                        what the card sends goes to OUT with the simulated time; either may be
//                        empty
//   none                 no cable
//
// NETNS is a network namespace as `ip netns` lists it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/util/result.hpp"
#include "sim/card/frame.hpp"

namespace fpvs::sim::card {

struct PortCounters {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t refused = 0;     // Sent by the card, not taken by the other side.
    std::uint64_t unreadable = 0;  // Received, but no single frame of a wire.
};

class Port {
  public:
    enum class Receipt : std::uint8_t {
        frame,
        nothing,
        gone  // The other side does not exist any more and never will again.
    };

    virtual ~Port() = default;

    // Readable when receive() may find something; -1 if the port never wakes anybody.
    [[nodiscard]] virtual int fd() const = 0;
    [[nodiscard]] virtual bool link_up() const = 0;
    // Nothing blocks.  `nothing` may also mean that what waited was no frame: ask again once fd()
    // is readable.
    [[nodiscard]] virtual Receipt receive(Frame& frame) = 0;
    virtual void send(std::span<const std::uint8_t> frame, std::uint64_t time_ns) = 0;

    // As it was written.
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] const PortCounters& counters() const { return counters_; }

  protected:
    explicit Port(std::string text) : text_(std::move(text)) {}

    PortCounters counters_;

  private:
    std::string text_;
};

[[nodiscard]] Result<std::unique_ptr<Port>> open_port(std::string_view text);

// "tap:a@x;none" -> {"tap:a@x", "none"}; one for each of the card's ports, `none` where missing.
[[nodiscard]] Result<std::vector<std::string>> split_ports(std::string_view text);

}  // namespace fpvs::sim::card
