// SPDX-License-Identifier: Apache-2.0
#include "host/config/server_group_reader.hpp"

#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "host/config/block.hpp"
#include "host/config/values.hpp"
#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

struct Range {
    model::IpAddress first;
    std::uint64_t count = 0;
};

constexpr std::uint64_t kCountMax = model::kVirtualServicesMax;

// The low 64 bits: no range is longer than they count.
std::uint64_t low_bits(const model::IpAddress& address) {
    return address.is_ipv4()
               ? address.words[0]
               : static_cast<std::uint64_t>(address.words[2]) << 32 | address.words[3];
}

model::IpAddress plus(model::IpAddress address, std::uint64_t offset) {
    const std::uint64_t low = low_bits(address) + offset;
    if (address.is_ipv4()) {
        address.words[0] = static_cast<std::uint32_t>(low);
    } else {
        address.words[2] = static_cast<std::uint32_t>(low >> 32);
        address.words[3] = static_cast<std::uint32_t>(low);
    }
    return address;
}

// The last of `first`-TEXT: an address, or what its last part is to be.
std::optional<model::IpAddress> read_last(const model::IpAddress& first, std::string_view text) {
    if (const auto whole = model::parse_address(text)) {
        return whole->family == first.family ? whole : std::nullopt;
    }
    constexpr std::uint32_t kOctetMax = 0xff;
    constexpr std::uint32_t kGroupMax = 0xffff;
    const std::uint32_t most = first.is_ipv4() ? kOctetMax : kGroupMax;
    std::uint32_t part = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), part, first.is_ipv4() ? 10 : 16);
    if (error != std::errc() || end != text.data() + text.size() || part > most) {
        return std::nullopt;
    }
    model::IpAddress last = first;
    std::uint32_t& word = last.words[first.is_ipv4() ? 0 : 3];
    word = (word & ~most) | part;
    return last;
}

std::optional<Range> read_dash(std::string_view text, std::size_t dash) {
    const auto first = model::parse_address(text.substr(0, dash));
    const auto last = first ? read_last(*first, text.substr(dash + 1)) : std::nullopt;
    if (!last || first->words[0] > last->words[0] || low_bits(*first) > low_bits(*last) ||
        (first->is_ipv6() &&
         (first->words[0] != last->words[0] || first->words[1] != last->words[1]))) {
        return std::nullopt;
    }
    return Range{.first = *first, .count = low_bits(*last) - low_bits(*first) + 1};
}

std::optional<Range> read_block_of(std::string_view text, std::size_t slash) {
    const auto address = model::parse_address(text.substr(0, slash));
    const std::string_view digits = text.substr(slash + 1);
    std::uint32_t length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    const std::uint32_t bits = address && address->is_ipv4() ? 32 : 128;
    constexpr std::uint32_t kHostBitsMax = 32;
    if (!address || error != std::errc() || end != digits.data() + digits.size() || length > bits ||
        bits - length > kHostBitsMax) {
        return std::nullopt;
    }
    const std::uint64_t count = std::uint64_t{1} << (bits - length);
    const std::uint64_t beyond = low_bits(*address) & (count - 1);
    return Range{.first = plus(*address, ~beyond + 1), .count = count};
}

std::optional<Range> read_range(std::string_view text) {
    if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
        return read_block_of(text, slash);
    }
    if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
        return read_dash(text, dash);
    }
    const auto address = model::parse_address(text);
    return address ? std::optional(Range{.first = *address, .count = 1}) : std::nullopt;
}

void read_mark(const Statement& line, ServerGroup& group, Diagnostics& diagnostics) {
    if (line.words.size() < 2) {
        diagnostics.error(line.keyword().position, "'fwmark' needs a mark");
        return;
    }
    ServerGroup::Member member;
    constexpr NumberRange kMarks{.min = 1, .max = std::numeric_limits<std::uint32_t>::max()};
    const auto mark = read_number(line.words[1], "the mark", kMarks, diagnostics);
    member.firewall_mark = mark.value_or(1);
    if (line.words.size() > 2) {
        const Word& family = line.words[2];
        if (family.text != "inet" && family.text != "inet6") {
            diagnostics.error(
                family.position, "a mark's family is inet or inet6, not '{}'", family.text);
            return;
        }
        member.family = family.text == "inet" ? model::Family::ipv4 : model::Family::ipv6;
    }
    group.members.push_back(member);
}

void read_addresses(const Statement& line, ServerGroup& group, Diagnostics& diagnostics) {
    const Word& word = line.keyword();
    const auto range = read_range(word.text);
    if (!range) {
        diagnostics.error(word.position,
                          "'{}' is neither an address nor a range such as 192.0.2.1-10, "
                          "192.0.2.1-192.0.2.10 or 192.0.2.8/29",
                          word.text);
        return;
    }
    std::uint16_t port = 0;
    if (line.words.size() > 1) {
        port = read_port(line.words[1], diagnostics).value_or(0);
    }
    if (range->count > kCountMax || group.members.size() + range->count > kCountMax) {
        diagnostics.error(word.position, "a group has at most {} addresses", kCountMax);
        return;
    }
    for (std::uint64_t i = 0; i < range->count; ++i) {
        group.members.push_back({.address = plus(range->first, i), .port = port});
    }
}

}  // namespace

ServerGroup read_server_group(const Statement& block, Diagnostics& diagnostics) {
    ServerGroup group{.name = {}, .place = block.keyword().position, .members = {}};
    if (const Word* const name = single_value(block, diagnostics)) {
        group.name = name->text;
    }
    for (const Statement& line : block.children) {
        if (!has_shape(line, Shape::line, diagnostics)) {
            continue;
        }
        if (line.keyword().text == "fwmark") {
            read_mark(line, group, diagnostics);
        } else {
            read_addresses(line, group, diagnostics);
        }
    }
    return group;
}

}  // namespace fpvs::config
