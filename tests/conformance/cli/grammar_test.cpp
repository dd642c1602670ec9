// SPDX-License-Identifier: Apache-2.0
// What the real ipvsadm takes, refuses and prints for single command lines, and in which order it
// lists: see tests/data/cli/README.md.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "host/cli/run.hpp"
#include "tests/conformance/cli/recording.hpp"
#include "tests/conformance/report/golden_folder.hpp"
#include "tests/conformance/report/tally.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/lvs_table.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::test {
namespace {

class Grammar : public ::testing::Test {
  protected:
    Outcome run(const std::vector<std::string>& words) {
        std::istringstream in;
        std::ostringstream out;
        std::ostringstream err;
        cli::Environment environment{
            .socket_path = server_.path(), .names = names_, .in = in, .out = out, .err = err};
        const int exit_code = cli::run(words, environment);
        return {.exit_code = exit_code, .out = out.str(), .err = err.str()};
    }
    Outcome run(const std::string& command) { return run(words_of("ipvsadm " + command)); }

    kit::LvsTable table_;
    kit::ControlServer server_{table_};
    kit::TableNames names_;
};

TEST_F(Grammar, EveryRecordedCommandLine) {
    const auto recording = load_golden("cli/grammar.json");
    if (!recording) {
        GTEST_SKIP() << "no cli/grammar.json";
    }
    Tally tally("cli-grammar", "command lines");
    for (const nlohmann::json& entry : *recording) {
        run("-C");
        run("--set 900 120 300");
        run("-A -t 10.0.0.1:80 -s rr");
        run("-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m");
        const std::vector<std::string> words = entry.at("args");
        const Outcome outcome = run(words);
        const std::string item = entry.at("args").dump();
        if (outcome.exit_code == entry.at("rc").get<int>() &&
            outcome.out == entry.at("out").get<std::string>() &&
            outcome.err == entry.at("err").get<std::string>()) {
            tally.equal(item);
        } else {
            tally.different(item,
                            fmt::format("  recorded {}\n  ours {} {}{}\n",
                                        entry.dump(),
                                        outcome.exit_code,
                                        outcome.out,
                                        outcome.err));
        }
    }
    EXPECT_EQ(tally.finish(), "");
}

TEST_F(Grammar, EveryRecordedOrder) {
    const auto recording = load_golden("cli/order.json");
    if (!recording) {
        GTEST_SKIP() << "no cli/order.json";
    }
    for (const nlohmann::json& entry : *recording) {
        run("-C");
        for (const std::string& command : entry.at("before").get<std::vector<std::string>>()) {
            ASSERT_EQ(run(command).exit_code, 0) << command;
        }
        EXPECT_EQ(run("-L -n").out, entry.at("list").get<std::string>());
        EXPECT_EQ(run("-S -n").out, entry.at("save").get<std::string>());
    }
}

TEST_F(Grammar, RestoreStopsAtWhatItCannotUnderstandOnly) {
    const auto restore = [&](const std::string& lines) {
        std::istringstream in(lines);
        std::ostringstream out;
        std::ostringstream err;
        cli::Environment environment{
            .socket_path = server_.path(), .names = names_, .in = in, .out = out, .err = err};
        const int exit_code = cli::run({"-R"}, environment);
        return fmt::format("{} {}", exit_code, err.str());
    };
    EXPECT_EQ(restore("\n  -A   -t\t1.1.1.1:1  \n\nipvsadm -A -t 1.1.1.1:2"), "0 ");
    EXPECT_EQ(restore("-A -t 1.1.1.1:1\n-A -t 1.1.1.1:3\n"), "0 Service already exists\n");
    EXPECT_EQ(restore("-A -t 1.1.1.1:4\n-A -t 1.1.1.1:4\n"), "255 Service already exists\n");
    EXPECT_EQ(restore("-A -n\n-A -t 1.1.1.1:9\n"),
              "2 Illegal 'numeric' option with the 'add-service' command\n");
    EXPECT_EQ(restore("# note\n"),
              "255 Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n");
    EXPECT_EQ(run("-S -n").out,
              "-A -t 1.1.1.1:1 -s wlc\n-A -t 1.1.1.1:2 -s wlc\n-A -t 1.1.1.1:3 -s wlc\n"
              "-A -t 1.1.1.1:4 -s wlc\n");
}

}  // namespace
}  // namespace fpvs::test
