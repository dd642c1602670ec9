// SPDX-License-Identifier: Apache-2.0
// The card seam on XRT's public API: one xrt::ip for the registers, host_only xrt::bo for memory.
// Here XRT's exceptions end.
#pragma once

#include <experimental/xrt_ip.h>
#include <experimental/xrt_xclbin.h>
#include <xrt/xrt_device.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "host/provider/card.hpp"
#include "host/util/result.hpp"

namespace fpvs::xrt_card {

// A caller never needs more in one piece; the largest ring has 1 GiB.
constexpr std::size_t kAllocationBytesMax = std::size_t{1} << 30;

class XrtCard final : public provider::Card {
  public:
    // Opens the device, loads the xclbin, and compares magic, version and abi hash.  `image` has
    // been checked by Xclbin::parse.
    [[nodiscard]] static Result<std::unique_ptr<XrtCard>> open(const std::string& device,
                                                               const std::vector<char>& image,
                                                               provider::Bitstream bitstream);

    [[nodiscard]] Result<std::uint32_t> read_register(std::uint32_t offset) override;
    [[nodiscard]] Status write_register(std::uint32_t offset, std::uint32_t value) override;
    [[nodiscard]] Result<std::unique_ptr<provider::SharedMemory>> allocate(
        std::size_t size_bytes) override;
    [[nodiscard]] const provider::Bitstream& bitstream() const override { return bitstream_; }

  private:
    // What buffers keep alive, so that the device is closed after the last of them.
    struct Connection {
        xrt::device device;
        xrt::ip kernel;
        std::int32_t host_memory_index = 0;
    };
    class Memory;

    XrtCard(std::shared_ptr<Connection> connection, provider::Bitstream bitstream)
        : connection_(std::move(connection)), bitstream_(std::move(bitstream)) {}

    [[nodiscard]] Status check_contract();
    [[nodiscard]] Status check_alive();
    // Notes that the card has died, the first time; the error of this and every later call.
    [[nodiscard]] tl::unexpected<Error> died(const std::string& how);

    const std::shared_ptr<Connection> connection_;
    const provider::Bitstream bitstream_;
    std::atomic<bool> dead_ = false;
    std::mutex mutex_;
    std::string death_;  // Guarded by mutex_.
};

}  // namespace fpvs::xrt_card
