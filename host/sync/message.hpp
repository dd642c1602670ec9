// SPDX-License-Identifier: Apache-2.0
// The messages in which IPVS's directors tell each other of their connections: UDP datagrams to
// 224.0.0.81, port 8848, of version 1 and 0, as captured from a kernel (tests/data/pkt/sync-*).
//
//   version 1: 0 | sync id | size 16 | count | 1 | 0 16          then entries, padded to 4 octets:
//     type (bit 0: IPv6) | protocol | version 4, size 12 | flags 32 | state 16 | client port |
//     virtual port | destination port | firewall mark 32 | timeout in s 32 |
//     client, virtual, destination address, 4 or 16 octets each | options: type | length | data
//   version 0: count | sync id | size 16                         then entries of IPv4:
//     0 | protocol | client port | virtual port | destination port | the three addresses |
//     flags 16 | state 16 | sequence data, if the flags say so
//
// Numbers are in network byte order; sizes count everything but padding.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/model/address.hpp"
#include "host/util/result.hpp"

namespace fpvs::sync {

// What IPVS's flags of a connection mean on the wire.
namespace flag {
constexpr std::uint32_t kForwardingMask = 0x7;
constexpr std::uint32_t kNoOutput = 0x80;
constexpr std::uint32_t kInactive = 0x100;
constexpr std::uint32_t kOutSequence = 0x200;
constexpr std::uint32_t kInSequence = 0x400;
constexpr std::uint32_t kNoClientPort = 0x800;
constexpr std::uint32_t kTemplate = 0x1000;
constexpr std::uint32_t kOnePacket = 0x2000;
}  // namespace flag

// How sequence numbers are shifted, as helpers for protocols like FTP do: first number, shift and
// the shift before it, of the client's direction and of the server's.
using SequenceData = std::array<std::uint32_t, 6>;

struct Connection {
    std::uint8_t protocol = 0;  // 0 in templates of services by firewall mark.
    std::uint32_t flags = 0;
    std::uint16_t state = 0;  // As IPVS numbers them; engine::TcpState and SctpState do too.
    model::IpAddress client_address;
    std::uint16_t client_port = 0;
    model::IpAddress virtual_address;
    std::uint16_t virtual_port = 0;
    model::IpAddress server_address;
    std::uint16_t server_port = 0;
    std::uint32_t firewall_mark = 0;
    std::optional<std::uint32_t> timeout_s;  // Version 0 does not say.
    std::optional<SequenceData> sequence_data;
    std::string persistence_engine;
    std::string persistence_data;

    [[nodiscard]] bool is_template() const { return (flags & flag::kTemplate) != 0; }
    friend bool operator==(const Connection&, const Connection&) = default;
};

struct Message {
    std::uint8_t version = 1;
    std::uint8_t sync_id = 0;
    std::vector<Connection> connections;

    friend bool operator==(const Message&, const Message&) = default;
};

// REFUSAL(name, meaning)
#define FPVS_SYNC_REFUSALS(REFUSAL)                                                        \
    REFUSAL(truncated, "shorter than a header, or an entry or option ends beyond the end") \
    REFUSAL(wrong_size, "the header says another size than the datagram has")              \
    REFUSAL(wrong_sync_id, "of another group of directors")                                \
    REFUSAL(wrong_entry_version, "an entry of a version that nobody knows yet")            \
    REFUSAL(wrong_entry_size, "an entry shorter than its fixed part")                      \
    REFUSAL(wrong_protocol, "a connection of a protocol that FPVS does not balance")       \
    REFUSAL(wrong_state, "a state that the protocol has not")                              \
    REFUSAL(wrong_forwarding, "a forwarding method that IPVS has not")                     \
    REFUSAL(unknown_option, "an option that must be understood and is not")                \
    REFUSAL(repeated_option, "an option of an entry for the second time")                  \
    REFUSAL(wrong_option, "an option of the wrong length")

enum class Refusal : std::uint8_t {
#define FPVS_SYNC_REFUSAL_ENUM(name, meaning) name,
    FPVS_SYNC_REFUSALS(FPVS_SYNC_REFUSAL_ENUM)
#undef FPVS_SYNC_REFUSAL_ENUM
};
#define FPVS_SYNC_REFUSAL_ONE(...) +1
constexpr std::size_t kRefusals = 0 FPVS_SYNC_REFUSALS(FPVS_SYNC_REFUSAL_ONE);
#undef FPVS_SYNC_REFUSAL_ONE
using RefusalCounters = std::array<std::uint64_t, kRefusals>;

[[nodiscard]] std::string_view name(Refusal refusal);

// The whole message or nothing of it: a datagram with one wrong entry changes nothing.
[[nodiscard]] tl::expected<Message, Refusal> decode(std::span<const std::uint8_t> datagram,
                                                    std::uint8_t sync_id);

// Collects connections until a datagram is full.
class MessageWriter {
  public:
    MessageWriter(std::uint8_t version, std::uint8_t sync_id, std::size_t bytes_max);

    // False: there is no room, or the version cannot carry it (version 0 and IPv6).
    [[nodiscard]] bool add(const Connection& connection);
    [[nodiscard]] bool empty() const { return count_ == 0; }
    // The datagram; the writer is empty again.
    [[nodiscard]] std::vector<std::uint8_t> take();

  private:
    void begin();

    std::uint8_t version_;
    std::uint8_t sync_id_;
    std::size_t bytes_max_;
    std::vector<std::uint8_t> bytes_;
    std::size_t count_ = 0;
};

}  // namespace fpvs::sync
