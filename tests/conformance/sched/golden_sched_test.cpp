// SPDX-License-Identifier: Apache-2.0
// Plays the recorded scenarios: after every step the server that got the packet, the table and,
// where they were recorded, the connections must be what the kernel's were; and at the end every
// list that ipvsadm printed.
//
// The kernel moves its totals and rates every two seconds, at moments that nobody recorded; ours
// are always current.  So the recorded totals must be what ours were at one moment in the last two
// seconds, and the recorded rates what ours are if traffic was sampled at that moment.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "host/util/check.hpp"
#include "tests/conformance/report/golden_folder.hpp"
#include "tests/conformance/report/tally.hpp"
#include "tests/conformance/sched/player.hpp"

namespace fpvs::test {
namespace {

using nlohmann::json;

constexpr Moment kSampleInterval(2000);

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

const json& lists_of(const json& scenario) {
    static const json kNone = json::object();
    const auto found = scenario.find("final");
    return found == scenario.end() ? kNone : *found;
}

std::string list_apart(const std::string& command,
                       const std::string& recorded,
                       const std::string& ours) {
    return ours == recorded ? ""
                            : fmt::format("  {}\nrecorded\n{}ours\n{}", command, recorded, ours);
}

// The numbers of every row of a list, by what the row is about.
using Rows = std::map<std::string, std::array<long, 5>>;

Rows rows_of(const std::string& list) {
    constexpr std::size_t kNameColumns = 33;
    Rows rows;
    std::istringstream lines(list);
    for (std::string line; std::getline(lines, line);) {
        if (line.size() <= kNameColumns || line.starts_with("Prot ") || line.starts_with("IP ")) {
            continue;
        }
        std::array<long, 5> numbers{};
        std::istringstream columns(line.substr(kNameColumns));
        for (long& number : numbers) {
            columns >> number;
        }
        rows[line.substr(0, kNameColumns)] = numbers;
    }
    return rows;
}

bool is_server(const std::string& row) {
    return row.starts_with("  ->");
}

// Servers that were not there at the moment had nothing yet; those that left since are not listed.
// ipvsadm asks for the services first: the moment may have come between them and their servers.
bool is_of_moment(const Rows& recorded, const Rows& moment, const Rows& before) {
    const auto is_as_at = [&](const Rows& then, const auto& row) {
        const auto found = then.find(row.first);
        return row.second == (found == then.end() ? std::array<long, 5>{} : found->second);
    };
    return std::all_of(recorded.begin(), recorded.end(), [&](const auto& row) {
        return is_as_at(moment, row) || (!is_server(row.first) && is_as_at(before, row));
    });
}

// The same for rates: a list that was taken before the moment, and one after it.
bool is_torn(const Rows& recorded, const Rows& before, const Rows& after) {
    return std::all_of(recorded.begin(), recorded.end(), [&](const auto& row) {
        const Rows& then = is_server(row.first) ? after : before;
        const auto found = then.find(row.first);
        return found != then.end() && found->second == row.second;
    });
}

// The kernel's two seconds drift: over several of them, a packet more or less fell into each.
bool are_rates_within_a_packet(const Rows& recorded, const Rows& ours) {
    constexpr long kPackets = 1;
    constexpr long kBytes = 20;
    constexpr std::size_t kFirstOfBytes = 3;
    return recorded.size() == ours.size() &&
           std::all_of(recorded.begin(), recorded.end(), [&](const auto& row) {
               const auto found = ours.find(row.first);
               bool within = found != ours.end();
               for (std::size_t i = 0; within && i < row.second.size(); ++i) {
                   within = std::abs(row.second[i] - found->second[i]) <=
                            (i < kFirstOfBytes ? kPackets : kBytes);
               }
               return within;
           });
}

class Game {
  public:
    explicit Game(const json& scenario) : scenario_(scenario) {
        const auto& steps = scenario.at("steps");
        last_step_ = steps.empty() ? Moment(0) : in_ms(steps.back().at("t").get<double>());
        end_ = std::max(last_step_, in_ms(scenario.value("seconds", 0.0)));
    }

    void play(Tally& tally) {
        const auto name = scenario_.at("name").get<std::string>();
        Player player(scenario_, Moment(0));
        player.watch_totals();
        if (const std::string reason = player.set_up(); !reason.empty()) {
            tally.not_supported(name, reason);
            return;
        }
        std::string differences = play_steps(player);
        player.advance(end_);
        if (differences.empty()) {
            differences = lists_apart(player) + totals_apart(player.totals());
        }
        tally.note("steps", scenario_.at("steps").size());
        differences.empty() ? tally.equal(name) : tally.different(name, differences);
    }

  private:
    static Moment in_ms(double seconds) { return Moment(std::llround(seconds * 1000)); }

    // Up to the first step that differs: what follows it would differ because of it.
    std::string play_steps(Player& player) const {
        int number = 0;
        for (const auto& step : scenario_.at("steps")) {
            const std::string differences = player.play(step);
            if (!differences.empty()) {
                json shown = step;
                shown.erase("conns");
                return fmt::format("  step {}: {}\n{}", number, shown.dump(), differences);
            }
            ++number;
        }
        return {};
    }

    // Those that do not depend on the kernel's moments.
    std::string lists_apart(Player& player) const {
        std::string differences;
        for (const auto& [command, recorded] : lists_of(scenario_).items()) {
            if (!contains(command, "--stats") && !contains(command, "--rate")) {
                differences += list_apart(command, recorded, player.run(command).text);
            }
        }
        return differences;
    }

    // Of the moments at which the totals were the recorded ones, one must give the recorded rates.
    std::string totals_apart(const std::vector<Player::Totals>& totals) const {
        const json& lists = lists_of(scenario_);
        const auto exact = lists.find("ipvsadm -Ln --stats --exact");
        if (exact == lists.end()) {
            return {};
        }
        std::string differences = "  the totals are those of no moment in the last two seconds:\n" +
                                  exact->get<std::string>();
        for (std::size_t i = 0; i < totals.size(); ++i) {
            const Moment until = i + 1 < totals.size() ? totals[i + 1].since - Moment(1) : end_;
            const Moment from = std::max(totals[i].since, end_ - kSampleInterval);
            if (from <= until && is_of_moment(rows_of(exact->get<std::string>()),
                                              rows_of(totals[i].exact),
                                              rows_of(before(totals, i).exact))) {
                differences = plain_totals_apart(totals, i) + rates_apart(from, until);
                if (differences.empty()) {
                    return {};
                }
            }
        }
        return differences;
    }

    // What the totals were two seconds before, when the kernel had looked last.
    static const Player::Totals& before(const std::vector<Player::Totals>& totals, std::size_t i) {
        std::size_t found = i;
        while (found > 0 && totals[found].since > totals[i].since - kSampleInterval) {
            --found;
        }
        return totals[found];
    }

    // The list without --exact was taken a little earlier, maybe before the last moment.
    std::string plain_totals_apart(const std::vector<Player::Totals>& totals,
                                   std::size_t last) const {
        const auto plain = lists_of(scenario_).find("ipvsadm -Ln --stats");
        if (plain == lists_of(scenario_).end()) {
            return {};
        }
        const Rows recorded = rows_of(plain->get<std::string>());
        for (std::size_t i = 0; i <= last; ++i) {
            if (is_of_moment(
                    recorded, rows_of(totals[i].plain), rows_of(before(totals, i).plain))) {
                return {};
            }
        }
        return "  the totals without --exact are those of no moment\n";
    }

    // With traffic sampled somewhere between the two moments.
    std::string rates_apart(Moment from, Moment until) const {
        constexpr std::string_view kCommand = "ipvsadm -Ln --rate";
        const auto recorded = lists_of(scenario_).find(kCommand);
        if (recorded == lists_of(scenario_).end()) {
            return {};
        }
        constexpr Moment kStep(1);
        std::string differences;
        for (Moment moment = until; moment >= from; moment -= kStep) {
            differences = rates_apart(moment, recorded->get<std::string>());
            if (differences.empty()) {
                return {};
            }
        }
        return differences;
    }

    // The list was taken between the last step and the end, before that moment or after it.
    std::string rates_apart(Moment sampled, const std::string& recorded) const {
        Player player(scenario_, sampled);
        FPVS_CHECK(player.set_up().empty(), "it was set up before");
        (void)play_steps(player);
        std::string before;
        if (sampled > last_step_) {
            player.advance(sampled - Moment(1));
            before = player.run("ipvsadm -Ln --rate").text;
        }
        player.advance(end_);
        const std::string after = player.run("ipvsadm -Ln --rate").text;
        const Rows rows = rows_of(recorded);
        const bool drifts = end_ > kSampleInterval;
        if (recorded == before || recorded == after ||
            is_torn(rows, rows_of(before), rows_of(after)) ||
            (drifts && (are_rates_within_a_packet(rows, rows_of(before)) ||
                        are_rates_within_a_packet(rows, rows_of(after))))) {
            return {};
        }
        return list_apart("ipvsadm -Ln --rate", recorded, after);
    }

    const json& scenario_;
    Moment last_step_{};
    Moment end_{};
};

std::vector<json> load_scenarios() {
    std::vector<json> scenarios;
    const auto folder = golden_path("sched");
    if (!std::filesystem::is_directory(folder)) {
        return scenarios;
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".json") {
            const auto file = load_golden("sched/" + entry.path().filename().string());
            for (const auto& scenario : file->at("scenarios")) {
                scenarios.push_back(scenario);
            }
        }
    }
    return scenarios;
}

TEST(Sched, every_step_is_the_kernels) {
    const std::vector<json> scenarios = load_scenarios();
    if (scenarios.empty()) {
        ASSERT_TRUE(golden_is_foreign()) << "our own recordings are gone";
        GTEST_SKIP() << "no sched/*.json";
    }
    Tally tally("sched", "scenarios");
    for (const json& scenario : scenarios) {
        Game(scenario).play(tally);
    }
    EXPECT_EQ(tally.finish(), "");
}

}  // namespace
}  // namespace fpvs::test
