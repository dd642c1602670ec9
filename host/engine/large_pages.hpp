// SPDX-License-Identifier: Apache-2.0
// An allocator for tables that are read at random: on large pages where the kernel has them, since
// a miss in the TLB costs as much as one in the cache.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace fpvs::engine {

template <class T>
struct LargePages {
    using value_type = T;

    LargePages() = default;
    template <class U>
    explicit LargePages(const LargePages<U>&) {}

    [[nodiscard]] T* allocate(std::size_t count) {
        const std::size_t size_bytes = count * sizeof(T);
        void* memory = ::operator new(size_bytes, kAlignment);
        // A wish: what the kernel makes of it changes nothing but speed.
        (void)madvise(memory, size_bytes, MADV_HUGEPAGE);
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { ::operator delete(memory, kAlignment); }

    friend bool operator==(const LargePages&, const LargePages&) { return true; }

  private:
    static constexpr std::align_val_t kAlignment{2u << 20};
};

}  // namespace fpvs::engine
