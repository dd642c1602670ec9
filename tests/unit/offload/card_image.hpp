// SPDX-License-Identifier: Apache-2.0
// What commands make of a card's tables, and how a packet is found in them.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "host/offload/card_tables.hpp"

namespace fpvs::offload {

class CardImage {
  public:
    using Position = std::pair<std::uint64_t, std::uint64_t>;

    explicit CardImage(abi::HashKey hash_key, const TableSizes& sizes = {})
        : hash_key_(hash_key), sizes_(sizes) {}

    void obey(const CommandRecord& command) {
        const auto index = command.get<abi::Command::index>();
        const auto way = command.get<abi::Command::way>();
        const std::size_t bank = command.get<abi::Command::table>();
        opcodes.push_back(static_cast<abi::Opcode>(command.get<abi::Command::opcode>()));
        switch (opcodes.back()) {
            case abi::Opcode::write_flow:
                put<abi::FlowEntry>(flows, {index, way}, command);
                return;
            case abi::Opcode::write_flow6:
                put<abi::Flow6Entry>(flows6, {index, way}, command);
                return;
            case abi::Opcode::write_service:
                put<abi::ServiceEntry>(services.at(bank), {index, way}, command);
                return;
            case abi::Opcode::write_reply:
                put<abi::ReplyEntry>(replies.at(bank), {index, way}, command);
                return;
            case abi::Opcode::write_next_hop:
                next_hops[index] = payload<abi::NextHopEntry>(command);
                return;
            case abi::Opcode::write_server:
                servers[index] = payload<abi::ServerEntry>(command);
                return;
            case abi::Opcode::write_virtual_end:
                virtual_ends[index] = payload<abi::VirtualEndEntry>(command);
                return;
            case abi::Opcode::write_steer:
                steer_words[index] = payload<abi::SteerEntry>(command);
                return;
            case abi::Opcode::set_version:
                version = index;
                return;
            case abi::Opcode::set_cursor:
                cursors[index] = command.get<abi::Command::payload_0>();
                return;
            case abi::Opcode::clear_young:
                young_cleared.insert(index);
                return;
            default:
                FAIL() << "not a table write";
        }
    }
    void obey_all(CardTables& tables) {
        CommandRecord command;
        while (tables.next_write(command)) {
            obey(command);
        }
    }

    // The entry that a packet of this flow meets; more than one is an error.
    [[nodiscard]] std::optional<abi::Record<abi::FlowEntry>> find_flow(const FlowKey& key) const {
        const Ipv4FlowKey wanted =
            Ipv4FlowKey::make(key.client_address, key.client_port, key.service, key.reply);
        return find(flows, wanted.hash(hash_key_), sizes_.flow_buckets_log2, [&](const auto& e) {
            return e.words[0] == wanted.word;
        });
    }
    [[nodiscard]] std::optional<abi::Record<abi::Flow6Entry>> find_flow6(const FlowKey& key) const {
        const Ipv6FlowKey wanted =
            Ipv6FlowKey::make(key.client_address, key.client_port, key.service, false);
        return find(flows6, wanted.hash(hash_key_), sizes_.flow6_buckets_log2, [&](const auto& e) {
            return e.words[0] == wanted.address_low && e.words[1] == wanted.address_high &&
                   static_cast<std::uint32_t>(e.words[2]) == wanted.rest;
        });
    }

    std::map<Position, abi::Record<abi::FlowEntry>> flows;
    std::map<Position, abi::Record<abi::Flow6Entry>> flows6;
    std::array<std::map<Position, abi::Record<abi::ServiceEntry>>, 2> services;
    std::array<std::map<Position, abi::Record<abi::ReplyEntry>>, 2> replies;
    std::size_t version = 0;
    std::map<std::uint64_t, NextHopRecord> next_hops;
    std::map<std::uint64_t, ServerRecord> servers;
    std::map<std::uint64_t, abi::Record<abi::VirtualEndEntry>> virtual_ends;
    std::map<std::uint64_t, abi::Record<abi::SteerEntry>> steer_words;
    std::map<std::uint64_t, std::uint64_t> cursors;
    std::set<std::uint64_t> young_cleared;
    std::vector<abi::Opcode> opcodes;

  private:
    template <class Layout>
    static abi::Record<Layout> payload(const CommandRecord& command) {
        abi::Record<Layout> entry;
        for (std::size_t word = 0; word < entry.words.size(); ++word) {
            entry.words[word] = command.words[abi::Command::payload_lsb / 64 + word];
        }
        return entry;
    }
    template <class Layout, class Table>
    static void put(Table& table, Position position, const CommandRecord& command) {
        const auto entry = payload<Layout>(command);
        if (entry.template get<typename Layout::valid>() != 0) {
            table[position] = entry;
        } else {
            table.erase(position);
        }
    }
    template <class Table, class Is>
    static std::optional<typename Table::mapped_type> find(const Table& table,
                                                           std::uint64_t hash,
                                                           int buckets_log2,
                                                           Is&& is) {
        for (int half = 0; half < abi::kFlowHalves; ++half) {
            const std::uint64_t bucket = abi::flow_bucket(hash, half, buckets_log2);
            for (std::uint64_t way = 0; way < abi::kFlowWays; ++way) {
                const auto entry =
                    table.find({bucket, static_cast<std::uint64_t>(half) * abi::kFlowWays + way});
                if (entry != table.end() && is(entry->second)) {
                    return entry->second;
                }
            }
        }
        return std::nullopt;
    }

    abi::HashKey hash_key_;
    TableSizes sizes_;
};

}  // namespace fpvs::offload
