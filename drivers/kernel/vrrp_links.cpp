// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/vrrp_links.hpp"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
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
#include "host/util/log.hpp"

namespace fpvs::kernel {
namespace {

constexpr int kVrrp = 112;
constexpr std::uint32_t kGroup = 0xe0000012;  // 224.0.0.18
constexpr std::size_t kPacketBytesMax = 2048;
constexpr int kPacketsPerTurn = 32;  // Then the io_context's other work has its turn.
constexpr int kPriorityControl = 6;  // TC_PRIO_CONTROL: before everything else in a queue.

template <class Value>
Status set_option(int fd, int level, int option, const Value& value, std::string_view what) {
    if (::setsockopt(fd, level, option, &value, sizeof value) != 0) {
        return fail(Code::unavailable, "cannot {}: {}", what, std::strerror(errno));
    }
    return {};
}

Status bind_to(int fd, const Interface& interface) {
    if (::setsockopt(fd,
                     SOL_SOCKET,
                     SO_BINDTODEVICE,
                     interface.name.c_str(),
                     static_cast<socklen_t>(interface.name.size() + 1)) != 0) {
        return fail(
            Code::unavailable, "cannot bind to {}: {}", interface.name, std::strerror(errno));
    }
    return {};
}

Result<UniqueFd> open_vrrp_socket(const Interface& interface) {
    UniqueFd fd(::socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, kVrrp));
    if (!fd.valid()) {
        return fail(Code::unavailable,
                    "cannot open a raw VRRP socket: {}; it needs CAP_NET_RAW",
                    std::strerror(errno));
    }
    FPVS_TRY_STATUS(bind_to(fd.get(), interface));
    ip_mreqn group{};
    group.imr_multiaddr.s_addr = htonl(kGroup);
    group.imr_ifindex = static_cast<int>(interface.index);
    FPVS_TRY_STATUS(set_option(fd.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, group, "join 224.0.0.18"));
    FPVS_TRY_STATUS(
        set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_IF, group, "choose the interface"));
    FPVS_TRY_STATUS(set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_LOOP, 0, "silence loopback"));
    // Otherwise the socket would also hear groups that others on this host joined.
    FPVS_TRY_STATUS(set_option(fd.get(), IPPROTO_IP, IP_MULTICAST_ALL, 0, "filter groups"));
    FPVS_TRY_STATUS(set_option(fd.get(), IPPROTO_IP, IP_HDRINCL, 1, "send own IP headers"));
    FPVS_TRY_STATUS(
        set_option(fd.get(), SOL_SOCKET, SO_PRIORITY, kPriorityControl, "set the priority"));
    return fd;
}

Result<UniqueFd> open_frame_socket() {
    // Protocol 0: it sends only.
    UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid()) {
        return fail(Code::unavailable,
                    "cannot open a packet socket: {}; it needs CAP_NET_RAW",
                    std::strerror(errno));
    }
    FPVS_TRY_STATUS(
        set_option(fd.get(), SOL_SOCKET, SO_PRIORITY, kPriorityControl, "set the priority"));
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
            if (interface.name == name_ || interface.index == index_) {
                look_again();
            }
        };
        events.on_address = [this](const InterfaceAddress& address, bool) {
            if (address.interface_index == index_ && address.address.is_ipv4()) {
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
        close_socket();
    }

    [[nodiscard]] const provider::LinkState& state() const { return state_; }

    [[nodiscard]] Status send_packet(std::span<const std::uint8_t> packet) {
        sockaddr_in group{};
        group.sin_family = AF_INET;
        group.sin_addr.s_addr = htonl(kGroup);
        return send(packets_ ? packets_->native_handle() : -1, packet, group);
    }

    [[nodiscard]] Status send_frame(std::span<const std::uint8_t> frame) {
        sockaddr_ll interface{};
        interface.sll_family = AF_PACKET;
        interface.sll_ifindex = static_cast<int>(index_);
        return send(frames_.get(), frame, interface);
    }

    void receive_pending() {
        std::array<std::uint8_t, kPacketBytesMax> packet;
        for (int i = 0; i < kPacketsPerTurn && !stopped_ && packets_; ++i) {
            const ssize_t length =
                ::recv(packets_->native_handle(), packet.data(), packet.size(), 0);
            if (length <= 0) {
                break;
            }
            events_.on_packet(std::span(packet).first(static_cast<std::size_t>(length)));
        }
    }

  private:
    template <class Address>
    [[nodiscard]] Status send(int fd,
                              std::span<const std::uint8_t> bytes,
                              const Address& destination) {
        const ssize_t sent = ::sendto(fd,
                                      bytes.data(),
                                      bytes.size(),
                                      0,
                                      reinterpret_cast<const sockaddr*>(&destination),
                                      sizeof destination);
        if (sent != static_cast<ssize_t>(bytes.size())) {
            return fail(Code::unavailable, "cannot send on {}: {}", name_, std::strerror(errno));
        }
        return {};
    }

    // Reads what the interface is like now, and opens the socket again if it is another one.
    [[nodiscard]] Status look() {
        auto interface = rtnetlink_.interface(name_);
        if (!interface) {
            state_ = {};
            index_ = 0;
            close_socket();
            return fail(std::move(interface).error());
        }
        if (interface->index != index_) {
            close_socket();
            FPVS_TRY(UniqueFd fd, open_vrrp_socket(*interface));
            packets_.emplace(io_, fd.release());
            index_ = interface->index;
            wait();
        }
        FPVS_TRY(const auto addresses, rtnetlink_.addresses(index_, model::Family::ipv4));
        state_ = {.up = interface->up, .mac = interface->mac, .addresses = {}};
        for (const InterfaceAddress& address : addresses) {
            state_.addresses.push_back(address.address.ipv4());
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

    void close_socket() {
        if (packets_) {
            boost::system::error_code ignored;
            packets_->close(ignored);
            packets_.reset();
        }
    }

    void wait() {
        packets_->async_wait(
            boost::asio::posix::descriptor_base::wait_read,
            [self = shared_from_this(), index = index_](const boost::system::error_code& error) {
                // A wait of a socket that was replaced meanwhile ends here.
                if (!error && !self->stopped_ && self->index_ == index) {
                    self->receive_pending();
                    if (!self->stopped_ && self->packets_) {
                        self->wait();
                    }
                }
            });
    }

    Rtnetlink rtnetlink_;
    const std::string name_;
    const provider::VrrpLinkEvents events_;
    boost::asio::io_context& io_;
    std::unique_ptr<NetlinkMonitor> monitor_;
    std::optional<boost::asio::posix::stream_descriptor> packets_;
    UniqueFd frames_;
    std::uint32_t index_ = 0;  // 0: there is no such interface.
    provider::LinkState state_;
    bool stopped_ = false;
};

class Link final : public provider::VrrpLink {
  public:
    explicit Link(std::shared_ptr<LinkCore> core) : core_(std::move(core)) {}
    ~Link() override { core_->stop(); }

    [[nodiscard]] const provider::LinkState& state() const override { return core_->state(); }
    [[nodiscard]] Status send_packet(std::span<const std::uint8_t> packet) override {
        return core_->send_packet(packet);
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
