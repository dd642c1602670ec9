// SPDX-License-Identifier: Apache-2.0
// MISC_CHECK, FILE_CHECK and notifications: programs and files of the operator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "drivers/kernel/notify_fifo.hpp"
#include "drivers/kernel/script_security.hpp"
#include "drivers/probe/file_probe.hpp"
#include "drivers/probe/misc_probe.hpp"
#include "tests/kit/temporary_folder.hpp"
#include "tests/kit/test_namespace.hpp"
#include "tests/system/health/checked_server.hpp"

namespace fpvs::health {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ScriptTest : public ::testing::Test {
  protected:
    std::string write(const std::string& name, const std::string& text) const {
        const std::string path = folder_ / name;
        std::ofstream(path) << text;
        std::filesystem::permissions(path, std::filesystem::perms(0755));
        return path;
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        std::ifstream file(folder_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    // The text of a file that a script writes, once it is there.
    std::string wait_for(CheckedServer& server, const std::string& name) const {
        (void)kit::run_until(server.io, [&] { return read(name).ends_with('\n'); });
        return read(name);
    }
    static model::HealthCheck misc(model::MiscCheck check) { return quick_check(std::move(check)); }

    kit::TemporaryFolder folder_;
};

TEST_F(ScriptTest, exit_status_decides) {
    CheckedServer server;
    const std::string script = write("check", "#!/bin/sh\nexit $1\n");
    EXPECT_TRUE(server.ask(misc({.script = {.arguments = {script, "0"}}}), 9).up);
    const auto failed = server.ask(misc({.script = {.arguments = {script, "3"}}}), 9);
    EXPECT_FALSE(failed.up);
    EXPECT_EQ(failed.last_result, "exited with status 3");
    const std::string crash = write("crash", "#!/bin/sh\nkill -SEGV $$\n");
    EXPECT_EQ(server.ask(misc({.script = {.arguments = {crash}}}), 9).last_result,
              "killed by signal 11");
    EXPECT_THAT(server.ask(misc({.script = {.arguments = {"/nonexistent/check"}}}), 9).last_result,
                HasSubstr("No such file"));
}

TEST_F(ScriptTest, dynamic_status_is_the_weight_and_two) {
    CheckedServer server;
    const std::string script =
        write("check", "#!/bin/sh\nexit $(cat " + (folder_ / "status") + ")\n");
    write("status", "12");
    server.begin(misc({.script = {.arguments = {script}}, .dynamic = true}), 9, 5);
    EXPECT_TRUE(kit::run_until(server.io, [&] { return server.weight() == 10; }));
    write("status", "2");
    EXPECT_TRUE(kit::run_until(server.io, [&] { return server.weight() == 0; }));
    write("status", "0");
    EXPECT_TRUE(kit::run_until(server.io, [&] { return server.weight() == 5; }));
    write("status", "1");
    EXPECT_TRUE(kit::run_until(server.io, [&] { return server.weight() == -1; }));
}

TEST_F(ScriptTest, arguments_reach_the_program_as_they_are) {
    CheckedServer server;
    const std::string script =
        write("show",
              "#!/bin/sh\nfor a; do printf '[%s]' \"$a\"; done > " + (folder_ / "out") + "\n" +
                  "echo >> " + (folder_ / "out") + "\n");
    server.scripts.tell({.arguments = {script, "a b", "$HOME `id` ; true", "", "*"}});
    EXPECT_EQ(wait_for(server, "out"), "[a b][$HOME `id` ; true][][*]\n");
}

TEST_F(ScriptTest, slow_script_is_timed_out_and_leaves_no_process) {
    CheckedServer server;
    const std::string script =
        write("slow", "#!/bin/sh\ntrap '' TERM\nsleep 60 & wait\nsleep 60\n");
    auto check = misc({.script = {.arguments = {script}}, .timeout_ms = 50});
    EXPECT_EQ(server.ask(check, 9).last_result, "timed out");
    check.detail = model::TcpCheck{};
    server.begin(check, 9);
    EXPECT_TRUE(kit::run_until(server.io, [&] { return server.scripts.running() == 0; }));
    EXPECT_EQ(server.scripts.counters().killed, server.scripts.counters().started);
}

TEST_F(ScriptTest, scripts_run_as_the_user_that_is_named) {
    FPVS_NEEDS_ROOT();
    CheckedServer server;
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0777));
    const std::string out = folder_ / "out";
    const std::string script =
        write("who", "#!/bin/sh\necho $(id -un) $(id -gn) $(id -G) > " + out + "\n");
    server.scripts.tell({.arguments = {script}, .user = "nobody", .group = "daemon"});
    EXPECT_EQ(wait_for(server, "out"), "nobody daemon 1 65534\n");
    std::filesystem::remove(out);
    server.scripts.use({.user = "daemon"});
    server.scripts.tell({.arguments = {script}});
    EXPECT_THAT(wait_for(server, "out"), ::testing::StartsWith("daemon daemon"));
    server.scripts.tell({.arguments = {script}, .user = "no such user"});
    EXPECT_EQ(server.scripts.counters().not_started, 1U);
}

TEST_F(ScriptTest, what_others_than_root_can_change_does_not_run_as_root) {
    FPVS_NEEDS_ROOT();
    CheckedServer server;
    const std::string script = write("check", "#!/bin/sh\n");
    server.scripts.use({.user = "root", .security = true});
    // In a folder of root's alone, all the way up but for /tmp, where nobody can replace it.
    EXPECT_TRUE(server.ask(misc({.script = {.arguments = {script}}}), 9).up);
    std::filesystem::permissions(script, std::filesystem::perms(0777));
    EXPECT_THAT(server.ask(misc({.script = {.arguments = {script, "again"}}}), 9).last_result,
                HasSubstr("could have been changed by others than root"));
    EXPECT_TRUE(
        server.ask(misc({.script = {.arguments = {script}, .user = "nobody"}}), 9).checks_done > 0);
}

TEST_F(ScriptTest, what_is_told_is_told_in_order_and_bounded) {
    boost::asio::io_context io;
    kernel::ScriptRunner runner(io, {.waiting_max = 3});
    const std::string out = folder_ / "out";
    const std::string script = write("tell", "#!/bin/sh\nprintf $1 >> " + out + "\n");
    for (const char* word : {"a", "b", "c", "d", "e"}) {
        runner.tell({.arguments = {script, word}});
    }
    bool finished = false;
    runner.finish(5s, [&] { finished = true; });
    EXPECT_FALSE(finished);
    ASSERT_TRUE(kit::run_until(io, [&] { return finished; }));
    EXPECT_EQ(read("out"), "abcd") << "one runs and three wait";
    EXPECT_EQ(runner.counters().refused, 1U);
}

TEST_F(ScriptTest, too_many_at_once_wait_for_one_to_end) {
    boost::asio::io_context io;
    kernel::ScriptRunner runner(io, {.running_max = 1});
    auto first = runner.start({.arguments = {"/bin/sleep", "60"}}, [](const auto&) {});
    int ended = 0;
    const auto count = [&](const auto&) { ++ended; };
    auto given_up = runner.start({.arguments = {"/bin/true"}}, count);
    const auto second = runner.start({.arguments = {"/bin/true"}}, count);
    EXPECT_EQ(runner.running(), 1U);
    given_up.reset();
    first.reset();
    EXPECT_TRUE(kit::run_until(io, [&] { return ended == 1; }));
    EXPECT_EQ(runner.counters().started, 2U);
    EXPECT_EQ(runner.counters().deferred, 2U);
}

TEST_F(ScriptTest, end_is_not_held_up_by_a_script_that_hangs) {
    boost::asio::io_context io;
    kernel::ScriptRunner runner(io);
    runner.tell({.arguments = {"/bin/sleep", "60"}});
    bool finished = false;
    runner.finish(20ms, [&] { finished = true; });
    EXPECT_TRUE(kit::run_until(io, [&] { return finished; }));
    EXPECT_EQ(runner.running(), 1U) << "ended with the runner";
}

TEST_F(ScriptTest, file_is_a_weight) {
    CheckedServer server;
    const std::string path = write("load", "0\n");
    server.config.track_files = {{.name = "load", .path = path, .weight = {.factor = 2}}};
    auto check = quick_check(model::FileCheck{.track_file = "load"});
    server.begin(check, 9, 5);
    ASSERT_TRUE(kit::run_until(server.io, [&] { return server.view().checks_done == 1; }));
    EXPECT_EQ(server.weight(), 5);
    write("load", " 3\n");
    EXPECT_TRUE(kit::run_until(server.io, [&] { return server.weight() == 11; }));
    write("load", "-7");
    EXPECT_TRUE(kit::run_until(server.io, [&] { return server.weight() == 0; }));
}

TEST(FileNumber, IsReadAsKeepalivedDoes) {
    EXPECT_EQ(probe::parse_file_number(" \n12x"), 12);
    EXPECT_EQ(probe::parse_file_number("-7\n"), -7);
    EXPECT_EQ(probe::parse_file_number("+7"), 7);
    EXPECT_EQ(probe::parse_file_number("x"), 0);
    EXPECT_EQ(probe::parse_file_number(""), 0);
    EXPECT_EQ(probe::parse_file_number("99999999999999999999999"), 0);
    EXPECT_EQ(probe::read_file_number("/nonexistent"), 0);
}

TEST(FileNumber, WeighsOrFails) {
    const auto change = [](std::int64_t number, model::TrackWeight weight) {
        const auto report = probe::judge_file(number, weight);
        return std::pair(report.success, report.weight_change.value_or(-999));
    };
    EXPECT_EQ(change(3, {.factor = 2}), std::pair(true, std::int64_t{6}));
    EXPECT_EQ(change(3, {.factor = 2, .reverse = true}), std::pair(true, std::int64_t{-6}));
    EXPECT_EQ(change(0, {.factor = 0}), std::pair(true, std::int64_t{0}));
    EXPECT_EQ(change(3, {.factor = 0}), std::pair(false, std::int64_t{0}));
    EXPECT_FALSE(probe::judge_file(INT64_MIN, {.factor = 1}).success);
    EXPECT_TRUE(probe::judge_file(INT64_MAX, {.factor = INT32_MAX}).success);
}

TEST_F(ScriptTest, track_file_is_prepared_as_asked) {
    const std::string path = folder_ / "value";
    model::TrackFile file{.name = "f", .path = path};
    EXPECT_TRUE(probe::prepare_file(file));
    EXPECT_FALSE(std::filesystem::exists(path));
    file.initial = 5;
    EXPECT_TRUE(probe::prepare_file(file));
    EXPECT_EQ(read("value"), "5\n");
    file.initial = 6;
    EXPECT_TRUE(probe::prepare_file(file));
    EXPECT_EQ(read("value"), "5\n") << "it was there";
    file.overwrite = true;
    EXPECT_TRUE(probe::prepare_file(file));
    EXPECT_EQ(read("value"), "6\n");
}

TEST_F(ScriptTest, fifo_takes_lines_and_never_waits) {
    const std::string path = folder_ / "fifo";
    {
        kernel::NotifyFifo fifo;
        ASSERT_TRUE(fifo.use(path));
        for (int i = 0; i < 100'000 && fifo.lines_lost() == 0; ++i) {
            fifo.write("VS [10.0.0.1]:tcp:80 UP\n");
        }
        EXPECT_EQ(fifo.lines_lost(), 1U) << "nobody reads";
        EXPECT_FALSE(fifo.use(write("file", "")));
    }
    EXPECT_FALSE(std::filesystem::exists(path)) << "it was made here";
}

}  // namespace
}  // namespace fpvs::health
