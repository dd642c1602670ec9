// SPDX-License-Identifier: Apache-2.0
// Neighbours as a test wants them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "host/provider/neighbours.hpp"

namespace fpvs::kit {

class FakeNeighbours final : public provider::Neighbours {
  public:
    std::optional<provider::Neighbour> resolve(const model::IpAddress& target) override {
        ++questions;
        forgotten.erase(target);
        const auto found = known.find(target);
        return found == known.end() ? std::nullopt : std::optional(found->second);
    }
    void forget(const model::IpAddress& target) override { forgotten.insert(target); }
    void on_change(ChangeHandler handler) override { handler_ = std::move(handler); }

    // An on-link neighbour behind the interface of that index.
    void learn(std::string_view address, std::string_view mac, std::uint32_t interface_index) {
        const model::IpAddress target = *model::parse_address(address);
        known[target] = {.mac = *model::parse_mac(mac),
                         .next_hop = target,
                         .source = {},
                         .interface_index = interface_index,
                         .interface = "if" + std::to_string(interface_index)};
    }

    std::map<model::IpAddress, provider::Neighbour> known;
    std::size_t questions = 0;
    std::set<model::IpAddress> forgotten;  // And not asked for again.

  private:
    ChangeHandler handler_;
};

}  // namespace fpvs::kit
