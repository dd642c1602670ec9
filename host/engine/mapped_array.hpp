// SPDX-License-Identifier: Apache-2.0
// A table of fixed size in memory of its own, all zero at first.  What was never touched takes no
// memory, and the kernel is asked for large pages: a miss in the TLB costs as much as one in the
// cache.  Or in memory that somebody else keeps (kept_memory.hpp).
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "host/util/check.hpp"

namespace fpvs::engine {

template <class T>
class MappedArray {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>,
                  "its elements begin as zero bytes");

  public:
    explicit MappedArray(std::size_t count) : size_(count) {
        void* memory = mmap(nullptr,
                            size_bytes(),
                            PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                            -1,
                            0);
        FPVS_CHECK(memory != MAP_FAILED, "no memory for a table of {} bytes", size_bytes());
        // A wish: what the kernel makes of it changes nothing but speed.
        (void)madvise(memory, size_bytes(), MADV_HUGEPAGE);
        data_ = static_cast<T*>(memory);
    }
    // In these bytes, which must outlive it.
    explicit MappedArray(std::span<std::byte> memory)
        : data_(reinterpret_cast<T*>(memory.data())),
          size_(memory.size() / sizeof(T)),
          is_owner_(false) {}
    ~MappedArray() {
        if (data_ != nullptr && is_owner_) {
            munmap(data_, size_bytes());
        }
    }
    MappedArray(MappedArray&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)),
          size_(other.size_),
          is_owner_(other.is_owner_) {}
    MappedArray& operator=(MappedArray&&) = delete;

    [[nodiscard]] T& operator[](std::size_t index) { return data_[index]; }
    [[nodiscard]] const T& operator[](std::size_t index) const { return data_[index]; }
    [[nodiscard]] T* data() { return data_; }
    [[nodiscard]] const T* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    [[nodiscard]] std::size_t size_bytes() const { return size_ * sizeof(T); }

    T* data_ = nullptr;
    std::size_t size_;
    bool is_owner_ = true;
};

}  // namespace fpvs::engine
