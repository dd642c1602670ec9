// SPDX-License-Identifier: Apache-2.0
// The socket itself: bad frames, clients that vanish, stall or crowd, and who may come.
#include "host/control/server.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <string>

#include "host/control/client.hpp"
#include "host/control/dispatcher.hpp"
#include "host/control/frame.hpp"
#include "tests/kit/control_server.hpp"
#include "tests/kit/fake_operations.hpp"

namespace fpvs::control {
namespace {

using namespace std::chrono_literals;

// A client that says whatever bytes it is told to.
class RawClient {
  public:
    explicit RawClient(const std::string& path) : socket_(socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    }
    ~RawClient() { ::close(socket_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }
    // False once the other end has gone.
    bool write(const std::string& bytes) const {
        return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
    }
    // Nothing more will be written; the server answers what it has and closes.
    void finish() const { shutdown(socket_, SHUT_WR); }
    // All bytes until the server closes.
    [[nodiscard]] std::string read_to_end() const {
        std::string all;
        char buffer[4096];
        for (ssize_t n = 0; (n = recv(socket_, buffer, sizeof(buffer), 0)) > 0;) {
            all.append(buffer, static_cast<std::size_t>(n));
        }
        return all;
    }
    [[nodiscard]] api::Reply last_reply() const {
        const std::string all = read_to_end();
        api::Reply reply;
        if (all.size() >= kFrameHeaderBytes) {
            reply.ParseFromString(all.substr(kFrameHeaderBytes));
        }
        return reply;
    }

  private:
    int socket_;
    bool connected_ = false;
};

std::string frame(const std::string& body) {
    const FrameHeader header = encode_length(static_cast<std::uint32_t>(body.size()));
    return std::string(header.begin(), header.end()) + body;
}

api::Request daemon_request() {
    api::Request request;
    request.mutable_get_daemon();
    return request;
}

class ServerTest : public ::testing::Test {
  protected:
    bool answers(kit::ControlServer& server) {
        auto client = Client::connect(server.path());
        return client && client->call(daemon_request()).has_value();
    }

    kit::FakeOperations operations_;
    Dispatcher dispatcher_{operations_};
};

TEST_F(ServerTest, ManyRequestsOnOneConnection) {
    kit::ControlServer server(dispatcher_);
    auto client = Client::connect(server.path());
    ASSERT_TRUE(client.has_value());
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(client->call(daemon_request()).has_value());
    }
    EXPECT_EQ(server.counters().requests, 100U);
    EXPECT_EQ(server.counters().clients_accepted, 1U);
}

TEST_F(ServerTest, FrameLongerThanAllowed) {
    kit::ControlServer server(dispatcher_);
    const RawClient client(server.path());
    const FrameHeader header = encode_length(model::kControlFrameBytesMax + 1);
    client.write(std::string(header.begin(), header.end()));
    const api::Reply reply = client.last_reply();
    EXPECT_EQ(reply.code(), api::CODE_MALFORMED_REQUEST);
    EXPECT_EQ(reply.message(), "A frame of 1048577 bytes is longer than 1048576");
    EXPECT_EQ(server.counters().frames_malformed, 1U);
    EXPECT_TRUE(answers(server));
}

TEST_F(ServerTest, FrameThatIsNoRequest) {
    kit::ControlServer server(dispatcher_);
    const RawClient client(server.path());
    client.write(frame("\xff\xff\xff\xff"));
    const api::Reply reply = client.last_reply();
    EXPECT_EQ(reply.code(), api::CODE_MALFORMED_REQUEST);
    EXPECT_EQ(reply.message(), "The frame is no request");
    EXPECT_TRUE(answers(server));
}

TEST_F(ServerTest, ClientVanishesAtEveryByteOfAFrame) {
    kit::ControlServer server(dispatcher_);
    const std::string whole = frame(daemon_request().SerializeAsString());
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        const RawClient client(server.path());
        client.write(whole.substr(0, length));
    }
    EXPECT_TRUE(answers(server));
}

TEST_F(ServerTest, RandomFramesNeitherCrashNorHang) {
    kit::ControlServer server(dispatcher_);
    const std::uint32_t seed = std::random_device{}();
    RecordProperty("seed", std::to_string(seed));
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    for (int i = 0; i < 500; ++i) {
        std::string body(random() % 64, '\0');
        for (char& c : body) {
            c = static_cast<char>(random());
        }
        const RawClient client(server.path());
        client.write(frame(body));
    }
    EXPECT_TRUE(answers(server));
}

TEST_F(ServerTest, ClientThatDoesNotReadHoldsUpNobody) {
    // Far more than a socket's buffers take.
    operations_.connection_views.resize(200'000);
    kit::ControlServer server(dispatcher_);
    const RawClient slow(server.path());
    api::Request list;
    list.mutable_list_connections();
    slow.write(frame(list.SerializeAsString()));
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(answers(server));
    }
    EXPECT_EQ(server.counters().clients_stalled, 0U);
    slow.finish();
    EXPECT_GT(slow.read_to_end().size(), 200'000U * 10);  // It got the whole list in the end.
}

TEST_F(ServerTest, ClientThatStopsInAFrameIsDropped) {
    kit::ControlServer server(dispatcher_, {.socket_path = {}, .stall_timeout = 20ms});
    const RawClient idle(server.path());  // Between frames there is no hurry.
    const RawClient stalled(server.path());
    stalled.write(frame("1234567890").substr(0, 7));
    EXPECT_EQ(stalled.read_to_end(), "");
    EXPECT_EQ(server.counters().clients_stalled, 1U);
    EXPECT_EQ(server.counters().clients, 1U);
    EXPECT_TRUE(idle.write(frame("")));
}

TEST_F(ServerTest, OneClientTooManyIsToldSo) {
    kit::ControlServer server(dispatcher_, {.socket_path = {}, .clients_max = 2});
    auto first = Client::connect(server.path());
    auto second = Client::connect(server.path());
    ASSERT_TRUE(first->call(daemon_request()).has_value());
    ASSERT_TRUE(second->call(daemon_request()).has_value());
    const auto refused = Client::connect(server.path())->call(daemon_request());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().text(), "fpvsd already has 2 clients; try again");
    EXPECT_EQ(server.counters().clients_refused, 1U);
    EXPECT_TRUE(first->call(daemon_request()).has_value());
}

TEST_F(ServerTest, OtherUsersAreNotHeard) {
    if (geteuid() != 0) {
        GTEST_SKIP() << "only root can become another user";
    }
    kit::ControlServer server(dispatcher_);
    struct stat status{};
    ASSERT_EQ(stat(server.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    // Even where the file's mode lets them in.
    ASSERT_EQ(chmod(server.path().c_str(), 0666), 0);
    ASSERT_EQ(chmod(server.path().substr(0, server.path().rfind('/')).c_str(), 0755), 0);
    const pid_t child = fork();
    if (child == 0) {
        constexpr uid_t kNobody = 65534;
        const bool switched = setgid(kNobody) == 0 && setuid(kNobody) == 0;
        const RawClient client(server.path());
        const bool forbidden = client.last_reply().code() == api::CODE_NOT_PERMITTED;
        _exit(switched && forbidden ? 0 : 1);
    }
    int result = -1;
    ASSERT_EQ(waitpid(child, &result, 0), child);
    EXPECT_EQ(result, 0);
    EXPECT_EQ(server.counters().clients_forbidden, 1U);
}

TEST_F(ServerTest, StaleSocketIsReplacedLivingOneIsNot) {
    const kit::TemporaryFolder folder;
    const std::string path = folder / "deep/er/fpvsd.sock";
    boost::asio::io_context io;
    {
        auto first = Server::listen(io, dispatcher_, {.socket_path = path});
        ASSERT_TRUE(first.has_value()) << first.error().text();
        const auto second = Server::listen(io, dispatcher_, {.socket_path = path});
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().text(), path + ": another fpvsd answers on this socket");
    }
    EXPECT_NE(access(path.c_str(), F_OK), 0) << "the socket is left behind";
    // What a killed daemon leaves: a bound socket that nobody listens on.
    const int left = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(bind(left, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    close(left);
    EXPECT_TRUE(Server::listen(io, dispatcher_, {.socket_path = path}).has_value());
}

TEST(ServerPath, ThatCannotBeASocket) {
    kit::FakeOperations operations;
    Dispatcher dispatcher(operations);
    boost::asio::io_context io;
    const auto too_long = Server::listen(io, dispatcher, {.socket_path = std::string(200, 'x')});
    ASSERT_FALSE(too_long.has_value());
    EXPECT_EQ(too_long.error().code, Code::invalid_argument);
    const auto no_folder = Server::listen(io, dispatcher, {.socket_path = "/dev/null/x.sock"});
    ASSERT_FALSE(no_folder.has_value());
    EXPECT_EQ(no_folder.error().text(),
              "/dev/null/x.sock: the control socket cannot be made: Not a directory");
}

TEST(ClientTest, NoDaemon) {
    const kit::TemporaryFolder folder;
    const auto client = Client::connect(folder / "fpvsd.sock");
    ASSERT_FALSE(client.has_value());
    EXPECT_EQ(client.error().text(),
              "fpvsd is not running: nothing listens on " + (folder / "fpvsd.sock"));
}

}  // namespace
}  // namespace fpvs::control
