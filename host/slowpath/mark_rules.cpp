// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/mark_rules.hpp"

#include <algorithm>

#include "host/model/limits.hpp"
#include "host/provider/network_port.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::uint16_t kNoSuchPort = 0xffff;
static_assert(kNoSuchPort >= provider::kNetworkPortsMax);

}  // namespace

MarkRules::Block MarkRules::Block::of(const std::optional<model::Prefix>& prefix) {
    constexpr unsigned kWordBits = 32;
    Block block;
    if (!prefix) {
        return block;
    }
    block.words = prefix->address.words;
    unsigned left = prefix->length;
    for (std::uint32_t& word : block.mask) {
        const unsigned bits = std::min(left, kWordBits);
        word = bits == 0 ? 0 : ~std::uint32_t{0} << (kWordBits - bits);
        left -= bits;
    }
    return block;
}

bool MarkRules::Block::holds(const model::IpAddress& address) const noexcept {
    std::uint32_t different = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        different |= (address.words[i] ^ words[i]) & mask[i];
    }
    return different == 0;
}

Result<std::unique_ptr<const MarkRules>> MarkRules::make(std::span<const model::MarkRule> rules,
                                                         const PortOf& port_of) {
    if (rules.size() > model::kMarkRulesMax) {
        return fail(Code::exhausted, "more than {} mark rules", model::kMarkRulesMax);
    }
    auto made = std::make_unique<MarkRules>();
    made->rules_.reserve(rules.size());
    for (const model::MarkRule& rule : rules) {
        FPVS_TRY_STATUS(model::check(rule));
        Rule& added = made->rules_.emplace_back();
        added.mark = rule.mark;
        added.protocol = rule.protocol;
        added.vlan = rule.vlan;
        added.first_port = rule.first_port;
        added.last_port = rule.last_port;
        added.destination = Block::of(rule.destination);
        added.source = Block::of(rule.source);
        if (rule.destination || rule.source) {
            added.family = (rule.destination ? rule.destination : rule.source)->address.family;
        }
        if (!rule.interface.empty()) {
            added.port = port_of(rule.interface).value_or(kNoSuchPort);
        }
    }
    return made;
}

std::uint32_t MarkRules::mark_of(const engine::Packet& packet,
                                 const Arrival& arrival) const noexcept {
    const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) {
        return fits(rule, packet, arrival);
    });
    return found != rules_.end() ? found->mark : 0;
}

bool MarkRules::fits(const Rule& rule,
                     const engine::Packet& packet,
                     const Arrival& arrival) noexcept {
    return packet.destination_port >= rule.first_port &&
           packet.destination_port <= rule.last_port &&
           rule.destination.holds(packet.destination_address) &&
           rule.source.holds(packet.source_address) &&
           (!rule.family || *rule.family == packet.destination_address.family) &&
           (!rule.protocol || *rule.protocol == packet.protocol) &&
           (!rule.port || *rule.port == arrival.port) && (!rule.vlan || rule.vlan == arrival.vlan);
}

}  // namespace fpvs::slowpath
