// SPDX-License-Identifier: Apache-2.0
// The bounds that card and host agree on.  Plain C++14: HLS, host and simulator read it alike.
#pragma once

#include <cstdint>

namespace fpvs {
namespace abi {

constexpr int kPortsMax = 2;

// One beat is one 512-bit word of the card's streams.
constexpr int kBeatBits = 512;
constexpr int kBeatBytes = kBeatBits / 8;

// Frames without FCS.  Shorter ones are runts and dropped; longer ones never leave the MAC.
constexpr int kFrameBytesMin = 14;
constexpr int kFrameBytesMax = 9600;

constexpr int kTableWays = 4;

// Virtual services: buckets of kTableWays entries.
constexpr int kServiceBucketsLog2 = 8;
constexpr int kServiceBuckets = 1 << kServiceBucketsLog2;
constexpr int kServicesMax = kServiceBuckets * kTableWays;

// Flows: buckets of kTableWays entries.
constexpr int kFlowBucketsLog2 = 14;
constexpr int kFlowBuckets = 1 << kFlowBucketsLog2;
constexpr int kFlowsMax = kFlowBuckets * kTableWays;

// Real servers, counted by (service, server).
constexpr int kServersLog2 = 12;
constexpr int kServersMax = 1 << kServersLog2;

constexpr int kNextHopsLog2 = 10;
constexpr int kNextHopsMax = 1 << kNextHopsLog2;

// A counter is spread over this many banks, so that two packets in a row never touch the same
// word; its value is the sum over the banks.
constexpr int kCounterBanks = 4;

// Rings: slots and slot sizes are powers of two within these bounds.
constexpr int kRingSlotsLog2Min = 4;
constexpr int kRingSlotsLog2Max = 16;
constexpr int kRecordBytes = kBeatBytes;  // A command or an event is one beat.
constexpr int kFrameSlotLog2Min = 11;     // 2 KiB: a header beat and a frame of 1984 bytes.
constexpr int kFrameSlotLog2Max = 14;     // 16 KiB: every frame.

static_assert(kFrameBytesMax + kBeatBytes <= 1 << kFrameSlotLog2Max,
              "the largest frame has a slot");
static_assert(kServicesMax <= 1 << 12 && kServersMax <= 1 << 12 && kNextHopsMax <= 1 << 12,
              "indices have 12 bits in flow entries");

}  // namespace abi
}  // namespace fpvs
