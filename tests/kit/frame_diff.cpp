// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/frame_diff.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

namespace fpvs::kit {
namespace {

struct NamedBytes {
    std::string name;
    std::size_t offset;
    std::size_t count;
};

using Fields = std::vector<NamedBytes>;

// The layers of a frame, as far as the frame itself says what they are.
class Layers {
  public:
    explicit Layers(const FrameBytes& frame) : frame_(frame) {}

    Fields fields() && {
        add({{"ethernet destination", 6}, {"ethernet source", 6}});
        std::uint16_t type = be16(at_);
        while (type == kVlanType || type == kStackedVlanType) {
            add({{"vlan type", 2}, {"vlan tci", 2}});
            type = be16(at_);
        }
        add({{"ether type", 2}});
        if (type == kIpv4Type || type == kIpv6Type) {
            ip("");
        }
        if (frame_.size() > at_) {
            fields_.push_back({"rest", at_, frame_.size() - at_});
        }
        return std::move(fields_);
    }

  private:
    struct Field {
        const char* name;
        std::size_t count;
    };
    static constexpr std::uint16_t kVlanType = 0x8100;
    static constexpr std::uint16_t kStackedVlanType = 0x88a8;
    static constexpr std::uint16_t kIpv4Type = 0x0800;
    static constexpr std::uint16_t kIpv6Type = 0x86dd;
    static constexpr std::size_t kIpv4HeaderBytes = 20;

    [[nodiscard]] std::uint16_t be16(std::size_t at) const {
        return at + 1 < frame_.size() ? static_cast<std::uint16_t>(frame_[at] << 8 | frame_[at + 1])
                                      : std::uint16_t{0};
    }
    [[nodiscard]] std::uint8_t byte(std::size_t at) const {
        return at < frame_.size() ? frame_[at] : std::uint8_t{0};
    }

    void add(std::initializer_list<Field> fields, const std::string& layer = "") {
        for (const Field& field : fields) {
            const std::size_t count = std::min(field.count, frame_.size() - at_);
            fields_.push_back({layer + field.name, at_, count});
            at_ += count;
        }
    }

    void ip(const std::string& layer) {
        if (byte(at_) >> 4 == 6) {
            const std::uint8_t next = byte(at_ + 6);
            add({{"ipv6 version, class and flow label", 4},
                 {"ipv6 payload length", 2},
                 {"ipv6 next header", 1},
                 {"ipv6 hop limit", 1},
                 {"ipv6 source", 16},
                 {"ipv6 destination", 16}},
                layer);
            transport(next, layer);
            return;
        }
        const std::size_t header = 4u * (byte(at_) & 0xfu);
        const std::uint8_t protocol = byte(at_ + 9);
        const bool is_first = (be16(at_ + 6) & 0x1fff) == 0;
        add({{"ip version and header length", 1},
             {"ip tos", 1},
             {"ip total length", 2},
             {"ip identification", 2},
             {"ip fragment", 2},
             {"ip ttl", 1},
             {"ip protocol", 1},
             {"ip checksum", 2},
             {"ip source", 4},
             {"ip destination", 4}},
            layer);
        if (header > kIpv4HeaderBytes) {
            add({{"ip options", header - kIpv4HeaderBytes}}, layer);
        }
        if (is_first) {
            transport(protocol, layer);
        }
    }

    void transport(std::uint8_t protocol, const std::string& layer) {
        switch (protocol) {
            case 6:
                add({{"tcp source port", 2},
                     {"tcp destination port", 2},
                     {"tcp sequence", 4},
                     {"tcp acknowledgement", 4},
                     {"tcp offset and flags", 2},
                     {"tcp window", 2},
                     {"tcp checksum", 2},
                     {"tcp urgent", 2}},
                    layer);
                break;
            case 17:
                udp(layer);
                break;
            case 47:
                gre(layer);
                break;
            case 4:
            case 41:
                ip(layer + "inner ");
                break;
            case 1:
            case 58:
                icmp(protocol == 58, layer);
                break;
            default:
                break;
        }
    }

    // GUE is known by its port as people use it, and by what it carries.
    void udp(const std::string& layer) {
        constexpr std::uint16_t kGuePort = 6080;
        const bool is_gue = be16(at_ + 2) == kGuePort && layer.empty();
        add({{"udp source port", 2},
             {"udp destination port", 2},
             {"udp length", 2},
             {"udp checksum", 2}},
            layer);
        if (is_gue) {
            const std::size_t options = 4u * (byte(at_) & 0x1fu);
            const std::uint8_t protocol = byte(at_ + 1);
            add({{"gue header", 4}, {"gue options", options}}, layer);
            transport(protocol, layer);
        }
    }

    void gre(const std::string& layer) {
        constexpr std::uint8_t kChecksumPresent = 0x80;
        const std::uint8_t flags = byte(at_);
        add({{"gre flags", 2}, {"gre protocol", 2}}, layer);
        if ((flags & kChecksumPresent) != 0) {
            add({{"gre checksum", 4}}, layer);
        }
        ip(layer + "inner ");
    }

    void icmp(bool is_v6, const std::string& layer) {
        const std::uint8_t type = byte(at_);
        const bool is_error =
            is_v6 ? type < 128 : type == 3 || type == 5 || type == 11 || type == 12;
        add({{"icmp type and code", 2}, {"icmp checksum", 2}, {"icmp parameter", 4}}, layer);
        if (is_error && layer.find("quoted") == std::string::npos) {
            ip(layer + "quoted ");
        }
    }

    const FrameBytes& frame_;
    std::size_t at_ = 0;
    Fields fields_;
};

std::string hex(const FrameBytes& frame, std::size_t offset, std::size_t count) {
    std::string text;
    for (std::size_t i = offset; i < std::min(offset + count, frame.size()); ++i) {
        text += fmt::format("{:02x}", frame[i]);
    }
    return text;
}

// The part of a field from its first to its last differing byte.
NamedBytes differing_part(const NamedBytes& field,
                          const FrameBytes& expected,
                          const FrameBytes& actual) {
    std::size_t first = field.offset + field.count;
    std::size_t last = field.offset;
    const std::size_t end = std::min(field.offset + field.count, actual.size());
    for (std::size_t i = field.offset; i < end; ++i) {
        if (expected[i] != actual[i]) {
            first = std::min(first, i);
            last = i;
        }
    }
    return {field.name, first, first > last ? 0 : last - first + 1};
}

}  // namespace

std::string scapy_line(const FrameBytes& frame) {
    return fmt::format("Ether(bytes.fromhex('{}')).show()", hex(frame, 0, frame.size()));
}

std::string field_diff(const FrameBytes& expected, const FrameBytes& actual) {
    std::string text;
    if (expected.size() != actual.size()) {
        text += fmt::format("length: expected {}, got {}\n", expected.size(), actual.size());
    }
    for (const NamedBytes& field : Layers(expected).fields()) {
        if (field.offset + field.count > expected.size()) {
            break;
        }
        const NamedBytes part = differing_part(field, expected, actual);
        if (part.count > 0) {
            // What is longer than any header field is told apart by its beginning.
            constexpr std::size_t kShownMax = 32;
            const std::size_t shown = std::min(part.count, kShownMax);
            text += fmt::format("{} (bytes {}..{}): expected {}, got {}\n",
                                field.name,
                                part.offset,
                                part.offset + part.count - 1,
                                hex(expected, part.offset, shown),
                                hex(actual, part.offset, shown));
        }
    }
    return text;
}

std::string frame_diff(const FrameBytes& expected, const FrameBytes& actual) {
    if (expected == actual) {
        return {};
    }
    std::string text = field_diff(expected, actual);
    text += "expected: " + scapy_line(expected) + "\ngot:      " + scapy_line(actual) + "\n";
    return text;
}

}  // namespace fpvs::kit
