// SPDX-License-Identifier: Apache-2.0
#include "sim/card/in_process_card.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "hw/abi/registers.hpp"

namespace fpvs::sim::card {
namespace {

constexpr std::uint64_t kFirstCardAddress = 0x20'0000'0000;
constexpr std::uint64_t kPageBytes = 4096;
// Cycles between two looks at who else wants the card.
constexpr std::uint64_t kSliceCycles = 512;

}  // namespace

class InProcessCard::Memory final : public provider::SharedMemory {
  public:
    Memory(InProcessCard& card, std::span<std::byte> bytes, std::uint64_t card_address)
        : card_(card), bytes_(bytes), card_address_(card_address) {}
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() override {
        card_.release(card_address_);
        ::munmap(bytes_.data(), bytes_.size());
    }
    std::span<std::byte> bytes() override { return bytes_; }
    [[nodiscard]] std::uint64_t card_address() const override { return card_address_; }

  private:
    InProcessCard& card_;
    std::span<std::byte> bytes_;
    std::uint64_t card_address_;
};

InProcessCard::InProcessCard()
    : bitstream_{.path = "(in process)",
                 .platform = "fpvs:sim:in_process:1",
                 .uuid = "00000000-0000-0000-0000-000000000000",
                 .simulated = true},
      next_address_(kFirstCardAddress),
      thread_([this](const std::stop_token& stop) { live(stop); }) {}

InProcessCard::~InProcessCard() = default;

void InProcessCard::live(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !card_.idle(); })) {
        (void)card_.run(kSliceCycles);
        if (card_.idle()) {
            changed_.notify_all();
        }
        lock.unlock();
        std::this_thread::yield();
        lock.lock();
    }
}

Status InProcessCard::check_register(std::uint32_t offset) const {
    if (offset % 4 != 0 || offset >= abi::kRegisterBlockBytes) {
        return fail(Code::invalid_argument, "there is no register at {:#x}", offset);
    }
    return {};
}

Result<std::uint32_t> InProcessCard::read_register(std::uint32_t offset) {
    FPVS_TRY_STATUS(check_register(offset));
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    return card_.read_register(offset);
}

Status InProcessCard::write_register(std::uint32_t offset, std::uint32_t value) {
    FPVS_TRY_STATUS(check_register(offset));
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    card_.write_register(offset, value);
    return {};
}

Result<std::unique_ptr<provider::SharedMemory>> InProcessCard::allocate(std::size_t size_bytes) {
    const std::size_t whole_pages = (size_bytes + kPageBytes - 1) & ~(kPageBytes - 1);
    void* start =
        ::mmap(nullptr, whole_pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (size_bytes == 0 || start == MAP_FAILED) {
        return fail(Code::exhausted,
                    "cannot allocate {} bytes of card memory: {}",
                    size_bytes,
                    size_bytes == 0 ? "nothing was asked for" : std::strerror(errno));
    }
    const std::span bytes(static_cast<std::byte*>(start), whole_pages);
    const std::lock_guard lock(mutex_);
    card_.memory().map(next_address_, bytes);
    auto memory = std::make_unique<Memory>(*this, bytes, next_address_);
    // A page between two pieces, so that running over one's end is an error and not a neighbour.
    next_address_ += whole_pages + kPageBytes;
    return memory;
}

void InProcessCard::release(std::uint64_t card_address) {
    const std::lock_guard lock(mutex_);
    card_.memory().unmap(card_address);
}

void InProcessCard::set_link(int port, bool up) {
    const std::lock_guard lock(mutex_);
    card_.set_link(port, up);
}

bool InProcessCard::receive(int port, std::span<const std::uint8_t> frame) {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    return card_.receive(port, frame);
}

std::optional<Frame> InProcessCard::transmitted(int port) {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    return card_.transmitted(port);
}

void InProcessCard::settle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return card_.idle(); });
}

}  // namespace fpvs::sim::card
