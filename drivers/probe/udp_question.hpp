// SPDX-License-Identifier: Apache-2.0
// UDP_CHECK: is this datagram taken, or answered as it should be?
#pragma once

#include "drivers/probe/datagram_probe.hpp"

namespace fpvs::probe {

// `check` must outlive the question.  Without an answer it is for the caller to say whether silence
// is a failure; a refusal by ICMP always is.
[[nodiscard]] DatagramQuestion udp_question(const model::UdpCheck& check);

}  // namespace fpvs::probe
