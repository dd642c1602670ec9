// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/tcp_probe.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
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

// An end of a connection as the socket calls take it.
class SocketAddress {
  public:
    SocketAddress(const model::IpAddress& address, std::uint16_t port) {
        if (address.is_ipv4()) {
            sockaddr_in ipv4{};
            ipv4.sin_family = AF_INET;
            ipv4.sin_addr.s_addr = htonl(address.ipv4().value);
            ipv4.sin_port = htons(port);
            set(ipv4);
            return;
        }
        sockaddr_in6 ipv6{};
        ipv6.sin6_family = AF_INET6;
        for (std::size_t i = 0; i < address.words.size(); ++i) {
            const std::uint32_t word = htonl(address.words[i]);
            std::memcpy(&ipv6.sin6_addr.s6_addr[i * sizeof word], &word, sizeof word);
        }
        ipv6.sin6_port = htons(port);
        set(ipv6);
    }
    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }
    [[nodiscard]] socklen_t size_bytes() const { return size_bytes_; }

  private:
    template <class Address>
    void set(const Address& address) {
        std::memcpy(&storage_, &address, sizeof address);
        size_bytes_ = sizeof address;
    }

    sockaddr_storage storage_{};
    socklen_t size_bytes_ = 0;
};

// The errno of beginning to connect; EINPROGRESS when the network decides.
int begin_connect(int fd, const provider::ProbeTarget& target) {
    if (target.bind_address) {
        const SocketAddress local(*target.bind_address, 0);
        if (::bind(fd, local.get(), local.size_bytes()) != 0) {
            return errno;
        }
    }
    const SocketAddress remote(target.address, target.port);
    return ::connect(fd, remote.get(), remote.size_bytes()) == 0 ? 0 : errno;
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
        const int family = target.address.is_ipv4() ? AF_INET : AF_INET6;
        UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
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
