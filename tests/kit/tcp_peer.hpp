// SPDX-License-Identifier: Apache-2.0
// Real TCP in network namespaces: a server that says its name and how much it got, and a client.
//
// A socket belongs to the namespace of the thread that made it, wherever it is used afterwards.
// Every wait ends: with an answer, an error, or after kPatienceS.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "drivers/kernel/netns_scope.hpp"
#include "drivers/kernel/unique_fd.hpp"

namespace fpvs::kit {

constexpr time_t kPatienceS = 10;

inline sockaddr_in socket_address(const std::string& address, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    if (::inet_pton(AF_INET, address.c_str(), &made.sin_addr) != 1) {
        throw std::runtime_error(address + " is no IPv4 address");
    }
    return made;
}

inline kernel::UniqueFd tcp_socket(const std::string& netns) {
    const auto scope = kernel::NetnsScope::enter(netns);
    if (!scope) {
        throw std::runtime_error(scope.error().text());
    }
    kernel::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{.tv_sec = kPatienceS, .tv_usec = 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return fd;
}

// Answers each connection, once the client has said all, with "NAME BYTES".
class TcpServer {
  public:
    TcpServer(const std::string& netns, std::string name, const std::string& address, int port)
        : name_(std::move(name)), fd_(tcp_socket(netns)) {
        const int one = 1;
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        const sockaddr_in own = socket_address(address, static_cast<std::uint16_t>(port));
        if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
            ::listen(fd_.get(), 64) != 0) {
            throw std::runtime_error("cannot serve: " + std::string(std::strerror(errno)));
        }
        thread_ = std::thread([this] { serve(); });
    }
    ~TcpServer() {
        ::shutdown(fd_.get(), SHUT_RDWR);
        thread_.join();
    }
    TcpServer(const TcpServer&) = delete;
    TcpServer& operator=(const TcpServer&) = delete;

  private:
    void serve() {
        for (;;) {
            const kernel::UniqueFd client(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!client.valid() && (errno == EAGAIN || errno == EINTR)) {
                continue;
            }
            if (!client.valid()) {
                return;
            }
            std::array<char, 65536> buffer;
            std::uint64_t total = 0;
            for (ssize_t got = 0;
                 (got = ::recv(client.get(), buffer.data(), buffer.size(), 0)) > 0;) {
                total += static_cast<std::uint64_t>(got);
            }
            const std::string answer = name_ + " " + std::to_string(total);
            ::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
        }
    }

    std::string name_;
    kernel::UniqueFd fd_;
    std::thread thread_;
};

// Connects, says so many bytes and returns the answer; or what went wrong.
inline std::string tcp_ask(const std::string& netns,
                           const std::string& address,
                           int port,
                           std::size_t bytes) {
    const kernel::UniqueFd fd = tcp_socket(netns);
    const sockaddr_in peer = socket_address(address, static_cast<std::uint16_t>(port));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) {
        return std::strerror(errno);
    }
    const std::vector<char> chunk(65536, 'x');
    while (bytes > 0) {
        const ssize_t sent =
            ::send(fd.get(), chunk.data(), std::min(bytes, chunk.size()), MSG_NOSIGNAL);
        if (sent <= 0) {
            return std::strerror(errno);
        }
        bytes -= static_cast<std::size_t>(sent);
    }
    ::shutdown(fd.get(), SHUT_WR);
    std::string answer(256, '\0');
    std::size_t length = 0;
    for (ssize_t got = 0;
         (got = ::recv(fd.get(), answer.data() + length, answer.size() - length, 0)) > 0;) {
        length += static_cast<std::size_t>(got);
    }
    answer.resize(length);
    return answer;
}

}  // namespace fpvs::kit
