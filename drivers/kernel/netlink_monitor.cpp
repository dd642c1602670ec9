// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/netlink_monitor.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "drivers/kernel/unique_fd.hpp"

namespace fpvs::kernel {
namespace {

constexpr int kReceiveBufferBytes = 1 << 20;  // Some thousand events while the thread is busy.
constexpr std::size_t kDatagramBytes = 32768;
constexpr int kDatagramsPerTurn = 64;  // Then other work of the io_context has its turn.

Status subscribe(int fd, int group) {
    if (::setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
        return fail(
            Code::unavailable, "cannot watch rtnetlink group {}: {}", group, std::strerror(errno));
    }
    return {};
}

Status subscribe_all(int fd, const NetlinkEvents& events) {
    if (events.on_interface) {
        FPVS_TRY_STATUS(subscribe(fd, RTNLGRP_LINK));
    }
    if (events.on_address) {
        FPVS_TRY_STATUS(subscribe(fd, RTNLGRP_IPV4_IFADDR));
        FPVS_TRY_STATUS(subscribe(fd, RTNLGRP_IPV6_IFADDR));
    }
    if (events.on_route) {
        FPVS_TRY_STATUS(subscribe(fd, RTNLGRP_IPV4_ROUTE));
        FPVS_TRY_STATUS(subscribe(fd, RTNLGRP_IPV4_RULE));
        FPVS_TRY_STATUS(subscribe(fd, RTNLGRP_IPV6_ROUTE));
        FPVS_TRY_STATUS(subscribe(fd, RTNLGRP_IPV6_RULE));
    }
    if (events.on_neighbour) {
        FPVS_TRY_STATUS(subscribe(fd, RTNLGRP_NEIGH));
    }
    return {};
}

void dispatch(const nlmsghdr& message, const NetlinkEvents& events) {
    switch (message.nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_DELLINK:
            if (const auto interface = parse_interface(message); interface && events.on_interface) {
                events.on_interface(*interface, message.nlmsg_type == RTM_DELLINK);
            }
            break;
        case RTM_NEWADDR:
        case RTM_DELADDR:
            if (const auto address = parse_address(message); address && events.on_address) {
                events.on_address(*address, message.nlmsg_type == RTM_DELADDR);
            }
            break;
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
        case RTM_NEWRULE:
        case RTM_DELRULE:
            if (events.on_route) {
                events.on_route();
            }
            break;
        case RTM_NEWNEIGH:
        case RTM_DELNEIGH:
            if (const auto neighbour = parse_neighbour(message); neighbour && events.on_neighbour) {
                events.on_neighbour(*neighbour);
            }
            break;
        default:
            break;
    }
}

}  // namespace

struct NetlinkMonitor::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& io, int fd, NetlinkEvents wanted)
        : socket(io, fd), events(std::move(wanted)) {}

    void wait() {
        socket.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                              if (!error && !self->stopped) {
                                  self->read();
                              }
                          });
    }

    void read() {
        alignas(nlmsghdr) std::array<char, kDatagramBytes> buffer;
        for (int i = 0; i < kDatagramsPerTurn && !stopped; ++i) {
            const ssize_t length =
                ::recv(socket.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (length < 0 && errno == ENOBUFS) {
                if (events.on_loss) {
                    events.on_loss();
                }
                continue;
            }
            if (length <= 0) {
                break;
            }
            int left = static_cast<int>(length);
            const auto* message = reinterpret_cast<const nlmsghdr*>(buffer.data());
            for (; mnl_nlmsg_ok(message, left) && !stopped;
                 message = mnl_nlmsg_next(message, &left)) {
                dispatch(*message, events);
            }
        }
        if (!stopped) {
            wait();
        }
    }

    boost::asio::posix::stream_descriptor socket;
    NetlinkEvents events;
    bool stopped = false;  // A handler may destroy the monitor that calls it.
};

Result<std::unique_ptr<NetlinkMonitor>> NetlinkMonitor::open(boost::asio::io_context& io,
                                                             NetlinkEvents events) {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    if (!fd.valid() ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return fail(Code::unavailable, "cannot open an rtnetlink socket: {}", std::strerror(errno));
    }
    // Without the privilege for SO_RCVBUFFORCE the default stays; on_loss covers overflow.
    (void)::setsockopt(
        fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBufferBytes, sizeof kReceiveBufferBytes);
    FPVS_TRY_STATUS(subscribe_all(fd.get(), events));
    auto state = std::make_shared<State>(io, fd.release(), std::move(events));
    state->wait();
    return std::unique_ptr<NetlinkMonitor>(new NetlinkMonitor(std::move(state)));
}

NetlinkMonitor::NetlinkMonitor(std::shared_ptr<State> state) : state_(std::move(state)) {}

NetlinkMonitor::~NetlinkMonitor() {
    state_->stopped = true;
    boost::system::error_code ignored;
    (void)state_->socket.close(ignored);
}

}  // namespace fpvs::kernel
