// SPDX-License-Identifier: Apache-2.0
// The engine against the independent model of sim/reference: random commands, packets and waits;
// every answer and every list must be equal.
// FPVS_SEED=N plays one sequence, FPVS_SEQUENCES=N so many of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>

#include "host/engine/engine.hpp"
#include "sim/reference/ipvs.hpp"

namespace fpvs {
namespace {

constexpr int kOperations = 500;
constexpr std::size_t kConnections = 1000;
constexpr std::uint64_t kTickMs = 100;      // The engine's timers come up in these steps,
constexpr std::uint64_t kLatenessMs = 250;  // and so late at most.
constexpr std::uint64_t kStepMs = 4'000;    // The engine looks at its trash at least so often.

class Pair {
  public:
    explicit Pair(std::uint32_t seed) : random_(seed) { advance(0); }

    // False: from here on the two may rightly differ, see ambiguous().
    bool act() {
        switch (below(20)) {
            case 0:
                add_service();
                break;
            case 1:
                edit_service();
                break;
            case 2:
                delete_service();
                break;
            case 3:
            case 4:
                add_server();
                break;
            case 5:
                edit_server();
                break;
            case 6:
                delete_server();
                break;
            case 7:
                return wait(below(8) == 0 ? 1000 : 12);
            case 8:
                set();
                break;
            default:
                packet();
                break;
        }
        return true;
    }

    void compare() const {
        EXPECT_EQ(text(engine_.services()), text(model_.services()));
        EXPECT_EQ(text(engine_.connections(0, kConnections, now()).connections),
                  text(model_.connections()));
    }

    int packets = 0;

  private:
    [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_() % bound; }
    [[nodiscard]] bool same_connections() const {
        return text(engine_.connections(0, kConnections, now()).connections) ==
               text(model_.connections());
    }
    [[nodiscard]] engine::Engine::Time now() const { return std::chrono::milliseconds(now_ms_); }

    static void same(const Status& ours, const std::string& models) {
        EXPECT_EQ(ours ? "" : ours.error().message, models);
    }

    // --- Commands.
    [[nodiscard]] model::ServiceKey service() {
        constexpr model::Ipv4 kAddress = {0x0a080001};
        switch (below(5)) {
            case 0:
                return {.address = kAddress, .port = 53, .protocol = model::Protocol::udp};
            case 1:
                return {.address = kAddress, .port = 0};
            case 2:
                return {.firewall_mark = 7};
            case 3:
                return {.address = kAddress, .port = 21};
            default:
                return {.address = kAddress, .port = 80};
        }
    }
    [[nodiscard]] model::ServerKey server() {
        return {.address = {0xc0a80100 + below(5)},
                .port = static_cast<std::uint16_t>(80 + below(2))};
    }
    [[nodiscard]] model::ServiceSettings service_settings() {
        const auto names = schedule::scheduler_names();
        model::ServiceSettings settings;
        settings.scheduler =
            below(30) == 0 ? "nosuch" : names[below(static_cast<std::uint32_t>(names.size()))];
        settings.hash_fallback = below(2) == 0;
        settings.hash_port = below(2) == 0;
        settings.one_packet = below(4) == 0;
        if (below(3) == 0) {
            constexpr std::array<std::uint32_t, 3> kTimeouts = {7, 33, 77};
            settings.persistence = {.timeout_s = kTimeouts[below(kTimeouts.size())],
                                    .client_mask = ~below(3)};
        }
        return settings;
    }
    [[nodiscard]] model::ServerSettings server_settings() {
        constexpr std::array<std::int32_t, 8> kWeights = {0, 1, 1, 2, 3, 4, 10, 100};
        constexpr std::array<model::Forwarding, 3> kMethods = {
            model::Forwarding::direct_routing, model::Forwarding::nat, model::Forwarding::tunnel};
        const std::uint32_t upper = below(3) == 0 ? 1 + below(6) : 0;
        return {.forwarding = kMethods[below(kMethods.size())],
                .weight = kWeights[below(kWeights.size())],
                .upper_threshold = upper,
                .lower_threshold = below(2) == 0 ? 0 : below(upper + 2)};
    }
    void add_service() {
        const auto key = service();
        const auto settings = service_settings();
        same(engine_.add_service(key, settings), model_.add_service(key, settings));
    }
    void edit_service() {
        const auto key = service();
        const auto settings = service_settings();
        same(engine_.edit_service(key, settings), model_.edit_service(key, settings));
    }
    void delete_service() {
        const auto key = service();
        if (below(3) == 0) {
            same(engine_.delete_service(key), model_.delete_service(key));
            settle();
        }
    }
    void add_server() {
        const auto key = service();
        const auto added = server();
        const auto settings = server_settings();
        same(engine_.add_server(key, added, settings), model_.add_server(key, added, settings));
    }
    void edit_server() {
        const auto key = service();
        const auto edited = server();
        const auto settings = server_settings();
        same(engine_.edit_server(key, edited, settings), model_.edit_server(key, edited, settings));
    }
    void delete_server() {
        const auto key = service();
        const auto deleted = server();
        same(engine_.delete_server(key, deleted), model_.delete_server(key, deleted));
        settle();
    }
    void set() {
        const int value = static_cast<int>(below(4));
        switch (below(5)) {
            case 0:
                model_.switches.expire_nodest_conn = value != 0;
                EXPECT_TRUE(engine_.set("expire_nodest_conn", value));
                break;
            case 1:
                model_.switches.expire_quiescent_template = value != 0;
                EXPECT_TRUE(engine_.set("expire_quiescent_template", value));
                break;
            case 2:
                model_.switches.conn_reuse_mode = value;
                EXPECT_TRUE(engine_.set("conn_reuse_mode", value));
                break;
            case 3:
                model_.switches.sloppy_tcp = value != 0;
                EXPECT_TRUE(engine_.set("sloppy_tcp", value));
                break;
            default:
                model_.timeouts = {
                    .tcp_s = 900 + below(2), .tcp_fin_s = 120, .udp_s = 20 + below(3)};
                engine_.set_timeouts(model_.timeouts);
                break;
        }
    }

    // --- Packets.
    void packet() {
        ++packets;
        constexpr std::array<std::uint16_t, 4> kPorts = {21, 53, 80, 443};
        reference::Packet packet;
        packet.protocol = below(4) == 0 ? model::Protocol::udp : model::Protocol::tcp;
        packet.client = {0x0a010000 + below(4)};
        packet.client_port = static_cast<std::uint16_t>(below(20) == 0 ? 20 : 40000 + below(4));
        packet.destination = {0x0a080001 + (below(16) == 0 ? 1u : 0u)};
        packet.port = kPorts[below(kPorts.size())];
        packet.mark = below(8) == 0 ? 7 + below(2) : 0;
        packet.bytes = 40 + below(1000);
        if (packet.protocol == model::Protocol::tcp) {
            const std::uint32_t kind = below(16);
            packet.syn = kind < 7;
            packet.ack = kind >= 6 && kind < 15;
            packet.fin = kind == 11 || kind == 12;
            packet.rst = kind == 13 || kind == 15;
        }
        const reference::Decision models = model_.handle(packet);
        const engine::Verdict ours = engine_.handle(translate(packet), now());
        constexpr std::array<engine::Action, 4> kActions = {engine::Action::forward,
                                                            engine::Action::pass_to_host,
                                                            engine::Action::drop,
                                                            engine::Action::reject};
        EXPECT_EQ(ours.action, kActions[static_cast<std::size_t>(models.fate)]);
        if (models.fate == reference::Fate::forward) {
            EXPECT_EQ(to_string(ours.server_address), to_string(models.server.address));
            EXPECT_EQ(ours.server_port, models.server.port);
            EXPECT_EQ(ours.forwarding, models.forwarding);
        }
    }
    [[nodiscard]] static engine::Packet translate(const reference::Packet& packet) {
        const int flags =
            (packet.syn ? engine::tcp_flag::kSyn : 0) | (packet.ack ? engine::tcp_flag::kAck : 0) |
            (packet.fin ? engine::tcp_flag::kFin : 0) | (packet.rst ? engine::tcp_flag::kRst : 0);
        return {.protocol = packet.protocol,
                .tcp_flags = static_cast<std::uint8_t>(flags),
                .ip_length_bytes = static_cast<std::uint16_t>(packet.bytes),
                .client_address = packet.client,
                .client_port = packet.client_port,
                .virtual_address = packet.destination,
                .virtual_port = packet.port,
                .firewall_mark = packet.mark};
    }

    // --- Time.
    bool wait(std::uint32_t seconds) {
        std::uint64_t left_ms = below(seconds * 1000);
        do {
            const std::uint64_t step = std::min(left_ms, kStepMs);
            if (ambiguous(now_ms_ + step + 2 * kStepMs)) {
                return false;
            }
            advance(step);
            left_ms -= step;
        } while (left_ms > 0);
        constexpr int kPatience = 4000;
        for (int i = 0; i < kPatience && between_two_answers(); ++i) {
            if (ambiguous(now_ms_ + 2 * kStepMs)) {
                return false;
            }
            advance(kLatenessMs);
        }
        return true;
    }
    void advance(std::uint64_t step_ms) {
        now_ms_ += step_ms;
        model_.advance(now_ms_);
        settle();
    }
    void settle() {
        while (engine_.expire(now(), 3)) {
        }
    }
    // Something was due so lately that the engine may not have seen it, or the trash of one may
    // have forgotten a server that the other still has.
    [[nodiscard]] bool between_two_answers() {
        constexpr std::uint64_t kTrashOldMs = 105'000;  // Forgotten after 120 s, soon or later.
        constexpr std::uint64_t kTrashSlackMs = 32'000;
        for (const std::uint64_t idle_ms : model_.trash_idle_ms()) {
            if (idle_ms > kTrashOldMs) {
                trash_certain_from_ms_ = now_ms_ + kTrashSlackMs;
            }
        }
        return now_ms_ < trash_certain_from_ms_ || !same_connections();
    }
    // A template and a connection end in the same tick until then: whether the template sees the
    // connection's end first is nobody's rule.
    [[nodiscard]] bool ambiguous(std::uint64_t until_ms) const {
        std::set<std::uint64_t> templates;
        const auto deadlines = model_.deadlines();
        for (const auto& deadline : deadlines) {
            if (deadline.is_template && deadline.ms <= until_ms) {
                templates.insert(deadline.ms / kTickMs);
            }
        }
        return std::any_of(deadlines.begin(), deadlines.end(), [&](const auto& deadline) {
            return !deadline.is_template && templates.count(deadline.ms / kTickMs) == 1;
        });
    }

    // --- Lists as text.
    [[nodiscard]] static std::string text(const model::TrafficCounters& c) {
        return fmt::format("{} {} {}", c.connections, c.packets_in, c.bytes_in);
    }
    [[nodiscard]] static std::string text(const std::vector<model::ServiceView>& services) {
        std::string all;
        for (const auto& service : services) {
            all += fmt::format("{}:{} {} {} [{}]\n",
                               to_string(service.key.address),
                               service.key.port,
                               service.key.firewall_mark,
                               service.settings.scheduler,
                               text(service.counters));
            for (const auto& server : service.servers) {
                all += fmt::format("  {}:{} {} {}/{} {} [{}]\n",
                                   to_string(server.key.address),
                                   server.key.port,
                                   server.settings.weight,
                                   server.active_connections,
                                   server.inactive_connections,
                                   server.persistent_connections,
                                   text(server.counters));
            }
        }
        return all;
    }
    [[nodiscard]] static std::multiset<std::string> text(
        const std::vector<model::ConnectionView>& connections) {
        std::multiset<std::string> lines;
        for (const auto& c : connections) {
            lines.insert(fmt::format("{} {} {} {}:{} {}:{} {}:{} {} {}",
                                     static_cast<int>(c.protocol),
                                     c.template_entry,
                                     c.firewall_mark,
                                     to_string(c.client_address),
                                     c.client_port,
                                     to_string(c.virtual_address),
                                     c.virtual_port,
                                     to_string(c.server_address),
                                     c.server_port,
                                     c.state,
                                     c.expires_s));
        }
        return lines;
    }

    std::mt19937 random_;
    engine::Engine engine_{{.connections_max = kConnections, .hash_seed = 5}};
    reference::Ipvs model_;
    std::uint64_t now_ms_ = 1'000'000;
    std::uint64_t trash_certain_from_ms_ = 0;
};

[[nodiscard]] std::uint32_t setting(const char* name, std::uint32_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise
                           : static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

TEST(EngineReference, random_sequences_get_the_same_answers) {
    const std::uint32_t only = setting("FPVS_SEED", 0);
    const std::uint32_t sequences = only != 0 ? 1 : setting("FPVS_SEQUENCES", 100);
    const std::uint32_t first = only != 0 ? only : std::random_device()() % 1'000'000'000 + 1;
    std::printf("seeds %u to %u\n", first, first + sequences - 1);
    std::uint64_t operations = 0;
    std::uint64_t packets = 0;
    for (std::uint32_t seed = first; seed < first + sequences; ++seed) {
        Pair pair(seed);
        for (int i = 0; i < kOperations && pair.act(); ++i, ++operations) {
            pair.compare();
            if (HasFailure()) {
                std::printf("FPVS_SEED=%u fails at operation %d\n", seed, i);
                return;
            }
        }
        packets += static_cast<std::uint64_t>(pair.packets);
    }
    std::printf("%llu operations, %llu packets, 0 differences\n",
                static_cast<unsigned long long>(operations),
                static_cast<unsigned long long>(packets));
    EXPECT_GT(operations, sequences * 50u);
}

}  // namespace
}  // namespace fpvs
