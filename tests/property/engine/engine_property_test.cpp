// SPDX-License-Identifier: Apache-2.0
// Random commands, packets and waits; after each the engine's books must balance.
// RC_PARAMS="seed=N" plays a failure again.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>

#include "host/engine/engine.hpp"

namespace fpvs::engine {
namespace {

// A card that takes most connections, and remembers which it has.
class FakeCard final : public OffloadSink {
  public:
    void service_added(ServiceIndex, const model::ServiceKey&) override {}
    void service_removed(ServiceIndex) override {}
    void steering_changed(ServiceIndex) override {}
    void server_available(const OffloadServer& server) override { last = server; }
    void server_unavailable(ServerIndex) override {}
    void offer(const OffloadFlow& flow) override {
        RC_ASSERT(flows.insert(flow.connection.value()).second);
    }
    void withdraw(const OffloadFlow& flow) override {
        RC_ASSERT(flows.erase(flow.connection.value()) == 1);
    }
    void query_activity(const OffloadFlow& flow) override {
        RC_ASSERT(flows.count(flow.connection.value()) == 1);
        asked.insert(flow.connection.value());
    }

    std::set<std::uint64_t> flows;
    std::set<std::uint64_t> asked;
    OffloadServer last;  // The one that was announced last, which may be gone.
};

// What a random number of a run of operations turns into.
class World {
  public:
    explicit World(std::uint32_t seed) : random_(seed) { engine_.attach_offload(card_); }

    void act() {
        switch (below(16)) {
            case 0:
                (void)engine_.add_service(service(), settings());
                break;
            case 1:
                (void)engine_.edit_service(service(), settings());
                break;
            case 2:
                if (below(4) == 0) {
                    (void)engine_.delete_service(service());
                }
                break;
            case 3:
            case 4:
                (void)engine_.add_server(service(), server(), server_settings());
                break;
            case 5:
                (void)engine_.edit_server(service(), server(), server_settings());
                break;
            case 6:
                (void)engine_.delete_server(service(), server());
                break;
            case 7:
                wait(below(4) == 0 ? 1000 : 15);
                break;
            case 8:
                set();
                break;
            case 9:
                card();
                break;
            default:
                packet();
                break;
        }
    }

    // ActiveConn, InActConn and PersistConn are the numbers of connections that there are.
    void check_counts() const {
        using Row = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;
        std::map<std::pair<std::uint32_t, std::uint32_t>, Row> counted;
        std::size_t offloaded = 0;
        const auto page = engine_.connections(0, kConnections + 1, now_);
        RC_ASSERT(page.next_cursor == 0);
        for (const auto& c : page.connections) {
            auto& [active, inactive, templates] =
                counted[{c.virtual_address.ipv4().value, c.server_address.ipv4().value}];
            const bool is_active = c.state == "ESTABLISHED" || c.state == "SYN_RECV";
            ++(c.template_entry ? templates : is_active ? active : inactive);
            offloaded += c.offloaded ? 1 : 0;
        }
        RC_ASSERT(page.connections.size() == engine_.connection_count());
        RC_ASSERT(engine_.connection_count() <= kConnections);
        RC_ASSERT(offloaded == card_.flows.size());
        for (const auto& service_view : engine_.services()) {
            for (const auto& view : service_view.servers) {
                const Row row = {view.active_connections,
                                 view.inactive_connections,
                                 view.persistent_connections};
                const auto key =
                    std::pair(service_view.key.address.ipv4().value, view.key.address.ipv4().value);
                RC_ASSERT(row == counted[key]);
            }
        }
    }

    // Without services and packets everything ends; no index is lost.
    void check_end() {
        engine_.flush();
        for (int i = 0; i < 30; ++i) {
            wait(200);
            card_answers(10'000);
        }
        RC_ASSERT(engine_.connection_count() == 0u);
        RC_ASSERT(card_.flows.empty());
        RC_ASSERT(engine_.services().empty());
    }

  private:
    static constexpr std::size_t kConnections = 24;

    [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_() % bound; }

    // Four services, each with its own address, so that a connection tells its service.
    [[nodiscard]] model::ServiceKey service() {
        const std::uint32_t number = below(4);
        return {.address = model::Ipv4{1000 + number},
                .port = static_cast<std::uint16_t>(number == 3 ? 0 : 80),
                .protocol = number == 2 ? model::Protocol::udp : model::Protocol::tcp};
    }
    [[nodiscard]] model::ServerKey server() {
        return {.address = model::Ipv4{below(4)}, .port = 80};
    }
    [[nodiscard]] model::ServiceSettings settings() {
        const auto names = schedule::scheduler_names();
        model::ServiceSettings settings;
        settings.scheduler = names[below(static_cast<std::uint32_t>(names.size()))];
        settings.hash_fallback = below(2) == 0;
        settings.one_packet = below(4) == 0;
        if (below(2) == 0) {
            settings.persistence = {.timeout_s = 1 + below(100), .client_mask = ~below(4)};
        }
        return settings;
    }
    [[nodiscard]] model::ServerSettings server_settings() {
        const std::uint32_t upper = below(3) == 0 ? 1 + below(4) : 0;
        return {.weight = static_cast<std::int32_t>(below(4)),
                .upper_threshold = upper,
                .lower_threshold = upper == 0 ? 0 : below(upper)};
    }

    void packet() {
        const model::ServiceKey to = service();
        constexpr std::array<std::uint8_t, 6> kFlags = {tcp_flag::kSyn,
                                                        tcp_flag::kAck,
                                                        tcp_flag::kAck,
                                                        tcp_flag::kFin | tcp_flag::kAck,
                                                        tcp_flag::kRst,
                                                        0};
        const std::uint8_t flags = kFlags[below(kFlags.size())];
        const auto verdict =
            engine_.handle({.protocol = to.protocol,
                            .tcp_flags = flags,
                            .ip_length_bytes = 60,
                            .source_address = model::Ipv4{below(6)},
                            .source_port = static_cast<std::uint16_t>(1000 + below(6)),
                            .destination_address = to.address,
                            .destination_port = 80},
                           now_);
        RC_ASSERT((verdict.action == Action::forward) == (verdict.reason == Reason::none));
    }

    void wait(std::uint32_t seconds) {
        now_ += std::chrono::milliseconds(below(seconds * 1000));
        while (engine_.expire(now_, 1 + below(5))) {
        }
    }

    void set() {
        constexpr std::array<std::string_view, 4> kNames = {
            "expire_nodest_conn", "expire_quiescent_template", "conn_reuse_mode", "sloppy_tcp"};
        RC_ASSERT(engine_.set(kNames[below(kNames.size())], static_cast<int>(below(2))));
    }

    void card() {
        card_answers(below(2000));
        engine_.on_learned({.service = card_.last.service,
                            .server = card_.last.server + (below(8) == 0 ? 1 : 0),
                            .client_address = model::Ipv4{0x0a010000 + below(8)},
                            .client_port = 1,
                            .tcp_flags = below(2) == 0 ? tcp_flag::kSyn : tcp_flag::kAck},
                           now_);
        if (card_.flows.empty()) {
            return;
        }
        // One that it has, or a handle that never was.
        auto handle = ConnectionHandle::from_value(*card_.flows.begin());
        handle.generation += below(4) == 0 ? 1 : 0;
        switch (below(8)) {
            case 0:
                engine_.on_card_lost(now_);
                card_ = {};
                engine_.attach_offload(card_);
                break;
            case 1:
                card_.flows.erase(handle.value());
                engine_.on_offload_refused(handle, now_);
                break;
            case 2:
            case 3:
                engine_.on_card_flags(handle, tcp_flag::kRst, Direction::to_server, now_);
                break;
            default:
                engine_.on_card_flags(
                    handle, tcp_flag::kFin | tcp_flag::kAck, Direction::to_server, now_);
                break;
        }
    }

    void card_answers(std::uint32_t idle_s) {
        const auto asked = std::exchange(card_.asked, {});
        for (const std::uint64_t handle : asked) {
            engine_.on_activity(ConnectionHandle::from_value(handle), idle_s, now_);
        }
    }

    std::mt19937 random_;
    FakeCard card_;
    Engine engine_{{.connections_max = kConnections, .hash_seed = 3}};
    Engine::Time now_ = std::chrono::seconds(1000);
};

RC_GTEST_PROP(EngineProperty, the_books_balance_after_every_operation, (std::uint32_t seed)) {
    World world(seed);
    for (int i = 0; i < 400; ++i) {
        world.act();
        world.check_counts();
    }
    world.check_end();
}

}  // namespace
}  // namespace fpvs::engine
