// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/trackers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "host/provider/steady_clock.hpp"
#include "tests/kit/io_until.hpp"
#include "tests/unit/vrrp/fake_scripts.hpp"

namespace fpvs::vrrp {
namespace {

using model::TrackKind;
using ::testing::IsEmpty;

struct FakeSource final : provider::TrackSource {
    std::int64_t number_in(const std::string& path) override { return numbers[path]; }
    std::vector<provider::Process> processes(bool) override { return running; }

    std::map<std::string, std::int64_t> numbers;
    std::vector<provider::Process> running;
};

class TrackersTest : public ::testing::Test {
  protected:
    // One instance that tracks these.
    static model::Config config_of(const std::vector<model::VrrpTrack>& tracks) {
        model::Config config;
        config.vrrp_scripts = {{.name = "s",
                                .script = {.arguments = {"/check"}},
                                .interval_ms = 5,
                                .timeout_ms = 60'000}};
        config.vrrp_processes = {{.name = "p", .command = {"nginx"}}};
        config.track_files = {{.name = "f", .path = "/number"}};
        config.vrrp_instances.resize(1);
        config.vrrp_instances.front().tracks = tracks;
        return config;
    }
    [[nodiscard]] bool becomes(TrackKind kind, const std::string& name, Reading reading) {
        return kit::run_until(io_, [&] {
            const auto known = readings_.find({.kind = kind, .name = name});
            return known != readings_.end() && known->second == reading;
        });
    }

    boost::asio::io_context io_;
    provider::SteadyClock clock_;
    FakeScripts scripts_;
    FakeSource source_;
    std::map<TrackKey, Reading> readings_;
    Trackers trackers_{
        io_, clock_, scripts_, source_, [this](const TrackKey& key, Reading reading) {
            readings_[key] = reading;
        }};
};

TEST_F(TrackersTest, watches_only_what_somebody_tracks) {
    trackers_.apply(config_of({}));
    EXPECT_THAT(readings_, IsEmpty());
    EXPECT_EQ(scripts_.starts, 0);
}

TEST_F(TrackersTest, script_runs_again_and_again_and_its_end_is_its_reading) {
    trackers_.apply(config_of({{.kind = TrackKind::script, .name = "s"}}));
    EXPECT_TRUE(becomes(TrackKind::script, "s", std::nullopt));
    scripts_.end("/check", 0);
    EXPECT_TRUE(becomes(TrackKind::script, "s", 1));
    ASSERT_TRUE(kit::run_until(io_, [&] { return scripts_.running.contains("/check"); }));
    EXPECT_EQ(scripts_.starts, 2);
    scripts_.end("/check", 3);
    EXPECT_TRUE(becomes(TrackKind::script, "s", 0));
}

TEST_F(TrackersTest, script_that_hangs_is_ended_and_has_failed) {
    auto config = config_of({{.kind = TrackKind::script, .name = "s"}});
    config.vrrp_scripts.front().timeout_ms = 20;
    config.vrrp_scripts.front().interval_ms = 60'000;
    trackers_.apply(config);
    EXPECT_TRUE(becomes(TrackKind::script, "s", 0));
    EXPECT_THAT(scripts_.running, IsEmpty());
}

TEST_F(TrackersTest, reload_leaves_a_script_that_did_not_change_alone) {
    const auto config = config_of({{.kind = TrackKind::script, .name = "s"}});
    trackers_.apply(config);
    trackers_.apply(config);
    EXPECT_EQ(scripts_.starts, 1);
    trackers_.apply(config_of({}));
    EXPECT_THAT(scripts_.running, IsEmpty()) << "nobody wants it any more";
}

TEST_F(TrackersTest, files_and_processes_are_looked_at_again_and_again) {
    trackers_.apply(config_of(
        {{.kind = TrackKind::file, .name = "f"}, {.kind = TrackKind::process, .name = "p"}}));
    EXPECT_TRUE(becomes(TrackKind::file, "f", 0));
    EXPECT_TRUE(becomes(TrackKind::process, "p", 0));
    source_.numbers["/number"] = 7;
    source_.running = {{.name = "nginx"}};
    EXPECT_TRUE(becomes(TrackKind::file, "f", 7));
    EXPECT_TRUE(becomes(TrackKind::process, "p", 1));
}

}  // namespace
}  // namespace fpvs::vrrp
