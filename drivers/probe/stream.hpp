// SPDX-License-Identifier: Apache-2.0
// A TCP connection to a server under check, in the clear or with TLS, for conversations written as
// coroutines.  It knows one time limit, that of connecting; who owns it ends it by close().
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <tl/expected.hpp>

#include "host/provider/probe.hpp"
#include "host/util/asio.hpp"

namespace fpvs::probe {

// What went wrong, in words for the log and the list of checks.
template <class T>
using Outcome = tl::expected<T, std::string>;

class Stream {
  public:
    explicit Stream(boost::asio::io_context& io) : socket_(io), timer_(io) {}

    // The request must outlive the call, not the stream.
    [[nodiscard]] boost::asio::awaitable<Outcome<void>> connect(
        const provider::ProbeRequest& request);
    // `server_name` is told to the server unless it is empty.
    [[nodiscard]] boost::asio::awaitable<Outcome<void>> start_tls(SSL_CTX& context,
                                                                  const std::string& server_name);
    [[nodiscard]] boost::asio::awaitable<Outcome<void>> write_all(std::string_view text);
    // 0: the server has ended the connection.
    [[nodiscard]] boost::asio::awaitable<Outcome<std::size_t>> read_some(std::span<char> into);

    // Whether a TLS connection ended with TLS's own goodbye (close_notify).
    [[nodiscard]] bool said_goodbye() const { return said_goodbye_; }
    // What is under way ends with an error.
    void close();

  private:
    struct FreeSsl {
        void operator()(SSL* ssl) const { ::SSL_free(ssl); }
    };

    [[nodiscard]] boost::asio::awaitable<Outcome<void>> wait(
        boost::asio::posix::descriptor_base::wait_type what);
    [[nodiscard]] boost::asio::awaitable<Outcome<void>> send_raw(std::string_view octets);
    [[nodiscard]] boost::asio::awaitable<Outcome<std::size_t>> receive_raw(std::span<char> into);
    // Sends what TLS has to say, and if it wants to hear something, receives that.
    [[nodiscard]] boost::asio::awaitable<Outcome<void>> serve_tls(int result);

    boost::asio::posix::stream_descriptor socket_;
    boost::asio::steady_timer timer_;
    // TLS reads and writes memory, so that only send_raw() and receive_raw() know the socket.
    std::unique_ptr<SSL, FreeSsl> ssl_;
    bool timed_out_ = false;
    bool said_goodbye_ = false;
};

}  // namespace fpvs::probe
