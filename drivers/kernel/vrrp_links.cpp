// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/vrrp_links.hpp"

#include <netpacket/packet.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "drivers/kernel/netlink_monitor.hpp"
#include "drivers/kernel/rtnetlink.hpp"
#include "drivers/kernel/unique_fd.hpp"
#include "drivers/kernel/vrrp_socket.hpp"
#include "host/util/log.hpp"

namespace fpvs::kernel {
namespace {

constexpr std::array<VrrpChannel, kVrrpChannels> kChannels = {
    VrrpChannel::ipv4, VrrpChannel::ipv6, VrrpChannel::ipv4_authenticated};
constexpr int kPacketsPerTurn = 32;  // Then the io_context's other work has its turn.
constexpr int kPriorityControl = 6;  // TC_PRIO_CONTROL: before everything else in a queue.

Result<UniqueFd> open_frame_socket() {
    // Protocol 0: it sends only.
    UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid()) {
        return fail(Code::unavailable,
                    "cannot open a packet socket: {}; it needs CAP_NET_RAW",
                    std::strerror(errno));
    }
    if (::setsockopt(
            fd.get(), SOL_SOCKET, SO_PRIORITY, &kPriorityControl, sizeof kPriorityControl) != 0) {
        return fail(Code::unavailable, "cannot set the priority: {}", std::strerror(errno));
    }
    return fd;
}

// What lives as long as a read under way.
class LinkCore : public std::enable_shared_from_this<LinkCore> {
  public:
    LinkCore(boost::asio::io_context& io,
             Rtnetlink rtnetlink,
             std::string interface,
             provider::VrrpLinkEvents events)
        : rtnetlink_(std::move(rtnetlink)),
          name_(std::move(interface)),
          events_(std::move(events)),
          io_(io) {}

    [[nodiscard]] Status start() {
        FPVS_TRY(frames_, open_frame_socket());
        // Subscribed before the first look, so that no change falls between.
        NetlinkEvents events;
        events.on_interface = [this](const Interface& interface, bool) {
            if (interface.name == name_ || interface.index == interface_.index) {
                look_again();
            }
        };
        events.on_address = [this](const InterfaceAddress& address, bool) {
            if (address.interface_index == interface_.index) {
                look_again();
            }
        };
        events.on_loss = [this] { look_again(); };
        FPVS_TRY(monitor_, NetlinkMonitor::open(io_, std::move(events)));
        return look();
    }

    void stop() {
        stopped_ = true;
        monitor_.reset();
        close_sockets();
    }

    [[nodiscard]] const provider::LinkState& state() const { return state_; }

    [[nodiscard]] Status send_packet(std::span<const std::uint8_t> packet,
                                     const model::IpAddress& destination) {
        Socket& socket = socket_of(destination.is_ipv4() ? VrrpChannel::ipv4 : VrrpChannel::ipv6);
        if (!socket) {
            return fail(Code::unavailable, "{} has no VRRP socket of that family", name_);
        }
        return send_vrrp_packet(socket->native_handle(), interface_, packet, destination);
    }

    [[nodiscard]] Status send_frame(std::span<const std::uint8_t> frame) {
        sockaddr_ll interface{};
        interface.sll_family = AF_PACKET;
        interface.sll_ifindex = static_cast<int>(interface_.index);
        const ssize_t sent = ::sendto(frames_.get(),
                                      frame.data(),
                                      frame.size(),
                                      0,
                                      reinterpret_cast<const sockaddr*>(&interface),
                                      sizeof interface);
        if (sent != static_cast<ssize_t>(frame.size())) {
            return fail(Code::unavailable, "cannot send on {}: {}", name_, std::strerror(errno));
        }
        return {};
    }

    void receive_pending() {
        for (const VrrpChannel channel : kChannels) {
            receive_pending(channel);
        }
    }

  private:
    using Socket = std::optional<boost::asio::posix::stream_descriptor>;

    [[nodiscard]] Socket& socket_of(VrrpChannel channel) {
        return sockets_[static_cast<std::size_t>(channel)];
    }

    void receive_pending(VrrpChannel channel) {
        VrrpPacketBuffer buffer;
        for (int i = 0; i < kPacketsPerTurn && !stopped_ && socket_of(channel); ++i) {
            const auto packet =
                receive_vrrp_packet(socket_of(channel)->native_handle(), channel, buffer);
            if (!packet) {
                break;
            }
            events_.on_packet(*packet);
        }
    }

    // Reads what the interface is like now, and opens the socket again if it is another one.
    [[nodiscard]] Status look() {
        auto interface = rtnetlink_.interface(name_);
        if (!interface) {
            state_ = {};
            interface_ = {};
            close_sockets();
            return fail(std::move(interface).error());
        }
        if (interface->index != interface_.index) {
            close_sockets();
            FPVS_TRY_STATUS(open_sockets(*interface));
        }
        interface_ = *interface;
        state_ = {.up = interface->up, .mac = interface->mac, .addresses = {}};
        for (const model::Family family : {model::Family::ipv4, model::Family::ipv6}) {
            FPVS_TRY(const auto addresses, rtnetlink_.addresses(interface->index, family));
            for (const InterfaceAddress& address : addresses) {
                state_.addresses.push_back(address.address);
            }
        }
        return {};
    }

    // A host without IPv6 still has VRRP for IPv4.
    [[nodiscard]] Status open_sockets(const Interface& interface) {
        interface_ = interface;
        if (!events_.on_packet) {
            return {};
        }
        for (const VrrpChannel channel : kChannels) {
            auto fd = open_vrrp_socket(interface, channel);
            if (fd) {
                socket_of(channel).emplace(io_, fd->release());
                wait(channel);
            } else if (channel == VrrpChannel::ipv4) {
                return fail(std::move(fd).error());
            } else {
                log::info("vrrp", "some adverts are not heard on {}: {}", name_, fd.error().text());
            }
        }
        return {};
    }

    void look_again() {
        const provider::LinkState before = state_;
        if (const auto status = look(); !status) {
            log::warn("vrrp", "{}", status.error().text());
            state_.up = false;
        }
        if (state_ != before) {
            events_.on_state();
        }
    }

    void close_sockets() {
        for (Socket& socket : sockets_) {
            if (socket) {
                boost::system::error_code ignored;
                socket->close(ignored);
                socket.reset();
            }
        }
    }

    void wait(VrrpChannel channel) {
        socket_of(channel)->async_wait(
            boost::asio::posix::descriptor_base::wait_read,
            [self = shared_from_this(), channel, index = interface_.index](
                const boost::system::error_code& error) {
                // A wait of a socket that was replaced meanwhile ends here.
                if (!error && !self->stopped_ && self->interface_.index == index) {
                    self->receive_pending(channel);
                    if (!self->stopped_ && self->socket_of(channel)) {
                        self->wait(channel);
                    }
                }
            });
    }

    Rtnetlink rtnetlink_;
    const std::string name_;
    const provider::VrrpLinkEvents events_;
    boost::asio::io_context& io_;
    std::unique_ptr<NetlinkMonitor> monitor_;
    std::array<Socket, kVrrpChannels> sockets_;  // By channel.
    UniqueFd frames_;
    Interface interface_;  // Its index is 0: there is no such interface.
    provider::LinkState state_;
    bool stopped_ = false;
};

class Link final : public provider::VrrpLink {
  public:
    explicit Link(std::shared_ptr<LinkCore> core) : core_(std::move(core)) {}
    ~Link() override { core_->stop(); }

    [[nodiscard]] const provider::LinkState& state() const override { return core_->state(); }
    [[nodiscard]] Status send_packet(std::span<const std::uint8_t> packet,
                                     const model::IpAddress& destination) override {
        return core_->send_packet(packet, destination);
    }
    [[nodiscard]] Status send_frame(std::span<const std::uint8_t> frame) override {
        return core_->send_frame(frame);
    }
    void receive_pending() override { core_->receive_pending(); }

  private:
    std::shared_ptr<LinkCore> core_;
};

}  // namespace

Result<std::unique_ptr<provider::VrrpLink>> VrrpLinks::open(const std::string& interface,
                                                            provider::VrrpLinkEvents events) {
    FPVS_TRY(auto rtnetlink, Rtnetlink::open());
    auto core = std::make_shared<LinkCore>(io_, std::move(rtnetlink), interface, std::move(events));
    auto link = std::make_unique<Link>(core);  // First, so that a failed start is stopped too.
    FPVS_TRY_STATUS(core->start());
    return link;
}

}  // namespace fpvs::kernel
