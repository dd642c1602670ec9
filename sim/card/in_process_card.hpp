// SPDX-License-Identifier: Apache-2.0
// The Verilated card behind the host's seam, without XRT or a second process: for tests that want
// real gates and a debugger that sees both sides.  A thread of its own lets time pass while the
// card has something to do.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "host/provider/card.hpp"
#include "sim/card/verilated_card.hpp"

namespace fpvs::sim::card {

class InProcessCard final : public provider::Card {
  public:
    InProcessCard();
    ~InProcessCard() override;

    Result<std::uint32_t> read_register(std::uint32_t offset) override;
    Status write_register(std::uint32_t offset, std::uint32_t value) override;
    // The card must outlive the memory.
    Result<std::unique_ptr<provider::SharedMemory>> allocate(std::size_t size_bytes) override;
    [[nodiscard]] const provider::Bitstream& bitstream() const override { return bitstream_; }

    // The wire's side, see VerilatedCard.
    void set_link(int port, bool up);
    bool receive(int port, std::span<const std::uint8_t> frame);
    [[nodiscard]] std::optional<Frame> transmitted(int port);
    // Waits until the card has nothing more to do by itself.
    void settle();

  private:
    class Memory;

    void live(const std::stop_token& stop);
    [[nodiscard]] Status check_register(std::uint32_t offset) const;
    void release(std::uint64_t card_address);

    provider::Bitstream bitstream_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    VerilatedCard card_;
    std::uint64_t next_address_;
    std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace fpvs::sim::card
