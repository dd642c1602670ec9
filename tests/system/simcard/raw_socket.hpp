// SPDX-License-Identifier: Apache-2.0
// Frames to and from an interface of a namespace, as the test's own end of a cable.
#pragma once

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "drivers/kernel/netns_scope.hpp"
#include "drivers/kernel/unique_fd.hpp"

namespace fpvs::sim::card {

class RawSocket {
  public:
    RawSocket(const std::string& netns, const std::string& interface) {
        const auto scope = kernel::NetnsScope::enter(netns);
        socket_ = kernel::UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
        const int on = 1;
        ::setsockopt(socket_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_protocol = htons(ETH_P_ALL);
        address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
        if (!scope || address.sll_ifindex == 0 ||
            ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
                0) {
            throw std::runtime_error("no raw socket on " + interface);
        }
    }
    void send(const std::vector<std::uint8_t>& frame) const {
        if (::send(socket_.get(), frame.data(), frame.size(), 0) !=
            static_cast<ssize_t>(frame.size())) {
            throw std::runtime_error("the interface refuses a frame");
        }
    }
    // True once this very frame has come; others, which the kernel may send, are passed over.
    [[nodiscard]] bool has_received(const std::vector<std::uint8_t>& frame) const {
        std::vector<std::uint8_t> received(65536);
        for (;;) {
            const ssize_t length =
                ::recv(socket_.get(), received.data(), received.size(), MSG_DONTWAIT);
            if (length < 0) {
                return false;
            }
            if (std::equal(
                    frame.begin(), frame.end(), received.begin(), received.begin() + length)) {
                return true;
            }
        }
    }

  private:
    kernel::UniqueFd socket_;
};

}  // namespace fpvs::sim::card
