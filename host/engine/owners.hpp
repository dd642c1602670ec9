// SPDX-License-Identifier: Apache-2.0
// Which of a director's workers has a connection: a hash of its client's end says so.
//
// That end is in the packets of both directions: their source on the way to a server, and their
// destination on the way back behind NAT.  FULLNAT's replies carry a local end instead, which is
// chosen so that it names the same worker.
//
// The hash is the Toeplitz hash by which NICs spread packets over queues (RSS), with a key that is
// zero wherever the destination would come in.  So a NIC that has this key, and kBuckets entries
// or a multiple in its table, puts what clients send into the queue of the worker whose it is; and
// nobody outside knows the rest of the key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "host/model/address.hpp"

namespace fpvs::engine {

class Owners {
  public:
    static constexpr std::size_t kBuckets = 128;
    static constexpr std::size_t kKeyBytes = 40;  // What IPv6 with ports needs.
    using Key = std::array<std::uint8_t, kKeyBytes>;

    Owners(std::size_t workers, std::uint64_t seed);

    [[nodiscard]] std::size_t workers() const { return workers_; }
    // For a NIC whose table of queues is queue_table().
    [[nodiscard]] const Key& key() const { return key_; }

    [[nodiscard]] std::size_t owner(const model::IpAddress& address, std::uint16_t port) const {
        const std::size_t bucket = address.is_ipv4()
                                       ? words(ipv4_, address.words, 1) ^ ports(ipv4_, 1, port)
                                       : words(ipv6_, address.words, 4) ^ ports(ipv6_, 4, port);
        return bucket % workers_;
    }

  private:
    // What each value of each octet of address and port contributes to the bucket.
    using Octet = std::array<std::uint8_t, 256>;
    template <std::size_t kWords>
    using Octets = std::array<Octet, 4 * kWords + 2>;

    template <std::size_t kWords>
    void fill(Octets<kWords>& octets, std::size_t port_bit) const;
    [[nodiscard]] bool key_bit(std::size_t bit) const {
        return (key_[bit / 8] >> (7 - bit % 8) & 1) != 0;
    }

    template <class Table>
    [[nodiscard]] static std::size_t words(const Table& table,
                                           const std::array<std::uint32_t, 4>& address,
                                           std::size_t count) {
        std::size_t bucket = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint32_t word = address[i];
            bucket ^= table[4 * i][word >> 24] ^ table[4 * i + 1][word >> 16 & 0xff] ^
                      table[4 * i + 2][word >> 8 & 0xff] ^ table[4 * i + 3][word & 0xff];
        }
        return bucket;
    }
    template <class Table>
    [[nodiscard]] static std::size_t ports(const Table& table,
                                           std::size_t words,
                                           std::uint16_t port) {
        return table[4 * words][port >> 8] ^ table[4 * words + 1][port & 0xff];
    }

    std::size_t workers_;
    Key key_{};
    Octets<1> ipv4_{};
    Octets<4> ipv6_{};
};

}  // namespace fpvs::engine
