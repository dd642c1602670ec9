// SPDX-License-Identifier: Apache-2.0
// PING_CHECK: is an ICMP echo answered?
#pragma once

#include <cstdint>

#include "drivers/probe/datagram_probe.hpp"

namespace fpvs::probe {

// Over a raw socket, which needs no setting of the kernel as its ping sockets do.
[[nodiscard]] DatagramQuestion ping_question(model::Family family, std::uint16_t id);

}  // namespace fpvs::probe
