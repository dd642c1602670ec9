// SPDX-License-Identifier: Apache-2.0
// The rules that give packets firewall marks, made ready for being asked.
//
// Immutable: the control plane makes a new one from all rules and the worker goes over to it
// between two bursts.  The mark decides how a connection is scheduled and nothing later, so it is
// looked for only when a packet may begin one (Worker::mark()); without rules nothing is looked at.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/engine/packet.hpp"
#include "host/model/mark_rule.hpp"
#include "host/util/result.hpp"

namespace fpvs::slowpath {

// How a packet came in.
struct Arrival {
    std::uint16_t port = 0;  // The director's number of the network port.
    std::optional<std::uint16_t> vlan = {};
};

class MarkRules {
  public:
    // The number of the network port behind an interface; none if there is no such port, and then
    // a rule that names it fits nothing.
    using PortOf = std::function<std::optional<std::uint16_t>(std::string_view interface)>;

    MarkRules() = default;
    // Refuses more than model::kMarkRulesMax rules, and those that model::check() refuses.
    [[nodiscard]] static Result<std::unique_ptr<const MarkRules>> make(
        std::span<const model::MarkRule> rules, const PortOf& port_of);

    [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
    // The mark of the first rule that fits, or 0.
    [[nodiscard]] std::uint32_t mark_of(const engine::Packet& packet,
                                        const Arrival& arrival) const noexcept;

  private:
    struct Block {
        std::array<std::uint32_t, 4> words{};
        std::array<std::uint32_t, 4> mask{};  // All 0: no condition.

        [[nodiscard]] static Block of(const std::optional<model::Prefix>& prefix);
        [[nodiscard]] bool holds(const model::IpAddress& address) const noexcept;
    };
    struct Rule {
        std::uint32_t mark = 0;
        std::optional<model::Family> family;
        std::optional<model::Protocol> protocol;
        std::optional<std::uint16_t> port;
        std::optional<std::uint16_t> vlan;
        std::uint16_t first_port = 0;
        std::uint16_t last_port = 0;
        Block destination;
        Block source;
    };

    [[nodiscard]] static bool fits(const Rule& rule,
                                   const engine::Packet& packet,
                                   const Arrival& arrival) noexcept;

    std::vector<Rule> rules_;
};

}  // namespace fpvs::slowpath
