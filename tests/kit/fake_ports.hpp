// SPDX-License-Identifier: Apache-2.0
// A packet port of memory: a test puts frames in, and reads what came out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/provider/packet_port.hpp"
#include "tests/kit/frames.hpp"

namespace fpvs::kit {

class FakePort final : public provider::PacketPort {
  public:
    struct Frame {
        int port = 0;
        Bytes bytes;
        friend bool operator==(const Frame&, const Frame&) = default;
    };

    FakePort(rte_mempool& pool, std::string name) : pool_(pool), name_(std::move(name)) {}

    std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override {
        std::size_t count = 0;
        while (count < frames.size() && !waiting.empty()) {
            frames[count++] = to_mbuf(pool_, waiting.front().bytes, waiting.front().port);
            waiting.pop_front();
        }
        return count;
    }
    void tx_burst(std::span<rte_mbuf* const> frames) noexcept override {
        for (rte_mbuf* frame : frames) {
            sent.push_back({frame->port, bytes_of(*frame)});
            rte_pktmbuf_free(frame);
        }
    }
    const std::string& name() const noexcept override { return name_; }
    provider::PacketPortCounters counters() const noexcept override { return {}; }

    // What was sent since the last call.
    std::vector<Frame> take() { return std::exchange(sent, {}); }

    std::deque<Frame> waiting;
    std::vector<Frame> sent;

  private:
    rte_mempool& pool_;
    std::string name_;
};

}  // namespace fpvs::kit
