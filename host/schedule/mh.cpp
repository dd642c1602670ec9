// SPDX-License-Identifier: Apache-2.0
// mh: Maglev hashing.  The client's address chooses by a table in which a server that comes or goes
// moves few of the others' clients.  mh-port: the client's port counts too.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <numeric>
#include <vector>

#include "host/schedule/address_hash.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/sip_hash.hpp"
#include "host/schedule/table_based.hpp"

namespace fpvs::schedule {
namespace {

constexpr std::uint32_t kTableSize = 4093;  // A prime.
constexpr int kTurnBits = 6;                // Weights are cut to this many bits.

// The two hash functions differ in their keys only, each of which is one number twice.
constexpr std::uint64_t kFirstKey = 2654435761;
constexpr std::uint64_t kSecondKey = 2654446892;

[[nodiscard]] std::uint32_t hash(std::uint64_t key,
                                 const model::IpAddress& address,
                                 std::uint32_t port) {
    return sip_hash_1_3(key, key, folded(address) + port);
}

class MaglevHash final : public TableBased {
  public:
    std::optional<Choices> choices(Servers servers,
                                   const Request& request,
                                   std::size_t choices_max) override;

  private:
    // A server's walk over the table: from `place` in strides of `skip`, `turns` places a round.
    struct Walk {
        std::uint32_t place = 0;
        std::uint32_t skip = 0;
        std::uint32_t turns = 0;
    };
    [[nodiscard]] static std::vector<Walk> walks(Entrants entrants);
    // The first free place that the walk comes to.
    [[nodiscard]] std::uint32_t next_free(Walk& walk) const;
    void fill(Entrants entrants) override;
    [[nodiscard]] std::optional<std::size_t> choose(Servers servers,
                                                    const Request& request) const override;

    static constexpr std::uint32_t kFree = UINT32_MAX;
    std::vector<std::uint32_t> positions_;  // Empty: no server ever had a weight.
};

// The last weight above 0 counts, so that a server that is quiesced keeps its places.
std::vector<MaglevHash::Walk> MaglevHash::walks(Entrants entrants) {
    std::int32_t divisor = 0;
    std::int32_t heaviest = 0;
    for (const auto& [position, server] : entrants) {
        divisor = std::gcd(divisor, server->last_weight);
        heaviest = std::max(heaviest, server->last_weight);
    }
    if (divisor == 0) {
        return {};
    }
    const auto bits =
        static_cast<int>(std::bit_width(static_cast<std::uint32_t>(heaviest / divisor)));
    const int shift = std::max(0, bits - kTurnBits);
    std::vector<Walk> walks;
    for (const auto& [position, server] : entrants) {
        const auto& [address, port] = server->key;
        const auto turns = static_cast<std::uint32_t>(server->last_weight / divisor >> shift);
        walks.push_back({.place = hash(kFirstKey, address, port) % kTableSize,
                         .skip = hash(kSecondKey, address, port) % (kTableSize - 1) + 1,
                         .turns = std::max(turns, server->last_weight > 0 ? 1u : 0u)});
    }
    return walks;
}

std::uint32_t MaglevHash::next_free(Walk& walk) const {
    while (positions_[walk.place] != kFree) {
        walk.place = (walk.place + walk.skip) % kTableSize;
    }
    return walk.place;
}

// Rounds over the servers; each takes its turns' worth of the next free places of its walk.
void MaglevHash::fill(Entrants entrants) {
    std::vector<Walk> all = walks(entrants);
    positions_.assign(all.empty() ? 0 : kTableSize, kFree);
    std::uint32_t free_places = static_cast<std::uint32_t>(positions_.size());
    while (free_places > 0) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::uint32_t turns = std::min(all[i].turns, free_places);
            for (std::uint32_t turn = 0; turn < turns; ++turn) {
                positions_[next_free(all[i])] = entrants[i].position;
            }
            free_places -= turns;
        }
    }
}

std::optional<std::size_t> MaglevHash::choose(Servers servers, const Request& request) const {
    if (positions_.empty()) {
        return std::nullopt;
    }
    const std::uint32_t port = request.hash_port ? request.client_port : 0;
    const std::uint32_t home = hash(kFirstKey, request.client_address, port) % kTableSize;
    if (servers[positions_[home]]->usable()) {
        return positions_[home];
    }
    if (!request.hash_fallback) {
        return std::nullopt;
    }
    // Further tries hash the address with an offset that begins at the home place.
    for (std::uint32_t i = 0; i < kTableSize; ++i) {
        const std::uint32_t offset = (i + home) % kTableSize;
        const std::uint32_t place =
            hash(kFirstKey, request.client_address, port + offset) % kTableSize;
        if (servers[positions_[place]]->usable()) {
            return positions_[place];
        }
    }
    return std::nullopt;
}

// What mh-fallback chooses depends on the address, not on its place alone.
std::optional<Choices> MaglevHash::choices(Servers servers,
                                           const Request& request,
                                           std::size_t choices_max) {
    refresh(servers, request.by_address);
    if (positions_.empty() || positions_.size() > choices_max) {
        return std::nullopt;
    }
    Choices all{.by = Choices::By::maglev};
    for (const std::uint32_t position : positions_) {
        all.positions.push_back(servers[position]->usable() ? std::optional<std::size_t>(position)
                                                            : std::nullopt);
    }
    return all;
}

}  // namespace

std::unique_ptr<Scheduler> make_mh() {
    return std::make_unique<MaglevHash>();
}

}  // namespace fpvs::schedule
