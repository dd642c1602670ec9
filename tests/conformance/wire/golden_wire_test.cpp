// SPDX-License-Identifier: Apache-2.0
// What directors say to each other: each advert, announcement and synchronisation message that was
// recorded is read, and written again from what it says; both must be the same bytes.
//
// Two things are the sender's own: FRR sets DF on its adverts (they are compared without), and an
// announcement is known by its kind only, since others resolve addresses, too.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/sync/message.hpp"
#include "host/vrrp/announcement.hpp"
#include "host/vrrp/bytes.hpp"
#include "host/vrrp/packet.hpp"
#include "tests/conformance/report/golden_folder.hpp"
#include "tests/conformance/report/tally.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs::test {
namespace {

using kit::Frame;
using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kEthernetBytes = 14;
constexpr unsigned kIpv4 = 0x0800;
constexpr unsigned kArp = 0x0806;
constexpr unsigned kIpv6 = 0x86dd;

unsigned type_of(const Frame& frame) {
    return frame.size() < kEthernetBytes ? 0u : vrrp::be16_at(frame, kEthernetBytes - 2);
}

Bytes packet_of(const Frame& frame) {
    return Bytes(frame).subspan(kEthernetBytes);
}

// Captures of a folder whose names begin so, in the order of their names.
std::vector<std::filesystem::path> captures(const char* folder, const std::string& prefix) {
    std::vector<std::filesystem::path> found;
    const auto path = golden_path(folder);
    if (!std::filesystem::is_directory(path)) {
        return found;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        if (entry.path().extension() == ".pcap" &&
            entry.path().filename().string().starts_with(prefix)) {
            found.push_back(entry.path());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

bool is_advert(const Frame& frame) {
    const Bytes packet = packet_of(frame);
    return (type_of(frame) == kIpv4 && packet.size() >= 20 && packet[9] == vrrp::kProtocol) ||
           (type_of(frame) == kIpv6 && packet.size() >= 40 && packet[6] == vrrp::kProtocol);
}

// "": the same bytes.
std::string advert_difference(const Frame& frame) {
    Bytes packet = packet_of(frame);
    const auto received = vrrp::decode(packet);
    if (!received) {
        return "refused: " + std::string(vrrp::name(received.error()));
    }
    constexpr std::uint8_t kDontFragment = 0x40;
    const bool is_ipv4 = received->envelope.source.is_ipv4();
    // The message alone, where the header is not one that keepalived sends.
    const bool own_header = is_ipv4 && (packet[6] & kDontFragment) != 0;
    const auto compare = [&](vrrp::Ipv4Checksum form) {
        const auto written = vrrp::encode(received->advert, received->envelope, form);
        const std::size_t skipped = own_header ? 20 : 0;
        return std::equal(written.begin() + static_cast<std::ptrdiff_t>(skipped),
                          written.end(),
                          packet.begin() + static_cast<std::ptrdiff_t>(skipped),
                          packet.begin() + static_cast<std::ptrdiff_t>(written.size()));
    };
    return compare(vrrp::Ipv4Checksum::with_pseudo_header) ||
                   compare(vrrp::Ipv4Checksum::message_only)
               ? ""
               : "written differently";
}

// The address that a frame announces, if that is what it does.
std::optional<model::IpAddress> announced_by(const Frame& frame) {
    const Bytes packet = packet_of(frame);
    if (type_of(frame) == kArp && packet.size() >= 28) {
        const auto sender = vrrp::address_at(packet, 14, model::Family::ipv4);
        const bool request = vrrp::be16_at(packet, 6) == 1;
        const bool broadcast = packet[18] == 0xff;  // Whoever asks leaves the target zero.
        return request && broadcast && sender == vrrp::address_at(packet, 24, model::Family::ipv4)
                   ? std::optional(sender)
                   : std::nullopt;
    }
    constexpr std::uint8_t kNeighbourAdvertisement = 136;
    if (type_of(frame) == kIpv6 && packet.size() >= 64 && packet[6] == 58 &&
        packet[40] == kNeighbourAdvertisement && packet[24] == 0xff) {
        const auto target = vrrp::address_at(packet, 48, model::Family::ipv6);
        return target == vrrp::address_at(packet, 8, model::Family::ipv6) ? std::optional(target)
                                                                          : std::nullopt;
    }
    return std::nullopt;
}

TEST(GoldenWire, adverts_and_announcements) {
    Tally tally("vrrp", "frames");
    for (const auto& path : captures("vrrp", "")) {
        std::size_t number = 0;
        for (const Frame& frame : kit::read_pcap(path.string())) {
            const std::string item = path.stem().string() + "/" + std::to_string(++number);
            std::string difference;
            if (frame.size() >= kEthernetBytes && is_advert(frame)) {
                difference = advert_difference(frame);
            } else if (const auto address = announced_by(frame)) {
                model::MacAddress mac;
                std::copy_n(frame.begin() + 6, mac.octets.size(), mac.octets.begin());
                const auto written = vrrp::announcement(mac, *address);
                difference = written == frame ? "" : "announced differently";
            } else {
                continue;
            }
            if (difference.empty()) {
                tally.equal(item);
            } else {
                tally.different(item, difference);
            }
        }
    }
    if (golden_is_foreign() && tally.equal_count() == 0) {
        GTEST_SKIP() << "the folder has no adverts";
    }
    EXPECT_EQ(tally.finish(), "");
}

// The datagram of a synchronisation message.
std::optional<Bytes> sync_datagram_of(const Frame& frame) {
    constexpr std::uint8_t kUdp = 17;
    constexpr unsigned kPort = 8848;
    const Bytes packet =
        type_of(frame) == kIpv4 || type_of(frame) == kIpv6 ? packet_of(frame) : Bytes{};
    const bool is_ipv4 = type_of(frame) == kIpv4;
    const std::size_t header_bytes = is_ipv4 ? 20 : 40;
    if (packet.size() < header_bytes + 8 || packet[is_ipv4 ? 9 : 6] != kUdp ||
        vrrp::be16_at(packet, header_bytes + 2) != kPort) {
        return std::nullopt;
    }
    const std::size_t length = vrrp::be16_at(packet, header_bytes + 4);
    return packet.subspan(header_bytes + 8, std::min(length, packet.size() - header_bytes) - 8);
}

TEST(GoldenWire, synchronisation_messages) {
    Tally tally("sync", "messages");
    for (const auto& path : captures("pkt", "sync-")) {
        std::size_t number = 0;
        for (const Frame& frame : kit::read_pcap(path.string())) {
            const std::string item = path.stem().string() + "/" + std::to_string(++number);
            const auto datagram = sync_datagram_of(frame);
            if (!datagram || datagram->size() < 2) {
                continue;
            }
            const auto message = sync::decode(*datagram, (*datagram)[1]);
            if (!message) {
                tally.different(item, "refused: " + std::string(sync::name(message.error())));
                continue;
            }
            sync::MessageWriter writer(message->version, message->sync_id, datagram->size());
            const bool fits = std::all_of(message->connections.begin(),
                                          message->connections.end(),
                                          [&](const auto& one) { return writer.add(one); });
            const auto written = writer.take();
            if (fits &&
                std::equal(written.begin(), written.end(), datagram->begin(), datagram->end())) {
                tally.equal(item);
            } else {
                tally.different(item, "written differently");
            }
        }
    }
    if (golden_is_foreign() && tally.equal_count() == 0) {
        GTEST_SKIP() << "the folder has no synchronisation messages";
    }
    EXPECT_EQ(tally.finish(), "");
}

}  // namespace
}  // namespace fpvs::test
