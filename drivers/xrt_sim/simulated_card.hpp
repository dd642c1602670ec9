// SPDX-License-Identifier: Apache-2.0
// A loaded simulated card: its simulator, the link to it, and the host memory it masters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "drivers/xrt_sim/simulator_process.hpp"
#include "host/util/result.hpp"
#include "sim/card/link/client.hpp"

namespace fpvs::xrt_sim {

// Where the card sees the host's memory, as its xclbin says.
struct AddressWindow {
    std::uint64_t base = 0;
    std::uint64_t size_bytes = 0;
};

class SimulatedCard;

// Memory of the host, mapped here and in the simulator; gone from both when destroyed.
class HostMemory {
  public:
    HostMemory(std::shared_ptr<SimulatedCard> card,
               std::span<std::byte> bytes,
               std::uint64_t card_address);
    HostMemory(const HostMemory&) = delete;
    HostMemory& operator=(const HostMemory&) = delete;
    ~HostMemory();

    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
    [[nodiscard]] std::uint64_t card_address() const { return card_address_; }

  private:
    std::shared_ptr<SimulatedCard> card_;
    std::span<std::byte> bytes_;
    std::uint64_t card_address_;
};

class SimulatedCard : public std::enable_shared_from_this<SimulatedCard> {
  public:
    // Starts the executable.
    [[nodiscard]] static Result<std::shared_ptr<SimulatedCard>> start(
        std::span<const char> executable,
        AddressWindow window,
        std::optional<SimulatorProcess::Keep> keep = std::nullopt);
    // Takes the simulator that waits there since its host vanished, if it is of this xclbin; one of
    // another is sent away.  Null: there is none.
    [[nodiscard]] static std::shared_ptr<SimulatedCard> take_over(const std::string& path,
                                                                  AddressWindow window,
                                                                  sim::card::CardIdentity wanted);
    // Takes a simulator that listens at a socket file and outlives us.
    [[nodiscard]] static Result<std::shared_ptr<SimulatedCard>> connect(const std::string& path,
                                                                        AddressWindow window);

    [[nodiscard]] Result<std::uint32_t> read_register(std::uint32_t offset);
    [[nodiscard]] Status write_register(std::uint32_t offset, std::uint32_t value);
    // Zeroed, whole pages.
    [[nodiscard]] Result<std::unique_ptr<HostMemory>> allocate(std::size_t size_bytes);

    // A host that goes as it should takes the simulator along.
    ~SimulatedCard() { link_.bid_farewell(); }
    SimulatedCard(const SimulatedCard&) = delete;
    SimulatedCard& operator=(const SimulatedCard&) = delete;

    // Ends the link and the process; what is held of this card afterwards answers with errors.
    void stop();

  private:
    friend class HostMemory;

    SimulatedCard(std::unique_ptr<SimulatorProcess> process,
                  sim::card::LinkClient link,
                  AddressWindow window)
        : process_(std::move(process)), link_(std::move(link)), window_(window) {}

    // Adds how the simulator ended to an error that says that it does not answer.
    [[nodiscard]] Error explain(Error error);
    [[nodiscard]] std::optional<std::uint64_t> reserve(std::uint64_t size_bytes);
    void release(std::uint64_t card_address);

    std::unique_ptr<SimulatorProcess> process_;  // None where it was not we who started it.
    sim::card::LinkClient link_;                 // After the process: closed before it is awaited.
    AddressWindow window_;
    std::mutex mutex_;
    std::map<std::uint64_t, std::uint64_t> reserved_;  // Size by card address.
};

}  // namespace fpvs::xrt_sim
