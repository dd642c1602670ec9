// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/tcp_probe.hpp"

#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "drivers/probe/socket.hpp"

namespace fpvs::probe {
namespace {

// Shared by the attempt and the wait under way, whichever ends last.
struct Connection : std::enable_shared_from_this<Connection> {
    Connection(boost::asio::io_context& io, provider::Probe::Done when_done)
        : socket(io), done(std::move(when_done)) {}

    void start(boost::asio::io_context& io, const provider::ProbeRequest& request) {
        auto connected = begin_connect(request, {.type = SOCK_STREAM});
        if (!connected || !connected->in_progress) {
            const int error = connected ? 0 : connected.error();
            boost::asio::post(io, [self = shared_from_this(), error] { self->finish(error); });
            return;
        }
        socket.assign(connected->fd.release());
        socket.async_wait(boost::asio::posix::descriptor_base::wait_write,
                          [self = shared_from_this()](const boost::system::error_code& failed) {
                              if (!failed && !self->given_up) {
                                  self->finish(pending_error(self->socket.native_handle()));
                              }
                          });
    }

    void finish(int error) {
        if (!given_up) {
            close();
            // The callee may destroy the attempt, which is why it is done last.
            done({.success = error == 0,
                  .result = error == 0 ? std::string("connected") : describe_errno(error)});
        }
    }

    void close() {
        given_up = true;
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    boost::asio::posix::stream_descriptor socket;
    provider::Probe::Done done;
    bool given_up = false;  // Or done: nothing more is said.
};

class ConnectionAttempt final : public provider::Probe::Attempt {
  public:
    explicit ConnectionAttempt(std::shared_ptr<Connection> connection)
        : connection_(std::move(connection)) {}
    ~ConnectionAttempt() override { connection_->close(); }

  private:
    std::shared_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<provider::Probe::Attempt> begin_tcp(boost::asio::io_context& io,
                                                    const provider::ProbeRequest& request,
                                                    provider::Probe::Done done) {
    auto connection = std::make_shared<Connection>(io, std::move(done));
    connection->start(io, request);
    return std::make_unique<ConnectionAttempt>(std::move(connection));
}

}  // namespace fpvs::probe
