// SPDX-License-Identifier: Apache-2.0
// Random edits against a card that takes their commands one by one, with packets between any two.
// RC_PARAMS="seed=N" plays a failure again.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "host/offload/card_tables.hpp"
#include "tests/unit/offload/card_image.hpp"

namespace fpvs::offload {
namespace {

constexpr abi::HashKey kKey{0x0123456789abcdef, 0xfedcba9876543210};
constexpr TableSizes kSizes{.flow_buckets_log2 = 3, .flow6_buckets_log2 = 2};
constexpr std::uint16_t kServers = 8;
constexpr engine::ServiceIndex kServices = 12;

// Every server that there ever was has an address of its own, so that a mix-up shows.
using Identity = std::uint32_t;

class World {
  public:
    explicit World(std::uint32_t seed) : random_(seed), tables_(kKey, kSizes), card_(kKey, kSizes) {
        for (std::uint16_t server = 0; server < kServers; ++server) {
            rename(server);
        }
        drain();
    }

    void act() {
        switch (below(12)) {
            case 0:
            case 1:
            case 2:
            case 3:
                add_flow();
                break;
            case 4:
            case 5:
                remove_flow();
                break;
            case 6:
                rename(static_cast<std::uint16_t>(below(kServers)));
                break;
            case 7:
                toggle_service();
                break;
            case 8:
                steer();
                break;
            case 9:
                set_reply_hop();
                break;
            default:
                // The card takes some of what waits, or all of it.
                take(below(8) == 0 ? 1'000'000 : below(20));
                break;
        }
    }
    void drain() { take(1'000'000'000); }

    void check_end() {
        drain();
        RC_ASSERT(tables_.writes_waiting() == 0u);
        RC_ASSERT(card_.services[0] == card_.services[1]);
        RC_ASSERT(card_.replies[0] == card_.replies[1]);
        std::size_t there = 0;
        for (const auto& [key, flow] : live_) {
            there += find(key) ? 1 : 0;
        }
        RC_ASSERT(there == live_.size());
        RC_ASSERT(card_.flows.size() + card_.flows6.size() == live_.size());
        for (const auto& [key, flow] : std::exchange(live_, {})) {
            RC_ASSERT(tables_.remove_flow(flow.key));
        }
        for (std::uint16_t server = 0; server < kServers; ++server) {
            tables_.set_server(server, {}, kNoNextHop);
        }
        drain();
        RC_ASSERT(tables_.next_hops().in_use() == 0u);
    }
    [[nodiscard]] std::uint64_t moves() const { return tables_.moves(); }

  private:
    struct Live {
        FlowKey key;
        std::uint16_t server = 0;
        bool seen = false;  // The card has had it since it was added.
    };
    // What packets must find of a service since the version changed.
    struct Steered {
        engine::ServiceIndex service = 0;
        std::vector<std::uint16_t> servers;
    };

    [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_() % bound; }

    [[nodiscard]] FlowKey new_key() {
        const std::uint32_t number = next_client_++;
        FlowKey key{.client_port = static_cast<std::uint16_t>(number % 7),
                    .service = number % kServices};
        if (number % 3 == 0) {
            key.client_address = model::Ipv6{{0x20010db8, 0, 0, number}};
        } else {
            key.client_address = model::Ipv4{number};
            key.reply = number % 5 == 0;
        }
        return key;
    }
    [[nodiscard]] static std::uint32_t number_of(const FlowKey& key) {
        return key.client_address.words[key.client_address.is_ipv4() ? 0 : 3];
    }
    [[nodiscard]] std::uint16_t hop(Identity identity) {
        return tables_.next_hops().use(
            {.address = model::Ipv4{identity}},
            model::Ipv4{identity},
            [](const model::IpAddress& target, std::uint32_t) {
                NextHopRecord record;
                record.set<abi::NextHopEntry::destination_mac>(target.words[0]);
                record.set<abi::NextHopEntry::valid>(1);
                return record;
            });
    }

    void add_flow() {
        const FlowKey key = new_key();
        const auto server = static_cast<std::uint16_t>(below(kServers));
        const std::uint16_t reply_hop = below(2) == 0 ? hop(1'000'000 + below(4)) : kNoNextHop;
        if (!tables_.add_flow(key, {.server = server, .reply_hop = reply_hop})) {
            tables_.next_hops().release(reply_hop);
            return;
        }
        live_[number_of(key)] = {key, server, false};
        owner_[number_of(key)] = identity_[server];
    }
    [[nodiscard]] std::map<std::uint32_t, Live>::iterator any_flow() {
        return std::next(live_.begin(),
                         static_cast<long>(below(static_cast<std::uint32_t>(live_.size()))));
    }
    void remove_flow() {
        if (!live_.empty()) {
            const auto victim = any_flow();
            RC_ASSERT(tables_.remove_flow(victim->second.key));
            live_.erase(victim);
        }
    }
    void set_reply_hop() {
        if (!live_.empty()) {
            tables_.set_reply_hop(any_flow()->second.key, hop(1'000'000 + below(4)));
        }
    }

    // A number is given to another server only when no connection and no table has it.
    void rename(std::uint16_t server) {
        if (tables_.flows_of(server) != 0) {
            return;
        }
        for (auto& [service, table] : steering_) {
            if (std::find(table.begin(), table.end(), server) != table.end()) {
                tables_.clear_steering(service);
                table.clear();
            }
        }
        const Identity identity = ++last_identity_;
        identity_[server] = identity;
        tables_.name_server(server, below(kServices), {.address = model::Ipv4{identity}});
        ServerRecord record;
        record.set<abi::ServerEntry::address_low>(identity).set<abi::ServerEntry::valid>(1);
        tables_.set_server(server, record, hop(identity));
        RC_ASSERT(tables_.set_reply_end(server,
                                        {.address = model::Ipv4{identity % 5}, .port = 80},
                                        model::Protocol::tcp,
                                        below(2) == 0,
                                        below(4) != 0));
    }

    void toggle_service() {
        const engine::ServiceIndex service = below(kServices);
        if (tables_.has_service(service)) {
            tables_.remove_service(service);
            steering_.erase(service);
        } else {
            RC_ASSERT(tables_.add_service(
                service, {.address = model::Ipv4{0x0a000000 + below(1000)}, .port = 80}));
            steering_[service] = {};
        }
    }
    void steer() {
        if (steering_.empty()) {
            return;
        }
        const auto chosen =
            std::next(steering_.begin(),
                      static_cast<long>(below(static_cast<std::uint32_t>(steering_.size()))));
        SteerTable table{.kind = below(2) == 0 ? abi::Steer::source : abi::Steer::in_turn};
        // Mostly one server, so that half of a table shows.
        table.servers.assign(1 + below(8), static_cast<std::uint16_t>(below(kServers)));
        const bool refused = tables_.set_steering(chosen->first, table).has_value();
        chosen->second = refused ? std::vector<std::uint16_t>{} : table.servers;
    }

    void take(std::uint32_t commands) {
        CommandRecord command;
        for (std::uint32_t i = 0; i < commands && tables_.next_write(command); ++i) {
            card_.obey(command);
            if (card_.opcodes.back() == abi::Opcode::set_version) {
                seen_services_ = card_.services[card_.version];
                seen_replies_ = card_.replies[card_.version];
                check_whole_version();
            }
            card_.opcodes.clear();
            check_packets();
        }
    }

    // The next hop and the server that a packet of the flow would meet, or none.
    template <class Layout>
    void check_entry(const abi::Record<Layout>& entry, Identity owner) const {
        const auto server = card_.servers.find(entry.template get<typename Layout::server>());
        RC_ASSERT(server != card_.servers.end());
        check_server(server->second, owner);
        if (entry.template get<typename Layout::next_hop>() != 0) {
            RC_ASSERT(card_.next_hops.count(entry.template get<typename Layout::next_hop>()) == 1);
        }
    }
    void check_server(const ServerRecord& server, Identity owner) const {
        if (server.get<abi::ServerEntry::valid>() == 0) {
            return;
        }
        RC_ASSERT(server.get<abi::ServerEntry::address_low>() == owner);
        const auto hop = card_.next_hops.at(server.get<abi::ServerEntry::next_hop>());
        RC_ASSERT(hop.get<abi::NextHopEntry::destination_mac>() == owner);
    }
    [[nodiscard]] bool find(std::uint32_t number) {
        const FlowKey& key = live_.at(number).key;
        return key.client_address.is_ipv4() ? card_.find_flow(key).has_value()
                                            : card_.find_flow6(key).has_value();
    }

    void check_packets() {
        for (auto& [number, flow] : live_) {
            const bool found = find(number);
            RC_ASSERT(found || !flow.seen);
            flow.seen |= found;
        }
        // Also those that the host has removed already.
        for (const auto& [place, entry] : card_.flows) {
            check_entry(
                entry,
                owner_.at(static_cast<std::uint32_t>(entry.get<abi::FlowEntry::client_address>())));
        }
        for (const auto& [place, entry] : card_.flows6) {
            check_entry(entry,
                        owner_.at(static_cast<std::uint32_t>(
                            entry.get<abi::Flow6Entry::client_address_low>())));
        }
        // What packets see of services and replies changes with the version only.
        RC_ASSERT(card_.services[card_.version] == seen_services_);
        RC_ASSERT(card_.replies[card_.version] == seen_replies_);
        std::set<std::uint64_t> cursors;
        for (const auto& [position, entry] : seen_services_) {
            check_words(entry, cursors);
        }
    }
    void check_words(const abi::Record<abi::ServiceEntry>& entry,
                     std::set<std::uint64_t>& cursors) const {
        const auto kind = static_cast<abi::Steer>(entry.get<abi::ServiceEntry::steer>());
        if (kind == abi::Steer::none) {
            return;
        }
        if (kind == abi::Steer::in_turn) {
            RC_ASSERT(cursors.insert(entry.get<abi::ServiceEntry::cursor>()).second);
        }
        const auto meant = seen_steering_.find(entry.get<abi::ServiceEntry::service>());
        RC_ASSERT(meant != seen_steering_.end());
        const auto& [servers, owner] = meant->second;
        RC_ASSERT(entry.get<abi::ServiceEntry::steer_size>() == servers.size());
        for (std::size_t i = 0; i < servers.size(); ++i) {
            const auto word = card_.steer_words.at(entry.get<abi::ServiceEntry::steer_base>() + i);
            RC_ASSERT(word.get<abi::SteerEntry::server>() == servers[i]);
            if (const auto server = card_.servers.find(servers[i]); server != card_.servers.end()) {
                check_server(server->second, owner);
            }
        }
    }

    // All services are as they shall be, none is missing or left over.
    void check_whole_version() {
        std::set<std::uint64_t> seen;
        seen_steering_.clear();
        for (const auto& [position, entry] : seen_services_) {
            const auto service = entry.get<abi::ServiceEntry::service>();
            RC_ASSERT(seen.insert(service).second);
            const auto wanted = steering_.find(static_cast<engine::ServiceIndex>(service));
            RC_ASSERT(wanted != steering_.end());
            RC_ASSERT((entry.get<abi::ServiceEntry::steer>() != 0) == !wanted->second.empty());
            if (!wanted->second.empty()) {
                seen_steering_[service] = {wanted->second, identity_.at(wanted->second.front())};
            }
        }
        RC_ASSERT(seen.size() == steering_.size());
    }

    std::mt19937 random_;
    CardTables tables_;
    CardImage card_;
    std::uint32_t next_client_ = 1;
    Identity last_identity_ = 0;
    std::map<std::uint16_t, Identity> identity_;
    std::map<std::uint32_t, Live> live_;
    std::map<std::uint32_t, Identity> owner_;  // Of every flow that there ever was.
    std::map<engine::ServiceIndex, std::vector<std::uint16_t>> steering_;  // Of services there are.
    std::map<CardImage::Position, abi::Record<abi::ServiceEntry>> seen_services_;
    std::map<CardImage::Position, abi::Record<abi::ReplyEntry>> seen_replies_;
    std::map<std::uint64_t, std::pair<std::vector<std::uint16_t>, Identity>> seen_steering_;
};

RC_GTEST_PROP(CardTablesProperty, packets_never_meet_half_of_a_change, (std::uint32_t seed)) {
    World world(seed);
    for (int i = 0; i < 300; ++i) {
        world.act();
    }
    RC_TAG(world.moves() > 0 ? "flows moved" : "no flow moved");
    world.check_end();
}

}  // namespace
}  // namespace fpvs::offload
