// SPDX-License-Identifier: Apache-2.0
// A hash from keys to record numbers that does not know the keys: it keeps 32 bits of each hash,
// and who asks compares the record's key.
//
// Buckets are cache lines of seven places.  A key that finds its bucket full goes to the next, and
// `passed` counts the keys that went past this one, so that a search knows where it may stop.
#pragma once

#include <emmintrin.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "host/engine/mapped_array.hpp"
#include "host/util/check.hpp"

namespace fpvs::engine {

class FlowIndex {
  public:
    explicit FlowIndex(std::size_t entries_max)
        : buckets_(std::bit_ceil((entries_max + kLoad - 1) / kLoad)), mask_(buckets_.size() - 1) {}

    [[gnu::always_inline]] void prefetch(std::uint64_t hash) const {
        __builtin_prefetch(&buckets_[hash & mask_]);
    }

    // Calls `probable(record)` for the records whose hashes agree in 32 bits with this one until it
    // says true; whether it did.
    template <class Probable>
    [[gnu::always_inline]] bool find(std::uint64_t hash, Probable&& probable) const {
        for (std::size_t b = hash & mask_;; b = (b + 1) & mask_) {
            const Bucket& bucket = buckets_[b];
            for (unsigned hits = matches(bucket, hash); hits != 0; hits &= hits - 1) {
                if (probable(bucket.records[static_cast<std::size_t>(std::countr_zero(hits))])) {
                    return true;
                }
            }
            if (bucket.passed == 0) {
                return false;
            }
        }
    }
    // The first such record of the hash's own bucket, or none: for a prefetch.
    template <class Found>
    [[gnu::always_inline]] void peek(std::uint64_t hash, Found&& found) const {
        const Bucket& bucket = buckets_[hash & mask_];
        if (const unsigned hits = matches(bucket, hash)) {
            found(bucket.records[static_cast<std::size_t>(std::countr_zero(hits))]);
        }
    }

    // No more than `entries_max` at a time.
    void insert(std::uint64_t hash, std::uint32_t record) {
        for (std::size_t b = hash & mask_;; b = (b + 1) & mask_) {
            Bucket& bucket = buckets_[b];
            for (std::size_t i = 0; i < kPlaces; ++i) {
                if (bucket.tags[i] == kEmpty) {
                    bucket.tags[i] = tag_of(hash);
                    bucket.records[i] = record;
                    return;
                }
            }
            ++bucket.passed;
        }
    }
    // It must be there.
    void remove(std::uint64_t hash, std::uint32_t record) {
        for (std::size_t b = hash & mask_;; b = (b + 1) & mask_) {
            Bucket& bucket = buckets_[b];
            for (std::size_t i = 0; i < kPlaces; ++i) {
                if (bucket.tags[i] == tag_of(hash) && bucket.records[i] == record) {
                    bucket.tags[i] = kEmpty;
                    return;
                }
            }
            FPVS_CHECK(bucket.passed > 0, "record {} is not where it was put", record);
            --bucket.passed;
        }
    }

  private:
    static constexpr std::size_t kPlaces = 7;
    static constexpr std::uint32_t kEmpty = 0;
    // At most 4 of 7 places are taken, so that almost every key is in its own bucket.
    static constexpr std::size_t kLoad = 4;

    struct alignas(64) Bucket {
        std::array<std::uint32_t, kPlaces> tags;
        std::uint32_t passed;
        std::array<std::uint32_t, kPlaces> records;
    };
    static_assert(sizeof(Bucket) == 64);

    [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) {
        return static_cast<std::uint32_t>(hash >> 32) | 1;
    }
    // A bit for each place whose tag is this hash's, by two comparisons of four words.
    [[nodiscard, gnu::always_inline]] static unsigned matches(const Bucket& bucket,
                                                              std::uint64_t hash) {
        constexpr unsigned kPlacesMask = (1u << kPlaces) - 1;
        const auto* words = reinterpret_cast<const __m128i*>(&bucket);
        const __m128i tag = _mm_set1_epi32(static_cast<int>(tag_of(hash)));
        const __m128i low = _mm_cmpeq_epi32(_mm_load_si128(words), tag);
        const __m128i high = _mm_cmpeq_epi32(_mm_load_si128(words + 1), tag);
        const auto bits = static_cast<unsigned>(
            _mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128())));
        return bits & kPlacesMask;
    }

    MappedArray<Bucket> buckets_;
    std::size_t mask_;
};

}  // namespace fpvs::engine
