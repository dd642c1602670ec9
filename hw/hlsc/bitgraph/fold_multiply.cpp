// SPDX-License-Identifier: Apache-2.0
// Products in pieces that a DSP slice of UltraScale+ multiplies.
//
// A slice multiplies 27 by 18 bits, both signed.  A wider product is a sum of such pieces; pieces
// that do not overlap share one summand, so a product of m by n pieces takes m + n - 1 summands.
// A factor with few ones, or of few bits, needs sums only.
#include <algorithm>
#include <array>

#include "hw/hlsc/bitgraph/graph.hpp"

namespace fpvs::hlsc {

namespace {

// Without a sign bit, as all pieces but the topmost are.
constexpr int kDspLong = 26;
constexpr int kDspShort = 17;
// A constant with so many digits (ones and minus ones) is multiplied by adding shifted copies.
constexpr int kDigitsMax = 3;
// So is a factor of so many unknown bits.
constexpr int kNarrowMax = 2;

// A factor without its extension: what counts, and whether the top bit is a sign.
struct Factor {
    Value bits;
    bool is_signed = false;
};

Factor factor_of(const Value& v) {
    Factor factor{v, false};
    const Bit top = v.back();
    std::size_t size = v.size();
    while (size > 1 && v[size - 2] == top) {
        --size;
    }
    if (top == kZero) {
        size = size > 1 ? size - 1 : 1;
    } else {
        factor.is_signed = size < v.size();
    }
    factor.bits.resize(size);
    return factor;
}

int width_of(const Factor& factor) {
    return static_cast<int>(factor.bits.size());
}

// The topmost piece may have a sign bit more.
int pieces_of(const Factor& factor, int size) {
    const int width = width_of(factor) - (factor.is_signed ? 1 : 0);
    return std::max(1, (width + size - 1) / size);
}

Factor piece(const Factor& factor, int number, int size) {
    const int low = number * size;
    const bool last = number + 1 == pieces_of(factor, size);
    const int width = last ? width_of(factor) - low : size;
    return {Graph::slice(factor.bits, low, width), last && factor.is_signed};
}

// The digits of a constant in canonical signed form: +1, -1 or 0 by place.
std::vector<int> digits_of(const Value& constant) {
    std::vector<int> digits;
    int carry = 0;
    for (std::size_t i = 0; i < constant.size(); ++i) {
        const int here = (constant[i] == kOne ? 1 : 0) + carry;
        const bool next = i + 1 < constant.size() && constant[i + 1] == kOne;
        const int digit = here % 2 == 0 ? 0 : next ? -1 : 1;
        digits.push_back(digit);
        carry = (here - digit) / 2;
    }
    return digits;
}

}  // namespace

Value Graph::multiply_by_constant(const Value& a, const Value& constant) {
    const int width = static_cast<int>(a.size());
    Value sum = zeros(width);
    Value minus = zeros(width);
    const std::vector<int> digits = digits_of(constant);
    for (int place = 0; place < width; ++place) {
        const int digit = digits[static_cast<std::size_t>(place)];
        Value& target = digit > 0 ? sum : minus;
        if (digit != 0) {
            target = add(slice(a, -place, width), target);
        }
    }
    return subtract(sum, minus);
}

// One slice.
Value Graph::multiply_piece(const Value& a, bool a_signed, const Value& b, bool b_signed) {
    const int width = static_cast<int>(a.size() + b.size());
    const auto extended = [width](const Value& v, bool sign) {
        return sign ? extend_signed(v, width) : extend(v, width);
    };
    if (is_constant(a) || is_constant(b)) {
        const Value& constant = is_constant(a) ? a : b;
        const std::vector<int> digits =
            digits_of(extended(constant, is_constant(a) ? a_signed : b_signed));
        const auto zeros_in = std::count(digits.begin(), digits.end(), 0);
        if (static_cast<long>(digits.size()) - zeros_in <= kDigitsMax) {
            return is_constant(a)
                       ? multiply_by_constant(extended(b, b_signed), extended(a, a_signed))
                       : multiply_by_constant(extended(a, a_signed), extended(b, b_signed));
        }
    }
    const bool narrow = !b_signed && static_cast<int>(b.size()) <= kNarrowMax;
    if (narrow) {
        Value sum = zeros(width);
        for (std::size_t i = 0; i < b.size(); ++i) {
            const Value shifted = slice(extended(a, a_signed), -static_cast<int>(i), width);
            sum = add(mux(b[i], shifted, zeros(width)), sum);
        }
        return sum;
    }
    return bits_of(make(Op::multiply, width, {a, b}, -1, (a_signed ? 1 : 0) + (b_signed ? 2 : 0)));
}

Value Graph::multiply(const Value& a, const Value& b) {
    const int width = static_cast<int>(a.size());
    Factor x = factor_of(a);
    Factor y = factor_of(b);
    if (is_constant(x.bits) && constant_of(x.bits) == 0 && x.bits.size() == 1) {
        return zeros(width);
    }
    if (is_constant(y.bits) && constant_of(y.bits) == 0 && y.bits.size() == 1) {
        return zeros(width);
    }
    // The longer pieces go to the factor that so needs fewer slices; equal products are one node.
    const int straight = pieces_of(x, kDspLong) * pieces_of(y, kDspShort);
    const int swapped = pieces_of(x, kDspShort) * pieces_of(y, kDspLong);
    if (swapped < straight || (swapped == straight && y.bits.size() > x.bits.size())) {
        std::swap(x, y);
    }
    std::vector<Value> summands;
    const int rows = pieces_of(x, kDspLong);
    const int columns = pieces_of(y, kDspShort);
    for (int diagonal = 1 - columns; diagonal < rows; ++diagonal) {
        Value summand = zeros(width);
        for (int i = std::max(0, diagonal); i < rows && i - diagonal < columns; ++i) {
            const int j = i - diagonal;
            const int at = i * kDspLong + j * kDspShort;
            if (at >= width) {
                break;
            }
            const Factor left = piece(x, i, kDspLong);
            const Factor right = piece(y, j, kDspShort);
            const Value product =
                multiply_piece(left.bits, left.is_signed, right.bits, right.is_signed);
            const bool sign = left.is_signed || right.is_signed;
            const Value rest = sign ? extend_signed(product, width) : extend(product, width);
            for (int bit = at; bit < width; ++bit) {
                summand[static_cast<std::size_t>(bit)] = rest[static_cast<std::size_t>(bit - at)];
            }
        }
        summands.push_back(summand);
    }
    while (summands.size() > 1) {
        std::vector<Value> next;
        for (std::size_t i = 0; i + 1 < summands.size(); i += 2) {
            next.push_back(add(summands[i], summands[i + 1]));
        }
        if (summands.size() % 2 == 1) {
            next.push_back(summands.back());
        }
        summands = std::move(next);
    }
    return summands[0];
}

}  // namespace fpvs::hlsc
