// SPDX-License-Identifier: Apache-2.0
// A server on loopback, on a port of the kernel's choice, that does with each connection what a
// test says: answer, answer badly, or never.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include "host/util/asio.hpp"

namespace fpvs::kit {

using TcpSocket = boost::asio::ip::tcp::socket;

// False when the other end is gone.
inline boost::asio::awaitable<bool> send_text(TcpSocket& socket, std::string text) {
    boost::system::error_code error;
    co_await boost::asio::async_write(
        socket,
        boost::asio::buffer(text),
        boost::asio::redirect_error(boost::asio::use_awaitable, error));
    co_return !error;
}

// What came up to and with this text; the rest stays in `buffer`.
inline boost::asio::awaitable<std::string> receive_until(TcpSocket& socket,
                                                         std::string& buffer,
                                                         std::string end) {
    boost::system::error_code error;
    const std::size_t size = co_await boost::asio::async_read_until(
        socket,
        boost::asio::dynamic_buffer(buffer),
        end,
        boost::asio::redirect_error(boost::asio::use_awaitable, error));
    std::string text = buffer.substr(0, error ? 0 : size);
    buffer.erase(0, text.size());
    co_return text;
}

class TcpServer {
  public:
    // Each connection is closed when its session is over.
    using Session = std::function<boost::asio::awaitable<void>(TcpSocket& socket)>;

    TcpServer(boost::asio::io_context& io, Session session)
        : acceptor_(io, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
          session_(std::move(session)) {
        boost::asio::co_spawn(io, accept(), boost::asio::detached);
    }
    TcpServer(const TcpServer&) = delete;
    TcpServer& operator=(const TcpServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  private:
    boost::asio::awaitable<void> accept() {
        while (true) {
            boost::system::error_code error;
            TcpSocket socket = co_await acceptor_.async_accept(
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
            if (error) {
                co_return;  // The server is gone, and this object with it.
            }
            boost::asio::co_spawn(acceptor_.get_executor(),
                                  serve(session_, std::move(socket)),
                                  boost::asio::detached);
        }
    }
    static boost::asio::awaitable<void> serve(Session session, TcpSocket socket) {
        co_await session(socket);
    }

    boost::asio::ip::tcp::acceptor acceptor_;
    Session session_;
};

}  // namespace fpvs::kit
