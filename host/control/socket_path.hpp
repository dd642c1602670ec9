// SPDX-License-Identifier: Apache-2.0
// Where daemon and client meet.
#pragma once

#include <cstdlib>
#include <string>

namespace fpvs::control {

// The environment's FPVS_SOCKET, or the default.
[[nodiscard]] inline std::string socket_path() {
    const char* const chosen = std::getenv("FPVS_SOCKET");
    return chosen != nullptr && *chosen != '\0' ? chosen : "/run/fpvs/fpvsd.sock";
}

}  // namespace fpvs::control
