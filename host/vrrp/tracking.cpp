// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/tracking.hpp"

#include <algorithm>

#include "host/vrrp/packet.hpp"

namespace fpvs::vrrp {
namespace {

// Anything that takes more than this from a priority is a fault, as in keepalived.
constexpr std::int64_t kAdjustmentMax = 253;
constexpr std::int64_t kPriorityMin = 1;
constexpr std::int64_t kPriorityMax = 254;
// Larger numbers in a file mean no more, and cannot overflow the product.
constexpr std::int64_t kFileNumberMax = std::int64_t{1} << 31;

// Of one tracked thing.
struct Effect {
    std::int64_t adjustment = 0;
    bool fault = false;
    bool pending = false;
};

Effect effect_of_file(std::int64_t number, const model::TrackWeight& weight) {
    if (weight.factor == 0) {
        return {.fault = (number != 0) != weight.reverse};
    }
    const std::int64_t product = std::clamp(number, -kFileNumberMax, kFileNumberMax) *
                                 weight.factor * (weight.reverse ? -1 : 1);
    return {.adjustment = std::clamp(product, -kAdjustmentMax, kAdjustmentMax),
            .fault = product < -kAdjustmentMax};
}

// A positive weight is a reward for being well, a negative one the price of not being.
Effect effect_of(const model::VrrpTrack& track, const Reading& reading) {
    const model::TrackWeight& weight = track.weight;
    if (track.kind == model::TrackKind::file) {
        return effect_of_file(reading.value_or(0), weight);
    }
    if (!reading) {
        return {.pending = weight.factor == 0};
    }
    const bool well = *reading != 0;
    if (weight.factor == 0) {
        return {.fault = well == weight.reverse};
    }
    const bool counts = well == (weight.factor > 0);
    return {.adjustment = counts ? weight.factor * (weight.reverse ? -1 : 1) : 0};
}

}  // namespace

Tracking track(std::uint8_t base_priority,
               std::span<const model::VrrpTrack> tracks,
               const ReadingOf& reading_of) {
    Tracking result{.priority = base_priority};
    std::int64_t priority = base_priority;
    for (const model::VrrpTrack& one : tracks) {
        const Effect effect = effect_of(one, reading_of({.kind = one.kind, .name = one.name}));
        priority += effect.adjustment;
        result.fault |= effect.fault;
        result.pending |= effect.pending;
    }
    if (base_priority != kPriorityOwner) {
        result.priority =
            static_cast<std::uint8_t>(std::clamp(priority, kPriorityMin, kPriorityMax));
    }
    return result;
}

}  // namespace fpvs::vrrp
