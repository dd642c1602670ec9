// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/tcp_probe.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include "drivers/kernel/unique_fd.hpp"

namespace fpvs::kernel {
namespace {

using provider::ProbeResult;

ProbeResult result_of(int error) {
    switch (error) {
        case 0:
            return ProbeResult::connected;
        case ECONNREFUSED:
            return ProbeResult::refused;
        case EHOSTUNREACH:
        case ENETUNREACH:
            return ProbeResult::unreachable;
        case ETIMEDOUT:
            return ProbeResult::timed_out;
        default:
            return ProbeResult::failed;
    }
}

sockaddr_in to_sockaddr(model::Ipv4 address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_addr.s_addr = htonl(address.value);
    result.sin_port = htons(port);
    return result;
}

// The errno of beginning to connect; EINPROGRESS when the network decides.
int begin_connect(int fd, const provider::ProbeTarget& target) {
    if (target.bind_address) {
        const sockaddr_in local = to_sockaddr(*target.bind_address, 0);
        if (::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
            return errno;
        }
    }
    const sockaddr_in remote = to_sockaddr(target.address, target.port);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) == 0 ? 0
                                                                                         : errno;
}

int pending_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

// Shared by the attempt and the wait under way, whichever ends last.
struct Connection : std::enable_shared_from_this<Connection> {
    Connection(boost::asio::io_context& io, provider::TcpProbe::Done when_done)
        : socket(io), done(std::move(when_done)) {}

    void start(boost::asio::io_context& io, const provider::ProbeTarget& target) {
        UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const int error = fd.valid() ? begin_connect(fd.get(), target) : errno;
        if (error != EINPROGRESS) {
            boost::asio::post(io, [self = shared_from_this(), error] { self->finish(error); });
            return;
        }
        socket.assign(fd.release());
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
            done(result_of(error));
        }
    }

    void close() {
        given_up = true;
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    boost::asio::posix::stream_descriptor socket;
    provider::TcpProbe::Done done;
    bool given_up = false;  // Or done: nothing more is said.
};

class ConnectionAttempt final : public provider::TcpProbe::Attempt {
  public:
    explicit ConnectionAttempt(std::shared_ptr<Connection> connection)
        : connection_(std::move(connection)) {}
    ~ConnectionAttempt() override { connection_->close(); }

  private:
    std::shared_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<provider::TcpProbe::Attempt> TcpProbe::connect(const provider::ProbeTarget& target,
                                                               Done done) {
    auto connection = std::make_shared<Connection>(io_, std::move(done));
    connection->start(io_, target);
    return std::make_unique<ConnectionAttempt>(std::move(connection));
}

}  // namespace fpvs::kernel
