// SPDX-License-Identifier: Apache-2.0
#include "drivers/ipvs_netlink/server.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "drivers/kernel/unique_fd.hpp"

namespace fpvs::ipvs_netlink {
namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

struct Server::State {
    State(asio::io_context& io, std::string socket_path, control::Operations& operations)
        : family(operations), listener(io), path(std::move(socket_path)) {}

    IpvsFamily family;
    Descriptor listener;
    std::string path;
    ServerCounters counters;
    std::size_t open_clients = 0;
    bool stopped = false;
};

namespace {

// What goes into one datagram: the messages of a dump, as many as fit, or a single message.  An
// acknowledgement travels alone as the kernel's do: libnl reads an answer and then waits for it.
std::size_t whole_messages(ByteView run) {
    std::size_t size = 0;
    while (size + NLMSG_HDRLEN <= run.size()) {
        nlmsghdr header{};
        std::memcpy(&header, run.data() + size, sizeof header);
        const std::size_t next =
            std::min<std::size_t>(size + NLMSG_ALIGN(header.nlmsg_len), run.size());
        const bool part_of_dump = (header.nlmsg_flags & NLM_F_MULTI) != 0;
        if (size != 0 && (next > kReplyBytesMax || !part_of_dump)) {
            break;
        }
        size = next;
        if (!part_of_dump) {
            break;
        }
    }
    return size;
}

bool admitted(int client) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

// False: the client is gone.
asio::awaitable<bool> send_all(Descriptor& client, ByteView run) {
    while (!run.empty()) {
        const std::size_t size = whole_messages(run);
        const ssize_t sent =
            ::send(client.native_handle(), run.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) {
            run = run.subspan(size);
        } else if (errno == EAGAIN) {
            co_await client.async_wait(Descriptor::wait_write, asio::use_awaitable);
        } else {
            co_return false;
        }
    }
    co_return true;
}

asio::awaitable<void> converse(std::shared_ptr<Server::State> state, Descriptor client) {
    Bytes datagram(kDatagramBytesMax);
    try {
        for (;;) {
            co_await client.async_wait(Descriptor::wait_read, asio::use_awaitable);
            const ssize_t size =
                ::recv(client.native_handle(), datagram.data(), datagram.size(), MSG_DONTWAIT);
            if (size < 0 && errno == EAGAIN) {
                continue;
            }
            if (size <= 0 || state->stopped) {
                break;
            }
            ++state->counters.datagrams;
            const Bytes run =
                state->family.handle(ByteView(datagram).first(static_cast<std::size_t>(size)));
            if (!co_await send_all(client, run)) {
                break;
            }
        }
    } catch (const boost::system::system_error&) {
        // The client or the server closed; both end the conversation.
    }
    --state->open_clients;
}

asio::awaitable<void> accept_clients(std::shared_ptr<Server::State> state) {
    try {
        while (!state->stopped) {
            co_await state->listener.async_wait(Descriptor::wait_read, asio::use_awaitable);
            kernel::UniqueFd client(::accept4(
                state->listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (!client.valid()) {
                continue;
            }
            if (state->open_clients >= kClientsMax || !admitted(client.get())) {
                ++state->counters.clients_refused;
                continue;
            }
            ++state->counters.clients;
            ++state->open_clients;
            const auto executor = state->listener.get_executor();
            asio::co_spawn(
                executor, converse(state, Descriptor(executor, client.release())), asio::detached);
        }
    } catch (const boost::system::system_error&) {
        // The listener was closed.
    }
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(asio::io_context& io,
                                              std::string path,
                                              control::Operations& operations) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail(Code::invalid_argument, "'{}' is too long for a socket's path", path);
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    kernel::UniqueFd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::unlink(path.c_str());
    if (!listener.valid() ||
        ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.get(), static_cast<int>(kClientsMax)) != 0) {
        return fail(Code::unavailable, "{}: cannot listen: {}", path, std::strerror(errno));
    }
    auto state = std::make_shared<State>(io, std::move(path), operations);
    state->listener.assign(listener.release());
    asio::co_spawn(io, accept_clients(state), asio::detached);
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
    state_->stopped = true;
    boost::system::error_code ignored;
    (void)state_->listener.close(ignored);
    ::unlink(state_->path.c_str());
}

const ServerCounters& Server::counters() const {
    return state_->counters;
}

}  // namespace fpvs::ipvs_netlink
