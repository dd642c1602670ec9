// SPDX-License-Identifier: Apache-2.0
// An estimate of delays in an UltraScale+ part of speed grade 2: logic and an average net, in ns.
//
// A model, not a measurement: no place and route runs here.  Its shape is that of the device: a
// six-input LUT a level, carry chains for sums and comparisons, fan-out for wide selections.
#pragma once

#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc::delay {

inline constexpr double kClockToOut = 0.10;
inline constexpr double kSetup = 0.05;
inline constexpr double kFifoOut = 0.30;        // From the output register of a stream.
inline constexpr double kMemoryAddress = 0.35;  // To the port of a memory.
inline constexpr double kMemoryOut = 0.30;      // Registered output.
inline constexpr double kBlockRamOut = 1.00;    // Latency 1: no output register.

// Of the data of a memory after its latency.
double memory_out(const Ram& ram);

// Of a node that computes; sources have the constants above.
double of(const Node& node);

// What a path through `from` into `to` saves: the LUT before a carry takes either operand of a sum
// as an exclusive or of two, since it has both outputs that the carry needs.
double saved(const Node& from, const Node& to);

}  // namespace fpvs::hlsc::delay
