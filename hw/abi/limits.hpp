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

// Virtual services by (address, port, protocol): two banks, buckets of kTableWays entries.
constexpr int kTableWays = 4;
constexpr int kServiceBucketsLog2 = 8;
constexpr int kServiceBuckets = 1 << kServiceBucketsLog2;
constexpr int kServicesMax = kServiceBuckets * kTableWays;

// Real servers behind NAT and FULLNAT by (address, port, protocol), for their replies: two banks,
// buckets of kTableWays entries.
constexpr int kReplyBucketsLog2 = 10;
constexpr int kReplyBuckets = 1 << kReplyBucketsLog2;

// Flows: each has one bucket in either half of the table, of kFlowWays entries; the host moves
// entries to make room (hw/abi/hash.hpp).  How many buckets a half has is a matter of the bitstream
// and told by its registers: these are what the simulated card is built with, and the most.
#ifndef FPVS_FLOW_BUCKETS_LOG2
#define FPVS_FLOW_BUCKETS_LOG2 14
#endif
#ifndef FPVS_FLOW6_BUCKETS_LOG2
#define FPVS_FLOW6_BUCKETS_LOG2 11
#endif
constexpr int kFlowHalves = 2;
constexpr int kFlowWays = 3;
constexpr int kFlowBucketWays =
    kFlowHalves * kFlowWays;  // A way of a flow: half * kFlowWays + way.
constexpr int kFlowBucketsLog2 = FPVS_FLOW_BUCKETS_LOG2;  // Of IPv4.
constexpr int kFlowBuckets = 1 << kFlowBucketsLog2;
constexpr int kFlowsMax = kFlowBuckets * kFlowBucketWays;
constexpr int kFlow6BucketsLog2 = FPVS_FLOW6_BUCKETS_LOG2;
constexpr int kFlow6Buckets = 1 << kFlow6BucketsLog2;
constexpr int kFlows6Max = kFlow6Buckets * kFlowBucketWays;
constexpr int kFlowBucketsLog2Max = 18;  // 1,572,864 entries.

// The epoch in which a flow was last hit, modulo 2^kEpochBits: the host asks often enough.
constexpr int kEpochBits = 9;

// Real servers, counted by (service, server).
constexpr int kServersLog2 = 12;
constexpr int kServersMax = 1 << kServersLog2;

constexpr int kNextHopsLog2 = 12;
constexpr int kNextHopsMax = 1 << kNextHopsLog2;

// Scheduling in hardware: the words of all services' hash tables and sequences; each service has a
// region of them.
constexpr int kSteerWordsLog2 = 18;
constexpr int kSteerWords = 1 << kSteerWordsLog2;
constexpr int kSteerSizeMax = 65521;  // The largest prime that IPVS's Maglev has below 2^16.
// Services that are scheduled in turn (rr, wrr).
constexpr int kCursorsLog2 = 4;
constexpr int kCursorsMax = 1 << kCursorsLog2;
// Connections that were scheduled here and are not in the flow table yet.
constexpr int kYoungLog2 = 13;
constexpr int kYoungMax = 1 << kYoungLog2;
constexpr int kYoungEpochs = 4;  // For so long they hold without a packet.

// Punted frames that wait in the card, in beats: those of control traffic and all others.
constexpr int kPuntControlBeats = 512;
constexpr int kPuntDataBeats = 1024;

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
              "indices have 12 bits in table entries");
static_assert(kFlowBucketsLog2 <= kFlowBucketsLog2Max && kFlow6BucketsLog2 <= kFlowBucketsLog2Max,
              "a bucket has 18 bits");
static_assert(kYoungEpochs < 1 << (kEpochBits - 1), "an epoch is seen to be old");

}  // namespace abi
}  // namespace fpvs
