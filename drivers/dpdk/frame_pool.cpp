// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/frame_pool.hpp"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "drivers/dpdk/large_pages.hpp"

namespace fpvs::dpdk {
namespace {

constexpr std::size_t kCacheFrames = 256;

[[nodiscard]] FramePool make_pool(const FramePoolOptions& options, std::size_t room, int socket) {
    // DPDK asks for a cache of at most two thirds of the pool.
    const std::size_t cache = std::min(kCacheFrames, options.frames / 2);
    return FramePool(::rte_pktmbuf_pool_create(options.name.c_str(),
                                               static_cast<unsigned>(options.frames),
                                               static_cast<unsigned>(cache),
                                               0,
                                               static_cast<std::uint16_t>(room),
                                               socket));
}

}  // namespace

Result<FramePool> make_frame_pool(const FramePoolOptions& options) {
    const std::size_t room = RTE_PKTMBUF_HEADROOM + options.frame_bytes_max;
    if (room > std::numeric_limits<std::uint16_t>::max()) {
        return fail(Code::invalid_argument,
                    "frames of {} bytes do not fit a packet buffer",
                    options.frame_bytes_max);
    }
    FramePool pool = make_pool(options, room, LargePages::socket());
    if (!pool) {
        pool = make_pool(options, room, SOCKET_ID_ANY);
    }
    if (!pool) {
        return fail(Code::exhausted,
                    "no memory for {} packet buffers of {} bytes: {}",
                    options.frames,
                    room,
                    ::rte_strerror(rte_errno));
    }
    return pool;
}

}  // namespace fpvs::dpdk
