// SPDX-License-Identifier: Apache-2.0
// Neighbours as a test wants them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/provider/neighbours.hpp"

namespace fpvs::kit {

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
