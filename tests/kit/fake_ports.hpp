// SPDX-License-Identifier: Apache-2.0
// Packet ports and neighbours of memory: a test puts frames in, and reads what came out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/provider/neighbours.hpp"
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

class FakeNeighbours final : public provider::Neighbours {
  public:
    std::optional<provider::Neighbour> resolve(model::Ipv4 target) override {
        ++questions;
        const auto found = known.find(target);
        return found == known.end() ? std::nullopt : std::optional(found->second);
    }
    void forget(model::Ipv4 target) override { known.erase(target); }
    void on_change(ChangeHandler handler) override { handler_ = std::move(handler); }

    // An on-link neighbour behind the interface of that index.
    void learn(std::string_view address, std::string_view mac, std::uint32_t interface_index) {
        const model::Ipv4 target = *model::parse_ipv4(address);
        known[target] = {.mac = *model::parse_mac(mac),
                         .next_hop = target,
                         .source = {},
                         .interface_index = interface_index,
                         .interface = "if" + std::to_string(interface_index)};
    }

    std::map<model::Ipv4, provider::Neighbour> known;
    std::size_t questions = 0;

  private:
    ChangeHandler handler_;
};

}  // namespace fpvs::kit
