// SPDX-License-Identifier: Apache-2.0
// sh: the client's address chooses, so that a client keeps its server.  sh-port: its port too.
#include "host/schedule/address_hash.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/table_based.hpp"

namespace fpvs::schedule {
namespace {

class SourceHash final : public TableBased {
  public:
    std::optional<Choices> choices(Servers servers,
                                   const Request& request,
                                   std::size_t choices_max) override;

  private:
    void fill(Entrants entrants) override;
    [[nodiscard]] std::optional<std::size_t> choose(Servers servers,
                                                    const Request& request) const override;
    [[nodiscard]] std::optional<std::size_t> choose_from(std::size_t home,
                                                         Servers servers,
                                                         bool fallback) const;

    std::array<std::uint32_t, kHashBuckets> positions_{};
};

// Each server in turn gets as many buckets as its weight; one of weight 0 still gets one.
void SourceHash::fill(Entrants entrants) {
    if (entrants.empty()) {
        return;
    }
    std::size_t next = 0;
    std::int32_t given = 0;
    for (std::uint32_t& bucket : positions_) {
        bucket = entrants[next].position;
        if (++given >= entrants[next].server->weight) {
            next = (next + 1) % entrants.size();
            given = 0;
        }
    }
}

std::optional<std::size_t> SourceHash::choose(Servers servers, const Request& request) const {
    if (servers.empty()) {
        return std::nullopt;
    }
    return choose_from(
        bucket_of(request.client_address, request.hash_port ? request.client_port : 0),
        servers,
        request.hash_fallback);
}

std::optional<std::size_t> SourceHash::choose_from(std::size_t home,
                                                   Servers servers,
                                                   bool fallback) const {
    if (servers[positions_[home]]->usable()) {
        return positions_[home];
    }
    if (!fallback) {
        return std::nullopt;
    }
    // The offset of a further try counts from the home bucket, and is added to it once more.
    for (std::size_t i = 0; i < kHashBuckets; ++i) {
        const std::size_t offset = (i + home) % kHashBuckets;
        const std::size_t bucket = (home + offset) % kHashBuckets;
        if (servers[positions_[bucket]]->usable()) {
            return positions_[bucket];
        }
    }
    return std::nullopt;
}

std::optional<Choices> SourceHash::choices(Servers servers,
                                           const Request& request,
                                           std::size_t choices_max) {
    if (servers.empty() || choices_max < kHashBuckets) {
        return std::nullopt;
    }
    refresh(servers, request.by_address);
    Choices all{.by = Choices::By::source};
    for (std::size_t home = 0; home < kHashBuckets; ++home) {
        all.positions.push_back(choose_from(home, servers, request.hash_fallback));
    }
    return all;
}

}  // namespace

std::unique_ptr<Scheduler> make_sh() {
    return std::make_unique<SourceHash>();
}

}  // namespace fpvs::schedule
