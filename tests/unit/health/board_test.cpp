// SPDX-License-Identifier: Apache-2.0
// Many checks on a clock moved by hand and servers that answer as told.
#include "host/health/board.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "sim/world/world.hpp"

namespace fpvs::health {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint16_t kPort = 3306;
const model::ServiceKey kService{.address = model::Ipv4{0xc0a87164}, .port = kPort};

model::ServerKey server(std::uint32_t number) {
    return {.address = model::Ipv4{0x0a000000 + number}, .port = kPort};
}

// Answers after a millisecond, except servers that are said to be silent.
class ScriptedProbe final : public provider::Probe {
  public:
    explicit ScriptedProbe(world::World& world) : world_(world) {}

    std::unique_ptr<Attempt> begin(const provider::ProbeRequest& request, Done done) override {
        const std::uint32_t address = request.address.ipv4().value;
        ++attempts[address];
        steps.push_back(request.step);
        ++in_flight;
        in_flight_max = std::max(in_flight_max, in_flight);
        auto token = std::make_shared<bool>(true);
        if (!silent.contains(address)) {
            provider::ProbeReport report{.success = true, .result = "connected"};
            if (closed.contains(address) || closed_steps.contains(request.step)) {
                report = {.success = false, .result = "connection refused"};
            }
            report.weight_change = weight_change;
            world_.at(world_.now() + 1ms, [token, report, done = std::move(done)] {
                if (*token) {
                    done(report);
                }
            });
        }
        return std::make_unique<Token>(*this, token);
    }

    std::set<std::uint32_t> closed;
    std::set<std::uint32_t> silent;
    std::set<std::size_t> closed_steps;
    std::optional<std::int64_t> weight_change;
    std::map<std::uint32_t, int> attempts;
    std::vector<std::size_t> steps;
    int in_flight = 0;
    int in_flight_max = 0;

  private:
    struct Token final : Attempt {
        Token(ScriptedProbe& owner, std::shared_ptr<bool> shared)
            : probe(owner), token(std::move(shared)) {}
        ~Token() override {
            *token = false;
            --probe.in_flight;
        }
        ScriptedProbe& probe;
        std::shared_ptr<bool> token;
    };

    world::World& world_;
};

class BoardTest : public ::testing::Test {
  protected:
    void SetUp() override { follow(board_); }

    void follow(Board& board) {
        board.on_change([this](const auto& service, const auto& key, const ServerState& state) {
            EXPECT_EQ(service, kService);
            changes_.push_back(model::to_string(key.address) + (state.up ? " up" : " down"));
        });
    }

    static model::VirtualServiceConfig service_of(std::uint32_t servers) {
        model::VirtualServiceConfig service{
            .key = kService, .settings = {}, .delay_loop_ms = 6000, .servers = {}};
        for (std::uint32_t i = 1; i <= servers; ++i) {
            service.servers.push_back(
                {.key = server(i),
                 .settings = {},
                 .checks = {
                     {.connect_timeout_ms = 3000, .retries = 3, .delay_before_retry_ms = 3000}}});
        }
        return service;
    }

    void apply(const model::VirtualServiceConfig& service) { ASSERT_TRUE(board_.apply({service})); }

    // Time passes, and the board is run whenever it asks to be.
    void pass(Nanoseconds duration) { pass(board_, duration); }
    void pass(Board& board, Nanoseconds duration) {
        const Nanoseconds end = world_.now() + duration;
        while (world_.now() < end) {
            board.run();
            // Probes answer on whole milliseconds, so that is how finely to look.
            world_.run_until(std::min(end, world_.now() + 1ms));
        }
        board.run();
    }

    world::World world_;
    ScriptedProbe probe_{world_};
    Board board_{world_, probe_, 1};
    std::vector<std::string> changes_;
};

TEST_F(BoardTest, servers_are_up_before_their_first_check) {
    probe_.closed = {server(1).address.ipv4().value};
    apply(service_of(1));
    EXPECT_TRUE(board_.state(kService, server(1)).up);
    EXPECT_TRUE(board_.state(kService, server(99)).up) << "what nothing checks is up";
    EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(BoardTest, first_checks_spread_over_the_delay_loop) {
    apply(service_of(600));
    pass(3s);
    const auto half = probe_.attempts.size();
    EXPECT_GT(half, 200u);
    EXPECT_LT(half, 400u);
    pass(3s);
    EXPECT_EQ(probe_.attempts.size(), 600u);
}

TEST_F(BoardTest, closed_server_goes_within_one_loop_and_the_retries_and_comes_back) {
    apply(service_of(2));
    pass(12s);
    probe_.closed = {server(1).address.ipv4().value};
    pass(15s + 10ms);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down"));
    EXPECT_FALSE(board_.state(kService, server(1)).up);
    EXPECT_TRUE(board_.state(kService, server(2)).up);
    probe_.closed.clear();
    pass(6s + 10ms);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down", "10.0.0.1 up"));
}

TEST_F(BoardTest, silent_server_times_out) {
    probe_.silent = {server(1).address.ipv4().value};
    apply(service_of(2));
    probe_.silent.clear();
    pass(6s);
    probe_.silent = {server(1).address.ipv4().value};
    pass(6s + 4 * 3s + 3 * 3s + 10ms);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down"));
    EXPECT_EQ(board_.counters().probes_timed_out, 4u);
    EXPECT_EQ(board_.view().front().last_result, "timed out");
    EXPECT_EQ(probe_.in_flight, 0);
}

TEST_F(BoardTest, view_tells_state_failures_and_results) {
    apply(service_of(1));
    EXPECT_EQ(board_.view().front().last_result, "");
    pass(6s);
    auto view = board_.view().front();
    EXPECT_TRUE(view.up);
    EXPECT_EQ(view.last_result, "connected");
    EXPECT_EQ(view.checks_done, 1u);
    EXPECT_EQ(view.since_s, 6u);
    probe_.closed = {server(1).address.ipv4().value};
    pass(15s + 10ms);
    view = board_.view().front();
    EXPECT_FALSE(view.up);
    EXPECT_GE(view.failures, 4u);
    EXPECT_EQ(view.last_result, "connection refused");
}

TEST_F(BoardTest, reload_keeps_what_stays_and_ends_what_goes) {
    apply(service_of(3));
    probe_.closed = {server(1).address.ipv4().value};
    pass(16s);
    const auto before = board_.view();
    auto changed = service_of(3);
    changed.servers.pop_back();
    apply(changed);
    const auto after = board_.view();
    ASSERT_EQ(after.size(), 2u);
    EXPECT_FALSE(after[0].up) << "a reload must not bring a dead server back";
    EXPECT_EQ(after[0].checks_done, before[0].checks_done);
    EXPECT_EQ(after[1].checks_done, before[1].checks_done);
    const int attempts = probe_.attempts[server(3).address.ipv4().value];
    pass(20s);
    EXPECT_EQ(probe_.attempts[server(3).address.ipv4().value], attempts);
}

TEST_F(BoardTest, changed_check_of_a_dead_server_leaves_it_dead_until_it_passes) {
    apply(service_of(1));
    probe_.closed = {server(1).address.ipv4().value};
    pass(16s);
    auto changed = service_of(1);
    changed.servers.edit(0).checks[0].retries = 5;
    apply(changed);
    EXPECT_FALSE(board_.state(kService, server(1)).up);
    probe_.closed.clear();
    pass(6s + 10ms);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down", "10.0.0.1 up"));
}

TEST_F(BoardTest, server_whose_failing_check_is_removed_is_up_again) {
    apply(service_of(1));
    probe_.closed = {server(1).address.ipv4().value};
    pass(16s);
    auto unchecked = service_of(1);
    unchecked.servers.edit(0).checks.clear();
    apply(unchecked);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down", "10.0.0.1 up"));
    EXPECT_EQ(board_.deadline(), std::nullopt);
}

TEST_F(BoardTest, one_failing_check_of_two_takes_a_server_down) {
    auto service = service_of(1);
    service.servers.edit(0).checks.push_back(service.servers.edit(0).checks[0]);
    service.servers.edit(0).checks[1].connect_address = server(7).address;
    apply(service);
    probe_.closed = {server(7).address.ipv4().value};
    pass(16s);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down"));
    probe_.closed = {server(7).address.ipv4().value, server(1).address.ipv4().value};
    pass(16s);
    probe_.closed = {server(7).address.ipv4().value};
    pass(7s);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down")) << "the second check still fails";
    probe_.closed.clear();
    pass(7s);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down", "10.0.0.1 up"));
}

TEST_F(BoardTest, server_listed_twice_is_checked_and_forgotten_without_harm) {
    auto service = service_of(1);
    service.servers.push_back(service.servers[0]);
    apply(service);
    pass(10s);
    apply(service_of(0));
    pass(10s);
    EXPECT_EQ(board_.deadline(), std::nullopt);
    EXPECT_EQ(probe_.in_flight, 0);
}

TEST_F(BoardTest, removal_during_an_attempt_gives_it_up) {
    probe_.silent = {server(1).address.ipv4().value};
    apply(service_of(1));
    pass(6s);
    ASSERT_EQ(probe_.in_flight, 1);
    apply(service_of(0));
    EXPECT_EQ(probe_.in_flight, 0);
    pass(10s);
    EXPECT_THAT(changes_, IsEmpty());
}

TEST_F(BoardTest, probes_under_way_are_bounded_and_the_others_wait) {
    constexpr std::size_t kInFlightMax = 8;
    Board board(world_, probe_, 1, kInFlightMax);
    follow(board);
    for (std::uint32_t i = 1; i <= 100; ++i) {
        probe_.silent.insert(server(i).address.ipv4().value);
    }
    ASSERT_TRUE(board.apply({service_of(100)}));
    pass(board, 6s);
    EXPECT_EQ(probe_.in_flight_max, static_cast<int>(kInFlightMax));
    EXPECT_GT(board.counters().probes_deferred, 0u);
    pass(board, 40s);
    EXPECT_EQ(probe_.attempts.size(), 100u);
    EXPECT_TRUE(board.apply({}));
}

TEST_F(BoardTest, alpha_server_is_down_until_its_first_success) {
    auto service = service_of(1);
    service.servers.edit(0).checks[0].alpha = true;
    apply(service);
    EXPECT_FALSE(board_.state(kService, server(1)).up);
    pass(6s + 10ms);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 up"));
}

TEST_F(BoardTest, warmup_of_nothing_asks_at_once) {
    auto service = service_of(50);
    for (std::size_t i = 0; i < service.servers.size(); ++i) {
        service.servers.edit(i).checks[0].warmup_ms = 0;
    }
    apply(service);
    pass(10ms);
    EXPECT_EQ(probe_.attempts.size(), 50u);
}

TEST_F(BoardTest, own_delay_loop_counts_before_the_services) {
    auto service = service_of(1);
    service.servers.edit(0).checks[0].delay_loop_ms = 1000;
    apply(service);
    pass(12s);
    EXPECT_GE(probe_.attempts[server(1).address.ipv4().value], 10);
}

TEST_F(BoardTest, weights_of_all_checks_add_up) {
    auto service = service_of(1);
    service.servers.edit(0).checks.push_back(service.servers.edit(0).checks[0]);
    service.servers.edit(0).checks[1].retries = 7;
    probe_.weight_change = -3;
    apply(service);
    pass(6s + 10ms);
    EXPECT_EQ(board_.state(kService, server(1)), (ServerState{.up = true, .weight_change = -6}));
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 up", "10.0.0.1 up"));
    probe_.weight_change.reset();
    pass(6s + 10ms);
    EXPECT_EQ(board_.state(kService, server(1)).weight_change, -6) << "nothing new was said";
}

TEST_F(BoardTest, silence_is_no_failure_where_no_reply_is_required) {
    auto service = service_of(1);
    service.servers.edit(0).checks[0].detail = model::UdpCheck{};
    probe_.silent = {server(1).address.ipv4().value};
    apply(service);
    pass(20s);
    EXPECT_THAT(changes_, IsEmpty());
    EXPECT_EQ(board_.view().front().last_result, "not refused");
    service.servers.edit(0).checks[0].detail = model::UdpCheck{.reply_required = true};
    apply(service);
    pass(20s);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down"));
}

TEST_F(BoardTest, script_is_given_its_own_time) {
    auto service = service_of(1);
    service.servers.edit(0).checks[0].detail = model::MiscCheck{.timeout_ms = 500};
    service.servers.edit(0).checks[0].warmup_ms = 0;
    probe_.silent = {server(1).address.ipv4().value};
    apply(service);
    pass(490ms);
    EXPECT_THAT(changes_, IsEmpty());
    pass(20ms);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down"));
}

TEST_F(BoardTest, urls_are_asked_in_turn) {
    auto service = service_of(1);
    service.servers.edit(0).checks[0].detail =
        model::HttpCheck{.urls = std::vector<model::UrlCheck>(3)};
    service.servers.edit(0).checks[0].warmup_ms = 0;
    apply(service);
    pass(20s);
    EXPECT_THAT(probe_.steps, ElementsAre(0, 1, 2, 0));
    probe_.closed_steps = {1};
    pass(20s);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down"));
}

TEST_F(BoardTest, suspended_checks_wait_and_servers_stay_as_they_are) {
    apply(service_of(1));
    pass(6s);
    board_.suspend(kService, true);
    probe_.closed = {server(1).address.ipv4().value};
    const int asked = probe_.attempts[server(1).address.ipv4().value];
    pass(60s);
    EXPECT_EQ(probe_.attempts[server(1).address.ipv4().value], asked);
    EXPECT_GE(board_.counters().probes_suspended, 9u);
    EXPECT_THAT(changes_, IsEmpty());
    board_.suspend(kService, false);
    pass(16s);
    EXPECT_THAT(changes_, ElementsAre("10.0.0.1 down"));
}

TEST_F(BoardTest, more_checks_than_the_limit_are_refused_and_change_nothing) {
    apply(service_of(1));
    auto too_many = service_of(1);
    too_many.servers.edit(0).checks.resize(model::kHealthChecksMax + 1);
    const auto status = board_.apply({too_many});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::exhausted);
    EXPECT_EQ(board_.view().size(), 1u);
}

}  // namespace
}  // namespace fpvs::health
