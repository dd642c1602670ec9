// SPDX-License-Identifier: Apache-2.0
#include "host/control/client.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "host/control/convert.hpp"
#include "host/control/frame.hpp"

namespace fpvs::control {
namespace {

// Loading a card takes the longest: some ten seconds on an Alveo.
constexpr timeval kAnswerTimeout{.tv_sec = 120, .tv_usec = 0};

}  // namespace

Result<Client> Client::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        return fail(Code::invalid_argument, "The control socket's path is too long: {}", path);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Client client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), path);
    if (client.socket_ < 0 ||
        ::connect(client.socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
            0) {
        if (errno == ENOENT || errno == ECONNREFUSED) {
            return fail(Code::unavailable, "fpvsd is not running: nothing listens on {}", path);
        }
        return fail(
            Code::unavailable, "fpvsd cannot be reached on {}: {}", path, std::strerror(errno));
    }
    setsockopt(client.socket_, SOL_SOCKET, SO_RCVTIMEO, &kAnswerTimeout, sizeof(kAnswerTimeout));
    setsockopt(client.socket_, SOL_SOCKET, SO_SNDTIMEO, &kAnswerTimeout, sizeof(kAnswerTimeout));
    return client;
}

Client::~Client() {
    if (socket_ >= 0) {
        close(socket_);
    }
}

Client::Client(Client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      path_(std::move(other.path_)),
      next_id_(other.next_id_) {}

Client& Client::operator=(Client&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(path_, other.path_);
    std::swap(next_id_, other.next_id_);
    return *this;
}

Result<api::Reply> Client::call(api::Request request) {
    api::Reply last;
    FPVS_TRY_STATUS(stream(std::move(request), [&last](const api::Reply& reply) { last = reply; }));
    return last;
}

Status Client::stream(api::Request request, const std::function<void(const api::Reply&)>& each) {
    request.set_id(next_id_++);
    FPVS_TRY_STATUS(send(request));
    for (;;) {
        FPVS_TRY(const api::Reply reply, receive());
        // A refusal that concerns the connection, not the request, carries no id.
        if (reply.code() != api::CODE_OK) {
            return fail({.code = from_api(reply.code()), .message = reply.message()});
        }
        if (reply.id() != request.id()) {
            return fail(broken("answered another request"));
        }
        each(reply);
        if (!reply.more()) {
            return {};
        }
    }
}

Status Client::send(const api::Request& request) {
    const std::string body = request.SerializeAsString();
    const FrameHeader header = encode_length(static_cast<std::uint32_t>(body.size()));
    std::string frame(header.begin(), header.end());
    frame += body;
    std::size_t sent = 0;
    while (sent < frame.size()) {
        const ssize_t n = ::send(socket_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EPIPE) {
            return {};  // It closed early; its reason may wait to be received.
        }
        if (n < 0) {
            return fail(broken("did not take the request"));
        }
        sent += static_cast<std::size_t>(n);
    }
    return {};
}

Result<api::Reply> Client::receive() {
    FrameHeader header{};
    FPVS_TRY_STATUS(read_exactly(header.data(), header.size()));
    const std::uint32_t length = decode_length(header);
    if (length > model::kControlFrameBytesMax) {
        return fail(broken("sent a frame that is too long"));
    }
    std::string body(length, '\0');
    FPVS_TRY_STATUS(read_exactly(body.data(), body.size()));
    api::Reply reply;
    if (!reply.ParseFromString(body)) {
        return fail(broken("sent a frame that is no reply"));
    }
    return reply;
}

Status Client::read_exactly(void* into, std::size_t size_bytes) {
    std::size_t have = 0;
    while (have < size_bytes) {
        const ssize_t n = recv(socket_, static_cast<char*>(into) + have, size_bytes - have, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return fail(broken("did not answer in time"));
        }
        if (n <= 0) {
            return fail(broken("closed the connection before it answered"));
        }
        have += static_cast<std::size_t>(n);
    }
    return {};
}

Error Client::broken(const char* what) const {
    return {.code = Code::unavailable, .message = fmt::format("fpvsd on {} {}", path_, what)};
}

}  // namespace fpvs::control
