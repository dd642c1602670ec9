// SPDX-License-Identifier: Apache-2.0
// A director and its backup over a wire that loses, repeats and reorders messages, with random
// traffic of every kind of service.  RC_PARAMS="seed=N" plays a failure again.
//
//  - Whatever the wire does, the backup has no connection with a server that the master never gave
//    it, and its servers' counts are those of its connections.
//  - Once the wire is calm and the master tells all it has, the backup has every connection that
//    goes on, with the same server, method and state, and clients of persistent services keep their
//    servers through it.
//  - A message that is cut anywhere, or has any octet changed that matters, changes nothing or what
//    a right message may change, and is counted.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "host/sync/convert.hpp"
#include "tests/kit/sync_pair.hpp"

namespace fpvs::sync {
namespace {

using engine::Engine;
using engine::EngineOptions;
using engine::Packet;
using kit::Datagram;
using kit::EngineGroup;
using model::Forwarding;
using model::Protocol;
using namespace std::chrono_literals;
namespace tcp_flag = engine::tcp_flag;

constexpr std::uint8_t kSyncId = 9;

const model::IpAddress kVip = model::Ipv4{0x0a000064};
const model::IpAddress kVip6 = model::Ipv6{{0xfd00000c, 0, 0, 0x100}};

struct Pool {
    model::ServiceKey key;
    model::ServiceSettings settings;
    Forwarding forwarding;
};

const std::array<Pool, 7> kPools = {
    Pool{{.address = kVip, .port = 80}, {.scheduler = "wlc"}, Forwarding::nat},
    Pool{{.address = kVip, .port = 443}, {.scheduler = "rr"}, Forwarding::direct_routing},
    Pool{{.address = kVip, .port = 3306},
         {.scheduler = "rr", .persistence = model::Persistence{.timeout_s = 50}},
         Forwarding::direct_routing},
    Pool{{.address = kVip, .port = 53, .protocol = Protocol::udp},
         {.scheduler = "rr"},
         Forwarding::tunnel},
    Pool{{.address = kVip6, .port = 80}, {.scheduler = "lc"}, Forwarding::direct_routing},
    Pool{{.address = kVip, .port = 0, .protocol = Protocol::udp},
         {.scheduler = "rr",
          .persistence = model::Persistence{.timeout_s = 300, .client_mask = 0xffffff00}},
         Forwarding::direct_routing},
    Pool{{.address = model::IpAddress::any(model::Family::ipv4), .firewall_mark = 7},
         {.scheduler = "wrr", .persistence = model::Persistence{.timeout_s = 100}},
         Forwarding::nat}};

model::IpAddress server_address(const Pool& pool, std::uint32_t number) {
    return pool.key.address.is_ipv4() ? model::IpAddress(model::Ipv4{0xc0a87100 + number})
                                      : model::IpAddress(model::Ipv6{{0xfd00000d, 0, 0, number}});
}

void configure(EngineGroup& group, const Pool& pool, std::uint32_t number) {
    const bool own_port = pool.forwarding == Forwarding::nat && pool.key.port != 0;
    const model::ServerKey server{
        .address = server_address(pool, number),
        .port = own_port ? static_cast<std::uint16_t>(8000 + pool.key.port % 1000) : pool.key.port};
    ASSERT_TRUE(group.first().add_server(
        pool.key,
        server,
        {.forwarding = pool.forwarding, .weight = static_cast<std::int32_t>(1 + number % 2)}));
}

void configure(EngineGroup& group) {
    for (const Pool& pool : kPools) {
        ASSERT_TRUE(group.first().add_service(pool.key, pool.settings));
        for (std::uint32_t number = 1; number <= 3; ++number) {
            configure(group, pool, number);
        }
    }
}

std::string ends_of(const model::ConnectionView& view) {
    return std::to_string(static_cast<int>(view.protocol)) + (view.template_entry ? "T " : " ") +
           model::to_string(view.client_address) + ":" + std::to_string(view.client_port) + " " +
           model::to_string(view.virtual_address) + ":" + std::to_string(view.virtual_port) + " " +
           std::to_string(view.firewall_mark);
}

std::string server_of(const model::ConnectionView& view) {
    return model::to_string(view.server_address) + ":" + std::to_string(view.server_port) + " " +
           std::to_string(static_cast<int>(view.forwarding));
}

bool is_told(const model::ConnectionView& view) {
    static const std::set<std::string> kUntold = {"SYN_RECV", "SYN_SENT", "NONE", "LAST_ACK"};
    return view.template_entry ? view.virtual_port != 65535 : !kUntold.contains(view.state);
}

struct Client {
    model::IpAddress address;
    std::uint16_t port = 0;
    std::size_t pool = 0;
};

class World {
  public:
    World(std::uint32_t seed, std::size_t master_workers, std::size_t backup_workers)
        : random_(seed),
          master_({.connections_max = 4096, .hash_seed = seed}, master_workers),
          backup_({.connections_max = 4096, .hash_seed = seed + 1}, backup_workers),
          listener_(backup_, kSyncId, now_),
          teller_(master_, {.sync_id = kSyncId}, [this](Datagram datagram) {
              carry(std::move(datagram));
          }) {
        configure(master_);
        configure(backup_);
    }

    void act() {
        now_ += std::chrono::milliseconds(below(400));
        if (below(40) == 0) {
            now_ += std::chrono::seconds(below(70));
        }
        master_.expire(now_);
        backup_.expire(now_);
        send(random_client());
        remember();
        teller_.step(now_);
        deliver(below(4));
    }

    // A message out of the middle may come first, twice, or never.
    void deliver(std::size_t count) {
        for (; count > 0 && !wire_.empty(); --count) {
            const std::size_t which = calm_ ? 0 : below(static_cast<std::uint32_t>(wire_.size()));
            const Datagram datagram = wire_[which];
            if (calm_ || below(4) != 0) {
                wire_.erase(wire_.begin() + static_cast<std::ptrdiff_t>(which));
            }
            if (calm_ || below(5) != 0) {
                listener_.hear(datagram);
            }
        }
    }

    void calm_down() {
        calm_ = true;
        teller_.flush();
        deliver(wire_.size());
        for (std::size_t worker = 0; worker < master_.size(); ++worker) {
            std::uint64_t cursor = 0;
            do {
                const engine::SyncPage page = master_[worker].synced(cursor, 7);
                MessageWriter writer(1, kSyncId, 1472);
                for (const auto& connection : page.connections) {
                    RC_ASSERT(writer.add(to_wire(connection)));
                }
                listener_.hear(writer.take());
                cursor = page.next_cursor;
            } while (cursor != 0);
        }
    }

    void check_servers() {
        for (const auto& view : backup_.connections(now_)) {
            // A template that another took the place of binds nobody any more.
            RC_ASSERT((view.template_entry && !is_told(view)) ||
                      given_[ends_of(view)].contains(server_of(view)));
        }
        check_counts(master_);
        check_counts(backup_);
    }

    void check_equal() {
        std::map<std::string, const model::ConnectionView*> heard;
        const auto all = backup_.connections(now_);
        for (const auto& view : all) {
            heard[ends_of(view)] = &view;
        }
        for (const auto& view : master_.connections(now_)) {
            if (!is_told(view)) {
                continue;
            }
            const auto found = heard.find(ends_of(view));
            RC_ASSERT(found != heard.end());
            // The end of a connection says nothing of another that had its place before.
            const bool over = view.protocol == Protocol::tcp && !view.template_entry &&
                              view.state != "ESTABLISHED";
            if (over && server_of(*found->second) != server_of(view)) {
                continue;
            }
            RC_ASSERT(server_of(*found->second) == server_of(view));
            RC_ASSERT(found->second->state == view.state);
        }
    }

    // Each template of the master decides for the next connection of its client at the backup.
    void check_takeover() {
        for (const auto& view : master_.connections(now_)) {
            if (!view.template_entry || !is_told(view)) {
                continue;
            }
            Packet packet{.protocol = view.protocol,
                          .tcp_flags = tcp_flag::kSyn,
                          .ip_length_bytes = 60,
                          .source_address = view.client_address,
                          .source_port = next_port_++,
                          .destination_address = view.virtual_address,
                          .destination_port = view.virtual_port,
                          .firewall_mark = view.firewall_mark};
            if (view.firewall_mark != 0 || view.virtual_port == 0) {
                packet.destination_address = kVip;
                packet.destination_port = 5000;
                packet.protocol = view.firewall_mark != 0 ? Protocol::tcp : view.protocol;
            }
            const engine::Verdict verdict = backup_.handle(packet, now_);
            RC_ASSERT(verdict.action == engine::Action::forward);
            RC_ASSERT(verdict.server_address == view.server_address);
        }
    }

  private:
    [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_() % bound; }

    Client random_client() {
        Client client{.port = static_cast<std::uint16_t>(1024 + below(6)), .pool = below(7)};
        client.address = kPools[client.pool].key.address.is_ipv4()
                             ? model::IpAddress(model::Ipv4{0x0a010000 + below(4) * 0x80})
                             : model::IpAddress(model::Ipv6{{0xfd00000b, 0, 0, below(4)}});
        return client;
    }

    void send(const Client& client) {
        static constexpr std::array<std::uint8_t, 4> kLater = {
            tcp_flag::kAck, tcp_flag::kAck, tcp_flag::kAck | tcp_flag::kFin, tcp_flag::kRst};
        const Pool& pool = kPools[client.pool];
        const bool any_end = pool.key.firewall_mark != 0 || pool.key.port == 0;
        Packet packet{.protocol = pool.key.protocol,
                      .tcp_flags = tcp_flag::kSyn,
                      .ip_length_bytes = 60,
                      .source_address = client.address,
                      .source_port = client.port,
                      .destination_address = any_end ? kVip : pool.key.address,
                      .destination_port = any_end ? std::uint16_t{5000} : pool.key.port,
                      .firewall_mark = pool.key.firewall_mark};
        (void)master_.handle(packet, now_);
        packet.tcp_flags = tcp_flag::kAck;
        for (std::uint32_t left = below(60); left > 0; --left) {
            (void)master_.handle(packet, now_);
        }
        packet.tcp_flags = kLater[below(kLater.size())];
        (void)master_.handle(packet, now_);
    }

    void carry(Datagram datagram) {
        if (calm_ || below(5) != 0) {
            wire_.push_back(std::move(datagram));
        }
        if (!calm_ && below(8) == 0 && !wire_.empty()) {
            wire_.push_back(wire_.back());
        }
    }

    void remember() {
        for (const auto& view : master_.connections(now_)) {
            given_[ends_of(view)].insert(server_of(view));
        }
    }

    void check_counts(EngineGroup& group) {
        std::uint64_t active = 0;
        std::uint64_t inactive = 0;
        std::uint64_t templates = 0;
        for (const auto& service : group.first().services()) {
            for (const auto& server : service.servers) {
                active += server.active_connections;
                inactive += server.inactive_connections;
                templates += server.persistent_connections;
            }
        }
        std::uint64_t listed_active = 0;
        std::uint64_t listed_templates = 0;
        const auto all = group.connections(now_);
        for (const auto& view : all) {
            listed_templates += view.template_entry ? 1 : 0;
            listed_active +=
                view.state == "ESTABLISHED" || view.state == "SYN_RECV" || view.state == "SYN_SENT"
                    ? 1
                    : 0;
        }
        RC_ASSERT(templates == listed_templates);
        RC_ASSERT(active == listed_active);
        RC_ASSERT(active + inactive + templates == all.size());
        RC_ASSERT(group.first().connection_count() == all.size());
    }

    std::mt19937 random_;
    Engine::Time now_ = 1000s;
    EngineGroup master_;
    EngineGroup backup_;
    kit::SyncListener listener_;
    std::vector<Datagram> wire_;
    bool calm_ = false;
    std::map<std::string, std::set<std::string>> given_;
    std::uint16_t next_port_ = 50000;
    kit::SyncTeller teller_;  // Last: it says to the others.
};

RC_GTEST_PROP(Sync, a_backup_has_what_its_master_told, ()) {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    const auto master_workers = *rc::gen::inRange<std::size_t>(1, 4);
    const auto backup_workers = *rc::gen::inRange<std::size_t>(1, 4);
    World world(seed, master_workers, backup_workers);
    for (int round = 0; round < 60; ++round) {
        world.act();
        if (round % 10 == 9) {
            world.check_servers();
        }
    }
    world.calm_down();
    world.check_servers();
    world.check_equal();
    world.check_takeover();
}

// Everything a backup may be asked for, as text: lists, counts and how many entries there are.
std::string all_of(EngineGroup& group, Engine::Time now) {
    std::vector<std::string> lines;
    for (const auto& view : group.connections(now)) {
        lines.push_back(ends_of(view) + " " + server_of(view) + " " + view.state + " " +
                        std::to_string(view.expires_s));
    }
    std::sort(lines.begin(), lines.end());
    return std::accumulate(lines.begin(), lines.end(), std::string()) +
           std::to_string(group.first().connection_count());
}

std::uint64_t refused(const BackupCounters& counters) {
    return std::accumulate(counters.refusals.begin(), counters.refusals.end(), std::uint64_t{0});
}

Datagram some_message(std::uint8_t version) {
    MessageWriter writer(version, kSyncId, 1472);
    for (std::uint16_t i = 0; i < 5; ++i) {
        const engine::SyncedConnection told{.protocol = 6,
                                            .active = true,
                                            .state = 1,
                                            .client_port = static_cast<std::uint16_t>(3000 + i),
                                            .virtual_port = 443,
                                            .server_port = 443,
                                            .timeout_s = 900,
                                            .client_address = model::Ipv4{0x0a010001},
                                            .virtual_address = kVip,
                                            .server_address = server_address(kPools[1], 2)};
        EXPECT_TRUE(writer.add(to_wire(told)));
    }
    return writer.take();
}

// One way to be wrong for every length that is too short, and each must be told from the others.
TEST(Sync, a_message_cut_anywhere_changes_nothing_and_is_counted) {
    for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{1}}) {
        const Engine::Time now = 1000s;
        EngineGroup group({.connections_max = 64}, 1);
        configure(group);
        kit::SyncListener listener(group, kSyncId, now);
        const Datagram whole = some_message(version);
        const std::string before = all_of(group, now);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            Datagram cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            listener.hear(cut);
            if (size >= 4) {
                cut[2] = static_cast<std::uint8_t>(size >> 8);
                cut[3] = static_cast<std::uint8_t>(size);
                listener.hear(cut);
            }
            ASSERT_EQ(all_of(group, now), before) << size;
            ASSERT_EQ(refused(listener.counters()), listener.counters().messages_heard) << size;
        }
        listener.hear(whole);
        EXPECT_NE(all_of(group, now), before);
        EXPECT_EQ(group.first().connection_count(), 5u);
    }
}

RC_GTEST_PROP(Sync, whatever_is_heard_is_counted_and_leaves_the_director_whole, ()) {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    std::mt19937 random(seed);
    Engine::Time now = 1000s;
    EngineGroup group({.connections_max = 64, .hash_seed = seed}, 1 + seed % 3);
    configure(group);
    kit::SyncListener listener(group, kSyncId, now);
    for (int i = 0; i < 300; ++i) {
        Datagram message = some_message(static_cast<std::uint8_t>(random() % 2));
        for (std::uint32_t left = random() % 4; left > 0; --left) {
            message[random() % message.size()] = static_cast<std::uint8_t>(random());
        }
        listener.hear(message);
        now += std::chrono::milliseconds(random() % 3000);
        group.expire(now);
    }
    const BackupCounters& counters = listener.counters();
    RC_ASSERT(counters.messages_heard == 300u);
    std::uint64_t learned = 0;
    for (const std::uint64_t count : counters.learned) {
        learned += count;
    }
    for (const std::uint64_t count : counters.objections) {
        learned += count;
    }
    // A message is refused whole, or each of its connections is accounted for.
    RC_ASSERT(learned >= 300 - refused(counters));
    RC_ASSERT(group.first().connection_count() <= 64u);
    // Nothing stays behind but what has a timer.
    now += 1000h;
    for (int turns = 0; turns < 3; ++turns, now += 1000h) {
        group.expire(now);
    }
    RC_ASSERT(group.first().connection_count() == 0u);
}

TEST(Sync, what_has_no_server_is_bound_when_the_server_comes) {
    const Engine::Time now = 1000s;
    EngineGroup group({.connections_max = 64}, 2);
    const Pool& pool = kPools[1];
    ASSERT_TRUE(group.first().add_service(pool.key, pool.settings));
    configure(group, pool, 1);
    kit::SyncListener listener(group, kSyncId, now);
    listener.step(group.first().servers_added());
    listener.hear(some_message(1));
    EXPECT_EQ(listener.unbound(), 5u);
    EXPECT_EQ(group.first().connection_count(), 0u);
    listener.step(group.first().servers_added());
    EXPECT_EQ(listener.unbound(), 5u);
    configure(group, pool, 2);
    listener.step(group.first().servers_added());
    EXPECT_EQ(listener.unbound(), 0u);
    EXPECT_EQ(group.first().connection_count(), 5u);
}

}  // namespace
}  // namespace fpvs::sync
