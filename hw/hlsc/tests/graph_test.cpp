// SPDX-License-Identifier: Apache-2.0
// The makers of the graph fold, and folding keeps the value.
#include "hw/hlsc/bitgraph/graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

namespace fpvs::hlsc {
namespace {

constexpr int kWidth = 12;
constexpr std::uint64_t kMask = (1u << kWidth) - 1;

// Evaluates bits of a graph whose sources (register_read) have the given values.
class Evaluation {
  public:
    Evaluation(const Graph& graph, std::vector<std::uint64_t> sources)
        : graph_(graph), sources_(std::move(sources)) {}

    std::uint64_t value(const Value& bits) {
        std::uint64_t result = 0;
        for (std::size_t i = 0; i < bits.size() && i < 64; ++i) {
            result |= static_cast<std::uint64_t>(bit(bits[i])) << i;
        }
        return result;
    }

  private:
    bool bit(Bit b) { return b.node < 0 ? b == kOne : ((node(b.node) >> b.index) & 1) != 0; }
    static std::int64_t as_signed(std::uint64_t v, std::size_t width) {
        return static_cast<std::int64_t>(v << (64 - width)) >> (64 - width);
    }
    std::uint64_t factor(const Node& n, std::size_t which) {
        const std::uint64_t bits = value(n.in[which]);
        const bool sign = (n.part >> which & 1) != 0;
        return sign ? static_cast<std::uint64_t>(as_signed(bits, n.in[which].size())) : bits;
    }
    std::uint64_t node(int id) {
        const auto known = memo_.find(id);
        if (known != memo_.end()) {
            return known->second;
        }
        const Node& n = graph_.node(id);
        const auto in = [&](std::size_t i) { return value(n.in[i]); };
        std::uint64_t result = 0;
        const std::size_t width = n.in.empty() ? 0 : n.in[0].size();
        switch (n.op) {
            case Op::register_read:
                result = sources_[static_cast<std::size_t>(n.object)];
                break;
            case Op::not_:
                result = ~in(0);
                break;
            case Op::and_:
                result = n.in.size() == 2 ? in(0) & in(1) : in(0) == (~0ull >> (64 - width));
                break;
            case Op::or_:
                result = n.in.size() == 2 ? in(0) | in(1) : in(0) != 0;
                break;
            case Op::xor_:
                result = n.in.size() == 2 ? in(0) ^ in(1)
                                          : static_cast<std::uint64_t>(__builtin_parityll(in(0)));
                break;
            case Op::mux:
                result = in(0) != 0 ? in(1) : in(2);
                break;
            case Op::add:
                result = in(0) + in(1);
                break;
            case Op::subtract:
                result = in(0) - in(1);
                break;
            case Op::multiply:
                result = factor(n, 0) * factor(n, 1);
                break;
            case Op::equal:
                result = in(0) == in(1);
                break;
            case Op::less_unsigned:
                result = in(0) < in(1);
                break;
            case Op::less_signed:
                result = as_signed(in(0), width) < as_signed(in(1), width);
                break;
            case Op::shift_left:
                result = in(1) < 64 ? in(0) << in(1) : 0;
                break;
            case Op::shift_right:
                result = in(1) < 64 ? in(0) >> in(1) : 0;
                break;
            case Op::shift_right_signed:
                result = static_cast<std::uint64_t>(as_signed(in(0), width) >> in(1));
                break;
            case Op::count_ones:
                result = static_cast<std::uint64_t>(__builtin_popcountll(in(0)));
                break;
            default:
                result = in(0) + 1 < n.in.size() ? in(in(0) + 1) : 0;
        }
        if (n.width < 64) {
            result &= (1ull << n.width) - 1;
        }
        return memo_[id] = result;
    }

    const Graph& graph_;
    std::vector<std::uint64_t> sources_;
    std::map<int, std::uint64_t> memo_;
};

// A value of the graph beside what it must evaluate to.
struct Pair {
    Value bits;
    std::uint64_t expected;
};

Pair random_step(Graph& graph, std::mt19937_64& random, const Pair& a, const Pair& b) {
    const std::uint64_t amount = b.expected % kWidth;
    const Value small = Graph::slice(b.bits, 0, 3);
    const auto bit = [](bool x) { return static_cast<std::uint64_t>(x); };
    const auto wide = [](Bit x) { return Graph::extend({x}, kWidth); };
    switch (random() % 16) {
        case 0:
            return {graph.add(a.bits, b.bits), (a.expected + b.expected) & kMask};
        case 1:
            return {graph.subtract(a.bits, b.bits), (a.expected - b.expected) & kMask};
        case 2:
            return {graph.and_(a.bits, b.bits), a.expected & b.expected};
        case 3:
            return {graph.or_(a.bits, b.bits), a.expected | b.expected};
        case 4:
            return {graph.xor_(a.bits, b.bits), a.expected ^ b.expected};
        case 5:
            return {graph.not_(a.bits), ~a.expected & kMask};
        case 6:
            return {graph.mux(b.bits[0], a.bits, b.bits),
                    (b.expected & 1) != 0 ? a.expected : b.expected};
        case 7:
            return {wide(graph.equal(a.bits, b.bits)), bit(a.expected == b.expected)};
        case 8:
            return {wide(graph.less_unsigned(a.bits, b.bits)), bit(a.expected < b.expected)};
        case 9: {
            const auto sign = [](std::uint64_t x) {
                return static_cast<std::int64_t>(x << 52) >> 52;
            };
            return {wide(graph.less_signed(a.bits, b.bits)),
                    bit(sign(a.expected) < sign(b.expected))};
        }
        case 10:
            return {graph.shift(Op::shift_left, a.bits, Graph::constant(8, amount)),
                    (a.expected << amount) & kMask};
        case 11:
            return {graph.shift(Op::shift_right, a.bits, small), a.expected >> (b.expected & 7)};
        case 12:
            return {graph.multiply(a.bits, Graph::extend(small, kWidth)),
                    (a.expected * (b.expected & 7)) & kMask};
        case 13:
            return {graph.count_ones(a.bits),
                    static_cast<std::uint64_t>(__builtin_popcountll(a.expected))};
        case 14: {
            const std::vector<Value> elements = {a.bits, b.bits, graph.not_(a.bits)};
            const std::uint64_t values[] = {a.expected, b.expected, ~a.expected & kMask};
            const std::uint64_t at = (b.expected >> 1) & 1;
            return {graph.index(Graph::slice(b.bits, 1, 1), elements), values[at]};
        }
        default: {
            Value swapped = Graph::slice(a.bits, 6, 6);
            const Value low = Graph::slice(b.bits, 0, 6);
            swapped.insert(swapped.end(), low.begin(), low.end());
            return {swapped, (a.expected >> 6) | ((b.expected & 63) << 6)};
        }
    }
}

TEST(Graph, folding_keeps_the_value_of_random_expressions) {
    const char* text = std::getenv("FPVS_SEED");
    const std::uint64_t seed =
        text == nullptr ? std::random_device{}() : std::strtoull(text, nullptr, 10);
    RecordProperty("seed", std::to_string(seed));
    std::mt19937_64 random(seed);
    for (int program = 0; program < 300; ++program) {
        Graph graph;
        std::vector<std::uint64_t> sources;
        std::vector<Pair> known;
        for (int i = 0; i < 3; ++i) {
            sources.push_back(random() & kMask);
            known.push_back({graph.source(Op::register_read, kWidth, i), sources.back()});
            const std::uint64_t constant = random() & (random() % 2 == 0 ? kMask : 3);
            known.push_back({Graph::constant(kWidth, constant), constant});
        }
        for (int step = 0; step < 40; ++step) {
            const Pair a = known[random() % known.size()];
            const Pair b = known[random() % known.size()];
            known.push_back(random_step(graph, random, a, b));
            Evaluation evaluation(graph, sources);
            ASSERT_EQ(evaluation.value(known.back().bits), known.back().expected)
                << "FPVS_SEED=" << seed << " program " << program << " step " << step;
        }
    }
}

// Factors of all widths and signs, unknown or constant, into products of 64 bits.
TEST(Graph, a_product_is_right_and_its_pieces_fit_a_slice) {
    const char* text = std::getenv("FPVS_SEED");
    const std::uint64_t seed =
        text == nullptr ? std::random_device{}() : std::strtoull(text, nullptr, 10);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 2000; ++i) {
        Graph graph;
        std::vector<std::uint64_t> sources;
        Value factors[2];
        std::uint64_t product = 1;
        for (Value& factor : factors) {
            const int width = 1 + static_cast<int>(random() % 64);
            const bool sign = random() % 2 == 0;
            const std::uint64_t mask = ~0ull >> (64 - width);
            const std::uint64_t value = random() & (random() % 3 == 0 ? random() : ~0ull) & mask;
            sources.push_back(value);
            const auto number = static_cast<int>(sources.size()) - 1;
            const Value bits = random() % 4 == 0 ? Graph::constant(width, value)
                                                 : graph.source(Op::register_read, width, number);
            factor = sign ? Graph::extend_signed(bits, 64) : Graph::extend(bits, 64);
            const bool negative = sign && (value >> (width - 1) & 1) != 0;
            product *= negative ? value | ~mask : value;
        }
        const Value result = graph.multiply(factors[0], factors[1]);
        ASSERT_EQ(Evaluation(graph, sources).value(result), product) << "FPVS_SEED=" << seed;
        for (int id = 0; id < graph.size(); ++id) {
            if (graph.node(id).op == Op::multiply) {
                const auto& in = graph.node(id).in;
                EXPECT_LE(std::max(in[0].size(), in[1].size()), 27u);
                EXPECT_LE(std::min(in[0].size(), in[1].size()), 18u);
            }
        }
    }
}

TEST(Graph, the_mask_of_low_bits_needs_no_carries) {
    Graph graph;
    const Value amount = graph.source(Op::register_read, 5, 0);
    const Value one = graph.shift(Op::shift_left, Graph::constant(32, 1), amount);
    const Value mask = graph.add(one, Graph::ones(32));
    EXPECT_EQ(Evaluation(graph, {7}).value(mask), 0x7fu);
    for (int id = 0; id < graph.size(); ++id) {
        EXPECT_NE(graph.node(id).op, Op::add);
    }
}

TEST(Graph, equal_nodes_are_one_node) {
    Graph graph;
    const Value a = graph.source(Op::register_read, 8, 0);
    const Value b = graph.source(Op::register_read, 8, 1);
    EXPECT_EQ(graph.add(a, b), graph.add(a, b));
    const int before = graph.size();
    graph.and_(a, b);
    EXPECT_EQ(graph.size(), before + 1);
    graph.and_(a, b);
    EXPECT_EQ(graph.size(), before + 1);
}

TEST(Graph, conditions_that_exclude_each_other_are_seen) {
    Graph graph;
    const Bit a = graph.source(Op::register_read, 1, 0)[0];
    const Bit b = graph.source(Op::register_read, 1, 1)[0];
    const Bit first = graph.and_(a, b);
    const Bit second = graph.and_(graph.not_(a), b);
    EXPECT_EQ(graph.and_(first, second), kZero);
    EXPECT_EQ(graph.or_(a, graph.not_(a)), kOne);
}

TEST(Graph, a_choice_between_a_value_and_its_inverse_is_a_parity) {
    Graph graph;
    const Bit s = graph.source(Op::register_read, 1, 0)[0];
    const Bit x = graph.source(Op::register_read, 1, 1)[0];
    const Value chosen = graph.mux(s, {graph.not_(x)}, {x});
    EXPECT_EQ(chosen[0], graph.xor_(s, x));
}

TEST(Graph, zero_bits_pass_by_an_adder) {
    Graph graph;
    const Value x = graph.source(Op::register_read, 4, 0);
    Value shifted = Graph::zeros(4);
    shifted.insert(shifted.end(), x.begin(), x.end());
    const Value sum = graph.add(shifted, Graph::constant(8, 0x05));
    EXPECT_EQ(Graph::slice(sum, 0, 4), Graph::constant(4, 5));
    EXPECT_EQ(Graph::slice(sum, 4, 4), x);
}

TEST(Graph, dont_care_bits_take_the_other_arm) {
    Graph graph;
    const Bit s = graph.source(Op::register_read, 1, 0)[0];
    const Value x = graph.source(Op::register_read, 4, 1);
    EXPECT_EQ(graph.mux(s, x, Value(4, kAnyBit)), x);
}

}  // namespace
}  // namespace fpvs::hlsc
