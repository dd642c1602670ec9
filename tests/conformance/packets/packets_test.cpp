// SPDX-License-Identifier: Apache-2.0
// Every pair of captures of a real director, played to the slow path: what leaves must be what left
// there, byte for byte and in order.  See replay.hpp for what is compared and masked.
//
//   build/bin/conformance_packets_test                all of tests/data/pkt
//   ONLY=nat build/bin/conformance_packets_test       those whose name contains "nat"
//   GOLDEN=DIR build/bin/conformance_packets_test     all of DIR/pkt
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
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
    Folder() : table_(golden_path("pkt")) {}

    std::string play_all() {
        const char* const only = std::getenv("ONLY");
        for (const Recording& recording : load_recordings(golden_path("pkt"), table_.director())) {
            if (only == nullptr || recording.name.find(only) != std::string::npos) {
                play(recording);
            }
        }
        for (const auto& [macs, director] : directors_) {
            tally_.note("frames forwarded by the card", director->forwarded_by_card());
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
        begin_ = begin_.value_or(recording.begin());
        Result<Comparison> result =
            play_to(director_of(recording), recording, *scenario, recording.begin() - *begin_);
        if (!result) {
            tally_.not_supported(recording.name, result.error().message);
            return;
        }
        if (result->frames_different != 0) {
            retry_with_fewer_errors(recording, *scenario, *result);
        }
        tally_.note("frames equal", result->frames_equal);
        tally_.note("frames different", result->frames_different);
        tally_.note("frames by the host's own stack", result->frames_by_kernel);
        tally_.note("frames restored", recording.restored);
        for (const auto& [mask, count] : result->masked) {
            tally_.note("fields masked (" + mask + ")", count);
        }
        if (result->frames_different == 0) {
            tally_.equal(recording.name);
        } else {
            tally_.different(recording.name, result->differences);
            write_captures(recording.name, *result);
        }
    }

    // How many ICMP errors the recorded director had sent to a client before is known only from the
    // recordings before this one, which may be missing: what the kernel's limit lets pass in a
    // burst is six.
    void retry_with_fewer_errors(const Recording& recording,
                                 const Scenario& scenario,
                                 Comparison& result) {
        constexpr std::size_t kBurst = 6;
        const auto client =
            std::find_if(scenario.stations.begin(), scenario.stations.end(), [](const auto& one) {
                return one.side == Side::client && one.address.is_ipv4();
            });
        for (std::size_t sent = 0; sent <= kBurst && client != scenario.stations.end(); ++sent) {
            Director director(recording.director);
            director.advance_to(kStart);
            director.use_up_errors_to(*client, sent);
            const auto again = play_to(director, recording, scenario, {});
            if (again && again->frames_different == 0) {
                result = *again;
                tally_.note("with another history of ICMP errors", 1);
                return;
            }
        }
    }

    static Result<Comparison> play_to(Director& director,
                                      const Recording& recording,
                                      const Scenario& scenario,
                                      provider::Nanoseconds after) {
        director.advance_to(kStart + after);
        director.reach(scenario.stations, scenario);
        Settings changed = scenario.settings;
        for (const Change& change : scenario.changes) {
            changed.insert(change.settings.begin(), change.settings.end());
        }
        const Settings before = director.current(changed);
        FPVS_TRY_STATUS(director.set(scenario.settings));
        Status ready;
        for (const std::string& command : scenario.commands) {
            ready = ready ? director.run(command) : ready;
        }
        Result<Comparison> result = fail(Code::internal, "not played");
        if (ready) {
            result = replay(recording, scenario, kStart + after, director);
        } else {
            result = fail(ready.error());
        }
        EXPECT_TRUE(director.set(before));
        return result;
    }

    // One director made all recordings, unless its interfaces changed.
    Director& director_of(const Recording& recording) {
        std::unique_ptr<Director>& director = directors_[recording.director];
        if (director == nullptr) {
            director = std::make_unique<Director>(recording.director);
        }
        return *director;
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

    // The first recording begins some time after the director.
    static constexpr provider::Nanoseconds kStart = std::chrono::seconds(1000);

    ScenarioTable table_;
    std::map<std::array<model::MacAddress, 2>, std::unique_ptr<Director>> directors_;
    Tally tally_{family_of_wires(), "recordings"};
    std::optional<provider::Nanoseconds> begin_;
};

TEST(Packets, every_recorded_frame_leaves_as_it_did) {
    EXPECT_EQ(Folder().play_all(), "");
}

}  // namespace
}  // namespace fpvs::test
