// SPDX-License-Identifier: Apache-2.0
// The tables of a card that ran on without a host.
//
// What the card has is true for packets until it is overwritten, so every number keeps its meaning
// while an entry may refer to it, and only what differs is written: the ledger keeps the rest back
// (CardLedger::note).  Young connections stay; their servers' numbers mean the same, or are given
// another meaning as ever.
#include <type_traits>

#include "host/offload/card_ledger.hpp"
#include "host/offload/card_tables.hpp"

namespace fpvs::offload {
namespace {

// Of a server's number whose meaning is uncertain: the next one is a new one.
constexpr engine::ServiceIndex kUncertain = engine::kNoIndex - 1;

[[nodiscard]] bool is_of(const ServerRecord& record, const model::ServerKey& key) {
    const auto& words = key.address.words;
    const bool ipv6 = key.address.is_ipv6();
    const std::uint64_t low = ipv6 ? std::uint64_t{words[2]} << 32 | words[3] : words[0];
    const std::uint64_t high = ipv6 ? std::uint64_t{words[0]} << 32 | words[1] : 0;
    return record.get<abi::ServerEntry::address_low>() == low &&
           record.get<abi::ServerEntry::address_high>() == high &&
           record.get<abi::ServerEntry::port>() == key.port &&
           record.get<abi::ServerEntry::ipv6>() == (ipv6 ? 1 : 0);
}

[[nodiscard]] bool has_reply_hop(std::uint64_t method) {
    return method == static_cast<std::uint64_t>(abi::Method::nat) ||
           method == static_cast<std::uint64_t>(abi::Method::full_nat);
}

}  // namespace

void CardTables::begin_adoption(const CardLedger& ledger) {
    version_ = ledger.version() & 1;
    adopt_hops(ledger);
    adopt_servers(ledger);
    adopt_references(flows_, [&](std::uint32_t place) {
        return ledger.flow(flows_.bucket_of(place), flows_.way_of(place));
    });
    adopt_references(flows6_, [&](std::uint32_t place) {
        return ledger.flow6(flows6_.bucket_of(place), flows6_.way_of(place));
    });
    // The tables and sequences that packets see go with the bank that names them.
    for (std::uint32_t position = 0; position < abi::kServiceBuckets * abi::kTableWays;
         ++position) {
        const auto entry = ledger.service(position, version_);
        if (entry.get<abi::ServiceEntry::valid>() == 0 ||
            entry.get<abi::ServiceEntry::steer>() == static_cast<std::uint64_t>(abi::Steer::none)) {
            continue;
        }
        Retired seen{
            .region = {static_cast<std::uint32_t>(entry.get<abi::ServiceEntry::steer_base>()),
                       static_cast<std::uint32_t>(entry.get<abi::ServiceEntry::steer_size>())}};
        if (!regions_.take(seen.region)) {
            seen.region = {};
        }
        const auto cursor = static_cast<std::uint8_t>(entry.get<abi::ServiceEntry::cursor>());
        if (entry.get<abi::ServiceEntry::steer>() ==
                static_cast<std::uint64_t>(abi::Steer::in_turn) &&
            std::erase(free_cursors_, cursor) != 0) {
            seen.cursor = cursor;
        }
        retired_.push_back(seen);
    }
}

void CardTables::adopt_hops(const CardLedger& ledger) {
    for (std::uint16_t number = 0; number < next_hops_.size(); ++number) {
        if (ledger.was_told_of_hop(number)) {
            next_hops_.adopt(
                number, ledger.hop_key(number), ledger.hop_target(number), ledger.hop(number));
            adopted_hops_.push_back(number);
        }
    }
}

void CardTables::adopt_servers(const CardLedger& ledger) {
    for (engine::ServerIndex index = 0; index < servers_.size(); ++index) {
        if (!ledger.was_told_of(index)) {
            continue;
        }
        const ServerRecord record = ledger.server(index);
        Server& server = servers_[index];
        server.key = ledger.key_of(index);
        server.service = is_of(record, server.key) ? ledger.service_of(index) : kUncertain;
        if (record.get<abi::ServerEntry::valid>() != 0) {
            server.hop_on_card = adopted_use(record.get<abi::ServerEntry::next_hop>());
        }
    }
}

// An entry that names a hop of which the card was never told would be nobody's.
std::uint16_t CardTables::adopted_use(std::uint64_t hop) {
    const auto number = static_cast<std::uint16_t>(hop);
    if (!next_hops_.is_used(number)) {
        return kNoNextHop;
    }
    next_hops_.retain(number);
    return number;
}

template <class Key, class Entry>
void CardTables::adopt_references(FlowTable<Key>& table, Entry&& entry_at) {
    for (std::uint32_t place = 0; place < table.size(); ++place) {
        const auto entry = entry_at(place);
        using Layout =
            std::conditional_t<std::is_same_v<Key, Ipv4FlowKey>, abi::FlowEntry, abi::Flow6Entry>;
        if (entry.template get<typename Layout::valid>() != 0 &&
            has_reply_hop(entry.template get<typename Layout::method>())) {
            table.hop_on_card(place) = adopted_use(entry.template get<typename Layout::next_hop>());
        }
    }
}

template <class Key>
bool CardTables::adopt_in(FlowTable<Key>& table,
                          const FlowPlace& place,
                          const FlowKey& key,
                          Flow flow) {
    const Key own = Key::make(key.client_address, key.client_port, key.service, key.reply);
    const std::uint32_t at = table.place_of(place.bucket, place.way);
    if (at == FlowTable<Key>::kNowhere || table.find(own) != FlowTable<Key>::kNowhere) {
        return false;
    }
    flow.reply_hop = table.hop_on_card(at);
    next_hops_.retain(flow.reply_hop);
    table.adopt(at, own, flow);
    ++servers_[flow.server].flows;
    return true;
}

bool CardTables::adopt_flow(const FlowPlace& place, const FlowKey& key, Flow flow) {
    return place.ipv6 ? adopt_in(flows6_, place, key, flow) : adopt_in(flows_, place, key, flow);
}

void CardTables::end_adoption() {
    for (const std::uint16_t hop : adopted_hops_) {
        next_hops_.release(hop);
    }
    adopted_hops_.clear();
    put_everything();
}

}  // namespace fpvs::offload
