// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/schedule/delay.hpp"

#include <algorithm>
#include <cmath>

namespace fpvs::hlsc::delay {

namespace {

constexpr double kFirstLevel = 0.30;
constexpr double kNextLevel = 0.40;
constexpr double kFanOut = 0.15;
// From a register through the multiplier of a DSP slice to its output register.
constexpr double kDsp = 2.2;

// A function of so many inputs, in levels of six-input LUTs.
double levels(int inputs) {
    if (inputs <= 1) {
        return 0.0;
    }
    const double depth = std::ceil(std::log(inputs) / std::log(6.0) - 1e-9);
    return kFirstLevel + kNextLevel * (depth - 1.0);
}

int variable_bits(const Value& value) {
    return static_cast<int>(
        std::count_if(value.begin(), value.end(), [](Bit bit) { return bit.node >= 0; }));
}

// The select line of a wide multiplexer drives many LUTs.
double mux_delay(int width) {
    return width <= 1 ? 0.33 : width <= 32 ? 0.40 : width <= 128 ? 0.47 : 0.60;
}

}  // namespace

double memory_out(const Ram& ram) {
    const bool raw = ram.latency == 1 && ram.style != RamStyle::distributed;
    return raw ? kBlockRamOut : kMemoryOut;
}

double of(const Node& node) {
    switch (node.op) {
        case Op::and_:
        case Op::or_:
        case Op::xor_:
            // A constant partner only inverts, inside of the LUT that follows.
            return node.in.size() == 1              ? levels(variable_bits(node.in[0]))
                   : Graph::is_constant(node.in[1]) ? 0.0
                                                    : 0.32;
        case Op::mux:
            return mux_delay(node.width);
        case Op::add:
        case Op::subtract:
            return 0.58 + 0.0055 * node.width;
        case Op::less_unsigned:
        case Op::less_signed:
            return 0.60 + 0.0025 * static_cast<double>(node.in[0].size());
        case Op::equal: {
            const int bits = variable_bits(node.in[0]) + variable_bits(node.in[1]);
            return std::min(levels(bits), 0.60 + 0.0016 * bits);
        }
        case Op::shift_left:
        case Op::shift_right:
        case Op::shift_right_signed:
            // A constant is decoded: every bit of the result is a function of the amount.
            if (Graph::is_constant(node.in[0])) {
                return levels(variable_bits(node.in[1])) + kFanOut;
            }
            return mux_delay(node.width) * std::ceil(variable_bits(node.in[1]) / 2.0);
        case Op::multiply:
            return kDsp;
        case Op::count_ones:
            return 0.40 * std::ceil(std::log2(static_cast<double>(node.in[0].size()) + 1.0) / 1.5);
        case Op::index:
            return mux_delay(node.width) *
                   std::ceil(std::log2(static_cast<double>(node.in.size() - 1)) / 2.0);
        default:
            return 0.0;
    }
}

double saved(const Node& from, const Node& to) {
    const bool sum = to.op == Op::add || to.op == Op::subtract;
    return sum && from.op == Op::xor_ && from.in.size() == 2 ? of(from) : 0.0;
}

}  // namespace fpvs::hlsc::delay
