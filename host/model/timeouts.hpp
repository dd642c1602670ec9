// SPDX-License-Identifier: Apache-2.0
// How long an idle connection is kept, in the three classes that `ipvsadm --set` names.
#pragma once

#include <cstdint>

namespace fpvs::model {

struct ConnectionTimeouts {
    std::uint32_t tcp_s = 900;
    std::uint32_t tcp_fin_s = 120;
    std::uint32_t udp_s = 300;

    friend bool operator==(const ConnectionTimeouts&, const ConnectionTimeouts&) = default;
};

}  // namespace fpvs::model
