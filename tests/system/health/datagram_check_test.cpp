// SPDX-License-Identifier: Apache-2.0
// UDP_CHECK, DNS_CHECK and PING_CHECK against sockets that answer as they are told.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "drivers/kernel/unique_fd.hpp"
#include "drivers/probe/dns_question.hpp"
#include "drivers/probe/ping_question.hpp"
#include "tests/kit/test_namespace.hpp"
#include "tests/system/health/checked_server.hpp"

namespace fpvs::health {
namespace {

using Octets = std::vector<std::uint8_t>;

// Answers datagrams on loopback while the io_context runs.
class UdpServer {
  public:
    using Answer = std::function<std::vector<Octets>(const Octets& question)>;

    UdpServer(boost::asio::io_context& io, Answer answer)
        : socket_(io, ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
          answer_(std::move(answer)) {
        const probe::SocketAddress any(kLoopback, 0);
        if (::bind(socket_.native_handle(), any.get(), any.size_bytes()) != 0) {
            throw std::runtime_error("cannot bind");
        }
        wait();
    }
    [[nodiscard]] std::uint16_t port() {
        sockaddr_in address{};
        socklen_t length = sizeof address;
        ::getsockname(socket_.native_handle(), reinterpret_cast<sockaddr*>(&address), &length);
        return ntohs(address.sin_port);
    }

    std::vector<Octets> questions;

  private:
    void wait() {
        socket_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                           [this](const boost::system::error_code& error) {
                               if (!error) {
                                   serve();
                                   wait();
                               }
                           });
    }
    void serve() {
        std::array<std::uint8_t, 2048> buffer{};
        sockaddr_storage from{};
        socklen_t length = sizeof from;
        auto* const peer = reinterpret_cast<sockaddr*>(&from);
        const ssize_t size =
            ::recvfrom(socket_.native_handle(), buffer.data(), buffer.size(), 0, peer, &length);
        if (size < 0) {
            return;
        }
        questions.emplace_back(buffer.begin(), buffer.begin() + size);
        for (const Octets& answer : answer_(questions.back())) {
            ::sendto(socket_.native_handle(), answer.data(), answer.size(), 0, peer, length);
        }
    }

    boost::asio::posix::stream_descriptor socket_;
    Answer answer_;
};

std::string result_of(const model::CheckDetail& detail, const UdpServer::Answer& answer) {
    CheckedServer server;
    UdpServer udp(server.io, answer);
    const auto view = server.ask(quick_check(detail), udp.port());
    return (view.up ? "up: " : "down: ") + view.last_result;
}

TEST(UdpCheckTest, ReplyIsComparedAsFarAsBothGo) {
    const model::UdpCheck check{.payload = {1, 2},
                                .reply_required = true,
                                .reply = {{.value = 0xab}, {.value = 0x02, .mask = 0x0f}},
                                .reply_bytes_min = 1,
                                .reply_bytes_max = 4};
    const auto reply = [&](Octets octets) {
        return result_of(check, [octets](const Octets&) { return std::vector<Octets>{octets}; });
    };
    EXPECT_EQ(reply({0xab, 0xf2, 7}), "up: answered");
    EXPECT_EQ(reply({0xab}), "up: answered");
    EXPECT_EQ(reply({0xab, 0xf3}), "down: wrong reply");
    EXPECT_EQ(reply({}), "down: reply of 0 octets");
    EXPECT_EQ(reply({0xab, 2, 3, 4, 5}), "down: reply of 5 octets");
    EXPECT_EQ(reply(Octets(40'000)), "down: reply of 40000 octets");
}

TEST(UdpCheckTest, SilenceAndRefusal) {
    const auto nothing = [](const Octets&) { return std::vector<Octets>{}; };
    EXPECT_EQ(result_of(model::UdpCheck{.reply_required = true}, nothing), "down: timed out");
    EXPECT_EQ(result_of(model::UdpCheck{}, nothing), "up: not refused");
    CheckedServer server;
    std::uint16_t closed = 0;
    {
        UdpServer udp(server.io, nothing);
        closed = udp.port();
    }
    EXPECT_EQ(server.ask(quick_check(model::UdpCheck{}), closed).last_result, "connection refused");
}

TEST(UdpCheckTest, PayloadIsSentAsItStands) {
    CheckedServer server;
    UdpServer udp(server.io, [](const Octets& question) { return std::vector<Octets>{question}; });
    (void)server.ask(quick_check(model::UdpCheck{.payload = {0, 0xff, 7}}), udp.port());
    EXPECT_EQ(udp.questions.front(), (Octets{0, 0xff, 7}));
    (void)server.ask(quick_check(model::UdpCheck{}), udp.port());
    EXPECT_EQ(udp.questions.back().size(), 32U) << "as long as keepalived's";
}

// keepalived's own query for www.example.com, type A, but for the identifier.
TEST(DnsCheckTest, QueryIsKeepaliveds) {
    const auto octets_of = [](std::string_view text) { return Octets(text.begin(), text.end()); };
    using namespace std::string_view_literals;
    EXPECT_EQ(probe::dns_question({.type = model::DnsType::a, .name = "www.example.com"}, 0x26e3)
                  .datagram,
              octets_of("\x26\xe3\x01\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"sv));
    EXPECT_EQ(probe::dns_question({}, 0x6ef9).datagram,
              octets_of("\x6e\xf9\x01\0\0\1\0\0\0\0\0\0\0\0\6\0\1"sv));
    EXPECT_EQ(probe::dns_question({.name = "a.b."}, 0).datagram.size(), 12U + 5 + 4);
}

// The question sent back as an answer with this code.
Octets dns_answer(Octets question, std::uint8_t code) {
    question[2] |= 0x80;
    question[3] = static_cast<std::uint8_t>(0x80 | code);
    return question;
}

TEST(DnsCheckTest, CodeOfTheAnswerCounts) {
    for (const auto& [code, wanted] :
         {std::pair<std::uint8_t, std::string>(0, "up: answered"),
          std::pair<std::uint8_t, std::string>(3, "down: read error occurred. (rcode = 3)")}) {
        EXPECT_EQ(result_of(model::DnsCheck{},
                            [value = code](const Octets& question) {
                                return std::vector<Octets>{dns_answer(question, value)};
                            }),
                  wanted);
    }
}

TEST(DnsCheckTest, WhatIsNoAnswerIsPassedOver) {
    const auto answer = [](const Octets& question) {
        Octets other_id = dns_answer(question, 3);
        other_id[0] ^= 1;
        Octets cut = dns_answer(question, 3);
        cut.resize(11);
        return std::vector<Octets>{Octets{}, cut, other_id, question, dns_answer(question, 0)};
    };
    EXPECT_EQ(result_of(model::DnsCheck{}, answer), "up: answered");
}

// A name that points at itself, in an answer that says it has 65,535 records.
TEST(DnsCheckTest, CompressionLoopsAreNeverFollowed) {
    const auto answer = [](const Octets& question) {
        Octets loop = dns_answer(question, 0);
        loop.resize(12);
        loop[6] = loop[7] = 0xff;
        loop.insert(loop.end(), {0xc0, 0x0c, 0xc0, 0x0c});
        return std::vector<Octets>{loop};
    };
    EXPECT_EQ(result_of(model::DnsCheck{}, answer), "up: answered");
}

TEST(DnsCheckTest, FloodOfOtherDatagramsIsTimedOut) {
    const auto answer = [](const Octets&) { return std::vector<Octets>(200, Octets(100)); };
    EXPECT_EQ(result_of(model::DnsCheck{}, answer), "down: timed out");
}

TEST(PingCheckTest, LoopbackAnswers) {
    FPVS_NEEDS_ROOT();
    CheckedServer server;
    EXPECT_EQ(server.ask(quick_check(model::PingCheck{}), 9).last_result, "answered");
    auto check = quick_check(model::PingCheck{});
    check.connect_address = model::Ipv6{{0, 0, 0, 1}};
    EXPECT_EQ(server.ask(check, 9).last_result, "answered");
}

TEST(PingCheckTest, OnlyItsOwnEchoCounts) {
    const auto question = probe::ping_question(model::Family::ipv6, 0x1234);
    Octets reply = question.datagram;
    EXPECT_FALSE(question.judge(reply, reply.size())) << "the request itself";
    reply[0] = 129;
    EXPECT_TRUE(question.judge(reply, reply.size()));
    reply[5] ^= 1;
    EXPECT_FALSE(question.judge(reply, reply.size()));
    EXPECT_FALSE(question.judge(std::span(reply).first(3), 3));
    const auto ipv4 = probe::ping_question(model::Family::ipv4, 1);
    for (std::size_t size = 0; size < 40; ++size) {  // Headers that promise more than there is.
        const Octets packet(size, 0x4f);
        EXPECT_FALSE(ipv4.judge(packet, packet.size()));
    }
}

}  // namespace
}  // namespace fpvs::health
