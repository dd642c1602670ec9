// SPDX-License-Identifier: Apache-2.0
// The words of the reference: addresses, services, servers and packets.  They are its own, so that
// nothing it says can be an echo of what it is compared with.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace fpvs::reference {

// Of either family, as its bytes stand on the wire; IPv4 uses the first four.
struct Address {
    int family = 4;
    std::array<std::uint8_t, 16> bytes{};

    [[nodiscard]] std::size_t size() const { return family == 4 ? 4 : 16; }
    // 32 bits of it as a number, the first on the wire being the highest.
    [[nodiscard]] std::uint32_t word(std::size_t index) const {
        std::uint32_t number = 0;
        for (std::size_t i = 4 * index; i < 4 * index + 4; ++i) {
            number = number << 8 | bytes[i];
        }
        return number;
    }
    // What the hashing schedulers take for an address.
    [[nodiscard]] std::uint32_t folded() const { return word(0) ^ word(1) ^ word(2) ^ word(3); }
    [[nodiscard]] Address masked(const Address& mask) const {
        Address result = *this;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            result.bytes[i] &= mask.bytes[i];
        }
        return result;
    }

    friend auto operator<=>(const Address&, const Address&) = default;
};

[[nodiscard]] inline Address ipv6_address(const std::array<std::uint32_t, 4>& words) {
    Address address = {.family = 6};
    for (std::size_t i = 0; i < address.bytes.size(); ++i) {
        address.bytes[i] = static_cast<std::uint8_t>(words[i / 4] >> (8 * (3 - i % 4)));
    }
    return address;
}
[[nodiscard]] inline Address ipv4_address(std::uint32_t number) {
    Address address = ipv6_address({number, 0, 0, 0});
    address.family = 4;
    return address;
}

// As IP numbers them.
enum class Protocol : std::uint8_t { tcp = 6, udp = 17, sctp = 132 };

enum class Forwarding : std::uint8_t { nat, local, tunnel, direct_routing, full_nat };

struct Tunnel {
    enum class Kind : std::uint8_t { ipip, gue, gre };
    enum class Checksum : std::uint8_t { none, full, remote };
    Kind kind = Kind::ipip;
    std::uint16_t port = 0;  // Of GUE.
    Checksum checksum = Checksum::none;
};

// A service by firewall mark has its mark and, for the family, an address of zeros.
struct ServiceId {
    Address address;
    std::uint16_t port = 0;
    Protocol protocol = Protocol::tcp;
    std::uint32_t mark = 0;

    friend auto operator<=>(const ServiceId&, const ServiceId&) = default;
};

struct ServerId {
    Address address;
    std::uint16_t port = 0;

    friend auto operator<=>(const ServerId&, const ServerId&) = default;
};

struct Persistence {
    std::uint32_t timeout_s = 360;
    Address mask;  // Of the client's address.
};

struct ServiceSettings {
    std::string scheduler = "wlc";
    bool hash_fallback = false;
    bool hash_port = false;
    bool one_packet = false;
    std::optional<Persistence> persistence;
};

struct ServerSettings {
    Forwarding forwarding = Forwarding::direct_routing;
    Tunnel tunnel;
    int weight = 1;
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;
};

struct Timeouts {
    std::uint32_t tcp_s = 900;
    std::uint32_t tcp_fin_s = 120;
    std::uint32_t udp_s = 300;
};

struct Counters {
    std::uint64_t connections = 0;
    std::uint64_t packets_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t packets_out = 0;
    std::uint64_t bytes_out = 0;
};

// What decisions need of a packet.
struct Packet {
    Protocol protocol = Protocol::tcp;
    bool syn = false;
    bool ack = false;
    bool fin = false;
    bool rst = false;
    std::uint8_t chunk = 0;   // SCTP: the type of the chunk that counts.
    std::uint32_t bytes = 0;  // Of the IP packet.
    Address source;
    std::uint16_t source_port = 0;
    Address destination;
    std::uint16_t destination_port = 0;
    std::uint32_t mark = 0;
};

}  // namespace fpvs::reference
