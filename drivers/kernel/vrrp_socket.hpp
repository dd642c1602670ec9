// SPDX-License-Identifier: Apache-2.0
// A raw socket of protocol 112 on one interface, of one family: whole IP packets out and in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "drivers/kernel/rtnetlink.hpp"
#include "drivers/kernel/unique_fd.hpp"
#include "host/model/address.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

constexpr std::size_t kVrrpPacketBytesMax = 2048;
using VrrpPacketBuffer = std::array<std::uint8_t, kVrrpPacketBytesMax>;

// What is heard.  Adverts with an Authentication Header are packets of another protocol to the
// kernel; it sends them by the socket of plain ones, too.
enum class VrrpChannel : std::uint8_t { ipv4, ipv6, ipv4_authenticated };
constexpr std::size_t kVrrpChannels = 3;

// Member of the VRRP group of its family, bound to the interface; hears no packets of its own.
[[nodiscard]] Result<UniqueFd> open_vrrp_socket(const Interface& interface, VrrpChannel channel);

[[nodiscard]] Status send_vrrp_packet(int fd,
                                      const Interface& interface,
                                      std::span<const std::uint8_t> packet,
                                      const model::IpAddress& destination);

// The next packet that waits, in `buffer`, or nothing.  The kernel keeps IPv6 headers to itself:
// they are made again from what it says of them, with traffic class and flow label 0.
[[nodiscard]] std::optional<std::span<const std::uint8_t>> receive_vrrp_packet(
    int fd, VrrpChannel channel, VrrpPacketBuffer& buffer);

}  // namespace fpvs::kernel
