// SPDX-License-Identifier: Apache-2.0
// Packet memory in transparent large pages, for a machine without hugepages.
//
// What DPDK maps by itself there is shared memory in pages of 4 kB, where nearly every frame is a
// miss in the TLB.  This is private memory that the kernel is asked to back by pages of 2 MB, given
// to DPDK as a heap of its own.  Devices that read memory by themselves do not know it: it is for
// ports whose frames are copied by the CPU.
#pragma once

#include <cstddef>

#include "host/util/result.hpp"

namespace fpvs::dpdk {

class LargePages {
  public:
    // After rte_eal_init().
    [[nodiscard]] static Result<LargePages> make(std::size_t size_mb);

    LargePages(LargePages&& other) noexcept;
    LargePages& operator=(LargePages&&) = delete;
    // After rte_eal_cleanup(), which looks at every heap.
    ~LargePages();

    // Where to ask DPDK for such memory; SOCKET_ID_ANY where there is none.
    [[nodiscard]] static int socket();

  private:
    LargePages(void* memory, std::size_t size_bytes) : memory_(memory), size_bytes_(size_bytes) {}

    void* memory_;
    std::size_t size_bytes_;
};

}  // namespace fpvs::dpdk
