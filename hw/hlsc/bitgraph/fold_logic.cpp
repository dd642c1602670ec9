// SPDX-License-Identifier: Apache-2.0
// Folding of AND, OR, XOR, NOT and multiplexers.
//
// Single-bit chains are flattened into one reduction over sorted terms, so x & !x, repeated terms
// and parity chains vanish wherever they meet; wide operations stay wide, so that a 512-bit
// value remains one vector in the output.
#include <algorithm>

#include "hw/hlsc/bitgraph/graph.hpp"

namespace fpvs::hlsc {

namespace {

// Beyond this many terms a reduction is no longer flattened (the cost is quadratic in chains).
constexpr std::size_t kTermsMax = 256;
// XOR of words up to this width is taken apart when an operand repeats its bits.
constexpr std::size_t kSparseXorMax = 64;
// A narrower one also when it stays within one LUT for each bit.
constexpr std::size_t kFoldedXorMax = 32;
constexpr std::size_t kLutInputs = 6;
// A constant that changes between 0 and 1 more often than this is one operand of a wide XOR.
constexpr int kConstantRunsMax = 4;

// The same bits again and again, as in `if (bit) hash ^= key`: parities will meet.
bool repeats_bits(const Value& v) {
    std::vector<Bit> bits;
    for (const Bit bit : v) {
        if (bit.node >= 0) {
            bits.push_back(bit);
        }
    }
    std::sort(bits.begin(), bits.end());
    const auto distinct = std::unique(bits.begin(), bits.end()) - bits.begin();
    return bits.size() > 1 && static_cast<std::size_t>(distinct) * 2 <= bits.size();
}

int runs_of(const Value& constant) {
    int runs = 1;
    for (std::size_t i = 1; i < constant.size(); ++i) {
        runs += constant[i] != constant[i - 1] ? 1 : 0;
    }
    return runs;
}

}  // namespace

Bit Graph::not_(Bit a) {
    if (a.node < 0) {
        return a == kOne ? kZero : a == kZero ? kOne : kAnyBit;
    }
    const Node& of = node(a.node);
    if (of.op == Op::not_) {
        return of.in[0][static_cast<std::size_t>(a.index)];
    }
    return {make(Op::not_, 1, {{a}}), 0};
}

Value Graph::not_(const Value& v) {
    return xor_(v, ones(static_cast<int>(v.size())));
}

bool Graph::is_not_of(Bit x, Bit y) const {
    return x.node >= 0 && node(x.node).op == Op::not_ &&
           node(x.node).in[0][static_cast<std::size_t>(x.index)] == y;
}

void Graph::leaves(Op op, Bit bit, std::vector<Bit>& out) const {
    if (bit.node >= 0) {
        const Node& of = node(bit.node);
        if (of.op == op && of.in.size() == 1) {
            out.insert(out.end(), of.in[0].begin(), of.in[0].end());
            return;
        }
    }
    out.push_back(bit);
}

// Pairs cancel; complements move to one inversion of the result.
Bit Graph::reduce_xor(std::vector<Bit> terms) {
    bool inverted = false;
    for (Bit& term : terms) {
        if (term.node >= 0 && node(term.node).op == Op::not_) {
            term = node(term.node).in[0][static_cast<std::size_t>(term.index)];
            inverted = !inverted;
        }
    }
    std::sort(terms.begin(), terms.end());
    std::vector<Bit> odd;
    for (const Bit term : terms) {
        if (!odd.empty() && odd.back() == term) {
            odd.pop_back();
        } else {
            odd.push_back(term);
        }
    }
    Bit result = kZero;
    if (odd.size() == 1) {
        result = odd[0];
    } else if (odd.size() > 1) {
        result = {make(Op::xor_, 1, {odd}), 0};
    }
    return inverted ? not_(result) : result;
}

// a & (a | b) is a, and so is a & b & ((a & b) | c); the same with AND and OR exchanged.
void Graph::absorb(Op op, std::vector<Bit>& terms) const {
    const Op other = op == Op::and_ ? Op::or_ : Op::and_;
    const auto sorted_leaves = [this](Op of, Bit bit) {
        std::vector<Bit> found;
        leaves(of, bit, found);
        std::sort(found.begin(), found.end());
        return found;
    };
    const auto within = [](const std::vector<Bit>& part, const std::vector<Bit>& whole) {
        return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
    };
    for (std::size_t i = terms.size(); i-- > 0;) {
        const std::vector<Bit> parts = sorted_leaves(other, terms[i]);
        if (parts.size() < 2) {
            continue;
        }
        std::vector<Bit> rest = terms;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
        const bool absorbed =
            std::any_of(parts.begin(),
                        parts.end(),
                        [&](Bit part) { return within(sorted_leaves(op, part), rest); }) ||
            std::any_of(rest.begin(), rest.end(), [&](Bit term) {
                return within(sorted_leaves(other, term), parts);
            });
        if (absorbed) {
            terms = std::move(rest);
        }
    }
}

// Repeated terms count once; a term and its complement decide the result.
Bit Graph::reduce_and_or(Op op, std::vector<Bit> terms) {
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    for (const Bit term : terms) {
        if (term.node >= 0 && node(term.node).op == Op::not_) {
            const Bit plain = node(term.node).in[0][static_cast<std::size_t>(term.index)];
            if (std::binary_search(terms.begin(), terms.end(), plain)) {
                return op == Op::and_ ? kZero : kOne;
            }
        }
    }
    absorb(op, terms);
    if (terms.size() == 1) {
        return terms[0];
    }
    return {make(op, 1, {std::move(terms)}), 0};
}

Bit Graph::reduce(Op op, Bit a, Bit b) {
    a = a.is_any() ? kZero : a;
    b = b.is_any() ? kZero : b;
    if (a.is_constant()) {
        std::swap(a, b);
    }
    if (b.is_constant()) {
        const bool one = b == kOne;
        switch (op) {
            case Op::and_:
                return one ? a : kZero;
            case Op::or_:
                return one ? kOne : a;
            default:
                return one ? not_(a) : a;
        }
    }
    std::vector<Bit> terms;
    leaves(op, a, terms);
    leaves(op, b, terms);
    if (terms.size() > kTermsMax) {
        terms = {a, b};
    }
    return op == Op::xor_ ? reduce_xor(std::move(terms)) : reduce_and_or(op, std::move(terms));
}

Bit Graph::and_(Bit a, Bit b) {
    return reduce(Op::and_, a, b);
}
Bit Graph::or_(Bit a, Bit b) {
    return reduce(Op::or_, a, b);
}
Bit Graph::xor_(Bit a, Bit b) {
    return reduce(Op::xor_, a, b);
}
Value Graph::and_(const Value& a, const Value& b) {
    return logic(Op::and_, a, b);
}
Value Graph::or_(const Value& a, const Value& b) {
    return logic(Op::or_, a, b);
}
Value Graph::xor_(const Value& a, const Value& b) {
    return logic(Op::xor_, a, b);
}

// Whether an XOR meets parities or constants, and each bit of it still is one of few bits.
bool Graph::few_terms(const Value& a, const Value& b) const {
    bool meets = false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::vector<Bit> terms;
        leaves(Op::xor_, a[i], terms);
        leaves(Op::xor_, b[i], terms);
        if (terms.size() > kLutInputs) {
            return false;
        }
        meets = meets || terms.size() > 2 || a[i].node < 0 || b[i].node < 0;
    }
    return meets;
}

Value Graph::logic(Op op, const Value& a, const Value& b) {
    const std::size_t width = a.size();
    Value result(width, kZero);
    const bool sparse =
        op == Op::xor_ && width <= kSparseXorMax &&
        (repeats_bits(a) || repeats_bits(b) || (width <= kFoldedXorMax && few_terms(a, b)));
    if (width == 1 || sparse) {
        for (std::size_t i = 0; i < width; ++i) {
            result[i] = reduce(op, a[i], b[i]);
        }
        return result;
    }
    if (op == Op::xor_ && (is_constant(a) || is_constant(b))) {
        const Value& constant = is_constant(a) ? a : b;
        const Value& other = is_constant(a) ? b : a;
        const bool unknown =
            std::all_of(other.begin(), other.end(), [](Bit x) { return x.node >= 0; });
        if (unknown && runs_of(constant) > kConstantRunsMax) {
            return bits_of(make(op, static_cast<int>(width), {other, constant}));
        }
    }
    // Bits with a constant or equal partner are settled here; the rest stays one wide node.
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < width; ++i) {
        if (a[i].node < 0 || b[i].node < 0) {
            const Bit x = a[i].node < 0 ? b[i] : a[i];
            const Bit y = a[i].node < 0 ? a[i] : b[i];
            const bool inversion = op == Op::xor_ && y == kOne && x.node >= 0;
            if (inversion && node(x.node).op != Op::not_) {
                open.push_back(i);
            } else {
                result[i] = reduce(op, x, y);
            }
        } else if (a[i] == b[i]) {
            result[i] = op == Op::xor_ ? kZero : a[i];
        } else {
            open.push_back(i);
        }
    }
    if (open.empty()) {
        return result;
    }
    Value left, right, inverted;
    std::vector<std::size_t> left_at, inverted_at;
    for (const std::size_t i : open) {
        if (a[i] == kOne || b[i] == kOne) {
            inverted.push_back(a[i] == kOne ? b[i] : a[i]);
            inverted_at.push_back(i);
        } else {
            left.push_back(a[i]);
            right.push_back(b[i]);
            left_at.push_back(i);
        }
    }
    const auto place = [&result](int id, const std::vector<std::size_t>& at) {
        for (std::size_t k = 0; k < at.size(); ++k) {
            result[at[k]] = {id, static_cast<std::int32_t>(k)};
        }
    };
    if (!inverted.empty()) {
        place(make(Op::not_, static_cast<int>(inverted.size()), {inverted}), inverted_at);
    }
    if (!left.empty()) {
        place(make(op, static_cast<int>(left.size()), {left, right}), left_at);
    }
    return result;
}

// Settles a bit of a multiplexer without one where its arms allow; false leaves it to a node.
bool Graph::mux_bit(Bit select, Bit one, Bit zero, int width, Bit& result) {
    if (one == zero || zero.is_any()) {
        result = one;
    } else if (one.is_any()) {
        result = zero;
    } else if (one == kOne && zero == kZero) {
        result = select;
    } else if (one == kZero && zero == kOne) {
        result = not_(select);
    } else if (is_not_of(one, zero)) {
        result = xor_(select, zero);
    } else if (is_not_of(zero, one)) {
        result = xor_(not_(select), one);
    } else if (width == 1 && zero == kZero) {
        result = and_(select, one);
    } else if (width == 1 && one == kOne) {
        result = or_(select, zero);
    } else if (width == 1 && one == kZero) {
        result = and_(not_(select), zero);
    } else if (width == 1 && zero == kOne) {
        result = or_(not_(select), one);
    } else {
        return false;
    }
    return true;
}

Value Graph::mux(Bit select, const Value& when_one, const Value& when_zero) {
    if (select.node < 0) {
        return select == kOne ? when_one : when_zero;
    }
    const Node& selector = node(select.node);
    if (selector.op == Op::not_) {
        const Bit plain = selector.in[0][static_cast<std::size_t>(select.index)];
        return mux(plain, when_zero, when_one);
    }
    const int width = static_cast<int>(when_one.size());
    Value result(when_one.size());
    Value ones_arm, zeros_arm;
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < when_one.size(); ++i) {
        if (!mux_bit(select, when_one[i], when_zero[i], width, result[i])) {
            ones_arm.push_back(when_one[i]);
            zeros_arm.push_back(when_zero[i]);
            open.push_back(i);
        }
    }
    if (!open.empty()) {
        const int id = make(Op::mux,
                            static_cast<int>(open.size()),
                            {{select}, std::move(ones_arm), std::move(zeros_arm)});
        for (std::size_t k = 0; k < open.size(); ++k) {
            result[open[k]] = {id, static_cast<std::int32_t>(k)};
        }
    }
    return result;
}

}  // namespace fpvs::hlsc
