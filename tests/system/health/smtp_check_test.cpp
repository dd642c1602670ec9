// SPDX-License-Identifier: Apache-2.0
// SMTP_CHECK against mail servers of all manners.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kit/tcp_server.hpp"
#include "tests/system/health/checked_server.hpp"

namespace fpvs::health {
namespace {

using boost::asio::awaitable;
using ::testing::ElementsAre;

class SmtpCheckTest : public ::testing::Test {
  protected:
    // The first of these is said unasked, each other after a line of the client.
    std::string result_of(std::vector<std::string> replies) {
        CheckedServer server;
        const kit::TcpServer mail(
            server.io, [this, replies](kit::TcpSocket& socket) -> awaitable<void> {
                std::string buffer;
                for (const std::string& reply : replies) {
                    co_await kit::send_text(socket, reply);
                    heard_.push_back(co_await kit::receive_until(socket, buffer, "\r\n"));
                }
            });
        const auto check = quick_check(model::SmtpCheck{.helo_name = "me.example"});
        const auto view = server.ask(check, mail.port());
        return (view.up ? "up: " : "down: ") + view.last_result;
    }

    std::vector<std::string> heard_;
};

TEST_F(SmtpCheckTest, greets_and_parts) {
    EXPECT_EQ(result_of({"220 mail\r\n", "250 fine\r\n", "221 bye\r\n"}), "up: served");
    ASSERT_GE(heard_.size(), 2U);
    EXPECT_EQ(heard_[0], "HELO me.example\r\n");
    EXPECT_EQ(heard_[1], "QUIT\r\n");
}

TEST_F(SmtpCheckTest, replies_of_several_lines) {
    EXPECT_EQ(result_of({"220-one\r\n220-two\r\n220 three\r\n", "250-a\r\n250 b\r\n", "221\r\n"}),
              "up: served");
}

TEST_F(SmtpCheckTest, wrong_codes_are_failures) {
    EXPECT_EQ(result_of({"554 no\r\n"}), "down: greeting answered by 554");
    EXPECT_EQ(result_of({"220 hi\r\n", "421 later\r\n"}), "down: HELO answered by 421");
    EXPECT_EQ(result_of({"220 hi\r\n", "250 fine\r\n", "500 what\r\n"}),
              "down: QUIT answered by 500");
}

TEST_F(SmtpCheckTest, servers_that_do_not_keep_to_it) {
    EXPECT_EQ(result_of({}), "down: the server ended the connection");
    EXPECT_EQ(result_of({std::string(40'000, 'x')}), "down: a reply without end");
    std::string lines;
    for (int i = 0; i < 2000; ++i) {
        lines += "220-and more\r\n";
    }
    EXPECT_EQ(result_of({lines}), "down: a reply without end");
    EXPECT_EQ(result_of({""}), "down: timed out");
}

}  // namespace
}  // namespace fpvs::health
