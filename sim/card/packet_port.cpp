// SPDX-License-Identifier: Apache-2.0
#include "sim/card/packet_port.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "host/util/log.hpp"
#include "sim/card/interface_flags.hpp"
#include "sim/card/netns_open.hpp"

namespace fpvs::sim::card {
namespace {

// Room for bursts while the simulation, slower than any wire, is busy.
constexpr int kSocketBufferBytes = 8 << 20;
// struct virtio_net_hdr of <linux/virtio_net.h>, which is not C++.
struct OffloadHeader {
    std::uint8_t flags = 0;
    std::uint8_t gso_type = 0;
    std::uint16_t header_bytes = 0;
    std::uint16_t gso_bytes = 0;
    std::uint16_t checksum_start = 0;
    std::uint16_t checksum_offset = 0;
};
static_assert(sizeof(OffloadHeader) == 10);
constexpr std::uint8_t kNeedsChecksum = 1;
constexpr std::uint8_t kNoSegments = 0;

constexpr std::size_t kTagOffset = 12;
constexpr std::size_t kTagBytes = 4;

Status set_option(int socket, int level, int option, const void* value, socklen_t size) {
    if (::setsockopt(socket, level, option, value, size) != 0) {
        return fail(Code::unavailable,
                    "cannot set up a packet socket (option {}): {}",
                    option,
                    std::strerror(errno));
    }
    return {};
}

Status set_flag(int socket, int option) {
    const int on = 1;
    return set_option(socket, SOL_PACKET, option, &on, sizeof on);
}

Result<kernel::UniqueFd> open_socket(const std::string& name) {
    const unsigned index = ::if_nametoindex(name.c_str());
    if (index == 0) {
        return fail(Code::not_found, "no interface '{}' here: {}", name, std::strerror(errno));
    }
    kernel::UniqueFd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) {
        return fail(Code::unavailable, "cannot open a packet socket: {}", std::strerror(errno));
    }
    const int fd = socket.get();
    FPVS_TRY_STATUS(set_flag(fd, PACKET_VNET_HDR));
    FPVS_TRY_STATUS(set_flag(fd, PACKET_AUXDATA));
    FPVS_TRY_STATUS(set_flag(fd, PACKET_IGNORE_OUTGOING));
    packet_mreq promiscuous{};
    promiscuous.mr_ifindex = static_cast<int>(index);
    promiscuous.mr_type = PACKET_MR_PROMISC;
    FPVS_TRY_STATUS(
        set_option(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous));
    FPVS_TRY_STATUS(
        set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kSocketBufferBytes, sizeof kSocketBufferBytes));
    // From here on it receives: of this interface alone.
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(index);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return fail(Code::unavailable, "cannot bind to '{}': {}", name, std::strerror(errno));
    }
    return socket;
}

// The tag that the kernel took out of a frame, in network byte order, if there was one.
std::optional<std::array<std::uint8_t, kTagBytes>> taken_tag(msghdr& message) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_PACKET || part->cmsg_type != PACKET_AUXDATA) {
            continue;
        }
        tpacket_auxdata data{};
        std::memcpy(&data, CMSG_DATA(part), sizeof data);
        if ((data.tp_status & TP_STATUS_VLAN_VALID) == 0) {
            return std::nullopt;
        }
        const unsigned type =
            (data.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? data.tp_vlan_tpid : ETH_P_8021Q;
        return std::array{static_cast<std::uint8_t>(type >> 8),
                          static_cast<std::uint8_t>(type),
                          static_cast<std::uint8_t>(data.tp_vlan_tci >> 8),
                          static_cast<std::uint8_t>(data.tp_vlan_tci)};
    }
    return std::nullopt;
}

// The field already holds the sum of the pseudo header; RFC 1071 does the rest.
bool complete_checksum(Frame& frame, std::size_t start, std::size_t offset) {
    if (start + offset + 2 > frame.size()) {
        return false;
    }
    std::uint64_t sum = 0;
    for (std::size_t i = start; i < frame.size(); ++i) {
        sum += (i - start) % 2 == 0 ? std::uint64_t{frame[i]} << 8 : frame[i];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    auto checksum = static_cast<std::uint16_t>(~sum);
    if (checksum == 0) {
        checksum = 0xffff;  // RFC 768: zero means no checksum; to TCP both are the same number.
    }
    frame[start + offset] = static_cast<std::uint8_t>(checksum >> 8);
    frame[start + offset + 1] = static_cast<std::uint8_t>(checksum);
    return true;
}

}  // namespace

Result<std::unique_ptr<Port>> PacketPort::open(std::string text,
                                               const std::string& name,
                                               const std::string& netns) {
    return open_in_netns(netns, [&]() -> Result<std::unique_ptr<Port>> {
        FPVS_TRY(auto socket, open_socket(name));
        return std::unique_ptr<Port>(new PacketPort(std::move(text), name, std::move(socket)));
    });
}

bool PacketPort::link_up() const {
    return interface_has_link(socket_.get(), name_);
}

Port::Receipt PacketPort::receive(Frame& frame) {
    OffloadHeader offload;
    frame.resize(abi::kFrameBytesMax);
    iovec parts[] = {{&offload, sizeof offload}, {frame.data(), frame.size()}};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(tpacket_auxdata))> control{};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = std::size(parts);
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    // With MSG_TRUNC the length is that of the whole, however much of it fits.
    const ssize_t length = ::recvmsg(socket_.get(), &message, MSG_TRUNC);
    if (length < 0) {
        // One that only goes down says ENETDOWN, too, and comes back.
        return errno == ENETDOWN && !interface_exists(socket_.get(), name_) ? Receipt::gone
                                                                            : Receipt::nothing;
    }
    const std::size_t bytes = static_cast<std::size_t>(length) - sizeof offload;
    if (offload.gso_type != kNoSegments || bytes > frame.size()) {
        ++counters_.unreadable;
        if (!std::exchange(segments_reported_, true)) {
            log::warn("simcard",
                      "{}: {} bytes in one piece, which no wire carries, dropped; turn off "
                      "segmentation offload (tso, gso) at the sender",
                      text(),
                      bytes);
        }
        return Receipt::nothing;
    }
    frame.resize(bytes);
    if ((offload.flags & kNeedsChecksum) != 0 &&
        !complete_checksum(frame, offload.checksum_start, offload.checksum_offset)) {
        ++counters_.unreadable;
        return Receipt::nothing;
    }
    if (const auto tag = taken_tag(message); tag && frame.size() >= kTagOffset) {
        frame.insert(frame.begin() + kTagOffset, tag->begin(), tag->end());
    }
    ++counters_.received;
    return Receipt::frame;
}

void PacketPort::send(std::span<const std::uint8_t> frame, std::uint64_t /*time_ns*/) {
    OffloadHeader nothing_left_to_do;
    iovec parts[] = {{&nothing_left_to_do, sizeof nothing_left_to_do},
                     {const_cast<std::uint8_t*>(frame.data()), frame.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = std::size(parts);
    const bool taken = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) >= 0;
    ++(taken ? counters_.sent : counters_.refused);
}

}  // namespace fpvs::sim::card
