// SPDX-License-Identifier: Apache-2.0
// The family and requests that no tool sends; what tools send is tests/conformance/nl.
#include "drivers/ipvs_netlink/family.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

#include "tests/kit/engine_operations.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs::ipvs_netlink {
namespace {

constexpr std::size_t kCookedHeaderBytes = 16;  // LINKTYPE_NETLINK
const std::string kFolder = "tests/data/nl/";

std::vector<Bytes> messages_of(const kit::Frame& frame) {
    std::vector<Bytes> messages;
    ByteView rest = ByteView(frame).subspan(kCookedHeaderBytes);
    while (rest.size() >= NLMSG_HDRLEN) {
        nlmsghdr header{};
        std::memcpy(&header, rest.data(), sizeof header);
        const std::size_t length = std::min<std::size_t>(header.nlmsg_len, rest.size());
        messages.emplace_back(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length));
        rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(length), rest.size()));
    }
    return messages;
}

Bytes request(std::uint16_t type, std::uint8_t command, std::uint16_t flags = 0) {
    MessageWriter out;
    out.begin({.nlmsg_len = 0, .nlmsg_type = 0, .nlmsg_flags = 0, .nlmsg_seq = 7, .nlmsg_pid = 9},
              type,
              NLM_F_REQUEST | flags,
              command);
    out.end();
    return out.take();
}

int error_of(const Bytes& answer) {
    nlmsghdr header{};
    int error = 0;
    EXPECT_GE(answer.size(), sizeof header + sizeof error);
    std::memcpy(&header, answer.data(), sizeof header);
    EXPECT_EQ(header.nlmsg_type, NLMSG_ERROR);
    std::memcpy(&error, answer.data() + sizeof header, sizeof error);
    return error;
}

TEST(IpvsFamily, unknown_families_and_commands_are_refused) {
    kit::EngineOperations operations;
    IpvsFamily family(operations);
    EXPECT_EQ(error_of(family.handle(request(0x77, 1))), -ENOENT);
    EXPECT_EQ(error_of(family.handle(request(kFamilyId, 99))), -EOPNOTSUPP);
    EXPECT_EQ(error_of(family.handle(request(kFamilyId, 1))), -EINVAL);
}

TEST(IpvsFamily, a_cut_or_flipped_request_never_harms) {
    const auto frames = kit::read_pcap(kFolder + "ipvsadm-03.pcap");
    const unsigned seed = std::random_device{}();
    fmt::print("seed {}\n", seed);
    std::mt19937 random(seed);
    kit::EngineOperations operations;
    IpvsFamily family(operations);
    for (const auto& frame : frames) {
        for (const Bytes& message : messages_of(frame)) {
            for (std::size_t length = 0; length < message.size(); ++length) {
                (void)family.handle(ByteView(message).first(length));
            }
            for (int flips = 0; flips < 500; ++flips) {
                Bytes damaged = message;
                damaged[random() % damaged.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
                (void)family.handle(damaged);
            }
        }
    }
    EXPECT_LE(operations.services().size(), 500u * frames.size());
}

TEST(IpvsFamily, connections_are_listed_as_the_kernel_prints_them) {
    kit::EngineOperations operations;
    IpvsFamily family(operations);
    const nlmsghdr ask{.nlmsg_len = sizeof ask,
                       .nlmsg_type = 0x7ff0,
                       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                       .nlmsg_seq = 0,
                       .nlmsg_pid = 0};
    const Bytes answer = family.handle({reinterpret_cast<const std::uint8_t*>(&ask), sizeof ask});
    const std::string text(answer.begin(), answer.end());
    EXPECT_NE(text.find("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires"),
              std::string::npos);
}

}  // namespace
}  // namespace fpvs::ipvs_netlink
