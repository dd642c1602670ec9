// SPDX-License-Identifier: Apache-2.0
// Which of the card's steer words belong to whom.  First fit: services come and go rarely, and have
// tables of a few sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace fpvs::offload {

struct SteerRegion {
    std::uint32_t base = 0;
    std::uint32_t size = 0;
};

class SteerRegions {
  public:
    explicit SteerRegions(std::uint32_t words) : free_{{0, words}}, free_words_(words) {}

    [[nodiscard]] std::optional<SteerRegion> take(std::uint32_t size) {
        for (std::size_t i = 0; i < free_.size(); ++i) {
            SteerRegion& hole = free_[i];
            if (hole.size < size) {
                continue;
            }
            const SteerRegion taken{hole.base, size};
            hole.base += size;
            hole.size -= size;
            if (hole.size == 0) {
                free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(i));
            }
            free_words_ -= size;
            return taken;
        }
        return std::nullopt;
    }

    // This one, if all of it is free.
    [[nodiscard]] bool take(SteerRegion wanted) {
        for (std::size_t i = 0; i < free_.size(); ++i) {
            const SteerRegion hole = free_[i];
            if (wanted.base < hole.base || wanted.base - hole.base > hole.size ||
                wanted.size > hole.size - (wanted.base - hole.base)) {
                continue;
            }
            const std::uint32_t before = wanted.base - hole.base;
            const std::uint32_t after = hole.size - before - wanted.size;
            free_[i] = {hole.base, before};
            free_.insert(free_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                         {wanted.base + wanted.size, after});
            std::erase_if(free_, [](const SteerRegion& rest) { return rest.size == 0; });
            free_words_ -= wanted.size;
            return true;
        }
        return false;
    }

    void give_back(SteerRegion region) {
        std::size_t after = 0;
        while (after < free_.size() && free_[after].base < region.base) {
            ++after;
        }
        free_words_ += region.size;
        free_.insert(free_.begin() + static_cast<std::ptrdiff_t>(after), region);
        join_with_next(after);
        if (after > 0) {
            join_with_next(after - 1);
        }
    }

    [[nodiscard]] std::uint32_t free_words() const { return free_words_; }

  private:
    void join_with_next(std::size_t i) {
        if (i + 1 < free_.size() && free_[i].base + free_[i].size == free_[i + 1].base) {
            free_[i].size += free_[i + 1].size;
            free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(i + 1));
        }
    }

    std::vector<SteerRegion> free_;  // By base, never two that touch.
    std::uint32_t free_words_;
};

}  // namespace fpvs::offload
