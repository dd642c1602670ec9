// SPDX-License-Identifier: Apache-2.0
// The outer headers of tunnels, ready for each server that is reached by one.
#pragma once

#include <cstddef>
#include <vector>

#include "host/engine/packet.hpp"
#include "host/model/virtual_service.hpp"
#include "host/slowpath/next_hops.hpp"
#include "host/slowpath/tunnel.hpp"

namespace fpvs::slowpath {

class Tunnels {
  public:
    explicit Tunnels(std::size_t servers_max) : tunnels_(servers_max) {}

    // The header for a server whose next hop is resolved.  It is made anew when the server's
    // settings, its address or ours are not those of the last time.
    [[nodiscard]] const TunnelHeader& header(engine::ServerIndex server,
                                             const model::Tunnel& settings,
                                             const NextHop& hop) noexcept {
        Made& made = tunnels_[server];
        if (!(made.settings == settings) || made.server != hop.target || made.source != hop.source)
            [[unlikely]] {
            made = {settings, hop.target, hop.source, {settings, hop.source, hop.target}};
        }
        return made.header;
    }

  private:
    struct Made {
        model::Tunnel settings;
        model::IpAddress server;
        model::IpAddress source;
        TunnelHeader header;
    };

    std::vector<Made> tunnels_;  // By server index.
};

}  // namespace fpvs::slowpath
