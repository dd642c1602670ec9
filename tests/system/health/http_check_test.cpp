// SPDX-License-Identifier: Apache-2.0
// HTTP_GET and SSL_GET against web servers that serve, that do not, and that mean harm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "host/model/limits.hpp"
#include "tests/kit/tcp_server.hpp"
#include "tests/kit/tls_server.hpp"
#include "tests/system/health/checked_server.hpp"

namespace fpvs::health {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// `printf 'hello\n' | md5sum`, which is what genhash prints for such a page.
constexpr const char* kHelloDigest = "b1946ac92492d2347c6235b4d2611184";

model::HealthCheck one_url(const model::UrlCheck& url) {
    return quick_check(model::HttpCheck{.urls = {url}});
}

class HttpCheckTest : public ::testing::Test {
  protected:
    // A server that answers every request so.
    kit::TcpServer::Session answering(std::string answer) {
        return [this, answer](kit::TcpSocket& socket) -> awaitable<void> {
            std::string buffer;
            requests_.push_back(co_await kit::receive_until(socket, buffer, "\r\n\r\n"));
            co_await kit::send_text(socket, answer);
        };
    }
    std::string result_of(const std::string& answer, const model::UrlCheck& url) {
        CheckedServer server;
        const kit::TcpServer web(server.io, answering(answer));
        const auto view = server.ask(one_url(url), web.port());
        return (view.up ? "up: " : "down: ") + view.last_result;
    }
    // Asserts that such a server is down within the check's patience, and why.
    void expect_down(const kit::TcpServer::Session& session,
                     const std::string& why,
                     const model::UrlCheck& url = {}) {
        CheckedServer server;
        const kit::TcpServer web(server.io, session);
        const auto begin = server.clock.now();
        const auto view = server.ask(one_url(url), web.port());
        EXPECT_FALSE(view.up);
        EXPECT_THAT(view.last_result, HasSubstr(why));
        EXPECT_LT(server.clock.now() - begin, 2 * 300ms + 400ms) << "its time, and some to spare";
    }

    std::vector<std::string> requests_;
};

TEST_F(HttpCheckTest, status_codes) {
    EXPECT_EQ(result_of("HTTP/1.0 204 No Content\r\n\r\n", {}), "up: HTTP status 204");
    EXPECT_EQ(result_of("HTTP/1.0 503 Sorry\r\n\r\n", {.path = "/x"}),
              "down: HTTP status 503 of /x");
    EXPECT_EQ(
        result_of("HTTP/1.0 404 Nope\r\n\r\n",
                  {.status_codes = {{.first = 200, .last = 200}, {.first = 403, .last = 404}}}),
        "up: HTTP status 404");
}

TEST_F(HttpCheckTest, digest_covers_the_body_alone) {
    const model::UrlCheck url{.digest = kHelloDigest};
    EXPECT_EQ(result_of("HTTP/1.0 200 OK\r\nX: y\r\n\r\nhello\n", url), "up: HTTP status 200");
    EXPECT_EQ(result_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "2\r\nhe\r\n4\r\nllo\n\r\n0\r\n\r\n",
                        url),
              "up: HTTP status 200");
    EXPECT_EQ(result_of("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello!", url),
              "down: digest 5a8dd3ad0756a93ded72b823b19dd877 of /");
    EXPECT_EQ(result_of("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhello\n", url),
              "up: HTTP status 200")
        << "a body cut short is judged by what there is of it, as keepalived does";
}

TEST_F(HttpCheckTest, regex_sees_headers_too) {
    const std::string answer = "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello\n";
    const auto with = [](model::RegexCheck regex) { return model::UrlCheck{.regex = regex}; };
    EXPECT_EQ(result_of(answer, with({.pattern = "Server: x"})), "up: HTTP status 200");
    EXPECT_EQ(result_of(answer, with({.pattern = "^hello"})), "down: the regex does not match /");
    EXPECT_EQ(result_of(answer, with({.pattern = "^HELLO$", .options = {"caseless", "multiline"}})),
              "up: HTTP status 200");
    EXPECT_EQ(result_of(answer, with({.pattern = "hello", .must_not_match = true})),
              "down: the regex matches /");
    EXPECT_EQ(result_of(answer, with({.pattern = "hello", .max_offset = 5})),
              "down: the regex does not match /");
    EXPECT_EQ(result_of(answer, with({.pattern = "HTTP", .min_offset = 5})),
              "down: the regex does not match /");
}

TEST_F(HttpCheckTest, request_is_keepaliveds_octet_for_octet) {
    const std::string answer = "HTTP/1.0 200 OK\r\n\r\n";
    CheckedServer server;
    const kit::TcpServer web(server.io, answering(answer));
    auto check = one_url({.path = "/a"});
    (void)server.ask(check, web.port());
    check.detail = model::HttpCheck{.version = model::HttpVersion::v1_0_close,
                                    .urls = {{.path = "/b", .virtual_host = "www.example"}}};
    (void)server.ask(check, web.port());
    check.detail = model::HttpCheck{.version = model::HttpVersion::v1_1,
                                    .urls = {{.path = "/c", .virtual_host = "www.example"}}};
    (void)server.ask(check, web.port());
    ASSERT_GE(requests_.size(), 3U);
    EXPECT_EQ(requests_.front(),
              "GET /a HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127.0.0.1:" +
                  std::to_string(web.port()) + "\r\n\r\n");
    EXPECT_THAT(requests_,
                ::testing::Contains("GET /b HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\n"
                                    "Connection: close\r\nHost: www.example\r\n\r\n"));
    EXPECT_EQ(requests_.back(),
              "GET /c HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n"
              "Host: www.example\r\n\r\n");
}

TEST_F(HttpCheckTest, each_url_in_turn_and_all_of_them_to_come_back) {
    CheckedServer server;
    bool serves = true;
    std::vector<std::string> paths;
    const kit::TcpServer web(server.io, [&](kit::TcpSocket& socket) -> awaitable<void> {
        std::string buffer;
        const std::string request = co_await kit::receive_until(socket, buffer, "\r\n\r\n");
        paths.push_back(request.substr(4, 2));
        co_await kit::send_text(socket,
                                serves ? "HTTP/1.0 200 OK\r\n\r\n" : "HTTP/1.0 500 No\r\n\r\n");
    });
    const auto check = quick_check(
        model::HttpCheck{.fast_recovery = true, .urls = {{.path = "/a"}, {.path = "/b"}}});
    server.begin(check, web.port());
    ASSERT_TRUE(kit::run_until(server.io, [&] { return server.view().checks_done == 3; }));
    EXPECT_THAT(paths, ElementsAre("/a", "/b", "/a"));
    serves = false;
    ASSERT_TRUE(kit::run_until(server.io, [&] { return server.weight() < 0; }));
    serves = true;
    paths.clear();
    ASSERT_TRUE(kit::run_until(server.io, [&] { return server.weight() == 1; }));
    ASSERT_GE(paths.size(), 3U);
    paths.erase(paths.begin(), paths.end() - 2);
    EXPECT_THAT(paths, ElementsAre("/a", "/b"));
}

TEST_F(HttpCheckTest, server_that_means_harm_is_down_in_time) {
    const auto forever = [](std::string head, std::string piece) {
        return [head, piece](kit::TcpSocket& socket) -> awaitable<void> {
            bool there = co_await kit::send_text(socket, head);
            while (there) {
                there = co_await kit::send_text(socket, piece);
            }
        };
    };
    expect_down(forever("HTTP/1.0 200 OK\r\n", "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n"),
                "no HTTP answer: header limit exceeded");
    expect_down(forever("HTTP/1.0 200 OK\r\nX: ", std::string(1024, 'y')), "header limit");
    expect_down(forever("", std::string(512, '\0')), "no HTTP answer");
    expect_down(forever("HTTP/1.0 200 OK\r\n\r\n", std::string(1 << 16, 'x')),
                "an answer of more than 16777216 octets",
                {.digest = kHelloDigest});
    expect_down(forever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "zz\r\n"),
                "damaged HTTP answer",
                {.digest = kHelloDigest});
}

TEST_F(HttpCheckTest, server_that_drips_or_is_silent_is_timed_out) {
    expect_down(
        [](kit::TcpSocket& socket) -> awaitable<void> {
            boost::asio::steady_timer timer(socket.get_executor());
            bool there = true;
            while (there) {
                there = co_await kit::send_text(socket, "H");
                timer.expires_after(10ms);
                co_await timer.async_wait(boost::asio::use_awaitable);
            }
        },
        "");
    expect_down(
        [](kit::TcpSocket& socket) -> awaitable<void> {
            std::string buffer;
            while (!(co_await kit::receive_until(socket, buffer, "\r\n\r\n")).empty()) {
            }
        },
        "timed out");
}

TEST_F(HttpCheckTest, answers_that_end_too_early) {
    EXPECT_EQ(result_of("", {}), "down: no answer");
    EXPECT_EQ(result_of("HTTP/1.0 200", {}), "down: the answer ends within its headers");
    EXPECT_EQ(result_of("HTTP/1.0 200 OK\r\nX: y\r\n", {}),
              "down: the answer ends within its headers");
}

TEST_F(HttpCheckTest, status_alone_needs_no_end_of_the_body) {
    CheckedServer server;
    const kit::TcpServer web(server.io, [](kit::TcpSocket& socket) -> awaitable<void> {
        bool there = co_await kit::send_text(socket, "HTTP/1.0 200 OK\r\n\r\n");
        while (there) {
            there = co_await kit::send_text(socket, std::string(4096, 'x'));
        }
    });
    EXPECT_TRUE(server.ask(one_url({}), web.port()).up);
}

TEST_F(HttpCheckTest, regex_that_would_take_for_ever_is_a_failure) {
    const model::UrlCheck url{.regex = model::RegexCheck{.pattern = "(x+x+)+[yz]"}};
    EXPECT_EQ(result_of("HTTP/1.0 200 OK\r\n\r\n" + std::string(100, 'x'), url),
              "down: the regex takes too long on /");
}

// ---- SSL_GET.

model::HealthCheck tls_url(bool server_name, bool compliant = false) {
    return quick_check(model::HttpCheck{.tls = true,
                                        .server_name = server_name,
                                        .tls_compliant = compliant,
                                        .urls = {{.path = "/", .virtual_host = "www.example"}}});
}

TEST(SslCheck, AsksOverTlsAndNamesItsServerIfToldTo) {
    const kit::TlsServer web;
    CheckedServer server;
    EXPECT_EQ(server.ask(tls_url(true), web.port()).last_result, "HTTP status 200");
    EXPECT_EQ(server.ask(tls_url(false), web.port()).last_result, "HTTP status 200");
    const auto names = web.server_names();
    ASSERT_GE(names.size(), 2U);
    EXPECT_EQ(names.front(), "www.example");
    EXPECT_EQ(names.back(), "");
}

TEST(SslCheck, LongAnswersComeWhole) {
    const kit::TlsServer web(
        {.answer = "HTTP/1.0 200 OK\r\n\r\n" + std::string(100'000, 'x') + "end"});
    CheckedServer server;
    auto check = tls_url(false);
    std::get<model::HttpCheck>(check.detail).urls[0].regex = model::RegexCheck{.pattern = "xend$"};
    EXPECT_EQ(server.ask(check, web.port()).last_result, "HTTP status 200");
}

TEST(SslCheck, EndWithoutGoodbyeIsAFailureIfToldSo) {
    const kit::TlsServer web({.say_goodbye = false});
    CheckedServer server;
    EXPECT_TRUE(server.ask(tls_url(false, false), web.port()).up);
    EXPECT_EQ(server.ask(tls_url(false, true), web.port()).last_result,
              "TLS ended without close_notify");
}

TEST(SslCheck, ServersWithoutTlsAreDown) {
    for (const std::string& garbage : {std::string("HTTP/1.0 400 Bad\r\n\r\n"),
                                       std::string("\x16\x03\x03\xff\xff garbage"),
                                       std::string(70'000, '\x16'),
                                       std::string()}) {
        CheckedServer server;
        const kit::TcpServer web(server.io, [&](kit::TcpSocket& socket) -> awaitable<void> {
            co_await kit::send_text(socket, garbage);
        });
        const auto view = server.ask(tls_url(false), web.port());
        EXPECT_FALSE(view.up) << garbage.substr(0, 20);
        EXPECT_THAT(view.last_result, ::testing::Not(::testing::IsEmpty()));
    }
}

TEST(SslCheck, HandshakeThatNeverEndsIsTimedOut) {
    CheckedServer server;
    const kit::TcpServer web(server.io, [](kit::TcpSocket& socket) -> awaitable<void> {
        std::string buffer;
        co_await kit::receive_until(socket, buffer, "never");
    });
    EXPECT_EQ(server.ask(tls_url(false), web.port()).last_result, "timed out");
}

}  // namespace
}  // namespace fpvs::health
