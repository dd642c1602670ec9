// SPDX-License-Identifier: Apache-2.0
// A TAP device: the card's port as the kernel sees it.
//
// Opens the named device, or makes it if there is none; one that was made beforehand (`ip tuntap
// add NAME mode tap`) is joined and outlives us.  Frames are whole Ethernet frames without FCS and
// without any prefix, with their checksums complete.  Nothing blocks.  While the interface is down
// writes are refused and counted; they succeed again once it is up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "drivers/kernel/unique_fd.hpp"
#include "host/model/address.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

struct TapOptions {
    std::string name;                           // 1 to 15 characters.
    std::optional<model::MacAddress> mac = {};  // Otherwise what the device has.
    std::optional<std::uint32_t> mtu = {};      // Likewise.
    bool up = true;                             // Set the interface up.
};

struct TapCounters {
    std::uint64_t frames_read = 0;
    std::uint64_t frames_written = 0;
    std::uint64_t writes_refused = 0;  // Interface down, or a frame that the kernel rejects.
    std::uint64_t read_errors = 0;     // The device was deleted.
};

class Tap {
  public:
    // Opened in the network namespace of the calling thread (see netns_scope.hpp).
    [[nodiscard]] static Result<Tap> open(const TapOptions& options);

    // Length of the next frame, or 0 when none waits.  A frame longer than the buffer is cut: give
    // at least the MTU and 18 bytes.
    [[nodiscard]] std::size_t read(std::span<std::uint8_t> frame) noexcept;
    // True when the kernel took the frame.
    bool write(std::span<const std::uint8_t> frame) noexcept;

    // Readable when a frame waits.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint32_t interface_index() const noexcept { return interface_index_; }
    [[nodiscard]] model::MacAddress mac() const noexcept { return mac_; }
    [[nodiscard]] const TapCounters& counters() const noexcept { return counters_; }

  private:
    Tap() = default;

    UniqueFd fd_;
    std::string name_;
    std::uint32_t interface_index_ = 0;
    model::MacAddress mac_;
    TapCounters counters_;
};

}  // namespace fpvs::kernel
