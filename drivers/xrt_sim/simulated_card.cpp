// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt_sim/simulated_card.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace fpvs::xrt_sim {
namespace {

// A simulator has a design to elaborate before it says welcome.
constexpr std::chrono::milliseconds kWelcomeTimeout{10000};
// One that is sent away has no more than a frame to finish.
constexpr std::chrono::milliseconds kEndTimeout{2000};
// The link breaks a moment before the kernel has the simulator's status.
constexpr std::chrono::milliseconds kStatusTimeout{50};

// Sealed, so that the simulator need not fear that it shrinks.
Result<kernel::UniqueFd> make_memory(std::size_t size_bytes) {
    kernel::UniqueFd memory(::memfd_create("fpvs-host-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory.valid() || ::ftruncate(memory.get(), static_cast<off_t>(size_bytes)) != 0 ||
        ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return fail(Code::exhausted,
                    "no {} bytes of memory for the card: {}",
                    size_bytes,
                    std::strerror(errno));
    }
    return memory;
}

}  // namespace

HostMemory::HostMemory(std::shared_ptr<SimulatedCard> card,
                       std::span<std::byte> bytes,
                       std::uint64_t card_address)
    : card_(std::move(card)), bytes_(bytes), card_address_(card_address) {}

HostMemory::~HostMemory() {
    card_->release(card_address_);
    ::munmap(bytes_.data(), bytes_.size());
}

Result<std::shared_ptr<SimulatedCard>> SimulatedCard::start(
    std::span<const char> executable,
    AddressWindow window,
    std::optional<SimulatorProcess::Keep> keep) {
    FPVS_TRY(auto process, SimulatorProcess::start(executable, std::move(keep)));
    auto link = sim::card::LinkClient::attach(process->take_link(), kWelcomeTimeout);
    if (!link) {
        const auto ended = process->wait_ended(kStatusTimeout);
        return fail(Code::unavailable,
                    "the simulator in the xclbin does not greet: {}",
                    ended ? "the process " + *ended : link.error().message);
    }
    return std::shared_ptr<SimulatedCard>(
        new SimulatedCard(std::move(process), std::move(*link), window));
}

Result<std::shared_ptr<SimulatedCard>> SimulatedCard::connect(const std::string& path,
                                                              AddressWindow window) {
    FPVS_TRY(auto link, sim::card::LinkClient::connect(path));
    return std::shared_ptr<SimulatedCard>(new SimulatedCard(nullptr, std::move(link), window));
}

std::shared_ptr<SimulatedCard> SimulatedCard::take_over(const std::string& path,
                                                        AddressWindow window,
                                                        sim::card::CardIdentity wanted) {
    auto link = sim::card::LinkClient::connect(path);
    if (!link) {
        return nullptr;
    }
    const auto identity = link->identity();
    if (!identity || *identity != wanted) {
        // It has the ports that the next one needs.
        link->bid_farewell();
        static_cast<void>(link->wait_closed(kEndTimeout));
        return nullptr;
    }
    return std::shared_ptr<SimulatedCard>(new SimulatedCard(nullptr, std::move(*link), window));
}

Result<std::uint32_t> SimulatedCard::read_register(std::uint32_t offset) {
    auto value = link_.read_register(offset);
    return value ? value : fail(explain(std::move(value).error()));
}

Status SimulatedCard::write_register(std::uint32_t offset, std::uint32_t value) {
    auto written = link_.write_register(offset, value);
    return written ? written : fail(explain(std::move(written).error()));
}

Result<std::unique_ptr<HostMemory>> SimulatedCard::allocate(std::size_t size_bytes) {
    const auto address = reserve(size_bytes);
    if (!address) {
        return fail(Code::exhausted,
                    "no {} bytes are left in the card's window to host memory",
                    size_bytes);
    }
    const auto memory = make_memory(size_bytes);
    if (!memory) {
        release(*address);
        return fail(memory.error());
    }
    if (auto shared = link_.share(*address, size_bytes, memory->get()); !shared) {
        release(*address);
        return fail(explain(std::move(shared).error()));
    }
    void* base = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory->get(), 0);
    if (base == MAP_FAILED) {
        const int error = errno;
        release(*address);
        return fail(
            Code::exhausted, "cannot map {} bytes of memory: {}", size_bytes, std::strerror(error));
    }
    return std::make_unique<HostMemory>(
        shared_from_this(), std::span(static_cast<std::byte*>(base), size_bytes), *address);
}

void SimulatedCard::stop() {
    link_.bid_farewell();
    static_cast<void>(link_.wait_closed(kEndTimeout));
    link_.hang_up();
    if (process_) {
        process_->end();
    }
}

Error SimulatedCard::explain(Error error) {
    if (error.code == Code::unavailable && process_) {
        if (const auto ended = process_->wait_ended(kStatusTimeout)) {
            error.message = "the simulator process " + *ended;
        }
    }
    return error;
}

// First fit.  The link allows a few dozen shares, so a walk costs nothing.
std::optional<std::uint64_t> SimulatedCard::reserve(std::uint64_t size_bytes) {
    const std::lock_guard lock(mutex_);
    std::uint64_t begin = window_.base;
    for (const auto& [address, size] : reserved_) {
        if (address - begin >= size_bytes) {
            break;
        }
        begin = address + size;
    }
    const std::uint64_t used = begin - window_.base;
    if (size_bytes == 0 || size_bytes > window_.size_bytes - used) {
        return std::nullopt;
    }
    reserved_.emplace(begin, size_bytes);
    return begin;
}

// The simulator may have gone, or may never have been told: both are fine.
void SimulatedCard::release(std::uint64_t card_address) {
    static_cast<void>(link_.unshare(card_address));
    const std::lock_guard lock(mutex_);
    reserved_.erase(card_address);
}

}  // namespace fpvs::xrt_sim
