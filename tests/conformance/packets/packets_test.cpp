// SPDX-License-Identifier: Apache-2.0
// Every pair of captures of a real director, played to the slow path: what leaves must be what left
// there, byte for byte and in order.  See replay.hpp for what is compared and masked.
//
//   build/bin/conformance_packets_test                all of tests/data/pkt
//   ONLY=nat build/bin/conformance_packets_test       those whose name contains "nat"
//   GOLDEN=DIR build/bin/conformance_packets_test     all of DIR/pkt
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/conformance/packets/replay.hpp"
#include "tests/conformance/report/golden_folder.hpp"
#include "tests/conformance/report/tally.hpp"
#include "tests/kit/pcap_writer.hpp"

namespace fpvs::test {
namespace {

class Folder {
  public:
    Folder() : table_(golden_path("pkt")), director_(table_.director()) {}

    std::string play_all() {
        const char* const only = std::getenv("ONLY");
        for (const Recording& recording : load_recordings(golden_path("pkt"), table_.director())) {
            if (only == nullptr || recording.name.find(only) != std::string::npos) {
                play(recording);
            }
        }
        return tally_.finish();
    }

  private:
    void play(const Recording& recording) {
        const auto scenario = table_.scenario_of(recording);
        if (!scenario) {
            tally_.not_supported(recording.name, scenario.error().message);
            return;
        }
        // The first recording begins some time after the director.
        constexpr provider::Nanoseconds kStart = std::chrono::seconds(1000);
        begin_ = begin_.value_or(recording.begin());
        const provider::Nanoseconds start = kStart + (recording.begin() - *begin_);
        director_.advance_to(start);
        director_.reach(scenario->stations, *scenario);
        const auto before = director_.set(scenario->settings);
        if (!before) {
            tally_.not_supported(recording.name, before.error().message);
            return;
        }
        Settings changed;
        for (const Change& change : scenario->changes) {
            changed.insert(change.settings.begin(), change.settings.end());
        }
        const auto old = director_.current(changed);
        if (const Status ready = set_up(*scenario)) {
            compare(recording, *scenario, start);
        } else {
            tally_.not_supported(recording.name, ready.error().message);
        }
        for (const Settings& settings : {*before, old}) {
            EXPECT_TRUE(director_.set(settings));
        }
    }

    Status set_up(const Scenario& scenario) {
        for (const std::string& command : scenario.commands) {
            FPVS_TRY_STATUS(director_.run(command));
        }
        return {};
    }

    void compare(const Recording& recording,
                 const Scenario& scenario,
                 provider::Nanoseconds start) {
        const Comparison result = replay(recording, scenario, start, director_);
        tally_.note("frames equal", result.frames_equal);
        tally_.note("frames different", result.frames_different);
        tally_.note("frames by the host's own stack", result.frames_by_kernel);
        tally_.note("frames restored", recording.restored);
        for (const auto& [mask, count] : result.masked) {
            tally_.note("fields masked (" + mask + ")", count);
        }
        if (result.frames_different == 0) {
            tally_.equal(recording.name);
        } else {
            tally_.different(recording.name, result.differences);
            write_captures(recording.name, result);
        }
    }

    // For looking at in full: FOLDER/pkt/NAME.SIDE.{recorded,ours}.pcap.
    static void write_captures(const std::string& name, const Comparison& result) {
        const char* const folder = std::getenv("FPVS_CONFORMANCE_DIR");
        if (folder == nullptr) {
            return;
        }
        const auto path = std::filesystem::path(folder) / "pkt";
        std::filesystem::create_directories(path);
        for (const Side side : kSides) {
            const std::string begin =
                path / (name + (side == Side::client ? ".client-side" : ".server-side"));
            kit::write_pcap(begin + ".recorded.pcap", result.recorded[index(side)]);
            kit::write_pcap(begin + ".ours.pcap", result.ours[index(side)]);
        }
    }

    ScenarioTable table_;
    Director director_;
    Tally tally_{"pkt", "recordings"};
    std::optional<provider::Nanoseconds> begin_;
};

TEST(Packets, every_recorded_frame_leaves_as_it_did) {
    EXPECT_EQ(Folder().play_all(), "");
}

}  // namespace
}  // namespace fpvs::test
