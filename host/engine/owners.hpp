// SPDX-License-Identifier: Apache-2.0
// Which of a director's workers has a connection: a keyed hash of its client's end says so.
//
// That end is in the packets of both directions: their source on the way to a server, and their
// destination on the way back behind NAT.  FULLNAT's replies carry a local end instead, which is
// chosen so that it names the same worker.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/model/address.hpp"

namespace fpvs::engine {

class Owners {
  public:
    Owners(std::size_t workers, std::uint64_t seed) : workers_(workers), seed_(seed) {}

    [[nodiscard]] std::size_t workers() const { return workers_; }

    [[nodiscard]] std::size_t owner(const model::IpAddress& address, std::uint16_t port) const {
        std::uint64_t hash = mix(std::uint64_t{address.words[0]} << 16 | port);
        if (!address.is_ipv4()) [[unlikely]] {
            hash = mix(hash ^ address.words[1]);
            hash = mix(hash ^ (std::uint64_t{address.words[2]} << 32 | address.words[3]));
        }
        // The high half, spread over the workers without a division.
        return static_cast<std::size_t>((hash >> 32) * workers_ >> 32);
    }

  private:
    static constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio.

    [[nodiscard]] std::uint64_t mix(std::uint64_t value) const {
        const auto product = static_cast<unsigned __int128>(value ^ seed_) * kOdd;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::size_t workers_;
    std::uint64_t seed_;
};

}  // namespace fpvs::engine
