// SPDX-License-Identifier: Apache-2.0
// fpvsadm as a whole, against a fake daemon behind a real socket.
#include "host/cli/run.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <sstream>

#include "host/control/dispatcher.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/fake_operations.hpp"
#include "tests/kit/table_names.hpp"

namespace fpvs::cli {
namespace {

namespace api = control::api;

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Output {
    int exit_code = 0;
    std::string out;
    std::string err;
};

Output run_at(const std::string& socket_path, std::vector<std::string> words) {
    kit::TableNames names;
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Environment environment{
        .socket_path = socket_path, .names = names, .in = in, .out = out, .err = err};
    const int exit_code = run(std::move(words), environment);
    return {exit_code, out.str(), err.str()};
}

class RunTest : public ::testing::Test {
  protected:
    Output run(std::vector<std::string> words) { return run_at(server_.path(), std::move(words)); }

    kit::FakeOperations operations_;
    control::Dispatcher dispatcher_{operations_};
    kit::ControlServer server_{dispatcher_};
};

TEST(RunWithoutDaemon, OneSentence) {
    const kit::TemporaryFolder folder;
    const Output output = run_at(folder / "none.sock", {"-Ln"});
    EXPECT_EQ(output.exit_code, 255);
    EXPECT_EQ(output.out, "");
    EXPECT_EQ(output.err, "fpvsd is not running: nothing listens on " + (folder / "none.sock\n"));
    // What needs no daemon works without one.
    EXPECT_EQ(run_at(folder / "none.sock", {"-v"}).exit_code, 0);
    EXPECT_EQ(run_at(folder / "none.sock", {"help"}).exit_code, 0);
    EXPECT_EQ(run_at(folder / "none.sock", {"-A"}).exit_code, 2);
}

TEST_F(RunTest, VerbsAndTheirUsage) {
    EXPECT_EQ(run({"card"}).err, "Usage: fpvsadm card status\n       fpvsadm card load FILE\n");
    EXPECT_EQ(run({"card", "load"}).exit_code, 2);
    EXPECT_EQ(run({"reload", "now"}).err, "Usage: fpvsadm reload\n");
    operations_.card_view.state = "none";
    EXPECT_EQ(run({"card", "status"}).out, "state       none\n");
    operations_.vrrp_views.push_back({.name = "VI_1", .state = "BACKUP"});
    EXPECT_THAT(run({"vrrp"}).out, HasSubstr("state       BACKUP\n"));
    EXPECT_EQ(run({"health"}).out, "No health check is configured.\n");
    EXPECT_THAT(run({"status"}).out, HasSubstr("connections 0 of at most 0\n"));
    EXPECT_EQ(run({"reload"}).exit_code, 0);
    EXPECT_THAT(operations_.calls, ElementsAre("reload"));
}

TEST_F(RunTest, LoadingACard) {
    EXPECT_EQ(run({"card", "load", "/nonexistent.xclbin"}).err,
              "/nonexistent.xclbin: there is no such file\n");
    const kit::TemporaryFolder folder;
    const std::string path = folder / "card.xclbin";
    std::ofstream(path) << "x";
    const auto load = [&](const Status& status) {
        auto output = std::async(std::launch::async, [&] { return run({"card", "load", path}); });
        bool arrived = false;
        while (!arrived) {
            server_.on_server_thread([&] { arrived = static_cast<bool>(operations_.card_done); });
        }
        server_.on_server_thread([&] { std::exchange(operations_.card_done, {})(status); });
        return output.get();
    };
    EXPECT_EQ(load({}).exit_code, 0);
    EXPECT_EQ(operations_.calls.back(), "load_card " + path);
    const Output refused = load(fail(Code::mismatch, "The card has another abi"));
    EXPECT_EQ(refused.exit_code, 255);
    EXPECT_EQ(refused.err, "The card has another abi\n");
}

TEST_F(RunTest, AnswersAsJson) {
    operations_.service_views.push_back(
        {.key = {.address = model::Ipv4{0x0a000001}, .port = 80}, .settings = {.scheduler = "rr"}});
    EXPECT_THAT(run({"-Ln", "--json"}).out, HasSubstr("\"scheduler\": \"rr\""));
    EXPECT_THAT(run({"--json", "card", "status"}).out, HasSubstr("\"present\": false"));
    operations_.answer = fail(Code::already_exists, "Service already exists");
    const Output refused = run({"--json", "-A", "-t", "10.0.0.1:80"});
    EXPECT_EQ(refused.exit_code, 255);
    EXPECT_EQ(refused.err, "");
    EXPECT_THAT(refused.out, HasSubstr("\"code\": \"CODE_ALREADY_EXISTS\""));
    EXPECT_THAT(refused.out, HasSubstr("\"message\": \"Service already exists\""));
}

// One document whatever happens: scripts that read JSON read nothing else.
TEST_F(RunTest, EveryAnswerIsJson) {
    const auto code_of = [&](std::vector<std::string> words, int exit_code) {
        words.push_back("--json");
        const Output output = run(words);
        EXPECT_EQ(output.exit_code, exit_code) << words.front();
        EXPECT_EQ(output.err, "");
        api::Reply reply;
        EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(output.out, &reply).ok())
            << output.out;
        EXPECT_EQ(output.out.find("\"id\""), std::string::npos);
        EXPECT_EQ(output.out.find("\"more\""), std::string::npos);
        return api::Code_Name(reply.code());
    };
    EXPECT_EQ(code_of({"-A", "-t", "10.0.0.1:80"}, 0), "CODE_OK");
    EXPECT_EQ(code_of({"-Lnc"}, 0), "CODE_OK");
    EXPECT_EQ(code_of({"-L", "--daemon"}, 0), "CODE_OK");
    EXPECT_EQ(code_of({"-L", "--timeout"}, 0), "CODE_OK");
    EXPECT_EQ(code_of({"-S"}, 0), "CODE_OK");
    EXPECT_EQ(code_of({"-h"}, 0), "CODE_OK");
    EXPECT_EQ(code_of({"-v"}, 0), "CODE_OK");
    EXPECT_EQ(code_of({"help"}, 0), "CODE_OK");
    EXPECT_EQ(code_of({"mark", "list"}, 0), "CODE_OK");
    EXPECT_EQ(code_of({"mark"}, 2), "CODE_INVALID_ARGUMENT");
    EXPECT_EQ(code_of({"-A"}, 2), "CODE_INVALID_ARGUMENT");
    EXPECT_EQ(code_of({"-A", "-t"}, 255), "CODE_INVALID_ARGUMENT");
    EXPECT_EQ(code_of({"-L", "-t", "10.0.0.1:80"}, 1), "CODE_NOT_FOUND");
}

TEST_F(RunTest, Settings) {
    operations_.setting_views = {
        {.name = "sloppy_tcp", .value = 1, .initial = 0, .kernel_value = 0, .meaning = "why"}};
    EXPECT_THAT(run({"get"}).out,
                HasSubstr("sloppy_tcp                    1          0          0          why\n"));
    EXPECT_EQ(run({"get", "sloppy_tcp"}).out, "sloppy_tcp = 1\n");
    EXPECT_EQ(run({"get", "sloppy"}).err, "No setting is named sloppy\n");
    EXPECT_EQ(run({"set", "sloppy_tcp", "on"}).err, "on: it is no number\n");
    EXPECT_EQ(run({"set", "sloppy_tcp"}).err, "Usage: fpvsadm set NAME VALUE\n");
    EXPECT_EQ(run({"set", "sloppy_tcp", "1"}).exit_code, 0);
    EXPECT_EQ(operations_.calls.back(), "set sloppy_tcp 1");
}

TEST_F(RunTest, LocalAddresses) {
    EXPECT_EQ(run({"-P", "-t", "10.0.0.1:80", "-z", "10.1.0.1"}).exit_code, 0);
    EXPECT_EQ(operations_.calls.back(), "add_local_address 10.0.0.1:80/6 10.1.0.1");
    operations_.service_views.push_back({.key = {.address = model::Ipv4{0x0a000001}, .port = 80},
                                         .settings = {},
                                         .local_addresses = {model::Ipv4{0x0a010001}}});
    EXPECT_EQ(run({"-G"}).out,
              "VIP:VPORT            TOTAL    SNAT_IP\n"
              "10.0.0.1:80          1\n"
              "                              10.1.0.1\n");
    EXPECT_EQ(run({"-G", "-t", "10.0.0.1:81"}).err, "No such service\n");
}

TEST_F(RunTest, MarkRules) {
    EXPECT_EQ(run({"mark", "add", "5", "destination", "10.0.0.0/8", "port", "80"}).exit_code, 0);
    EXPECT_EQ(run({"mark", "add", "6"}).exit_code, 0);
    EXPECT_EQ(run({"mark", "list"}).out, "5 destination 10.0.0.0/8 port 80\n6\n");
    EXPECT_EQ(run({"mark", "delete", "6"}).exit_code, 0);
    EXPECT_EQ(operations_.calls.back(), "delete_mark_rule 6");
    const Output wrong = run({"mark", "add", "5", "port", "x"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_EQ(wrong.err, "'x' is no port\n");
    EXPECT_EQ(run({"mark", "add", "5", "source", "x"}).err,
              "source 'x' is no address or block such as 10.0.0.0/8\n");
}

TEST_F(RunTest, ALongListIsWhole) {
    model::ServiceView service{.key = {.address = model::Ipv4{0x0a000001}, .port = 80},
                               .settings = {.scheduler = "rr"}};
    for (std::uint32_t i = 0; i < 5000; ++i) {
        service.servers.push_back(
            {.key = {.address = model::Ipv4{0x0b000000 + i}, .port = 80}, .settings = {}});
        operations_.connection_views.push_back(
            {.state = "ESTABLISHED", .client_address = model::Ipv4{i}});
    }
    operations_.service_views = {service, service};
    operations_.service_views[1].key.port = 81;
    const std::string services = run({"-Ln"}).out;
    EXPECT_EQ(std::count(services.begin(), services.end(), '\n'), 3 + 2 * 5001);
    const std::string connections = run({"-Lnc"}).out;
    EXPECT_EQ(std::count(connections.begin(), connections.end(), '\n'), 2 + 5000);
}

}  // namespace
}  // namespace fpvs::cli
