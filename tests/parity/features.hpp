// SPDX-License-Identifier: Apache-2.0
// What engine and slow path have so far: random sequences keep to it.
#pragma once

namespace fpvs::parity {

constexpr bool kEngineHasIpv6 = true;
constexpr bool kEngineHasSctp = true;
constexpr bool kEngineHasReplies = true;
constexpr bool kEngineHasMoreSettings = true;
constexpr bool kEngineHasFullNat = true;

constexpr bool kPacketsIpv6 = true;
constexpr bool kPacketsSctp = true;
constexpr bool kPacketsNat = true;
constexpr bool kPacketsTunnels = true;
constexpr bool kPacketsSettings = false;  // nat_icmp_send, pmtu_disc.
constexpr bool kPacketsRepliesOfTtl1 = false;
constexpr bool kPacketsFragments = true;

}  // namespace fpvs::parity
