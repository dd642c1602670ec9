// SPDX-License-Identifier: Apache-2.0
// A web server with TLS on loopback, in a thread of its own, with a certificate made on the spot.
#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "drivers/kernel/unique_fd.hpp"

namespace fpvs::kit {

struct TlsServerOptions {
    std::string answer = "HTTP/1.0 200 OK\r\n\r\nhello";
    bool say_goodbye = true;
};

class TlsServer {
  public:
    explicit TlsServer(TlsServerOptions options = {})
        : options_(std::move(options)),
          context_(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free),
          listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        use_new_certificate();
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const raw = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_.get(), raw, length) != 0 || ::listen(listener_.get(), 8) != 0 ||
            ::getsockname(listener_.get(), raw, &length) != 0) {
            throw std::runtime_error("cannot listen");
        }
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~TlsServer() {
        stopping_ = true;
        thread_.join();
    }
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    // The names that clients asked for, "" where they did not.
    [[nodiscard]] std::vector<std::string> server_names() const {
        const std::lock_guard lock(mutex_);
        return names_;
    }

  private:
    void use_new_certificate() {
        const std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(::EVP_EC_gen("P-256"),
                                                                        ::EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&::X509_free)> certificate(::X509_new(), ::X509_free);
        constexpr long kDay = 86'400;
        ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), 1);
        ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -kDay);
        ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), kDay);
        ::X509_set_pubkey(certificate.get(), key.get());
        ::X509_sign(certificate.get(), key.get(), ::EVP_sha256());
        if (::SSL_CTX_use_certificate(context_.get(), certificate.get()) != 1 ||
            ::SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1) {
            throw std::runtime_error("no certificate");
        }
    }

    void serve() {
        constexpr int kLookMs = 20;
        while (!stopping_) {
            pollfd waiting{.fd = listener_.get(), .events = POLLIN, .revents = 0};
            if (::poll(&waiting, 1, kLookMs) > 0) {
                const kernel::UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
                answer(peer.get());
            }
        }
    }

    void answer(int peer) {
        timeval limit{.tv_sec = 2, .tv_usec = 0};
        ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        const std::unique_ptr<SSL, decltype(&::SSL_free)> tls(::SSL_new(context_.get()),
                                                              ::SSL_free);
        ::SSL_set_fd(tls.get(), peer);
        if (::SSL_accept(tls.get()) != 1) {
            return;
        }
        const char* const name = ::SSL_get_servername(tls.get(), TLSEXT_NAMETYPE_host_name);
        {
            const std::lock_guard lock(mutex_);
            names_.emplace_back(name != nullptr ? name : "");
        }
        char request[4096];
        if (::SSL_read(tls.get(), request, sizeof request) > 0) {
            ::SSL_write(
                tls.get(), options_.answer.data(), static_cast<int>(options_.answer.size()));
        }
        if (options_.say_goodbye) {
            ::SSL_shutdown(tls.get());
        }
    }

    const TlsServerOptions options_;
    std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context_;
    kernel::UniqueFd listener_;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;
    std::vector<std::string> names_;
    std::thread thread_;
};

}  // namespace fpvs::kit
