// SPDX-License-Identifier: Apache-2.0
#include "host/offload/card_tables.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hw/abi/hash.hpp"

namespace fpvs::offload {
namespace {

constexpr abi::HashKey kKey{0x0123456789abcdef, 0xfedcba9876543210};

// What the commands make of a card.
struct CardImage {
    std::map<std::pair<std::uint64_t, std::uint64_t>, abi::Record<abi::FlowEntry>> flows;
    std::map<std::pair<std::uint64_t, std::uint64_t>, abi::Record<abi::ServiceEntry>> services;
    std::map<std::uint64_t, NextHopRecord> next_hops;

    void obey(const CommandRecord& command) {
        const auto index = command.get<abi::Command::index>();
        const auto way = command.get<abi::Command::way>();
        const auto low = command.get<abi::Command::payload_low>();
        const auto high = command.get<abi::Command::payload_high>();
        switch (static_cast<abi::Opcode>(command.get<abi::Command::opcode>())) {
            case abi::Opcode::write_flow:
                flows[{index, way}].words = {low, high};
                if (low == 0) {
                    flows.erase({index, way});
                }
                return;
            case abi::Opcode::write_service:
                services[{index, way}].words = {low, high};
                if (low == 0) {
                    services.erase({index, way});
                }
                return;
            case abi::Opcode::write_next_hop:
                next_hops[index].words = {low, high};
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
};

// A next hop whose MAC address is the server's address, so that a mix-up shows.
NextHopRecord hop_to(model::Ipv4 address) {
    NextHopRecord record;
    record.set<abi::NextHopEntry::destination_mac>(address.value).set<abi::NextHopEntry::valid>(1);
    return record;
}

FlowKey flow(std::uint32_t client, std::uint16_t port = 1000, engine::ServiceIndex service = 0) {
    return {.client_address = {client}, .client_port = port, .service = service};
}

class CardTablesTest : public ::testing::Test {
  protected:
    std::optional<FlowRefusal> add(const FlowKey& key, engine::ServerIndex server = 0) {
        return tables_.add_flow(key,
                                server,
                                abi::Method::direct_routing,
                                {.index = key.client_port, .generation = 1},
                                7,
                                hop_to(tables_.server_address(server)));
    }

    CardTables tables_{kKey};
    CardImage card_;
};

TEST_F(CardTablesTest, a_flow_lies_where_the_card_looks_for_it) {
    tables_.name_server(3, {0xc0a87182});
    ASSERT_FALSE(add(flow(0x0a000002, 30000, 5), 3));
    card_.obey_all(tables_);
    ASSERT_EQ(card_.flows.size(), 1U);
    const auto& [position, entry] = *card_.flows.begin();
    EXPECT_EQ(position.first, abi::flow_bucket(kKey, abi::flow_key(0x0a000002, 30000, 5)));
    EXPECT_EQ(entry.get<abi::FlowEntry::client_address>(), 0x0a000002U);
    EXPECT_EQ(entry.get<abi::FlowEntry::client_port>(), 30000U);
    EXPECT_EQ(entry.get<abi::FlowEntry::service>(), 5U);
    EXPECT_EQ(entry.get<abi::FlowEntry::valid>(), 1U);
    EXPECT_EQ(entry.get<abi::FlowEntry::server>(), 3U);
    EXPECT_EQ(entry.get<abi::FlowEntry::method>(), 3U);
    const auto hop = card_.next_hops.at(entry.get<abi::FlowEntry::next_hop>());
    EXPECT_EQ(hop.get<abi::NextHopEntry::destination_mac>(), 0xc0a87182U);
    EXPECT_EQ(tables_.find_flow(flow(0x0a000002, 30000, 5))->offered_epoch, 7);
    EXPECT_FALSE(tables_.find_flow(flow(0x0a000002, 30001, 5)));
}

TEST_F(CardTablesTest, the_next_hop_is_written_before_the_flow) {
    tables_.name_server(0, {1});
    ASSERT_FALSE(add(flow(1)));
    CommandRecord command;
    ASSERT_TRUE(tables_.next_write(command));
    EXPECT_EQ(command.get<abi::Command::opcode>(),
              static_cast<std::uint64_t>(abi::Opcode::write_next_hop));
}

TEST_F(CardTablesTest, a_full_bucket_refuses_and_keeps_what_it_has) {
    tables_.name_server(0, {1});
    std::vector<FlowKey> same_bucket;
    const std::uint32_t bucket = abi::flow_bucket(kKey, abi::flow_key(0, 1000, 0));
    for (std::uint32_t client = 0; same_bucket.size() < 5; ++client) {
        if (abi::flow_bucket(kKey, abi::flow_key(client, 1000, 0)) == bucket) {
            same_bucket.push_back(flow(client));
        }
    }
    for (int way = 0; way < 4; ++way) {
        EXPECT_FALSE(add(same_bucket[static_cast<std::size_t>(way)]));
    }
    EXPECT_EQ(add(same_bucket[4]), FlowRefusal::bucket_full);
    EXPECT_EQ(tables_.flow_count(), 4U);
    EXPECT_TRUE(tables_.remove_flow(same_bucket[2]));
    EXPECT_FALSE(tables_.remove_flow(same_bucket[2]));
    EXPECT_FALSE(add(same_bucket[4]));
    card_.obey_all(tables_);
    EXPECT_EQ(card_.flows.size(), 4U);
}

TEST_F(CardTablesTest, one_command_turns_a_server_off_and_on) {
    tables_.name_server(0, {1});
    for (std::uint16_t port = 0; port < 100; ++port) {
        ASSERT_FALSE(add(flow(9, port)));
    }
    card_.obey_all(tables_);
    tables_.set_next_hop(0, NextHopRecord{});
    EXPECT_EQ(tables_.writes_waiting(), 1U);
    tables_.set_next_hop(0, hop_to({1}));
    EXPECT_EQ(tables_.writes_waiting(), 1U);
    card_.obey_all(tables_);
    tables_.set_next_hop(0, hop_to({1}));
    EXPECT_EQ(tables_.writes_waiting(), 0U) << "nothing changed";
}

TEST_F(CardTablesTest, more_servers_than_next_hops_are_refused) {
    for (engine::ServerIndex server = 0; server <= abi::kNextHopsMax; ++server) {
        tables_.name_server(server, {server + 1});
        const auto refusal = add(flow(server), server);
        EXPECT_EQ(refusal.has_value(), server == abi::kNextHopsMax) << server;
    }
    card_.obey_all(tables_);
    EXPECT_TRUE(tables_.remove_flow(flow(0)));
    EXPECT_EQ(add(flow(abi::kNextHopsMax), abi::kNextHopsMax), FlowRefusal::next_hops_full)
        << "the card still has the old flow";
    card_.obey_all(tables_);
    EXPECT_FALSE(add(flow(abi::kNextHopsMax), abi::kNextHopsMax));
}

TEST_F(CardTablesTest, services_lie_where_the_card_looks_for_them) {
    const model::ServiceKey key{.address = model::Ipv4{0xc0a87164}, .port = 3306};
    ASSERT_TRUE(tables_.add_service(9, key));
    EXPECT_TRUE(tables_.has_service(9));
    card_.obey_all(tables_);
    ASSERT_EQ(card_.services.size(), 1U);
    const auto& [position, entry] = *card_.services.begin();
    EXPECT_EQ(position.first, abi::service_bucket(0xc0a87164, 3306, 6));
    EXPECT_EQ(entry.get<abi::ServiceEntry::service>(), 9U);
    EXPECT_EQ(entry.get<abi::ServiceEntry::valid>(), 1U);
    tables_.remove_service(9);
    tables_.remove_service(9);
    card_.obey_all(tables_);
    EXPECT_TRUE(card_.services.empty());
    EXPECT_FALSE(tables_.has_service(9));
    EXPECT_FALSE(tables_.add_service(abi::kServicesMax, key)) << "a number beyond the card's";
}

TEST_F(CardTablesTest, a_full_service_bucket_refuses) {
    // The fold of hw/abi/hash.hpp XORs octets, so these four addresses and a fifth meet.
    int added = 0;
    for (engine::ServiceIndex service = 0; service < 5; ++service) {
        const model::ServiceKey key{.address = model::Ipv4{service << 8 | service}, .port = 0};
        added += tables_.add_service(service, key) ? 1 : 0;
    }
    EXPECT_EQ(added, 4);
}

TEST_F(CardTablesTest, everything_can_be_written_anew) {
    tables_.write_everything();
    EXPECT_EQ(tables_.writes_waiting(),
              static_cast<std::size_t>(abi::kNextHopsMax + abi::kFlowsMax + abi::kServicesMax));
    CommandRecord command;
    std::size_t writes = 0;
    while (tables_.next_write(command)) {
        EXPECT_EQ(command.get<abi::Command::payload_low>(), 0U);
        ++writes;
    }
    EXPECT_EQ(writes,
              static_cast<std::size_t>(abi::kNextHopsMax + abi::kFlowsMax + abi::kServicesMax));
}

// After every single command, whatever the operations before it and however many of their commands
// are still waiting, each flow on the card leads to a server that the flow belonged to.
TEST_F(CardTablesTest, no_flow_on_the_card_ever_leads_to_a_strangers_server) {
    constexpr int kSteps = 40'000;
    constexpr std::uint32_t kClients = 40;
    constexpr std::uint32_t kServers = 12;
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::uint32_t next_address = 1;
    // The addresses that a flow's key was ever added for; a key names one connection here.
    std::map<std::uint64_t, std::uint32_t> address_of_key;
    std::map<std::uint16_t, engine::ServerIndex> live;
    std::uint16_t next_port = 0;
    for (engine::ServerIndex server = 0; server < kServers; ++server) {
        tables_.name_server(server, {next_address++});
    }
    for (int step = 0; step < kSteps; ++step) {
        const auto choice = random() % 100;
        if (choice < 35 && live.size() < kClients) {
            const engine::ServerIndex server = random() % kServers;
            const FlowKey key = flow(7, next_port++);
            if (!add(key, server)) {
                live[key.client_port] = server;
                address_of_key[abi::flow_key(7, key.client_port, 0)] =
                    tables_.server_address(server).value;
            }
        } else if (choice < 60 && !live.empty()) {
            auto victim = live.begin();
            std::advance(victim, static_cast<long>(random() % live.size()));
            EXPECT_TRUE(tables_.remove_flow(flow(7, victim->first)));
            live.erase(victim);
        } else if (choice < 65) {
            // A server number is given to another address only when no connection has it.
            const engine::ServerIndex server = random() % kServers;
            if (tables_.flows_of(server) == 0) {
                tables_.name_server(server, {next_address++});
            }
        } else {
            CommandRecord command;
            if (tables_.next_write(command)) {
                card_.obey(command);
            }
        }
        for (const auto& [position, entry] : card_.flows) {
            const auto key = entry.words[0] & ~(std::uint64_t{1} << 63);
            const auto hop = card_.next_hops[entry.get<abi::FlowEntry::next_hop>()];
            ASSERT_EQ(hop.get<abi::NextHopEntry::destination_mac>(), address_of_key.at(key))
                << "step " << step;
        }
        if (next_port == 0xffff) {
            break;
        }
    }
    card_.obey_all(tables_);
    EXPECT_EQ(card_.flows.size(), live.size());
    EXPECT_EQ(tables_.flow_count(), live.size());
}

}  // namespace
}  // namespace fpvs::offload
