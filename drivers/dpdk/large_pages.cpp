// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/large_pages.hpp"

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <sys/mman.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace fpvs::dpdk {
namespace {

constexpr std::size_t kPageBytes = std::size_t{2} << 20;
constexpr const char* kHeap = "large pages";

// Memory that begins at a multiple of kPageBytes: what lies around it is given back.
[[nodiscard]] void* map_aligned(std::size_t size_bytes) {
    const std::size_t around = size_bytes + kPageBytes;
    void* mapped = ::mmap(nullptr,
                          around,
                          PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                          -1,
                          0);
    if (mapped == MAP_FAILED) {
        return nullptr;
    }
    auto* begin = static_cast<std::uint8_t*>(mapped);
    const std::size_t before =
        (kPageBytes - reinterpret_cast<std::uintptr_t>(begin) % kPageBytes) % kPageBytes;
    if (before != 0) {
        ::munmap(begin, before);
    }
    ::munmap(begin + before + size_bytes, kPageBytes - before);
    return begin + before;
}

// To the CPU that copies, an address on the bus is the address.
[[nodiscard]] bool give_to_dpdk(void* memory, std::size_t size_bytes) {
    std::vector<rte_iova_t> pages;
    for (std::size_t at = 0; at < size_bytes; at += kPageBytes) {
        pages.push_back(reinterpret_cast<std::uintptr_t>(memory) + at);
    }
    return ::rte_malloc_heap_create(kHeap) == 0 &&
           ::rte_malloc_heap_memory_add(kHeap,
                                        memory,
                                        size_bytes,
                                        pages.data(),
                                        static_cast<unsigned>(pages.size()),
                                        kPageBytes) == 0;
}

}  // namespace

Result<LargePages> LargePages::make(std::size_t size_mb) {
    const std::size_t wanted = size_mb << 20;
    const std::size_t size_bytes = (wanted + kPageBytes - 1) / kPageBytes * kPageBytes;
    void* memory = map_aligned(size_bytes);
    if (memory == nullptr) {
        return fail(Code::exhausted, "no memory for {} MB of frames", size_mb);
    }
    LargePages pages(memory, size_bytes);
    if (::madvise(memory, size_bytes, MADV_HUGEPAGE) != 0) {
        return fail(Code::unavailable, "the kernel has no transparent large pages");
    }
    if (!give_to_dpdk(memory, size_bytes)) {
        return fail(
            Code::unavailable, "DPDK does not take large pages: {}", ::rte_strerror(rte_errno));
    }
    return pages;
}

LargePages::LargePages(LargePages&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), size_bytes_(other.size_bytes_) {}

LargePages::~LargePages() {
    if (memory_ != nullptr) {
        ::munmap(memory_, size_bytes_);
    }
}

int LargePages::socket() {
    const int socket = ::rte_malloc_heap_get_socket(kHeap);
    return socket < 0 ? SOCKET_ID_ANY : socket;
}

}  // namespace fpvs::dpdk
