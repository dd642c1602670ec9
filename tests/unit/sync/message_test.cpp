// SPDX-License-Identifier: Apache-2.0
// Messages of a kernel's master (tests/data/pkt/sync-*), read and written again; and what a
// kernel's backup was seen to accept and refuse.
#include "host/sync/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/kit/pcap_reader.hpp"

namespace fpvs::sync {
namespace {

using Datagram = std::vector<std::uint8_t>;
using ::testing::ElementsAreArray;

constexpr std::size_t kUdpPayload = 42;  // Behind Ethernet, IPv4 and UDP.

std::vector<Datagram> captured(const std::string& name) {
    std::vector<Datagram> datagrams;
    for (const auto& frame : kit::read_pcap("tests/data/pkt/" + name + ".backup-if.pcap")) {
        if (frame.size() > kUdpPayload && frame[23] == 17 && frame[36] == 0x22 &&
            frame[37] == 0x90) {
            datagrams.emplace_back(frame.begin() + kUdpPayload, frame.end());
        }
    }
    return datagrams;
}

Datagram written(const Message& message) {
    MessageWriter writer(message.version, message.sync_id, 1472);
    for (const Connection& connection : message.connections) {
        EXPECT_TRUE(writer.add(connection));
    }
    return writer.take();
}

Connection a_connection() {
    return {.protocol = 6,
            .flags = 0x83,
            .state = 1,
            .client_address = *model::parse_address("10.1.0.1"),
            .client_port = 41000,
            .virtual_address = *model::parse_address("10.0.0.100"),
            .virtual_port = 3306,
            .server_address = *model::parse_address("192.168.113.16"),
            .server_port = 3306,
            .timeout_s = 900};
}

Refusal refusal_of(const Datagram& datagram, std::uint8_t sync_id = 5) {
    const auto message = decode(datagram, sync_id);
    EXPECT_FALSE(message);
    return message ? Refusal{} : message.error();
}

void expect_read_and_written_the_same(const std::string& name,
                                      std::uint8_t sync_id,
                                      std::size_t datagrams_min) {
    const auto datagrams = captured(name);
    EXPECT_GE(datagrams.size(), datagrams_min);
    for (const Datagram& datagram : datagrams) {
        const auto message = decode(datagram, sync_id);
        ASSERT_TRUE(message) << sync::name(message.error());
        EXPECT_THAT(written(*message), ElementsAreArray(datagram));
    }
}

TEST(SyncMessage, version_1_of_a_kernel_is_read_and_written_byte_for_byte) {
    expect_read_and_written_the_same("sync-v1", 5, 1);
    expect_read_and_written_the_same("sync-v1-threshold-1-4", 9, 2);
}

TEST(SyncMessage, version_0_of_a_kernel_is_read_and_written_byte_for_byte) {
    expect_read_and_written_the_same("sync-v0", 5, 1);
}

TEST(SyncMessage, a_kernels_template_and_connection_mean_what_its_lists_say) {
    const auto message = decode(captured("sync-v1").front(), 5);
    ASSERT_TRUE(message);
    const Connection& first = message->connections.front();
    EXPECT_TRUE(first.is_template());
    EXPECT_EQ(first.client_address, *model::parse_address("10.1.0.1"));
    EXPECT_EQ(first.client_port, 0);
    EXPECT_EQ(first.timeout_s, 50u);
    EXPECT_EQ(first.flags & flag::kForwardingMask, 3u);
    EXPECT_THAT(message->connections, ::testing::Contains(a_connection()));
}

TEST(SyncMessage, ipv6_and_options_are_written_as_they_are_read) {
    Connection ipv6 = a_connection();
    ipv6.client_address = *model::parse_address("fd00:c::2");
    ipv6.virtual_address = *model::parse_address("fd00:c::100");
    ipv6.server_address = *model::parse_address("fd00:d::15");
    ipv6.persistence_engine = "sip";
    ipv6.persistence_data = "call-id@host";
    Connection shifted = a_connection();
    shifted.sequence_data = SequenceData{1, 2, 3, 4, 5, 6};
    const Message message{
        .version = 1, .sync_id = 5, .connections = {ipv6, shifted, a_connection()}};
    const auto again = decode(written(message), 5);
    ASSERT_TRUE(again) << name(again.error());
    EXPECT_EQ(*again, message);
}

TEST(SyncMessage, a_writer_takes_what_fits_and_no_more) {
    MessageWriter writer(1, 5, 8 + 2 * 36);
    EXPECT_TRUE(writer.empty());
    EXPECT_TRUE(writer.add(a_connection()));
    EXPECT_TRUE(writer.add(a_connection()));
    EXPECT_FALSE(writer.add(a_connection()));
    EXPECT_EQ(writer.take().size(), 80u);
    EXPECT_TRUE(writer.empty());
    EXPECT_TRUE(writer.add(a_connection()));
    Connection ipv6 = a_connection();
    ipv6.client_address = *model::parse_address("fd00:c::2");
    EXPECT_FALSE(MessageWriter(0, 5, 1472).add(ipv6));
}

TEST(SyncMessage, no_truncation_is_accepted) {
    for (const char* capture : {"sync-v1", "sync-v0"}) {
        const auto whole = captured(capture).front();
        for (std::size_t length = 0; length < whole.size(); ++length) {
            Datagram cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
            EXPECT_FALSE(decode(cut, 5)) << capture << " cut to " << length;
            if (length >= 4) {  // By a sender that says so.
                cut[2] = static_cast<std::uint8_t>(length >> 8);
                cut[3] = static_cast<std::uint8_t>(length);
                EXPECT_EQ(name(refusal_of(cut)), "truncated") << capture << " cut to " << length;
            }
        }
    }
}

struct Damage {
    const char* what;
    std::size_t offset;
    std::uint8_t value;
    Refusal refusal;
};

class SyncDamage : public ::testing::TestWithParam<Damage> {};

TEST_P(SyncDamage, is_refused_by_name) {
    Message message{.version = 1, .sync_id = 5, .connections = {a_connection(), a_connection()}};
    message.connections[1].sequence_data = SequenceData{};
    Datagram datagram = written(message);
    datagram[GetParam().offset] = GetParam().value;
    EXPECT_EQ(name(refusal_of(datagram)), name(GetParam().refusal));
}

INSTANTIATE_TEST_SUITE_P(
    SyncMessage,
    SyncDamage,
    ::testing::Values(Damage{"sync_id", 1, 6, Refusal::wrong_sync_id},
                      Damage{"size", 3, 0x73, Refusal::wrong_size},
                      Damage{"version", 5, 2, Refusal::wrong_entry_version},
                      Damage{"spare", 7, 1, Refusal::wrong_entry_version},
                      Damage{"more_entries", 4, 3, Refusal::truncated},
                      Damage{"protocol", 9, 1, Refusal::wrong_protocol},
                      Damage{"entry_version", 10, 0x10, Refusal::wrong_entry_version},
                      Damage{"entry_size_small", 11, 35, Refusal::wrong_entry_size},
                      Damage{"entry_size_large", 10, 0x0f, Refusal::truncated},
                      Damage{"forwarding", 15, 0x85, Refusal::wrong_forwarding},
                      Damage{"state", 17, 99, Refusal::wrong_state},
                      Damage{"option_length", 81, 23, Refusal::wrong_option},
                      Damage{"option_beyond_the_end", 81, 25, Refusal::truncated},
                      Damage{"unknown_option", 80, 9, Refusal::unknown_option}),
    [](const auto& info) { return info.param.what; });

TEST(SyncMessage, an_unknown_option_that_may_be_ignored_is) {
    Message message{.version = 1, .sync_id = 5, .connections = {a_connection()}};
    message.connections[0].sequence_data = SequenceData{};
    Datagram datagram = written(message);
    datagram[8 + 36] = 0x49;
    const auto read = decode(datagram, 5);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->connections.front(), a_connection());
}

TEST(SyncMessage, an_option_twice_is_refused) {
    Message message{.version = 1, .sync_id = 5, .connections = {a_connection()}};
    message.connections[0].persistence_engine = "sip";
    message.connections[0].persistence_data = "sip";
    Datagram datagram = written(message);
    datagram[8 + 36] = 3;
    EXPECT_EQ(refusal_of(datagram), Refusal::repeated_option);
}

}  // namespace
}  // namespace fpvs::sync
