// SPDX-License-Identifier: Apache-2.0
// Settings as files and commands write them, 64 bits wide, for who has them as int: the engine,
// and engine::Settings alone where a change is only tried out.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "host/util/result.hpp"

namespace fpvs::daemon {

template <class Target>
[[nodiscard]] Status change_setting(Target& target, std::string_view name, std::int64_t value) {
    constexpr std::int64_t kMin = std::numeric_limits<int>::min();
    constexpr std::int64_t kMax = std::numeric_limits<int>::max();
    if (value < kMin || value > kMax) {
        return fail(Code::invalid_argument, "{} cannot be {}", name, value);
    }
    return target.set(name, static_cast<int>(value));
}

}  // namespace fpvs::daemon
