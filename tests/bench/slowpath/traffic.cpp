// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/slowpath/traffic.hpp"

#include <algorithm>
#include <cstring>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/headers.hpp"

namespace fpvs::bench {
namespace {

using namespace slowpath;

constexpr std::uint8_t kDestinationMac[] = {0x02, 0, 0, 0, 0, 0xd0};
constexpr std::uint8_t kSourceMac[] = {0x02, 0, 0, 0, 0, 0xc0};
constexpr std::size_t kEthernetBytesMin = 60;
constexpr std::uint8_t kHopLimit = 64;

std::size_t port_offset(model::Family family) {
    return ethernet::kHeaderBytes +
           (family == model::Family::ipv4 ? ipv4::kHeaderBytesMin : ipv6::kHeaderBytes);
}

void fill_ipv4(std::uint8_t* ip, std::uint32_t source, std::uint32_t destination) {
    ip[ipv4::kVersion] = 0x45;
    store_be16(ip + ipv4::kTotalLength, ipv4::kHeaderBytesMin + tcp::kHeaderBytesMin);
    store_be16(ip + ipv4::kFragment, ipv4::kDontFragment);
    ip[ipv4::kTtl] = kHopLimit;
    ip[ipv4::kProtocol] = ip_protocol::kTcp;
    store_be32(ip + ipv4::kSource, source);
    store_be32(ip + ipv4::kDestination, destination);
    store_be16(ip + ipv4::kChecksum, checksum({ip, ipv4::kHeaderBytesMin}));
}

void fill_ipv6(std::uint8_t* ip, model::Ipv6 source, model::Ipv6 destination) {
    store_be32(ip, ipv6::kVersionBits);
    store_be16(ip + ipv6::kPayloadLength, tcp::kHeaderBytesMin);
    ip[ipv6::kNextHeader] = ip_protocol::kTcp;
    ip[ipv6::kHopLimit] = kHopLimit;
    store_ipv6(ip + ipv6::kSource, source);
    store_ipv6(ip + ipv6::kDestination, destination);
}

}  // namespace

model::IpAddress client_of(model::Family family, std::uint32_t connection) {
    const std::uint32_t client = 1 + connection / kPortsEach;
    if (family == model::Family::ipv4) {
        return model::Ipv4{0x0b000000 + client};
    }
    return model::Ipv6{{0xfd00000b, 0, 0, client}};
}

model::IpAddress service_address(model::Family family) {
    if (family == model::Family::ipv4) {
        return model::Ipv4{0x0a000064};
    }
    return model::Ipv6{{0xfd00000a, 0, 0, 0x100}};
}

model::IpAddress server_address(model::Family family, std::uint32_t server) {
    if (family == model::Family::ipv4) {
        return model::Ipv4{0xc0a87101 + server};
    }
    return model::Ipv6{{0xfd00000d, 0, 0, 1 + server}};
}

engine::Packet packet_of(model::Family family, std::uint32_t connection, std::uint8_t flags) {
    return {.protocol = model::Protocol::tcp,
            .tcp_flags = flags,
            .ip_length_bytes = 40,
            .source_address = client_of(family, connection),
            .source_port = static_cast<std::uint16_t>(kFirstPort + connection % kPortsEach),
            .destination_address = service_address(family),
            .destination_port = 80};
}

namespace {

Frame make_frame(model::Family family, const engine::Packet& packet) {
    const std::size_t transport = port_offset(family);
    Frame frame(std::max(kEthernetBytesMin, transport + tcp::kHeaderBytesMin));
    std::memcpy(&frame[ethernet::kDestination], kDestinationMac, sizeof kDestinationMac);
    std::memcpy(&frame[ethernet::kSource], kSourceMac, sizeof kSourceMac);
    std::uint8_t* ip = &frame[ethernet::kHeaderBytes];
    if (family == model::Family::ipv4) {
        store_be16(&frame[ethernet::kType], ethernet::kTypeIpv4);
        fill_ipv4(ip, packet.source_address.ipv4().value, packet.destination_address.ipv4().value);
    } else {
        store_be16(&frame[ethernet::kType], ethernet::kTypeIpv6);
        fill_ipv6(ip, packet.source_address.ipv6(), packet.destination_address.ipv6());
    }
    store_be16(&frame[transport + transport::kSourcePort], packet.source_port);
    store_be16(&frame[transport + transport::kDestinationPort], packet.destination_port);
    frame[transport + tcp::kDataOffset] = 0x50;
    frame[transport + tcp::kFlags] = packet.tcp_flags;
    return frame;
}

}  // namespace

Frame frame_of(model::Family family, std::uint32_t connection, std::uint8_t flags) {
    return make_frame(family, packet_of(family, connection, flags));
}

Frame answer_of(model::Family family, std::uint32_t connection, std::uint32_t server) {
    engine::Packet packet = packet_of(family, connection, engine::tcp_flag::kAck);
    std::swap(packet.source_port, packet.destination_port);
    packet.destination_address = packet.source_address;
    packet.source_address = server_address(family, server);
    return make_frame(family, packet);
}

Traffic::Traffic(rte_mempool& pool,
                 model::Family family,
                 std::uint8_t flags,
                 std::uint32_t first,
                 std::uint32_t count,
                 Order order)
    : pool_(pool), first_(first), count_(count), order_(order), port_offset_(port_offset(family)) {
    for (std::uint32_t client = 0; client <= (first + count) / kPortsEach; ++client) {
        frames_.push_back(frame_of(family, client * kPortsEach, flags));
    }
}

void Traffic::answer(model::Family family, std::vector<std::uint8_t> servers) {
    servers_count_ = 1U + *std::max_element(servers.begin(), servers.end());
    const std::size_t clients = frames_.size();
    frames_.clear();
    for (std::uint32_t client = 0; client < clients; ++client) {
        for (std::uint32_t server = 0; server < servers_count_; ++server) {
            frames_.push_back(answer_of(family, client * kPortsEach, server));
        }
    }
    servers_ = std::move(servers);
    port_offset_ = port_offset(family) + transport::kDestinationPort;
}

std::uint32_t Traffic::next() noexcept {
    if (order_ == Order::ascending) {
        return first_ + ascending_++;
    }
    // xorshift32.
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    if (!chosen_.empty()) {
        return chosen_[(std::uint64_t{state_} * chosen_.size()) >> 32];
    }
    return first_ + static_cast<std::uint32_t>((std::uint64_t{state_} * count_) >> 32);
}

std::size_t Traffic::rx_burst(std::span<rte_mbuf*> frames) noexcept {
    const bool is_over = order_ == Order::ascending && ascending_ + frames.size() > count_;
    if (is_over ||
        rte_pktmbuf_alloc_bulk(&pool_, frames.data(), static_cast<unsigned>(frames.size())) != 0) {
        return 0;
    }
    for (rte_mbuf* frame : frames) {
        const std::uint32_t connection = next();
        const std::size_t client = connection / kPortsEach;
        const Frame& contents = servers_.empty()
                                    ? frames_[client]
                                    : frames_[client * servers_count_ + servers_[connection]];
        frame->data_len = static_cast<std::uint16_t>(contents.size());
        frame->pkt_len = frame->data_len;
        frame->port = 0;
        auto* bytes = rte_pktmbuf_mtod(frame, std::uint8_t*);
        std::memcpy(bytes, contents.data(), contents.size());
        store_be16(bytes + port_offset_,
                   static_cast<std::uint16_t>(kFirstPort + connection % kPortsEach));
    }
    return frames.size();
}

void Traffic::tx_burst(std::span<rte_mbuf* const> frames) noexcept {
    sent += frames.size();
    rte_pktmbuf_free_bulk(const_cast<rte_mbuf**>(frames.data()),
                          static_cast<unsigned>(frames.size()));
}

}  // namespace fpvs::bench
