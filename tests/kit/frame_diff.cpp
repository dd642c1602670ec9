// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/frame_diff.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace fpvs::kit {
namespace {

struct NamedBytes {
    const char* name;
    std::size_t offset;
    std::size_t count;
};

std::size_t ip_offset(const FrameBytes& frame) {
    const bool tagged = frame.size() > 13 && frame[12] == 0x81 && frame[13] == 0x00;
    return tagged ? kEthernetBytes + kVlanBytes : kEthernetBytes;
}

std::vector<NamedBytes> fields_of(const FrameBytes& frame) {
    const std::size_t ip = ip_offset(frame);
    std::vector<NamedBytes> fields = {{"ethernet destination", 0, 6}, {"ethernet source", 6, 6}};
    if (ip > kEthernetBytes) {
        fields.push_back({"vlan type", 12, 2});
        fields.push_back({"vlan tci", 14, 2});
    }
    fields.insert(fields.end(),
                  {{"ether type", ip - 2, 2},
                   {"ip version and header length", ip, 1},
                   {"ip tos", ip + 1, 1},
                   {"ip total length", ip + 2, 2},
                   {"ip identification", ip + 4, 2},
                   {"ip fragment", ip + 6, 2},
                   {"ip ttl", ip + 8, 1},
                   {"ip protocol", ip + 9, 1},
                   {"ip checksum", ip + 10, 2},
                   {"ip source", ip + 12, 4},
                   {"ip destination", ip + 16, 4}});
    const std::size_t named_end = ip + 20;
    if (frame.size() > named_end) {
        fields.push_back({"rest", named_end, frame.size() - named_end});
    }
    return fields;
}

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

std::string frame_diff(const FrameBytes& expected, const FrameBytes& actual) {
    if (expected == actual) {
        return {};
    }
    std::string text;
    if (expected.size() != actual.size()) {
        text += fmt::format("length: expected {}, got {}\n", expected.size(), actual.size());
    }
    for (const NamedBytes& field : fields_of(expected)) {
        if (field.offset + field.count > expected.size()) {
            break;
        }
        const NamedBytes part = differing_part(field, expected, actual);
        if (part.count > 0) {
            text += fmt::format("{} (bytes {}..{}): expected {}, got {}\n",
                                field.name,
                                part.offset,
                                part.offset + part.count - 1,
                                hex(expected, part.offset, part.count),
                                hex(actual, part.offset, part.count));
        }
    }
    text += "expected: " + scapy_line(expected) + "\ngot:      " + scapy_line(actual) + "\n";
    return text;
}

}  // namespace fpvs::kit
