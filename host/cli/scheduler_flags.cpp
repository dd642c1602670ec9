// SPDX-License-Identifier: Apache-2.0
#include "host/cli/scheduler_flags.hpp"

#include <array>
#include <cstddef>

namespace fpvs::cli {

std::string scheduler_flags_text(const api::ServiceSettings& settings) {
    const bool named = settings.scheduler() == "sh" || settings.scheduler() == "mh";
    const std::array<std::string, 3> names = {
        named ? settings.scheduler() + "-fallback" : std::string("flag-1"),
        named ? settings.scheduler() + "-port" : std::string("flag-2"),
        named ? std::string() : std::string("flag-3")};
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if ((settings.scheduler_flags() >> i & 1) != 0 && !names[i].empty()) {
            text += (text.empty() ? "" : ",") + names[i];
        }
    }
    return text;
}

}  // namespace fpvs::cli
