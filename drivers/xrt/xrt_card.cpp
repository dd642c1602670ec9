// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt/xrt_card.hpp"

#include <xrt/xrt_bo.h>

#include <cstring>
#include <exception>
#include <type_traits>
#include <utility>

#include "drivers/xrt/contract.hpp"
#include "drivers/xrt/xclbin/format.hpp"
#include "hw/abi/registers.hpp"

namespace fpvs::xrt_card {
namespace {

constexpr std::size_t kPageBytes = 4096;
// What a read over PCIe returns when nobody answers it.
constexpr std::uint32_t kNoAnswer = 0xffffffff;

// Runs a piece of XRT; what it throws becomes the error's message.
template <class Call>
auto guarded(Call call) -> Result<std::invoke_result_t<Call>> {
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
            call();
            return {};
        } else {
            return call();
        }
    } catch (const std::exception& exception) {
        return fail(Code::internal, "{}", exception.what());
    } catch (...) {
        return fail(Code::internal, "XRT threw something that is not an exception");
    }
}

Result<std::int32_t> find_host_memory(const xrt::xclbin& xclbin) {
    for (const auto& memory : xclbin.get_mems()) {
        if (memory.get_tag() == kHostMemoryTag) {
            return memory.get_index();
        }
    }
    return fail(Code::invalid_argument, "the xclbin has no memory {}", kHostMemoryTag);
}

Status check_offset(std::uint32_t offset) {
    if (offset % sizeof(std::uint32_t) != 0 || offset >= abi::kRegisterBlockBytes) {
        return fail(Code::invalid_argument,
                    "no register is at {:#x}: the block has {:#x} bytes",
                    offset,
                    abi::kRegisterBlockBytes);
    }
    return {};
}

}  // namespace

class XrtCard::Memory final : public provider::SharedMemory {
  public:
    Memory(std::shared_ptr<Connection> connection, xrt::bo buffer, std::size_t size_bytes)
        : connection_(std::move(connection)),
          buffer_(std::move(buffer)),
          bytes_(static_cast<std::byte*>(buffer_.map()), size_bytes),
          card_address_(buffer_.address()) {
        std::memset(bytes_.data(), 0, bytes_.size());
    }

    std::span<std::byte> bytes() override { return bytes_; }
    std::uint64_t card_address() const override { return card_address_; }

  private:
    std::shared_ptr<Connection> connection_;
    xrt::bo buffer_;
    std::span<std::byte> bytes_;
    std::uint64_t card_address_;
};

Result<std::unique_ptr<XrtCard>> XrtCard::open(const std::string& device,
                                               const std::vector<char>& image,
                                               provider::Bitstream bitstream) {
    auto xclbin = guarded([&] { return xrt::xclbin(image); });
    if (!xclbin) {
        return fail(Code::invalid_argument, "XRT refuses the xclbin: {}", xclbin.error().message);
    }
    const auto host_memory = guarded([&] { return find_host_memory(*xclbin); });
    if (!host_memory) {
        return fail(
            Code::invalid_argument, "XRT refuses the xclbin: {}", host_memory.error().text());
    }
    FPVS_TRY(const std::int32_t host_memory_index, *host_memory);
    auto connection = std::make_shared<Connection>();
    connection->host_memory_index = host_memory_index;
    if (const auto opened = guarded([&] { connection->device = xrt::device(device); }); !opened) {
        constexpr const char* kAdvice =
            "; check that XILINX_XRT is set (XRT's setup.sh), and that xbutil examine lists the "
            "card as ready";
        return fail(Code::unavailable,
                    "XRT cannot open card {}: {}{}",
                    device,
                    opened.error().message,
                    bitstream.simulated ? "" : kAdvice);
    }
    const auto loaded = guarded([&] { return connection->device.load_xclbin(*xclbin); });
    if (!loaded) {
        return fail(Code::unavailable, "XRT cannot load the xclbin: {}", loaded.error().message);
    }
    const auto attached = guarded([&] {
        connection->kernel = xrt::ip(connection->device, *loaded, std::string(kKernelName));
    });
    if (!attached) {
        return fail(Code::unavailable,
                    "XRT cannot open kernel {}: {}",
                    kKernelName,
                    attached.error().message);
    }
    std::unique_ptr<XrtCard> card(new XrtCard(std::move(connection), std::move(bitstream)));
    FPVS_TRY_STATUS(card->check_contract());
    return card;
}

Status XrtCard::check_contract() {
    FPVS_TRY(const auto magic, read_register(abi::reg::magic));
    if (magic != abi::kMagic) {
        return fail(Code::mismatch,
                    "the loaded card is not FPVS: its magic is {:#010x}, not {:#010x}",
                    magic,
                    abi::kMagic);
    }
    FPVS_TRY(const auto version, read_register(abi::reg::version));
    if (version != abi::kVersion) {
        return fail(Code::mismatch,
                    "the card has version {} of the contract, this program version {}",
                    version,
                    abi::kVersion);
    }
    FPVS_TRY(const std::uint64_t low, read_register(abi::reg::abi_hash_low));
    FPVS_TRY(const std::uint64_t high, read_register(abi::reg::abi_hash_high));
    return check_abi_hash(high << 32 | low);
}

Result<std::uint32_t> XrtCard::read_register(std::uint32_t offset) {
    FPVS_TRY_STATUS(check_offset(offset));
    FPVS_TRY_STATUS(check_alive());
    const auto read = [this](std::uint32_t at) {
        return guarded([this, at] { return connection_->kernel.read_register(at); });
    };
    const auto value = read(offset);
    if (!value) {
        return died(value.error().message);
    }
    if (*value == kNoAnswer) {
        const auto magic = read(abi::reg::magic);
        if (!magic || *magic == kNoAnswer) {
            return died("its registers read as all ones, as if it had left the bus");
        }
    }
    return *value;
}

Status XrtCard::write_register(std::uint32_t offset, std::uint32_t value) {
    FPVS_TRY_STATUS(check_offset(offset));
    FPVS_TRY_STATUS(check_alive());
    const auto written = guarded([&] { connection_->kernel.write_register(offset, value); });
    if (!written) {
        return died(written.error().message);
    }
    return {};
}

Result<std::unique_ptr<provider::SharedMemory>> XrtCard::allocate(std::size_t size_bytes) {
    if (size_bytes == 0 || size_bytes > kAllocationBytesMax) {
        return fail(Code::invalid_argument,
                    "{} bytes of memory, 1 to {} are possible",
                    size_bytes,
                    kAllocationBytesMax);
    }
    FPVS_TRY_STATUS(check_alive());
    const std::size_t pages_bytes = (size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    auto memory = guarded([&]() -> std::unique_ptr<provider::SharedMemory> {
        xrt::bo buffer(connection_->device,
                       pages_bytes,
                       xrt::bo::flags::host_only,
                       static_cast<xrt::memory_group>(connection_->host_memory_index));
        return std::make_unique<Memory>(connection_, std::move(buffer), size_bytes);
    });
    if (memory) {
        return memory;
    }
    // A dead card refuses memory too, and then that is the news.
    FPVS_TRY_STATUS(read_register(abi::reg::magic));
    return fail(Code::exhausted,
                "{} bytes of host memory for the card: {}{}",
                size_bytes,
                memory.error().message,
                bitstream_.simulated ? "" : "; see xbutil configure --host-mem");
}

Status XrtCard::check_alive() {
    if (dead_.load(std::memory_order_acquire)) {
        return died({});
    }
    return {};
}

tl::unexpected<Error> XrtCard::died(const std::string& how) {
    const std::lock_guard lock(mutex_);
    if (!dead_.load(std::memory_order_relaxed)) {
        death_ = how;
        dead_.store(true, std::memory_order_release);
    }
    return fail(Error{Code::unavailable, "the card has died: " + death_, bitstream_.path});
}

}  // namespace fpvs::xrt_card
