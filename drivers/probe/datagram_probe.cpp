// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/datagram_probe.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

namespace fpvs::probe {
namespace {

constexpr std::size_t kBeginningBytes = 2048;
// Datagrams looked at between two turns of the loop, so that a flood keeps nobody else waiting.
constexpr int kDatagramsAtOnce = 16;

// Shared by the attempt and the wait under way, whichever ends last.
struct Exchange : std::enable_shared_from_this<Exchange> {
    Exchange(boost::asio::io_context& io, DatagramQuestion asked, provider::Probe::Done when_done)
        : socket(io), question(std::move(asked)), done(std::move(when_done)) {}

    void start(boost::asio::io_context& io, const provider::ProbeRequest& request) {
        auto connected = begin_connect(request, question.kind);
        int error = connected ? 0 : connected.error();
        if (connected && ::send(connected->fd.get(),
                                question.datagram.data(),
                                question.datagram.size(),
                                MSG_NOSIGNAL) < 0) {
            error = errno;
        }
        if (error != 0) {
            boost::asio::post(io, [self = shared_from_this(), error] {
                self->finish({.success = false, .result = describe_errno(error)});
            });
            return;
        }
        socket.assign(connected->fd.release());
        wait();
    }

    void wait() {
        socket.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& failed) {
                              if (!failed && !self->given_up) {
                                  self->receive();
                              }
                          });
    }

    void receive() {
        std::array<std::uint8_t, kBeginningBytes> buffer{};
        for (int i = 0; i < kDatagramsAtOnce; ++i) {
            const ssize_t size =
                ::recv(socket.native_handle(), buffer.data(), buffer.size(), MSG_TRUNC);
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
                break;
            }
            if (size < 0) {
                finish({.success = false, .result = describe_errno(errno)});
                return;
            }
            const auto size_bytes = static_cast<std::size_t>(size);
            const std::span beginning(buffer.data(), std::min(size_bytes, buffer.size()));
            if (auto report = question.judge(beginning, size_bytes)) {
                finish(std::move(*report));
                return;
            }
        }
        wait();
    }

    void finish(provider::ProbeReport report) {
        if (!given_up) {
            close();
            // The callee may destroy the attempt, which is why it is done last.
            done(std::move(report));
        }
    }

    void close() {
        given_up = true;
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    boost::asio::posix::stream_descriptor socket;
    DatagramQuestion question;
    provider::Probe::Done done;
    bool given_up = false;  // Or done: nothing more is said.
};

class ExchangeAttempt final : public provider::Probe::Attempt {
  public:
    explicit ExchangeAttempt(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
    ~ExchangeAttempt() override { exchange_->close(); }

  private:
    std::shared_ptr<Exchange> exchange_;
};

}  // namespace

std::unique_ptr<provider::Probe::Attempt> begin_datagram(boost::asio::io_context& io,
                                                         const provider::ProbeRequest& request,
                                                         DatagramQuestion question,
                                                         provider::Probe::Done done) {
    auto exchange = std::make_shared<Exchange>(io, std::move(question), std::move(done));
    exchange->start(io, request);
    return std::make_unique<ExchangeAttempt>(std::move(exchange));
}

}  // namespace fpvs::probe
