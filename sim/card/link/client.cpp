// SPDX-License-Identifier: Apache-2.0
#include "sim/card/link/client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace fpvs::sim::card {
namespace {

using Clock = std::chrono::steady_clock;

// True when the socket is ready for `events` before the deadline; the end of the peer is ready too.
bool wait_for(int socket, short events, Clock::time_point deadline) {
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) {
            return false;
        }
        pollfd state{.fd = socket, .events = events, .revents = 0};
        const int ready = ::poll(&state, 1, static_cast<int>(left));
        if (ready > 0) {
            return true;
        }
        if (ready < 0 && errno != EINTR) {
            return false;
        }
    }
}

auto closed() {
    return fail(Code::unavailable, "the simulated card has closed its link");
}

}  // namespace

Result<LinkClient> LinkClient::attach(kernel::UniqueFd socket, std::chrono::milliseconds timeout) {
    LinkClient client(std::move(socket));
    const auto welcome =
        client.ask({.kind = MessageKind::hello, .address = kLinkMagic, .value = kLinkVersion},
                   MessageKind::welcome,
                   -1,
                   timeout);
    if (!welcome) {
        return fail(welcome.error());
    }
    return client;
}

Result<LinkClient> LinkClient::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail(Code::invalid_argument,
                    "the path of a socket has 1 to {} characters, '{}' has {}",
                    sizeof address.sun_path - 1,
                    path,
                    path.size());
    }
    path.copy(address.sun_path, path.size());
    kernel::UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return fail(
            Code::unavailable, "no simulated card listens at {}: {}", path, std::strerror(errno));
    }
    return attach(std::move(socket));
}

Result<std::uint32_t> LinkClient::read_register(std::uint32_t offset) {
    FPVS_TRY(const Message reply,
             ask({.kind = MessageKind::read, .address = offset}, MessageKind::value));
    return static_cast<std::uint32_t>(reply.value);
}

Status LinkClient::write_register(std::uint32_t offset, std::uint32_t value) {
    const auto deadline = Clock::now() + kLinkTimeout;
    const std::unique_lock lock(*mutex_, deadline);
    if (!lock) {
        return give_up();
    }
    return send({.kind = MessageKind::write, .address = offset, .value = value}, -1, deadline);
}

Status LinkClient::share(std::uint64_t card_address, std::uint64_t size_bytes, int memfd) {
    FPVS_TRY_STATUS(ask({.kind = MessageKind::share, .address = card_address, .value = size_bytes},
                        MessageKind::shared,
                        memfd));
    return {};
}

Status LinkClient::unshare(std::uint64_t card_address) {
    FPVS_TRY_STATUS(
        ask({.kind = MessageKind::unshare, .address = card_address}, MessageKind::unshared));
    return {};
}

Result<CardIdentity> LinkClient::identity() {
    FPVS_TRY(const Message high,
             ask({.kind = MessageKind::identify, .address = 0}, MessageKind::identity));
    FPVS_TRY(const Message low,
             ask({.kind = MessageKind::identify, .address = 1}, MessageKind::identity));
    return CardIdentity{.high = high.value, .low = low.value};
}

void LinkClient::bid_farewell() {
    const auto deadline = Clock::now() + kLinkTimeout;
    const std::unique_lock lock(*mutex_, deadline);
    if (lock) {
        // A card that has gone before needs no word.
        static_cast<void>(send({.kind = MessageKind::farewell}, -1, deadline));
    }
    ::shutdown(socket_.get(), SHUT_WR);
}

bool LinkClient::wait_closed(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    Message late;
    while (wait_for(socket_.get(), POLLIN, deadline)) {
        const ssize_t size = ::recv(socket_.get(), &late, sizeof late, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
            return true;
        }
    }
    return false;
}

void LinkClient::hang_up() {
    ::shutdown(socket_.get(), SHUT_RDWR);
}

Result<Message> LinkClient::ask(Message request,
                                MessageKind wanted,
                                int descriptor,
                                std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    const std::unique_lock lock(*mutex_, deadline);
    if (!lock) {
        return give_up();
    }
    request.sequence = ++sequence_;
    FPVS_TRY_STATUS(send(request, descriptor, deadline));
    FPVS_TRY(const Message reply, receive(request.sequence, deadline));
    if (reply.kind == MessageKind::refused) {
        return fail(Code::failed_precondition,
                    "the simulated card refuses: {}",
                    refusal_text(static_cast<Refusal>(reply.value)));
    }
    if (reply.kind != wanted || reply.address != request.address) {
        return fail(Code::mismatch, "the simulated card answered something else than was asked");
    }
    return reply;
}

Status LinkClient::send(const Message& request, int descriptor, Deadline deadline) {
    Message data = request;
    iovec vector{.iov_base = &data, .iov_len = sizeof data};
    alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    if (descriptor >= 0) {
        header.msg_control = control;
        header.msg_controllen = sizeof control;
        cmsghdr* rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
    }
    while (::sendmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_for(socket_.get(), POLLOUT, deadline)) {
                return give_up();
            }
        } else if (errno != EINTR) {
            return closed();
        }
    }
    return {};
}

Result<Message> LinkClient::receive(std::uint32_t sequence, Deadline deadline) {
    Message reply;
    ssize_t size = 0;
    while ((size = ::recv(socket_.get(), &reply, sizeof reply, MSG_DONTWAIT | MSG_TRUNC)) < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_for(socket_.get(), POLLIN, deadline)) {
                return give_up();
            }
        } else if (errno != EINTR) {
            return closed();
        }
    }
    if (size == 0) {
        return closed();
    }
    if (size != static_cast<ssize_t>(sizeof reply) || reply.sequence != sequence) {
        return fail(Code::mismatch, "the simulated card answered something else than was asked");
    }
    return reply;
}

// An answer that came now would be taken for that to the next question.
tl::unexpected<Error> LinkClient::give_up() {
    hang_up();
    return fail(Code::unavailable, "the simulated card did not answer in time");
}

}  // namespace fpvs::sim::card
