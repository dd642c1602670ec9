// SPDX-License-Identifier: Apache-2.0
// What is on the wire, with the kernel's time of every frame.
#pragma once

#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "drivers/kernel/unique_fd.hpp"
#include "host/vrrp/packet.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs::vrrp {

struct SeenFrame {
    std::chrono::nanoseconds time;  // Of the wall clock, as the kernel stamps frames.
    kit::Frame bytes;

    // None: no advert.
    [[nodiscard]] std::optional<ReceivedAdvert> advert() const {
        constexpr std::size_t kEthernetBytes = 14;
        if (bytes.size() <= kEthernetBytes || (bytes[12] == 0x08 && bytes[13] == 0x06)) {
            return std::nullopt;
        }
        const auto received = decode(std::span(bytes).subspan(kEthernetBytes));
        return received ? std::optional(*received) : std::nullopt;
    }
};

class Observer {
  public:
    // On an interface of the calling thread's namespace.
    explicit Observer(const std::string& interface)
        : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(kEveryProtocol))) {
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_protocol = htons(kEveryProtocol);
        address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
        const int on = 1;
        if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::setsockopt(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) {
            throw std::runtime_error("cannot observe " + interface);
        }
    }

    static std::chrono::nanoseconds now() {
        return std::chrono::system_clock::now().time_since_epoch();
    }

    // All adverts and ARP so far; what else hosts say (IGMP joins) comes when it likes.
    const std::vector<SeenFrame>& frames() {
        while (read_one()) {
        }
        return frames_;
    }

    // The first advert of a source after a moment whose priority is not 0.
    std::optional<std::chrono::nanoseconds> first_advert(const model::IpAddress& source,
                                                         std::chrono::nanoseconds after) {
        for (const SeenFrame& frame : frames()) {
            const auto seen = frame.advert();
            if (seen && frame.time > after && seen->envelope.source == source &&
                seen->advert.priority != kPriorityResign) {
                return frame.time;
            }
        }
        return std::nullopt;
    }

    // The last advert of a source.
    std::optional<SeenFrame> last_advert(const model::IpAddress& source) {
        std::optional<SeenFrame> last;
        for (const SeenFrame& frame : frames()) {
            if (const auto seen = frame.advert(); seen && seen->envelope.source == source) {
                last = frame;
            }
        }
        return last;
    }

    std::size_t adverts(const model::IpAddress& source) {
        std::size_t count = 0;
        for (const SeenFrame& frame : frames()) {
            const auto seen = frame.advert();
            count += seen && seen->envelope.source == source ? 1 : 0;
        }
        return count;
    }

  private:
    static constexpr std::uint16_t kEveryProtocol = 0x0003;  // ETH_P_ALL

    bool read_one() {
        std::array<std::uint8_t, 2048> bytes;
        alignas(cmsghdr) std::array<char, 128> control;
        iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t length = ::recvmsg(fd_.get(), &message, 0);
        if (length <= 0) {
            return false;
        }
        timespec stamp{};
        for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
                std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
            }
        }
        if (!is_of_interest(std::span(bytes).first(static_cast<std::size_t>(length)))) {
            return true;
        }
        frames_.push_back(
            {std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec),
             {bytes.begin(), bytes.begin() + length}});
        return true;
    }

    static bool is_advert(std::uint8_t protocol) {
        return protocol == kProtocol || protocol == kProtocolSealed;
    }

    // Adverts of either family and ARP.
    static bool is_of_interest(std::span<const std::uint8_t> frame) {
        constexpr std::size_t kProtocolOffset = 23;    // Of IPv4 in an Ethernet frame.
        constexpr std::size_t kNextHeaderOffset = 20;  // Of IPv6.
        if (frame.size() <= kProtocolOffset) {
            return false;
        }
        const auto type = static_cast<unsigned>(frame[12] << 8 | frame[13]);
        return type == 0x0806 || (type == 0x0800 && is_advert(frame[kProtocolOffset])) ||
               (type == 0x86dd && frame[kNextHeaderOffset] == kProtocol);
    }

    kernel::UniqueFd fd_;
    std::vector<SeenFrame> frames_;
};

}  // namespace fpvs::vrrp
