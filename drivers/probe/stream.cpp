// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/redirect_error.hpp>

#include "drivers/probe/socket.hpp"

namespace fpvs::probe {
namespace {

using boost::asio::awaitable;
using boost::asio::posix::descriptor_base;

constexpr std::size_t kTlsPieceBytes = 16384;  // A record of TLS at its longest, or nearly.

std::string tls_error(int kind) {
    const unsigned long error = ::ERR_get_error();
    ::ERR_clear_error();
    if (error == 0) {
        return kind == SSL_ERROR_ZERO_RETURN ? "TLS was ended" : "TLS error";
    }
    const char* const reason = ::ERR_reason_error_string(error);
    return std::string("TLS: ") + (reason != nullptr ? reason : "error");
}

tl::unexpected<std::string> failed(std::string what) {
    return tl::unexpected<std::string>(std::move(what));
}

}  // namespace

awaitable<Outcome<void>> Stream::wait(descriptor_base::wait_type what) {
    boost::system::error_code error;
    co_await socket_.async_wait(what,
                                boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error) {
        co_return failed(timed_out_ ? "timed out" : error.message());
    }
    co_return Outcome<void>{};
}

awaitable<Outcome<void>> Stream::connect(const provider::ProbeRequest& request) {
    const auto limit = std::chrono::milliseconds(request.check.connect_timeout_ms);
    auto connected = begin_connect(request, {.type = SOCK_STREAM});
    if (!connected) {
        co_return failed(describe_errno(connected.error()));
    }
    socket_.assign(connected->fd.release());
    if (connected->in_progress) {
        // A timer that is already on its way when the connection stands has come too late.
        const auto connecting = std::make_shared<bool>(true);
        timer_.expires_after(limit);
        timer_.async_wait([this, connecting](const boost::system::error_code& error) {
            if (!error && *connecting) {
                timed_out_ = true;
                boost::system::error_code ignored;
                socket_.cancel(ignored);
            }
        });
        auto waited = co_await wait(descriptor_base::wait_write);
        *connecting = false;
        timer_.cancel();
        if (!waited) {
            co_return failed(std::move(waited).error());
        }
    }
    if (const int error = pending_error(socket_.native_handle()); error != 0) {
        co_return failed(describe_errno(error));
    }
    co_return Outcome<void>{};
}

awaitable<Outcome<void>> Stream::send_raw(std::string_view octets) {
    while (!octets.empty()) {
        const ssize_t sent =
            ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            octets.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            auto waited = co_await wait(descriptor_base::wait_write);
            if (!waited) {
                co_return failed(std::move(waited).error());
            }
        } else if (errno != EINTR) {
            co_return failed(describe_errno(errno));
        }
    }
    co_return Outcome<void>{};
}

awaitable<Outcome<std::size_t>> Stream::receive_raw(std::span<char> into) {
    while (true) {
        // Waits in any case, so that a server that never stops sending lets others have a turn.
        auto waited = co_await wait(descriptor_base::wait_read);
        if (!waited) {
            co_return failed(std::move(waited).error());
        }
        const ssize_t received = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
        if (received >= 0) {
            co_return static_cast<std::size_t>(received);
        }
        if (errno != EAGAIN && errno != EINTR) {
            co_return failed(describe_errno(errno));
        }
    }
}

awaitable<Outcome<void>> Stream::serve_tls(int result) {
    const int kind = ::SSL_get_error(ssl_.get(), result);
    std::array<char, kTlsPieceBytes> piece{};
    int pending = ::BIO_read(::SSL_get_wbio(ssl_.get()), piece.data(), piece.size());
    while (pending > 0) {
        auto sent = co_await send_raw({piece.data(), static_cast<std::size_t>(pending)});
        if (!sent) {
            co_return failed(std::move(sent).error());
        }
        pending = ::BIO_read(::SSL_get_wbio(ssl_.get()), piece.data(), piece.size());
    }
    if (kind == SSL_ERROR_NONE || kind == SSL_ERROR_WANT_WRITE) {
        co_return Outcome<void>{};
    }
    if (kind != SSL_ERROR_WANT_READ) {
        co_return failed(tls_error(kind));
    }
    auto received = co_await receive_raw(piece);
    if (!received) {
        co_return failed(std::move(received).error());
    }
    if (*received == 0) {
        ::BIO_set_mem_eof_return(::SSL_get_rbio(ssl_.get()), 0);
    } else {
        ::BIO_write(::SSL_get_rbio(ssl_.get()), piece.data(), static_cast<int>(*received));
    }
    co_return Outcome<void>{};
}

awaitable<Outcome<void>> Stream::start_tls(SSL_CTX& context, const std::string& server_name) {
    ssl_.reset(::SSL_new(&context));
    BIO* const received = ::BIO_new(::BIO_s_mem());
    BIO* const to_send = ::BIO_new(::BIO_s_mem());
    if (!ssl_ || received == nullptr || to_send == nullptr) {
        ::BIO_free(received);
        ::BIO_free(to_send);
        co_return failed("TLS cannot be set up");
    }
    ::BIO_set_mem_eof_return(received, -1);  // Empty means: not yet.
    ::SSL_set_bio(ssl_.get(), received, to_send);
    ::SSL_set_connect_state(ssl_.get());
    if (!server_name.empty()) {
        ::SSL_set_tlsext_host_name(ssl_.get(), server_name.c_str());
    }
    while (true) {
        ::ERR_clear_error();
        const int result = ::SSL_do_handshake(ssl_.get());
        auto served = co_await serve_tls(result);
        if (!served || result == 1) {
            co_return served;
        }
    }
}

awaitable<Outcome<void>> Stream::write_all(std::string_view text) {
    if (!ssl_) {
        co_return co_await send_raw(text);
    }
    while (true) {
        ::ERR_clear_error();
        const int result = ::SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
        auto served = co_await serve_tls(result);
        if (!served || result > 0) {
            co_return served;
        }
    }
}

awaitable<Outcome<std::size_t>> Stream::read_some(std::span<char> into) {
    if (!ssl_) {
        co_return co_await receive_raw(into);
    }
    while (true) {
        ::ERR_clear_error();
        const int result = ::SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
        if (result > 0) {
            co_return static_cast<std::size_t>(result);
        }
        const int kind = ::SSL_get_error(ssl_.get(), result);
        if (kind == SSL_ERROR_ZERO_RETURN) {
            said_goodbye_ = true;
            co_return std::size_t{0};
        }
        const unsigned long error = ::ERR_peek_error();
        if (kind == SSL_ERROR_SYSCALL ||
            (kind == SSL_ERROR_SSL &&
             ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING)) {
            ::ERR_clear_error();
            co_return std::size_t{0};
        }
        auto served = co_await serve_tls(result);
        if (!served) {
            co_return failed(std::move(served).error());
        }
    }
}

void Stream::close() {
    timer_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace fpvs::probe
