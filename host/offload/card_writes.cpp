// SPDX-License-Identifier: Apache-2.0
// The commands that bring the card's tables up to date, in the order that card_tables.hpp states.
#include <utility>

#include "host/offload/card_tables.hpp"

namespace fpvs::offload {
namespace {

void address(CommandRecord& command,
             abi::Opcode opcode,
             std::uint32_t index,
             std::uint32_t way = 0,
             std::uint32_t table = 0) {
    command.set<abi::Command::opcode>(static_cast<std::uint64_t>(opcode));
    command.set<abi::Command::index>(index);
    command.set<abi::Command::way>(way);
    command.set<abi::Command::table>(table);
}

template <class Layout>
void set_payload(CommandRecord& command, const abi::Record<Layout>& entry) {
    constexpr std::size_t kFirst = abi::Command::payload_lsb / 64;
    static_assert(kFirst + abi::Record<Layout>::kWords <= CommandRecord::kWords);
    for (std::size_t word = 0; word < entry.words.size(); ++word) {
        command.words[kFirst + word] = entry.words[word];
    }
}

[[nodiscard]] abi::Record<abi::FlowEntry> entry_of(const Ipv4FlowKey& key, const Flow& flow) {
    abi::Record<abi::FlowEntry> entry;
    entry.words[0] = key.word;
    entry.set<abi::FlowEntry::other_address>(flow.other_address)
        .set<abi::FlowEntry::other_port>(flow.other_port);
    return entry;
}

[[nodiscard]] abi::Record<abi::Flow6Entry> entry_of(const Ipv6FlowKey& key, const Flow&) {
    abi::Record<abi::Flow6Entry> entry;
    entry.words = {key.address_low, key.address_high, key.rest};
    return entry;
}

}  // namespace

bool CardTables::next_write(CommandRecord& command) {
    command = CommandRecord{};
    return next_next_hop(command) || next_server(command) ||
           next_flow<Ipv4FlowKey, abi::FlowEntry>(command, flows_, abi::Opcode::write_flow) ||
           next_flow<Ipv6FlowKey, abi::Flow6Entry>(command, flows6_, abi::Opcode::write_flow6) ||
           next_virtual_end(command) || next_steer_word(command) || next_banked(command) ||
           next_version(command) || next_young(command) || next_renamed_server(command);
}

std::size_t CardTables::writes_waiting() const {
    return next_hops_.writes().size() + server_writes_.size() + flows_.writes().size() +
           flows6_.writes().size() + virtual_end_writes_.size() + steer_writes_.size() +
           cursor_writes_.size() + service_table_.writes_waiting() + reply_table_.writes_waiting() +
           (version_due_ ? 1 : 0) + young_clears_.size() + renamed_servers_.size();
}

bool CardTables::next_next_hop(CommandRecord& command) {
    const auto index = next_hops_.writes().pop();
    if (!index) {
        return false;
    }
    address(command, abi::Opcode::write_next_hop, *index);
    set_payload(command, next_hops_.at(static_cast<std::uint16_t>(*index)));
    return true;
}

bool CardTables::next_server(CommandRecord& command) {
    const auto index = server_writes_.pop();
    if (!index) {
        return false;
    }
    write_server(command, *index, renamed_servers_.is_waiting(*index));
    return true;
}

bool CardTables::next_renamed_server(CommandRecord& command) {
    const auto index = renamed_servers_.pop();
    if (!index) {
        return false;
    }
    write_server(command, *index, false);
    return true;
}

void CardTables::write_server(CommandRecord& command, std::uint32_t index, bool renamed) {
    Server& server = servers_[index];
    const ServerRecord entry = renamed ? ServerRecord{} : server.record;
    const std::uint16_t hop = renamed ? kNoNextHop : server.next_hop;
    next_hops_.retain(hop);
    next_hops_.release(std::exchange(server.hop_on_card, hop));
    address(command, abi::Opcode::write_server, index);
    set_payload(command, entry);
}

template <class Key, class Layout>
bool CardTables::next_flow(CommandRecord& command, FlowTable<Key>& table, abi::Opcode opcode) {
    const auto place = table.writes().pop();
    if (!place) {
        return false;
    }
    const auto& [key, flow] = table.at(*place);
    abi::Record<Layout> entry;
    std::uint16_t hop = kNoNextHop;
    if (!key.is_empty()) {
        hop = flow.reply_hop;
        entry = entry_of(key, flow);
        entry.template set<typename Layout::server>(flow.server)
            .template set<typename Layout::method>(static_cast<std::uint64_t>(flow.method))
            .template set<typename Layout::next_hop>(hop == kNoNextHop ? 0 : hop);
    }
    next_hops_.retain(hop);
    next_hops_.release(std::exchange(table.hop_on_card(*place), hop));
    address(command, opcode, table.bucket_of(*place), table.way_of(*place));
    set_payload(command, entry);
    return true;
}

bool CardTables::next_virtual_end(CommandRecord& command) {
    const auto index = virtual_end_writes_.pop();
    if (!index) {
        return false;
    }
    address(command, abi::Opcode::write_virtual_end, *index);
    set_payload(command, services_[*index].virtual_end);
    return true;
}

bool CardTables::next_steer_word(CommandRecord& command) {
    if (const auto index = steer_writes_.pop()) {
        const std::uint16_t server = steer_words_[*index];
        abi::Record<abi::SteerEntry> entry;
        if (server != kNoSteerServer) {
            entry.set<abi::SteerEntry::server>(server).set<abi::SteerEntry::valid>(1);
        }
        address(command, abi::Opcode::write_steer, *index);
        set_payload(command, entry);
        return true;
    }
    if (const auto cursor = cursor_writes_.pop()) {
        address(command, abi::Opcode::set_cursor, *cursor);
        return true;
    }
    return false;
}

// Into the bank that packets do not see.
bool CardTables::next_banked(CommandRecord& command) {
    const std::uint32_t bank = 1 - version_;
    if (const auto position = service_table_.writes(bank).pop()) {
        address(command,
                abi::Opcode::write_service,
                *position / abi::kTableWays,
                *position % abi::kTableWays,
                bank);
        set_payload(command, service_table_.at(*position));
        return true;
    }
    if (const auto position = reply_table_.writes(bank).pop()) {
        address(command,
                abi::Opcode::write_reply,
                *position / abi::kTableWays,
                *position % abi::kTableWays,
                bank);
        set_payload(command, reply_table_.at(*position));
        return true;
    }
    return false;
}

// The bank is complete: packets behind this command see it, and none refers to what was retired
// before.
bool CardTables::next_version(CommandRecord& command) {
    if (!version_due_) {
        return false;
    }
    version_due_ = false;
    version_ = 1 - version_;
    for (const Retired& retired : retired_) {
        if (retired.region.size != 0) {
            regions_.give_back(retired.region);
        }
        if (retired.cursor != kNoCursor) {
            free_cursors_.push_back(retired.cursor);
        }
    }
    retired_.clear();
    address(command, abi::Opcode::set_version, version_);
    return true;
}

bool CardTables::next_young(CommandRecord& command) {
    const auto place = young_clears_.pop();
    if (!place) {
        return false;
    }
    address(command, abi::Opcode::clear_young, *place);
    return true;
}

}  // namespace fpvs::offload
