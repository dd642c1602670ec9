// SPDX-License-Identifier: Apache-2.0
// Folding of sums, comparisons, shifts and selections by index.
//
// Constant-zero low bits pass by an adder and constant-zero high bits shorten it: both matter
// where a counter or a checksum must close within one clock.
#include <algorithm>

#include "hw/hlsc/bitgraph/graph.hpp"

namespace fpvs::hlsc {

namespace {

// Shifters up to this width stay one operation.
constexpr std::size_t kShifterMax = 128;

Value without_leading_zeros(Value v) {
    while (v.size() > 1 && v.back() == kZero) {
        v.pop_back();
    }
    return v;
}

// Sum of constants, with a carry in.
Value constant_sum(const Value& a, const Value& b, bool invert_b, bool carry) {
    Value result(a.size(), kZero);
    for (std::size_t i = 0; i < a.size(); ++i) {
        const bool x = a[i] == kOne;
        const bool y = (b[i] == kOne) != invert_b;
        result[i] = (x != y) != carry ? kOne : kZero;
        carry = (x && y) || (carry && (x || y));
    }
    return result;
}

bool constant_less(const Value& a, const Value& b) {
    for (std::size_t i = a.size(); i-- > 0;) {
        if (a[i] != b[i]) {
            return b[i] == kOne;
        }
    }
    return false;
}

}  // namespace

// A constant added to what is a constant in one case is another constant there; and one less than
// a power of two is a row of ones: (1 << n) - 1, the mask of n low bits, needs no carries.
Value Graph::add_to_known_shape(Op op, const Value& a, const Value& constant) {
    if (a[0].node < 0) {
        return {};
    }
    const Node& shape = node(a[0].node);
    if (extend(bits_of(a[0].node), static_cast<int>(a.size())) != a ||
        static_cast<std::size_t>(shape.width) > a.size()) {
        return {};
    }
    const auto width = static_cast<int>(a.size());
    if (shape.op == Op::mux && (is_constant(shape.in[1]) || is_constant(shape.in[2]))) {
        const Bit select = shape.in[0][0];
        const Value one = extend(shape.in[1], width);
        const Value zero = extend(shape.in[2], width);
        return mux(select, add_or_subtract(op, one, constant), add_or_subtract(op, zero, constant));
    }
    const bool minus_one =
        op == Op::add ? constant == ones(width) : constant == Value(extend({kOne}, width));
    if (shape.op == Op::shift_left && minus_one && shape.in[0] == extend({kOne}, shape.width)) {
        const Value amount = shape.in[1];
        // The amount stays below the width, so a one is shifted to some place and never out.
        return extend(not_(shift(Op::shift_left, ones(shape.width), amount)), width);
    }
    return {};
}

Value Graph::add_or_subtract(Op op, const Value& a, const Value& b) {
    const int width = static_cast<int>(a.size());
    if (is_constant(a) && is_constant(b)) {
        const bool minus = op == Op::subtract;
        return constant_sum(a, b, minus, minus);
    }
    if (op == Op::add && is_constant(a)) {
        return add_or_subtract(op, b, a);
    }
    if (is_constant(b)) {
        const Value folded = add_to_known_shape(op, a, b);
        if (!folded.empty()) {
            return folded;
        }
    }
    // Low bits where one operand is zero need no adder.
    int free = 0;
    while (free < width && (b[static_cast<std::size_t>(free)] == kZero ||
                            (op == Op::add && a[static_cast<std::size_t>(free)] == kZero))) {
        ++free;
    }
    if (free > 0) {
        Value result;
        for (int i = 0; i < free; ++i) {
            const auto at = static_cast<std::size_t>(i);
            result.push_back(b[at] == kZero ? a[at] : b[at]);
        }
        if (free < width) {
            const Value rest =
                add_or_subtract(op, slice(a, free, width - free), slice(b, free, width - free));
            result.insert(result.end(), rest.begin(), rest.end());
        }
        return result;
    }
    if (width == 1) {
        return {xor_(a[0], b[0])};
    }
    if (op == Op::add) {
        const int needed = 1 + static_cast<int>(std::max(without_leading_zeros(a).size(),
                                                         without_leading_zeros(b).size()));
        if (needed < width) {
            return extend(bits_of(make(op, needed, {slice(a, 0, needed), slice(b, 0, needed)})),
                          width);
        }
    }
    return bits_of(make(op, width, {a, b}));
}

Value Graph::add(const Value& a, const Value& b) {
    return add_or_subtract(Op::add, a, b);
}
Value Graph::subtract(const Value& a, const Value& b) {
    return add_or_subtract(Op::subtract, a, b);
}

Bit Graph::equal(const Value& a, const Value& b) {
    Value left, right;
    Bit all = kOne;  // Single-bit answers of positions with a constant partner.
    bool constants_only = true;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] == b[i]) {
            continue;
        }
        if (a[i].node < 0 && b[i].node < 0) {
            return kZero;
        }
        if (is_not_of(a[i], b[i]) || is_not_of(b[i], a[i])) {
            return kZero;
        }
        constants_only = constants_only && (a[i].node < 0 || b[i].node < 0);
        left.push_back(a[i].node < 0 ? b[i] : a[i]);
        right.push_back(a[i].node < 0 ? a[i] : b[i]);
    }
    if (left.empty()) {
        return kOne;
    }
    // A few bits against a constant are an AND that meets other conditions of the same bits.
    if (constants_only && left.size() <= 8) {
        for (std::size_t i = 0; i < left.size(); ++i) {
            all = and_(all, right[i] == kOne ? left[i] : not_(left[i]));
        }
        return all;
    }
    if (left.size() == 1) {
        return not_(xor_(left[0], right[0]));
    }
    return {make(Op::equal, 1, {left, right}), 0};
}

Bit Graph::less_unsigned(const Value& a, const Value& b) {
    if (a == b) {
        return kZero;
    }
    if (is_constant(a) && is_constant(b)) {
        return constant_less(a, b) ? kOne : kZero;
    }
    if (is_constant(b) && equal(b, zeros(static_cast<int>(b.size()))) == kOne) {
        return kZero;
    }
    // High bits that are equal do not decide.
    std::size_t width = a.size();
    while (width > 1 && a[width - 1] == b[width - 1]) {
        --width;
    }
    const Value x(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(width));
    const Value y(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(width));
    if (width == 1) {
        return and_(not_(x[0]), y[0]);
    }
    return {make(Op::less_unsigned, 1, {x, y}), 0};
}

Bit Graph::less_signed(const Value& a, const Value& b) {
    // The order of two's complement numbers is the unsigned order with the sign inverted.
    Value x = a, y = b;
    if (is_constant(b) && equal(b, zeros(static_cast<int>(b.size()))) == kOne) {
        return a.back();
    }
    if (a.back().node < 0 && b.back().node < 0) {
        x.back() = not_(a.back());
        y.back() = not_(b.back());
        return less_unsigned(x, y);
    }
    return {make(Op::less_signed, 1, {a, b}), 0};
}

Value Graph::shift_by_constant(Op op, const Value& v, std::uint64_t amount) {
    const Bit fill = op == Op::shift_right_signed ? v.back() : kZero;
    const auto width = static_cast<std::int64_t>(v.size());
    const auto distance = static_cast<std::int64_t>(std::min<std::uint64_t>(amount, v.size()));
    Value result(v.size(), fill);
    for (std::int64_t i = 0; i < width; ++i) {
        const std::int64_t from = op == Op::shift_left ? i - distance : i + distance;
        if (from >= 0 && from < width) {
            result[static_cast<std::size_t>(i)] = v[static_cast<std::size_t>(from)];
        } else if (op == Op::shift_left) {
            result[static_cast<std::size_t>(i)] = kZero;
        }
    }
    return result;
}

Value Graph::shift(Op op, const Value& v, const Value& amount) {
    if (is_constant(amount)) {
        return shift_by_constant(op, v, constant_of(amount));
    }
    // The source promises amounts below the width (ap_int.h compares first).
    Value needed = without_leading_zeros(amount);
    std::size_t bits = 1;
    while ((std::size_t{1} << bits) < v.size()) {
        ++bits;
    }
    if (needed.size() > bits) {
        needed.resize(bits);
    }
    if (is_constant(v) && std::all_of(v.begin(), v.end(), [](Bit b) { return b == kZero; })) {
        return v;
    }
    if (v.size() > kShifterMax && !is_constant(v)) {
        return shift_in_steps(op, v, needed);
    }
    return bits_of(make(op, static_cast<int>(v.size()), {v, needed}));
}

// A wide shifter is multiplexers with four inputs, one after another, so that the scheduler may
// part them and constant bits of the amount cost nothing.
Value Graph::shift_in_steps(Op op, Value v, const Value& amount) {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < amount.size(); ++i) {
        if (amount[i].node >= 0) {
            open.push_back(i);
        } else if (amount[i] == kOne) {
            v = shift_by_constant(op, v, std::uint64_t{1} << i);
        }
    }
    for (std::size_t k = 0; k < open.size(); k += 2) {
        const std::uint64_t low = std::uint64_t{1} << open[k];
        if (k + 1 == open.size()) {
            return mux(amount[open[k]], shift_by_constant(op, v, low), v);
        }
        const std::uint64_t high = std::uint64_t{1} << open[k + 1];
        v = index({amount[open[k]], amount[open[k + 1]]},
                  {v,
                   shift_by_constant(op, v, low),
                   shift_by_constant(op, v, high),
                   shift_by_constant(op, v, low + high)});
    }
    return v;
}

// The lowest bit of a count is the parity, which folds with other parities.
Value Graph::count_ones(const Value& v) {
    Bit parity = kZero;
    for (const Bit bit : v) {
        parity = xor_(parity, bit);
    }
    int width = 1;
    while ((std::size_t{1} << width) <= v.size()) {
        ++width;
    }
    Value result = bits_of(make(Op::count_ones, width, {v}));
    result[0] = parity;
    return extend(result, static_cast<int>(v.size()));
}

Value Graph::index(const Value& position, const std::vector<Value>& elements) {
    Value needed = without_leading_zeros(position);
    int bits = 1;
    while ((std::size_t{1} << bits) < elements.size()) {
        ++bits;
    }
    needed = extend(needed, bits);
    if (is_constant(needed)) {
        const std::uint64_t at = constant_of(needed);
        return at < elements.size() ? elements[at] : zeros(static_cast<int>(elements[0].size()));
    }
    if (elements.size() == 1) {
        return elements[0];
    }
    if (elements.size() == 2) {
        return mux(needed[0], elements[1], elements[0]);
    }
    std::vector<Value> in = {needed};
    in.insert(in.end(), elements.begin(), elements.end());
    return bits_of(make(Op::index, static_cast<int>(elements[0].size()), std::move(in)));
}

}  // namespace fpvs::hlsc
