// SPDX-License-Identifier: Apache-2.0
// Files and processes of this host, as VRRP tracks them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/provider/track_source.hpp"

namespace fpvs::probe {

class TrackSource final : public provider::TrackSource {
  public:
    [[nodiscard]] std::int64_t number_in(const std::string& path) override;
    [[nodiscard]] std::vector<provider::Process> processes(bool with_commands) override;
};

}  // namespace fpvs::probe
