// SPDX-License-Identifier: Apache-2.0
// DNS_CHECK: does a name server answer without an error?
#pragma once

#include <cstdint>

#include "drivers/probe/datagram_probe.hpp"

namespace fpvs::probe {

// RFC 1035 4.1, one question, recursion desired.  Of the answer only the header is read: whose
// question it answers, and whether with an error.  Names in it, compressed or not, are never
// followed.
[[nodiscard]] DatagramQuestion dns_question(const model::DnsCheck& check, std::uint16_t id);

}  // namespace fpvs::probe
