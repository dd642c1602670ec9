// SPDX-License-Identifier: Apache-2.0
// Where frames live: a fixed number of mbufs, each large enough for the longest frame; in large
// pages as far as there are some.
#pragma once

#include <rte_mempool.h>

#include <cstddef>
#include <memory>
#include <string>

#include "host/util/result.hpp"

namespace fpvs::dpdk {

struct FramePoolDeleter {
    void operator()(rte_mempool* pool) const { ::rte_mempool_free(pool); }
};
// Free it before the Eal ends and after every port that uses it.
using FramePool = std::unique_ptr<rte_mempool, FramePoolDeleter>;

struct FramePoolOptions {
    std::string name = "frames";  // Unique within the process.
    std::size_t frames = 4096;
    std::size_t frame_bytes_max = 2048;  // Of one frame, with its VLAN tags.
};

[[nodiscard]] Result<FramePool> make_frame_pool(const FramePoolOptions& options = {});

}  // namespace fpvs::dpdk
