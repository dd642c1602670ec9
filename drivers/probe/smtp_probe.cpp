// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/smtp_probe.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "drivers/probe/conversation.hpp"

namespace fpvs::probe {
namespace {

using boost::asio::awaitable;

constexpr std::size_t kReplyBytesMax = 16 * 1024;  // All lines of one reply.

// Lines of a connection, one after the other.
class ReplyReader {
  public:
    explicit ReplyReader(Stream& stream) : stream_(stream) {}

    // The code of a reply, RFC 5321 4.2.1: "250-more" is followed by other lines, "250 end" is not.
    awaitable<Outcome<std::string>> next_code() {
        std::size_t octets = 0;
        while (true) {
            auto line = co_await next_line();
            if (!line) {
                co_return line;
            }
            octets += line->size();
            if (octets > kReplyBytesMax) {
                co_return tl::unexpected<std::string>("a reply without end");
            }
            if (line->size() <= 3 || (*line)[3] != '-') {
                co_return line->substr(0, 3);
            }
        }
    }

  private:
    awaitable<Outcome<std::string>> next_line() {
        std::size_t end = text_.find('\n');
        while (end == std::string::npos) {
            if (text_.size() > kReplyBytesMax) {
                co_return tl::unexpected<std::string>("a reply without end");
            }
            std::array<char, 512> buffer{};
            auto size = co_await stream_.read_some(buffer);
            if (!size) {
                co_return tl::unexpected<std::string>(std::move(size).error());
            }
            if (*size == 0) {
                co_return tl::unexpected<std::string>("the server ended the connection");
            }
            text_.append(buffer.data(), *size);
            end = text_.find('\n');
        }
        std::string line = text_.substr(0, end);
        text_.erase(0, end + 1);
        co_return line;
    }

    Stream& stream_;
    std::string text_;
};

std::string own_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

struct Step {
    std::string say;  // Nothing: the server speaks first.
    std::string_view expect;
    std::string_view name;
};

awaitable<provider::ProbeReport> talk_smtp(Conversation& conversation) {
    const auto& check = std::get<model::SmtpCheck>(conversation.request.check.detail);
    const std::string& helo = check.helo_name;
    const auto failed = [](std::string why) {
        return provider::ProbeReport{.success = false, .result = std::move(why)};
    };
    if (auto connected = co_await conversation.stream.connect(conversation.request); !connected) {
        co_return failed(std::move(connected).error());
    }
    const std::array<Step, 3> steps{{
        {.say = "", .expect = "220", .name = "greeting"},
        {.say = fmt::format("HELO {}\r\n", helo.empty() ? own_name() : helo),
         .expect = "250",
         .name = "HELO"},
        {.say = "QUIT\r\n", .expect = "221", .name = "QUIT"},
    }};
    ReplyReader reader(conversation.stream);
    for (const Step& step : steps) {
        if (auto said = co_await conversation.stream.write_all(step.say); !said) {
            co_return failed(std::move(said).error());
        }
        auto code = co_await reader.next_code();
        if (!code) {
            co_return failed(std::move(code).error());
        }
        if (*code != step.expect) {
            co_return failed(fmt::format("{} answered by {}", step.name, *code));
        }
    }
    co_return provider::ProbeReport{.success = true, .result = "served"};
}

}  // namespace

std::unique_ptr<provider::Probe::Attempt> begin_smtp(boost::asio::io_context& io,
                                                     const provider::ProbeRequest& request,
                                                     provider::Probe::Done done) {
    return begin_conversation(io, request, talk_smtp, std::move(done));
}

}  // namespace fpvs::probe
