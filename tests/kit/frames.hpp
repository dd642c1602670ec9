// SPDX-License-Identifier: Apache-2.0
// Frames as tests hold them, and mbufs made from and read back into them.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <vector>

namespace fpvs::kit {

using Bytes = std::vector<std::uint8_t>;

inline rte_mbuf* to_mbuf(rte_mempool& pool, std::span<const std::uint8_t> bytes, int port = 0) {
    rte_mbuf* frame = ::rte_pktmbuf_alloc(&pool);
    if (frame == nullptr) {
        throw std::runtime_error("the test's pool has no mbuf left");
    }
    char* data = ::rte_pktmbuf_append(frame, static_cast<std::uint16_t>(bytes.size()));
    if (data == nullptr) {
        throw std::runtime_error("the test's frame does not fit an mbuf");
    }
    std::memcpy(data, bytes.data(), bytes.size());
    frame->port = static_cast<std::uint16_t>(port);
    return frame;
}

inline Bytes bytes_of(const rte_mbuf& frame) {
    const auto* data = rte_pktmbuf_mtod(&frame, const std::uint8_t*);
    return {data, data + frame.data_len};
}

// `count` bytes 0, 1, 2, ... from `first` on.
inline Bytes pattern(std::size_t count, std::uint8_t first = 0) {
    Bytes bytes(count);
    for (std::size_t i = 0; i < count; ++i) {
        bytes[i] = static_cast<std::uint8_t>(first + i);
    }
    return bytes;
}

}  // namespace fpvs::kit
