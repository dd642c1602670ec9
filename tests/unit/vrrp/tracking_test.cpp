// SPDX-License-Identifier: Apache-2.0
// Weights as stock keepalived applies them.
#include "host/vrrp/tracking.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <vector>

#include "host/vrrp/process_quorum.hpp"
#include "host/vrrp/script_verdict.hpp"

namespace fpvs::vrrp {
namespace {

using namespace std::chrono_literals;
using model::TrackKind;

Tracking track_one(TrackKind kind, model::TrackWeight weight, Reading reading, int base = 100) {
    const std::vector<model::VrrpTrack> tracks = {{.kind = kind, .name = "x", .weight = weight}};
    return track(static_cast<std::uint8_t>(base), tracks, [&](const TrackKey& key) {
        EXPECT_EQ(key, (TrackKey{.kind = kind, .name = "x"}));
        return reading;
    });
}

TEST(Tracking, positive_weights_reward_and_negative_ones_punish) {
    for (const TrackKind kind : {TrackKind::interface, TrackKind::script, TrackKind::process}) {
        EXPECT_EQ(track_one(kind, {.factor = 20}, 1).priority, 120);
        EXPECT_EQ(track_one(kind, {.factor = 20}, 0).priority, 100);
        EXPECT_EQ(track_one(kind, {.factor = -30}, 1).priority, 100);
        EXPECT_EQ(track_one(kind, {.factor = -30}, 0).priority, 70);
        EXPECT_EQ(track_one(kind, {.factor = 20, .reverse = true}, 1).priority, 80);
        EXPECT_EQ(track_one(kind, {.factor = -30, .reverse = true}, 0).priority, 130);
    }
}

TEST(Tracking, without_a_weight_a_failure_is_a_fault) {
    EXPECT_TRUE(track_one(TrackKind::script, {.factor = 0}, 0).fault);
    EXPECT_FALSE(track_one(TrackKind::script, {.factor = 0}, 1).fault);
    EXPECT_TRUE(track_one(TrackKind::script, {.factor = 0, .reverse = true}, 1).fault);
    EXPECT_FALSE(track_one(TrackKind::script, {.factor = 0, .reverse = true}, 0).fault);
}

TEST(Tracking, what_has_not_run_yet_changes_nothing_and_is_waited_for_if_it_decides) {
    EXPECT_EQ(track_one(TrackKind::script, {.factor = 20}, {}), (Tracking{.priority = 100}));
    EXPECT_EQ(track_one(TrackKind::script, {.factor = -20}, {}), (Tracking{.priority = 100}));
    EXPECT_TRUE(track_one(TrackKind::script, {.factor = 0}, {}).pending);
}

TEST(Tracking, number_of_a_file_is_multiplied_and_far_below_is_a_fault) {
    EXPECT_EQ(track_one(TrackKind::file, {.factor = 2}, 5).priority, 110);
    EXPECT_EQ(track_one(TrackKind::file, {.factor = 2, .reverse = true}, 5).priority, 90);
    EXPECT_TRUE(track_one(TrackKind::file, {.factor = 0}, 5).fault);
    EXPECT_FALSE(track_one(TrackKind::file, {.factor = 0}, 0).fault);
    EXPECT_FALSE(track_one(TrackKind::file, {.factor = 1}, -253).fault);
    EXPECT_TRUE(track_one(TrackKind::file, {.factor = 1}, -254).fault);
    EXPECT_TRUE(track_one(TrackKind::file, {.factor = 254}, INT64_MIN).fault);
    EXPECT_EQ(track_one(TrackKind::file, {.factor = 254}, INT64_MAX).priority, 254);
    EXPECT_EQ(track_one(TrackKind::file, {.factor = 1}, {}).priority, 100) << "no file";
}

TEST(Tracking, priority_stays_from_1_to_254_and_an_owners_is_255) {
    EXPECT_EQ(track_one(TrackKind::script, {.factor = 20}, 1, 250).priority, 254);
    EXPECT_EQ(track_one(TrackKind::script, {.factor = -253}, 0, 100).priority, 1);
    EXPECT_EQ(track_one(TrackKind::script, {.factor = -30}, 0, 255).priority, 255);
    EXPECT_TRUE(track_one(TrackKind::script, {.factor = 0}, 0, 255).fault);
}

TEST(ScriptVerdict, first_run_decides_and_then_rise_and_fall) {
    ScriptVerdict verdict({.name = "s", .rise = 2, .fall = 3});
    EXPECT_EQ(verdict.well(), std::nullopt);
    EXPECT_TRUE(verdict.on_end(true));
    EXPECT_FALSE(verdict.on_end(false));
    EXPECT_FALSE(verdict.on_end(false));
    EXPECT_FALSE(verdict.on_end(true)) << "begins to count anew";
    EXPECT_FALSE(verdict.on_end(false));
    EXPECT_FALSE(verdict.on_end(false));
    EXPECT_TRUE(verdict.on_end(false));
    EXPECT_EQ(verdict.well(), false);
    EXPECT_FALSE(verdict.on_end(true));
    EXPECT_TRUE(verdict.on_end(true));
}

TEST(ScriptVerdict, init_fail_needs_all_of_rise) {
    ScriptVerdict verdict({.name = "s", .rise = 2, .fails_at_first = true});
    EXPECT_EQ(verdict.well(), false);
    EXPECT_FALSE(verdict.on_end(true));
    EXPECT_TRUE(verdict.on_end(true));
}

provider::Process process(std::vector<std::string> command) {
    return {.name = command.front(), .command = std::move(command)};
}

TEST(ProcessQuorum, compares_the_kernels_name_or_the_command_line) {
    const auto nginx = process({"nginx", "-c", "/etc/nginx.conf"});
    EXPECT_TRUE(matches({.command = {"nginx"}}, nginx));
    EXPECT_FALSE(matches({.command = {"ngin"}}, nginx));
    EXPECT_TRUE(matches({.command = {"a-very-long-name-indeed"}}, {.name = "a-very-long-nam"}));
    EXPECT_FALSE(matches({.command = {"nginx"}, .match_parameters = true}, nginx));
    model::VrrpProcess wanted{.command = {"nginx", "-c"}, .match_parameters = true};
    EXPECT_FALSE(matches(wanted, nginx));
    wanted.match = model::ParameterMatch::partial;
    EXPECT_TRUE(matches(wanted, nginx));
    wanted.command.emplace_back("/etc/ng");
    EXPECT_FALSE(matches(wanted, nginx));
    wanted.match = model::ParameterMatch::initial;
    EXPECT_TRUE(matches(wanted, nginx));
    EXPECT_FALSE(matches({.command = {"nginx"}, .full_command = true}, {.name = "nginx"}));
}

TEST(ProcessQuorum, waits_for_its_delays_but_not_at_first) {
    ProcessQuorum quorum(
        {.command = {"p"}, .quorum = 2, .fork_delay_ms = 1000, .terminate_delay_ms = 3000});
    const std::vector<provider::Process> two(2, process({"p"}));
    const std::span one = std::span(two).first(1);
    EXPECT_TRUE(quorum.look(0s, two));
    EXPECT_EQ(quorum.well(), true);
    EXPECT_FALSE(quorum.look(1s, one));
    EXPECT_FALSE(quorum.look(2s, two));
    EXPECT_FALSE(quorum.look(3s, one));
    EXPECT_FALSE(quorum.look(5999ms, one));
    EXPECT_TRUE(quorum.look(6s, one));
    EXPECT_EQ(quorum.well(), false);
    EXPECT_FALSE(quorum.look(7s, two));
    EXPECT_TRUE(quorum.look(8s, two));
}

TEST(ProcessQuorum, too_many_are_as_bad_as_too_few_and_a_maximum_of_none_means_none) {
    const std::vector<provider::Process> two(2, process({"p"}));
    ProcessQuorum at_most_one({.command = {"p"}, .quorum_max = 1});
    EXPECT_TRUE(at_most_one.look(0s, two));
    EXPECT_EQ(at_most_one.well(), false);
    ProcessQuorum none({.command = {"p"}, .quorum_max = 0});
    EXPECT_TRUE(none.look(0s, {}));
    EXPECT_EQ(none.well(), true);
    EXPECT_TRUE(none.look(0s, two));
    EXPECT_EQ(none.well(), false);
}

}  // namespace
}  // namespace fpvs::vrrp
