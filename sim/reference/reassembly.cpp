// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/reassembly.hpp"

#include <algorithm>

namespace fpvs::reference {
namespace {

constexpr std::uint64_t kIpv4PatienceMs = 30'000;
constexpr std::uint64_t kIpv6PatienceMs = 60'000;
constexpr std::size_t kPacketBytesMax = 65535;

[[nodiscard]] IpPacket join(const std::map<std::size_t, IpPacket>& fragments) {
    IpPacket whole = fragments.begin()->second;
    whole.bytes.resize(whole.header_bytes);
    if (whole.family == 6) {
        const auto header = whole.bytes.begin() + static_cast<long>(whole.fragment_header);
        whole.bytes[whole.announced_at] = whole.protocol;
        whole.bytes.erase(header, header + 8);
        whole.header_bytes -= 8;
        whole.fragment_header = 0;
    } else {
        put(whole.bytes, 6, 2, whole.dont_fragment() ? 0x4000 : 0);
    }
    for (const auto& [offset, fragment] : fragments) {
        append(whole.bytes, fragment.payload());
        whole.largest_fragment = std::max(whole.largest_fragment, fragment.bytes.size());
    }
    whole.fix_length();
    return whole;
}

}  // namespace

std::optional<IpPacket> Reassembly::add(const IpPacket& fragment, std::uint64_t now_ms) {
    const std::size_t begin = fragment.fragment_offset();
    const std::size_t size = fragment.payload().size();
    if (size == 0 || (fragment.more_fragments() && size % 8 != 0) ||
        begin + size + fragment.header_bytes > kPacketBytesMax) {
        return std::nullopt;
    }
    const Key key = {fragment.source(),
                     fragment.destination(),
                     fragment.fragment_id(),
                     fragment.family == 4 ? fragment.protocol : std::uint8_t{0}};
    const std::uint64_t patience = fragment.family == 4 ? kIpv4PatienceMs : kIpv6PatienceMs;
    if (waiting_.count(key) == 1 && now_ms >= waiting_[key].since_ms + patience) {
        waiting_.erase(key);
    }
    Waiting& waiting = waiting_.try_emplace(key, Waiting{now_ms, {}}).first->second;
    std::size_t there = 0;
    bool contradicts = false;
    for (const auto& [offset, other] : waiting.fragments) {
        const std::size_t end = offset + other.payload().size();
        contradicts =
            contradicts || (!other.more_fragments() && begin + size > end) ||
            (!fragment.more_fragments() && end > begin + size) ||
            (!fragment.more_fragments() && !other.more_fragments() && end != begin + size);
        if (begin < end && offset < begin + size) {
            there += std::min(end, begin + size) - std::max(offset, begin);
        }
    }
    if (!contradicts && there == size) {
        return std::nullopt;  // All of it is there already.
    }
    if (contradicts || there != 0) {
        waiting_.erase(key);
        return std::nullopt;
    }
    waiting.fragments.emplace(begin, fragment);
    std::size_t reached = 0;
    bool complete = false;
    for (const auto& [offset, piece] : waiting.fragments) {
        if (offset != reached) {
            return std::nullopt;
        }
        reached += piece.payload().size();
        complete = !piece.more_fragments();
    }
    if (!complete) {
        return std::nullopt;
    }
    const IpPacket whole = join(waiting.fragments);
    waiting_.erase(key);
    return whole;
}

}  // namespace fpvs::reference
