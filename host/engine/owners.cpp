// SPDX-License-Identifier: Apache-2.0
#include "host/engine/owners.hpp"

#include "host/engine/queue_table.hpp"
#include "host/schedule/random.hpp"

namespace fpvs::engine {
namespace {

// A packet's bit i, counted through source, destination, source port and destination port, adds the
// 32 bits of the key that begin at i to the hash; of these the last seven choose the bucket.  The
// key lets the last bits of an address or port meet only the first of the seven, so these become
// the bucket's last: neighbours go to different workers.
constexpr std::size_t kWindow = 32;
constexpr std::size_t kBucketBits = 7;
static_assert(Owners::kBuckets == std::size_t{1} << kBucketBits);

constexpr std::size_t kIpv4PortBit = 64;
constexpr std::size_t kIpv6PortBit = 256;

struct Range {
    std::size_t first = 0;
    std::size_t last = 0;
};

// Whether the packet's bits of a range meet a bit of the key.
constexpr bool meet(Range packet, std::size_t key_bit) {
    return key_bit >= packet.first + kWindow - kBucketBits && key_bit < packet.last + kWindow;
}

// The destinations of IPv4 and IPv6, addresses and ports.
constexpr std::array<Range, 4> kDestinations = {
    Range{32, 63}, Range{80, 95}, Range{128, 255}, Range{272, 287}};

constexpr bool is_free(std::size_t key_bit) {
    for (const Range& destination : kDestinations) {
        if (meet(destination, key_bit)) {
            return false;
        }
    }
    return true;
}

// With these set, the last seven bits of an address or port, and the first seven of a port, reach
// every bucket, whatever the others are.
constexpr std::array<std::size_t, 6> kSetBits = {56, 95, 104, 152, 287, 296};
static_assert(is_free(56) && !is_free(57) && !is_free(94) && is_free(95) && is_free(104) &&
              !is_free(105) && is_free(152) && !is_free(153) && !is_free(286) && is_free(287) &&
              is_free(296) && !is_free(297));

}  // namespace

Owners::Owners(std::size_t workers, std::uint64_t seed) : workers_(workers) {
    schedule::Random random(seed);
    const auto set = [this](std::size_t bit) {
        key_[bit / 8] = static_cast<std::uint8_t>(key_[bit / 8] | 0x80u >> bit % 8);
    };
    for (std::size_t bit = 0; bit < kKeyBytes * 8; ++bit) {
        if (is_free(bit) && random.below(2) == 1) {
            set(bit);
        }
    }
    for (const std::size_t bit : kSetBits) {
        set(bit);
    }
    fill<1>(ipv4_, kIpv4PortBit);
    fill<4>(ipv6_, kIpv6PortBit);
}

template <std::size_t kWords>
void Owners::fill(Octets<kWords>& octets, std::size_t port_bit) const {
    constexpr std::size_t kAddressOctets = 4 * kWords;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const std::size_t first_bit =
            i < kAddressOctets ? i * 8 : port_bit + (i - kAddressOctets) * 8;
        for (std::size_t value = 0; value < octets[i].size(); ++value) {
            std::uint8_t bucket = 0;
            for (std::size_t bit = 0; bit < 8; ++bit) {
                if ((value >> (7 - bit) & 1) == 0) {
                    continue;
                }
                for (std::size_t k = 0; k < kBucketBits; ++k) {
                    const std::size_t at = first_bit + bit + kWindow - kBucketBits + k;
                    bucket ^= static_cast<std::uint8_t>(key_bit(at) << k);
                }
            }
            octets[i][value] = bucket;
        }
    }
}

std::array<std::uint16_t, Owners::kBuckets> queue_table(const Owners& owners) {
    std::array<std::uint16_t, Owners::kBuckets> table{};
    for (std::size_t hash = 0; hash < table.size(); ++hash) {
        std::size_t bucket = 0;
        for (std::size_t bit = 0; bit < kBucketBits; ++bit) {
            bucket |= (hash >> bit & 1) << (kBucketBits - 1 - bit);
        }
        table[hash] = static_cast<std::uint16_t>(bucket % owners.workers());
    }
    return table;
}

}  // namespace fpvs::engine
