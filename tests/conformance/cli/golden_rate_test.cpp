// SPDX-License-Identifier: Apache-2.0
// Rates and totals once a second while datagrams were sent, and after (cli/rate.json).
//
// The kernel looks at its counters every two seconds, at moments that nobody recorded; how many
// datagrams it had counted by then, the recorded totals say.  So the engine gets as many before
// each such moment, and must then show the recorded rates, to the digit.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "host/cli/run.hpp"
#include "host/control/dispatcher.hpp"
#include "tests/conformance/report/golden_folder.hpp"
#include "tests/conformance/report/tally.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/engine_operations.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::test {
namespace {

using nlohmann::json;

struct Totals {
    std::string service;  // "10.0.0.100:5060"
    std::string server;
    std::uint64_t connections = 0;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

// Of a list of one UDP service with one server.
Totals totals_in(const std::string& list) {
    Totals totals;
    std::istringstream lines(list);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first;
        std::string second;
        std::uint64_t packets_out = 0;
        words >> first >> second;
        if (first == "UDP") {
            totals.service = second;
            words >> totals.connections >> totals.packets >> packets_out >> totals.bytes;
        } else if (first == "->" && second.find("Remote") == std::string::npos) {
            totals.server = second;
        }
    }
    return totals;
}

class Replay {
  public:
    explicit Replay(const Totals& ends) : ends_(ends) {
        run("-A -u " + ends.service + " -s rr");
        run("-a -u " + ends.service + " -r " + ends.server + " -g");
        pass(kMoment);
    }

    // As many datagrams as make the totals those, and then one of the kernel's moments.
    void reach(const Totals& totals) {
        const std::size_t colon = ends_.service.rfind(':');
        std::uint64_t bytes_left = totals.bytes - sent_.bytes;
        for (std::uint64_t left = totals.packets - sent_.packets; left > 0; --left) {
            constexpr std::uint16_t kFirstPort = 30000;
            const std::uint64_t bytes = bytes_left / left;
            bytes_left -= bytes;
            const auto verdict = operations_.engine.handle(
                {.protocol = model::Protocol::udp,
                 .ip_length_bytes = static_cast<std::uint16_t>(bytes),
                 .source_address = model::Ipv4{0xc0000201},
                 .source_port = static_cast<std::uint16_t>(
                     kFirstPort + left % std::max<std::uint64_t>(totals.connections, 1)),
                 .destination_address =
                     model::parse_address(ends_.service.substr(0, colon)).value(),
                 .destination_port =
                     static_cast<std::uint16_t>(std::stoi(ends_.service.substr(colon + 1)))},
                operations_.now);
            EXPECT_EQ(verdict.action, engine::Action::forward);
        }
        sent_ = totals;
        pass(kMoment);
    }

    std::string run(const std::string& options) {
        std::istringstream stream(options);
        std::vector<std::string> words;
        for (std::string word; stream >> word;) {
            words.push_back(word);
        }
        std::istringstream in;
        std::ostringstream out;
        cli::Environment environment{
            .socket_path = server_.path(), .names = names_, .in = in, .out = out, .err = out};
        (void)cli::run(words, environment);
        return out.str();
    }

  private:
    static constexpr std::chrono::seconds kMoment{2};

    void pass(std::chrono::seconds time) {
        constexpr std::size_t kBudget = 1000;
        operations_.now += time;
        (void)operations_.engine.expire(operations_.now, kBudget);
    }

    Totals ends_;
    Totals sent_;
    kit::EngineOperations operations_;
    control::Dispatcher dispatcher_{operations_};
    kit::ControlServer server_{dispatcher_};
    kit::TableNames names_;
};

// The lists at each of the kernel's moments: as many as the recorded totals tell apart, and some
// more with no new datagram.
std::vector<std::pair<std::string, std::string>> lists_at_moments(const json& recording) {
    constexpr int kQuietMoments = 8;
    Replay replay(totals_in(recording.back().at(3)));
    std::vector<std::pair<std::string, std::string>> lists;
    const auto take = [&] {
        lists.emplace_back(replay.run("-Ln --rate"), replay.run("-Ln --stats"));
    };
    take();
    Totals last;
    for (const json& entry : recording) {
        const Totals totals = totals_in(entry.at(3));
        if (totals.packets != last.packets) {
            replay.reach(totals);
            take();
            last = totals;
        }
    }
    for (int i = 0; i < kQuietMoments; ++i) {
        replay.reach(last);
        take();
    }
    return lists;
}

TEST(GoldenRate, rates_and_totals_are_the_kernels) {
    const auto recording = load_golden("cli/rate.json");
    if (!recording) {
        GTEST_SKIP() << "no cli/rate.json";
    }
    const auto lists = lists_at_moments(*recording);
    Tally tally("rate", "lists");
    std::size_t rate_moment = 0;
    std::size_t totals_moment = 0;
    const auto compare = [&](const std::string& item,
                             const std::string& recorded,
                             auto member,
                             std::size_t& moment) {
        // Time goes on: from this list on, no moment before it counts.
        const auto from = lists.begin() + static_cast<std::ptrdiff_t>(moment);
        const auto found =
            std::find_if(from, lists.end(), [&](const auto& at) { return at.*member == recorded; });
        if (found == lists.end()) {
            tally.different(item,
                            "recorded\n" + recorded + "ours, at that time\n" + (*from).*member);
        } else {
            tally.equal(item);
            moment = static_cast<std::size_t>(found - lists.begin());
        }
    };
    using Lists = std::pair<std::string, std::string>;
    for (const json& entry : *recording) {
        const auto seconds = entry.at(0).dump();
        compare("rates after " + seconds + " s", entry.at(2), &Lists::first, rate_moment);
        compare("totals after " + seconds + " s", entry.at(3), &Lists::second, totals_moment);
    }
    EXPECT_EQ(tally.finish(), "");
}

}  // namespace
}  // namespace fpvs::test
