// SPDX-License-Identifier: Apache-2.0
// An announcer and an FRR of a few lines, on a clock moved by hand.
#include "host/announce/announcer.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "host/model/limits.hpp"
#include "sim/world/world.hpp"

namespace fpvs::announce {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnswerTime = 10ms;

model::IpAddress vip(std::uint32_t number) {
    return model::Ipv4{0xc0000200 + number};
}

// What bgpd is and was told.  Understands the commands that edit_towards() writes.
struct Frr {
    bool answers = true;
    bool takes_edits = true;
    std::string router = "65001";  // Empty: none is configured.
    bool has_route_map = false;
    std::set<std::string> networks;  // With their lengths.
    std::size_t commands_taken_max = SIZE_MAX;
    std::vector<std::string> edits;

    [[nodiscard]] std::string running_config() const {
        std::string text = "Current configuration:\n!\n";
        if (!router.empty()) {
            text += fmt::format("router bgp {}\n address-family ipv4 unicast\n", router);
            for (const std::string& network : networks) {
                text += fmt::format("  network {} route-map fpvs\n", network);
            }
            text += " exit-address-family\nexit\n!\n";
        }
        return text + (has_route_map ? "route-map fpvs permit 10\nexit\n!\n" : "") + "end\n";
    }

    void take(const std::string& command) {
        edits.push_back(command);
        const auto network_of = [&](std::size_t begin) {
            return command.substr(begin, command.find(' ', begin) - begin);
        };
        if (command.starts_with("network ")) {
            networks.insert(network_of(8));
        } else if (command.starts_with("no network ")) {
            networks.erase(network_of(11));
        } else if (command.starts_with("route-map ")) {
            has_route_map = true;
        }
    }

    Result<std::string> answer(const std::vector<std::string>& commands) {
        if (!answers) {
            return fail(Code::unavailable, "no answer in time");
        }
        if (commands.front() == "show running-config") {
            return running_config();
        }
        for (std::size_t i = 0; takes_edits && i < commands.size(); ++i) {
            if (i == commands_taken_max) {
                return fail(Code::unavailable, "half of it");
            }
            take(commands[i]);
        }
        return std::string();
    }
};

class FakeShell final : public provider::RoutingShell {
  public:
    FakeShell(world::World& world, Frr& frr) : world_(world), frr_(frr) {}

    std::unique_ptr<Run> run(const std::vector<std::string>& commands, Done done) override {
        auto told = std::make_shared<Done>(std::move(done));
        world_.at(world_.now() + kAnswerTime, [told, commands, &frr = frr_] {
            if (const Done now = std::exchange(*told, nullptr)) {
                now(frr.answer(commands));
            }
        });
        return std::make_unique<FakeRun>(told);
    }

  private:
    struct FakeRun final : Run {
        explicit FakeRun(std::shared_ptr<Done> who) : told(std::move(who)) {}
        ~FakeRun() override { *told = nullptr; }
        std::shared_ptr<Done> told;
    };

    world::World& world_;
    Frr& frr_;
};

struct AnnouncerTest : ::testing::Test {
    AnnouncerTest() {
        announcer.on_wake([this] { schedule(); });
    }
    void schedule() {
        if (const auto due = announcer.deadline()) {
            world.at(*due, [this] { announcer.run(); });
        }
    }
    void pass(Nanoseconds time) { world.run_until(world.now() + time); }
    void want(std::initializer_list<std::uint32_t> numbers) {
        Plan plan;
        for (const std::uint32_t number : numbers) {
            plan.wanted.insert(vip(number));
        }
        plan.known = plan.wanted;
        announcer.want(plan);
    }
    void use(std::uint32_t as = 65001) { announcer.use(model::Announce{.bgp_as = as}); }
    using Set = std::set<std::string>;

    world::World world;
    Frr frr;
    std::map<std::string, Frr> others;  // By socket.
    Announcer announcer{world, [this](const model::Announce& announce) {
                            return std::make_unique<FakeShell>(
                                world,
                                announce.vty_socket.empty() ? frr : others[announce.vty_socket]);
                        }};
};

TEST_F(AnnouncerTest, FollowsWhatIsWanted) {
    want({1, 2});
    use();
    pass(1s);
    EXPECT_EQ(frr.networks, (Set{"192.0.2.1/32", "192.0.2.2/32"}));
    EXPECT_EQ(announcer.view().state, "in step");
    want({2});
    pass(3 * kAnswerTime);
    EXPECT_EQ(frr.networks, Set{"192.0.2.2/32"});
    const model::AnnounceCounters counters = announcer.view().counters;
    EXPECT_EQ(counters.announced, 2U);
    EXPECT_EQ(counters.withdrawn, 1U);
    EXPECT_EQ(counters.edits, 2U);
    EXPECT_EQ(counters.failures, 0U);
    const std::size_t edits = frr.edits.size();
    pass(60s);
    EXPECT_EQ(frr.edits.size(), edits) << "what is right is not told again";
}

TEST_F(AnnouncerTest, MendsWhatARestartOfFrrLost) {
    want({1});
    use();
    pass(1s);
    frr.networks.clear();
    frr.router.clear();
    pass(5s);
    EXPECT_EQ(announcer.view().state, "FRR has no 'router bgp 65001'");
    EXPECT_TRUE(frr.networks.empty()) << "no router is made of our own accord";
    frr.router = "65001";
    pass(kRetryLast + 100ms);
    EXPECT_EQ(frr.networks, Set{"192.0.2.1/32"});
    EXPECT_EQ(announcer.view().state, "in step");
}

TEST_F(AnnouncerTest, TakesAwayWhatTheProcessBeforeHasLeft) {
    frr.networks = {"192.0.2.9/32"};
    want({1});
    use();
    pass(1s);
    EXPECT_EQ(frr.networks, Set{"192.0.2.1/32"});
}

TEST_F(AnnouncerTest, RetriesEverLessOften) {
    frr.answers = false;
    want({1});
    use();
    pass(60s);
    const std::uint64_t failures = announcer.view().counters.failures;
    EXPECT_GE(failures, 12U);
    EXPECT_LE(failures, 20U);
    EXPECT_EQ(announcer.view().state, "no answer in time");
    frr.answers = true;
    pass(kRetryLast + 100ms);
    EXPECT_EQ(frr.networks, Set{"192.0.2.1/32"});
}

TEST_F(AnnouncerTest, AnEditThatCameHalfThroughIsFinished) {
    frr.has_route_map = true;
    frr.commands_taken_max = 4;  // One network of the two.
    want({1, 2});
    use();
    pass(3 * kAnswerTime);
    EXPECT_EQ(frr.networks, Set{"192.0.2.1/32"});
    pass(1s);
    EXPECT_EQ(frr.networks, (Set{"192.0.2.1/32", "192.0.2.2/32"}));
}

TEST_F(AnnouncerTest, CommandsWithoutEffectAreNoEndlessLoop) {
    frr.takes_edits = false;
    want({1});
    use();
    pass(60s);
    EXPECT_EQ(announcer.view().state, "FRR takes commands that change nothing");
    EXPECT_LE(announcer.view().counters.edits, 40U);
}

TEST_F(AnnouncerTest, ManyAddressesInSeveralEdits) {
    Plan plan;
    constexpr std::uint32_t kMany = 3 * model::kAnnounceChangesMax + 1;
    for (std::uint32_t i = 0; i < kMany; ++i) {
        plan.wanted.insert(model::Ipv4{0x0a000000 + i});
    }
    announcer.want(plan);
    use();
    pass(1s);
    EXPECT_EQ(frr.networks.size(), kMany);
    EXPECT_EQ(announcer.view().counters.edits, 4U);
}

TEST_F(AnnouncerTest, DrainAndBack) {
    want({1});
    use();
    pass(1s);
    announcer.drain(true);
    pass(3 * kAnswerTime);
    EXPECT_TRUE(frr.networks.empty());
    EXPECT_TRUE(announcer.view().drained);
    ASSERT_EQ(announcer.view().addresses.size(), 1U);
    EXPECT_FALSE(announcer.view().addresses.front().wanted);
    want({1, 2});
    pass(10s);
    EXPECT_TRUE(frr.networks.empty());
    announcer.drain(false);
    pass(3 * kAnswerTime);
    EXPECT_EQ(frr.networks, (Set{"192.0.2.1/32", "192.0.2.2/32"}));
}

TEST_F(AnnouncerTest, FinishWithdrawsForGood) {
    want({1});
    use();
    pass(1s);
    int finished = 0;
    announcer.finish([&] { ++finished; });
    EXPECT_EQ(finished, 0);
    pass(1s);
    EXPECT_EQ(finished, 1);
    EXPECT_TRUE(frr.networks.empty());
    want({1, 2});
    pass(60s);
    EXPECT_TRUE(frr.networks.empty());
    EXPECT_EQ(finished, 1);
}

TEST_F(AnnouncerTest, FinishWaitsForNobodyWhoDoesNotAnswer) {
    want({1});
    use();
    pass(1s);
    frr.answers = false;
    bool finished = false;
    announcer.finish([&] { finished = true; });
    pass(1s);
    EXPECT_TRUE(finished);
}

TEST_F(AnnouncerTest, AnotherPlaceAndNone) {
    others["/other"].networks = {"192.0.2.7/32"};
    want({1});
    use();
    pass(1s);
    announcer.use(model::Announce{.bgp_as = 65001, .vty_socket = "/other"});
    pass(1s);
    EXPECT_TRUE(frr.networks.empty());
    EXPECT_EQ(others["/other"].networks, Set{"192.0.2.1/32"});
    announcer.use(std::nullopt);
    pass(1s);
    EXPECT_TRUE(others["/other"].networks.empty());
    EXPECT_FALSE(announcer.view().configured);
    EXPECT_FALSE(announcer.deadline());
}

TEST_F(AnnouncerTest, AnotherPlaceThoughTheFirstIsDead) {
    want({1});
    use();
    pass(1s);
    frr.answers = false;
    announcer.use(model::Announce{.bgp_as = 65001, .vty_socket = "/other"});
    others["/other"];
    pass(1s);
    EXPECT_EQ(others["/other"].networks, Set{"192.0.2.1/32"});
}

TEST_F(AnnouncerTest, WhateverHappensItEndsAsWanted) {
    const unsigned seed = std::random_device{}();
    RecordProperty("seed", static_cast<int>(seed));
    std::mt19937 random(seed);
    use();
    std::uint32_t wanted = 0;
    for (int step = 0; step < 2000; ++step) {
        switch (random() % 6) {
            case 0:
                frr.answers = !frr.answers;
                break;
            case 1:
                frr.commands_taken_max = random() % 8;
                break;
            case 2:
                frr.router = random() % 2 == 0 ? "65001" : "";
                frr.networks.clear();
                break;
            case 3:
                frr.networks.insert("192.0.2.99/32");
                break;
            default:
                wanted = random() % 8;
                want({wanted, wanted + 1});
                break;
        }
        pass(std::chrono::milliseconds(random() % 300));
    }
    frr.answers = true;
    frr.router = "65001";
    frr.commands_taken_max = SIZE_MAX;
    pass(kRetryLast + 5s);
    EXPECT_EQ(frr.networks,
              (Set{fmt::format("192.0.2.{}/32", wanted), fmt::format("192.0.2.{}/32", wanted + 1)}))
        << "seed " << seed;
}

}  // namespace
}  // namespace fpvs::announce
