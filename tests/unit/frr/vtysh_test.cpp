// SPDX-License-Identifier: Apache-2.0
// Programs in vtysh's place that answer, refuse, hang and never stop talking.
#include "drivers/frr/vtysh.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "tests/kit/io_until.hpp"
#include "tests/kit/temporary_folder.hpp"

namespace fpvs::frr {
namespace {

using namespace std::chrono_literals;

class VtyshTest : public testing::Test {
  protected:
    // A program of the shell's.
    std::string program(const std::string& text) {
        std::string path = folder_ / "vtysh";
        std::ofstream(path) << "#!/bin/sh\n" << text;
        ::chmod(path.c_str(), 0700);
        return path;
    }
    Result<std::string> run(VtyshOptions options, const std::vector<std::string>& commands) {
        Vtysh vtysh(io_, std::move(options));
        std::optional<Result<std::string>> output;
        const auto run = vtysh.run(commands, [&](Result<std::string> said) { output = said; });
        EXPECT_FALSE(output) << "never from within";
        EXPECT_TRUE(kit::run_until(io_, [&] { return output.has_value(); }));
        return output.value_or(fail(Code::internal, "nothing"));
    }

    boost::asio::io_context io_;
    kit::TemporaryFolder folder_;
};

TEST_F(VtyshTest, CommandsAreArgumentsAndNoShellReadsThem) {
    const std::string echo = program("for word in \"$@\"; do echo \"[$word]\"; done; env | wc -l");
    EXPECT_EQ(*run({.program = echo}, {"configure terminal", "network $(id) ; x"}),
              "[-d]\n[bgpd]\n[--histfile]\n[/dev/null]\n"
              "[-c]\n[configure terminal]\n[-c]\n[network $(id) ; x]\n2\n");
    const auto elsewhere = run({.program = echo, .vty_socket = "/run/frr 2"}, {"x"});
    EXPECT_NE(elsewhere->find("[--vty_socket]\n[/run/frr 2]\n"), std::string::npos);
}

TEST_F(VtyshTest, ARefusalIsItsLastLine) {
    const auto output =
        run({.program = program("echo some; echo '% Unknown command' >&2; exit 1")}, {"x"});
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().message, (folder_ / "vtysh") + ": % Unknown command");
}

TEST_F(VtyshTest, OneThatHangsIsKilled) {
    const auto output =
        run({.program = program("echo $$ >" + (folder_ / "pid") + "; sleep 1000 & wait"),
             .timeout = 300ms},
            {"x"});
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().message, (folder_ / "vtysh") + ": no answer in time");
    int pid = 0;
    std::ifstream(folder_ / "pid") >> pid;
    ASSERT_GT(pid, 0);
    EXPECT_NE(::kill(pid, 0), 0) << "it is waited for";
}

TEST_F(VtyshTest, OneThatTalksForEverIsKilled) {
    const auto output =
        run({.program = program("yes"), .output_bytes_max = std::size_t{1} << 20}, {"x"});
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().message, (folder_ / "vtysh") + ": it prints too much");
}

TEST_F(VtyshTest, OneThatIsNotThere) {
    const auto output = run({.program = "/nonexistent/vtysh"}, {"x"});
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().code, Code::unavailable);
}

TEST_F(VtyshTest, OneThatNobodyWaitsForIsEnded) {
    Vtysh vtysh(io_, {.program = program("echo $$ >" + (folder_ / "pid") + "; sleep 1000 & wait")});
    bool told = false;
    auto run = vtysh.run({"x"}, [&](const Result<std::string>&) { told = true; });
    int pid = 0;
    ASSERT_TRUE(kit::run_until(
        io_, [&] { return static_cast<bool>(std::ifstream(folder_ / "pid") >> pid); }));
    run.reset();
    EXPECT_TRUE(kit::run_until(io_, [&] { return ::kill(pid, 0) != 0; }));
    EXPECT_FALSE(told);
}

}  // namespace
}  // namespace fpvs::frr
