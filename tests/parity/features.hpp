// SPDX-License-Identifier: Apache-2.0
// What engine and slow path have so far: random sequences keep to it.
#pragma once

namespace fpvs::parity {

constexpr bool kEngineHasIpv6 = false;
constexpr bool kEngineHasSctp = false;
constexpr bool kEngineHasReplies = false;
constexpr bool kEngineHasMoreSettings = false;
constexpr bool kEngineRefusesOnlyWhatNeedsRoom = false;  // When its table is full.

constexpr bool kPacketsIpv6 = false;
constexpr bool kPacketsSctp = false;
constexpr bool kPacketsNat = false;
constexpr bool kPacketsTunnels = true;
constexpr bool kPacketsSettings = false;
constexpr bool kPacketsFragments = true;

}  // namespace fpvs::parity
