// SPDX-License-Identifier: Apache-2.0
#include "host/sync/message.hpp"

#include <algorithm>
#include <utility>

#include "host/util/check.hpp"

namespace fpvs::sync {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kHeaderBytesV0 = 4;
constexpr std::size_t kHeaderBytesV1 = 8;
constexpr std::size_t kEntryBytesV0 = 24;
constexpr std::size_t kFixedBytesV1 = 24;  // Of an entry, before its addresses.
constexpr std::size_t kSequenceBytes = 24;
constexpr std::size_t kAddressesOfAnEntry = 3;
constexpr std::size_t kEntriesMax = 255;  // The count is one octet.
constexpr std::uint16_t kEntrySizeMask = 0x0fff;
constexpr std::uint8_t kTypeIpv6 = 0x01;
constexpr std::uint32_t kSequenceFlags = flag::kOutSequence | flag::kInSequence;
constexpr std::uint32_t kFlagsMaskV0 = 0xffff;
constexpr std::uint32_t kForwardingMax = 4;  // Bypass.

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kAnyProtocol = 0;

enum Option : std::uint8_t { sequence_option = 1, data_option = 2, name_option = 3 };
constexpr std::uint8_t kOptionMayBeIgnored = 0x40;
constexpr std::size_t kEngineNameBytesMax = 16;
constexpr std::size_t kEngineDataBytesMax = 255;

// Reads from the front; `ok` is false once something was not there.
struct Reader {
    Bytes rest;
    bool ok = true;

    Bytes take(std::size_t size) {
        if (rest.size() < size) {
            ok = false;
            rest = {};
            return {};
        }
        const Bytes taken = rest.first(size);
        rest = rest.subspan(size);
        return taken;
    }
    std::uint32_t number(std::size_t octets) {
        std::uint32_t value = 0;
        for (const std::uint8_t octet : take(octets)) {
            value = value << 8 | octet;
        }
        return value;
    }
    std::uint8_t number8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t number16() { return static_cast<std::uint16_t>(number(2)); }
    model::IpAddress address(model::Family family) {
        if (family == model::Family::ipv4) {
            return model::Ipv4{number(4)};
        }
        model::Ipv6 address;
        for (std::uint32_t& word : address.words) {
            word = number(4);
        }
        return address;
    }
};

void put(std::vector<std::uint8_t>& bytes, std::size_t octets, std::uint32_t value) {
    for (std::size_t i = octets; i-- > 0;) {
        bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

void put(std::vector<std::uint8_t>& bytes, const model::IpAddress& address) {
    for (std::size_t i = 0; i < (address.is_ipv4() ? 1u : 4u); ++i) {
        put(bytes, 4, address.words[i]);
    }
}

void put_at(std::vector<std::uint8_t>& bytes, std::size_t offset, std::uint16_t value) {
    bytes[offset] = static_cast<std::uint8_t>(value >> 8);
    bytes[offset + 1] = static_cast<std::uint8_t>(value);
}

std::optional<SequenceData> sequence_of(Bytes octets) {
    Reader reader{.rest = octets};
    SequenceData data{};
    for (std::uint32_t& word : data) {
        word = reader.number(4);
    }
    return reader.ok ? std::optional(data) : std::nullopt;
}

// How many states IPVS knows of the protocol; of templates 0 and 1 (assured).
std::uint16_t state_count(const Connection& connection) {
    if (connection.is_template()) {
        return 2;
    }
    switch (connection.protocol) {
        case kTcp:
            return 11;
        case kSctp:
            return 14;
        default:
            return 1;
    }
}

std::optional<Refusal> content_refusal(const Connection& connection) {
    const std::uint8_t protocol = connection.protocol;
    const bool of_a_mark = protocol == kAnyProtocol && connection.is_template();
    if (protocol != kTcp && protocol != kUdp && protocol != kSctp && !of_a_mark) {
        return Refusal::wrong_protocol;
    }
    if ((connection.flags & flag::kForwardingMask) > kForwardingMax) {
        return Refusal::wrong_forwarding;
    }
    if (connection.state >= state_count(connection)) {
        return Refusal::wrong_state;
    }
    return std::nullopt;
}

// Sequence data, the name of a persistence engine and what it knows.
std::optional<Refusal> read_option(Reader& reader, Connection& connection) {
    const std::uint8_t type = reader.number8();
    const std::uint8_t length = reader.number8();
    const Bytes data = reader.take(length);
    if (!reader.ok) {
        return Refusal::truncated;
    }
    if (length == 0) {
        return Refusal::wrong_option;
    }
    const auto kind = static_cast<std::uint8_t>(type & ~kOptionMayBeIgnored);
    if (kind == sequence_option) {
        if (connection.sequence_data) {
            return Refusal::repeated_option;
        }
        if (length != kSequenceBytes) {
            return Refusal::wrong_option;
        }
        connection.sequence_data = sequence_of(data);
        return std::nullopt;
    }
    if (kind == data_option || kind == name_option) {
        std::string& text =
            kind == data_option ? connection.persistence_data : connection.persistence_engine;
        if (!text.empty()) {
            return Refusal::repeated_option;
        }
        if (kind == name_option && length > kEngineNameBytesMax) {
            return Refusal::wrong_option;
        }
        text.assign(data.begin(), data.end());
        return std::nullopt;
    }
    return (type & kOptionMayBeIgnored) != 0 ? std::nullopt
                                             : std::optional(Refusal::unknown_option);
}

tl::expected<Connection, Refusal> read_entry_v1(Reader& message) {
    if (message.rest.size() < 4) {
        return tl::unexpected(Refusal::truncated);
    }
    const auto version_and_size =
        static_cast<std::uint16_t>(message.rest[2] << 8 | message.rest[3]);
    if (version_and_size >> 12 != 0) {
        return tl::unexpected(Refusal::wrong_entry_version);
    }
    const std::size_t size = version_and_size & kEntrySizeMask;
    Reader reader{.rest = message.take(size)};
    if (!message.ok) {
        return tl::unexpected(Refusal::truncated);
    }
    Connection connection;
    const auto family =
        (reader.number8() & kTypeIpv6) != 0 ? model::Family::ipv6 : model::Family::ipv4;
    connection.protocol = reader.number8();
    (void)reader.number16();
    connection.flags = reader.number(4);
    connection.state = reader.number16();
    connection.client_port = reader.number16();
    connection.virtual_port = reader.number16();
    connection.server_port = reader.number16();
    connection.firewall_mark = reader.number(4);
    connection.timeout_s = reader.number(4);
    connection.client_address = reader.address(family);
    connection.virtual_address = reader.address(family);
    connection.server_address = reader.address(family);
    if (!reader.ok) {
        return tl::unexpected(Refusal::wrong_entry_size);
    }
    while (!reader.rest.empty()) {
        if (const auto refusal = read_option(reader, connection)) {
            return tl::unexpected(*refusal);
        }
    }
    // The last entry may come without its padding.
    (void)message.take(std::min(message.rest.size(), (4 - size % 4) % 4));
    return connection;
}

tl::expected<Connection, Refusal> read_entry_v0(Reader& message) {
    Reader reader{.rest = message.take(kEntryBytesV0)};
    if (!message.ok) {
        return tl::unexpected(Refusal::truncated);
    }
    Connection connection;
    (void)reader.number8();
    connection.protocol = reader.number8();
    connection.client_port = reader.number16();
    connection.virtual_port = reader.number16();
    connection.server_port = reader.number16();
    connection.client_address = reader.address(model::Family::ipv4);
    connection.virtual_address = reader.address(model::Family::ipv4);
    connection.server_address = reader.address(model::Family::ipv4);
    connection.flags = reader.number16();
    connection.state = reader.number16();
    if ((connection.flags & kSequenceFlags) != 0) {
        connection.sequence_data = sequence_of(message.take(kSequenceBytes));
        if (!connection.sequence_data) {
            return tl::unexpected(Refusal::truncated);
        }
    }
    return connection;
}

std::vector<std::uint8_t> options_of(const Connection& connection) {
    std::vector<std::uint8_t> options;
    if (connection.sequence_data) {
        options.insert(options.end(), {sequence_option, kSequenceBytes});
        for (const std::uint32_t word : *connection.sequence_data) {
            put(options, 4, word);
        }
    }
    const auto put_text = [&](Option type, const std::string& text, std::size_t bytes_max) {
        if (!text.empty()) {
            FPVS_CHECK(text.size() <= bytes_max, "{} octets", text.size());
            options.insert(options.end(), {type, static_cast<std::uint8_t>(text.size())});
            options.insert(options.end(), text.begin(), text.end());
        }
    };
    put_text(data_option, connection.persistence_data, kEngineDataBytesMax);
    put_text(name_option, connection.persistence_engine, kEngineNameBytesMax);
    return options;
}

std::vector<std::uint8_t> entry_v1(const Connection& connection) {
    const std::vector<std::uint8_t> options = options_of(connection);
    const bool is_ipv6 = connection.client_address.is_ipv6();
    const std::size_t size =
        kFixedBytesV1 + kAddressesOfAnEntry * (is_ipv6 ? 16 : 4) + options.size();
    std::vector<std::uint8_t> entry = {is_ipv6 ? kTypeIpv6 : std::uint8_t{0}, connection.protocol};
    put(entry, 2, static_cast<std::uint32_t>(size));
    put(entry, 4, connection.flags);
    put(entry, 2, connection.state);
    put(entry, 2, connection.client_port);
    put(entry, 2, connection.virtual_port);
    put(entry, 2, connection.server_port);
    put(entry, 4, connection.firewall_mark);
    put(entry, 4, connection.timeout_s.value_or(0));
    put(entry, connection.client_address);
    put(entry, connection.virtual_address);
    put(entry, connection.server_address);
    entry.insert(entry.end(), options.begin(), options.end());
    return entry;
}

std::vector<std::uint8_t> entry_v0(const Connection& connection) {
    std::vector<std::uint8_t> entry = {0, connection.protocol};
    put(entry, 2, connection.client_port);
    put(entry, 2, connection.virtual_port);
    put(entry, 2, connection.server_port);
    put(entry, connection.client_address);
    put(entry, connection.virtual_address);
    put(entry, connection.server_address);
    put(entry, 2, connection.flags & kFlagsMaskV0);
    put(entry, 2, connection.state);
    if ((connection.flags & kSequenceFlags) != 0) {
        for (const std::uint32_t word : connection.sequence_data.value_or(SequenceData{})) {
            put(entry, 4, word);
        }
    }
    return entry;
}

}  // namespace

std::string_view name(Refusal refusal) {
    static constexpr std::array<std::string_view, kRefusals> kNames = {
#define FPVS_SYNC_REFUSAL_NAME(name, meaning) #name,
        FPVS_SYNC_REFUSALS(FPVS_SYNC_REFUSAL_NAME)
#undef FPVS_SYNC_REFUSAL_NAME
    };
    return kNames[static_cast<std::size_t>(refusal)];
}

// Version 1 begins with an octet that in version 0 is the count, which is never 0.
tl::expected<Message, Refusal> decode(Bytes datagram, std::uint8_t sync_id) {
    if (datagram.size() < kHeaderBytesV0) {
        return tl::unexpected(Refusal::truncated);
    }
    Reader reader{.rest = datagram};
    Message message{.version = 0};
    std::size_t count = reader.number8();
    message.sync_id = reader.number8();
    if (reader.number16() != datagram.size()) {
        return tl::unexpected(Refusal::wrong_size);
    }
    if (message.sync_id != sync_id) {
        return tl::unexpected(Refusal::wrong_sync_id);
    }
    if (count == 0) {
        count = reader.number8();
        message.version = reader.number8();
        const std::uint16_t spare = reader.number16();
        if (!reader.ok) {
            return tl::unexpected(Refusal::truncated);
        }
        if (message.version != 1 || spare != 0) {
            return tl::unexpected(Refusal::wrong_entry_version);
        }
    }
    for (; count > 0; --count) {
        auto connection = message.version == 1 ? read_entry_v1(reader) : read_entry_v0(reader);
        if (!connection) {
            return tl::unexpected(connection.error());
        }
        if (const auto refusal = content_refusal(*connection)) {
            return tl::unexpected(*refusal);
        }
        message.connections.push_back(std::move(*connection));
    }
    return message;
}

MessageWriter::MessageWriter(std::uint8_t version, std::uint8_t sync_id, std::size_t bytes_max)
    : version_(version), sync_id_(sync_id), bytes_max_(bytes_max) {
    FPVS_CHECK(version <= 1, "version {}", version);
    begin();
}

void MessageWriter::begin() {
    count_ = 0;
    bytes_.assign(version_ == 1 ? kHeaderBytesV1 : kHeaderBytesV0, 0);
}

bool MessageWriter::add(const Connection& connection) {
    if (count_ == kEntriesMax || (version_ == 0 && connection.client_address.is_ipv6())) {
        return false;
    }
    const std::vector<std::uint8_t> entry =
        version_ == 1 ? entry_v1(connection) : entry_v0(connection);
    const std::size_t padding = version_ == 1 && !empty() ? (4 - bytes_.size() % 4) % 4 : 0;
    if (bytes_.size() + padding + entry.size() > bytes_max_) {
        return false;
    }
    bytes_.insert(bytes_.end(), padding, 0);
    bytes_.insert(bytes_.end(), entry.begin(), entry.end());
    ++count_;
    return true;
}

std::vector<std::uint8_t> MessageWriter::take() {
    if (version_ == 1) {
        bytes_[4] = static_cast<std::uint8_t>(count_);
        bytes_[5] = version_;
    } else {
        bytes_[0] = static_cast<std::uint8_t>(count_);
    }
    bytes_[1] = sync_id_;
    put_at(bytes_, 2, static_cast<std::uint16_t>(bytes_.size()));
    std::vector<std::uint8_t> datagram = std::move(bytes_);
    begin();
    return datagram;
}

}  // namespace fpvs::sync
