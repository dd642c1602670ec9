// SPDX-License-Identifier: Apache-2.0
// Storage of the graph and the rearrangements of bits that cost no gates.
#include "hw/hlsc/bitgraph/graph.hpp"

#include <cstring>

namespace fpvs::hlsc {

const char* name_of(Op op) {
    static constexpr const char* kNames[] = {"stream_empty",
                                             "stream_payload",
                                             "register_read",
                                             "ram_data",
                                             "not",
                                             "and",
                                             "or",
                                             "xor",
                                             "mux",
                                             "add",
                                             "subtract",
                                             "multiply",
                                             "equal",
                                             "less",
                                             "less_signed",
                                             "shift_left",
                                             "shift_right",
                                             "shift_right_signed",
                                             "count_ones",
                                             "index"};
    return kNames[static_cast<std::size_t>(op)];
}

namespace {

// A key under which equal nodes meet: all fields, byte by byte.
std::string key_of(Op op, int width, const std::vector<Value>& in, int object, int part) {
    std::string key;
    const auto append = [&key](std::int32_t x) {
        char bytes[sizeof x];
        std::memcpy(bytes, &x, sizeof x);
        key.append(bytes, sizeof x);
    };
    append(static_cast<std::int32_t>(op));
    append(width);
    append(object);
    append(part);
    for (const Value& v : in) {
        append(static_cast<std::int32_t>(v.size()));
        for (const Bit bit : v) {
            append(bit.node);
            append(bit.index);
        }
    }
    return key;
}

}  // namespace

int Graph::make(Op op, int width, std::vector<Value> in, int object, int part) {
    for (Value& v : in) {
        for (Bit& bit : v) {
            if (bit.is_any()) {
                bit = kZero;
            }
        }
    }
    auto [entry, added] =
        known_.try_emplace(key_of(op, width, in, object, part), static_cast<int>(nodes_.size()));
    if (added) {
        nodes_.push_back(Node{.op = op,
                              .width = width,
                              .in = std::move(in),
                              .object = object,
                              .part = part,
                              .where = position_});
    }
    return entry->second;
}

Value Graph::bits_of(int id) const {
    Value result(static_cast<std::size_t>(node(id).width));
    for (std::size_t i = 0; i < result.size(); ++i) {
        result[i] = {id, static_cast<std::int32_t>(i)};
    }
    return result;
}

Value Graph::source(Op op, int width, int object, int part) {
    return bits_of(make(op, width, {}, object, part));
}

Value Graph::constant(int width, std::uint64_t value) {
    Value result(static_cast<std::size_t>(width), kZero);
    for (int i = 0; i < width && i < 64; ++i) {
        result[static_cast<std::size_t>(i)] = ((value >> i) & 1) != 0 ? kOne : kZero;
    }
    return result;
}

Value Graph::slice(const Value& v, int low, int width) {
    Value result(static_cast<std::size_t>(width), kZero);
    for (int i = 0; i < width; ++i) {
        const int from = low + i;
        if (from >= 0 && from < static_cast<int>(v.size())) {
            result[static_cast<std::size_t>(i)] = v[static_cast<std::size_t>(from)];
        }
    }
    return result;
}

Value Graph::extend_signed(const Value& v, int width) {
    Value result = v;
    result.resize(static_cast<std::size_t>(width), v.back());
    return result;
}

bool Graph::is_constant(const Value& v) {
    for (const Bit bit : v) {
        if (bit.node >= 0) {
            return false;
        }
    }
    return true;
}

int Graph::bits_for(int count) {
    int bits = 1;
    while ((1 << bits) < count) {
        ++bits;
    }
    return bits;
}

std::uint64_t Graph::constant_of(const Value& v) {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < v.size() && i < 64; ++i) {
        result |= static_cast<std::uint64_t>(v[i] == kOne) << i;
    }
    return result;
}

Value Graph::rebuild(const Node& old, const std::vector<Value>& in) {
    switch (old.op) {
        case Op::not_:
            return not_(in[0]);
        case Op::and_:
        case Op::or_:
        case Op::xor_: {
            if (in.size() == 2) {
                return logic(old.op, in[0], in[1]);
            }
            Bit result = old.op == Op::and_ ? kOne : kZero;
            for (const Bit bit : in[0]) {
                result = reduce(old.op, result, bit);
            }
            return {result};
        }
        case Op::mux:
            return mux(in[0][0], in[1], in[2]);
        case Op::add:
            return add(in[0], in[1]);
        case Op::subtract:
            return subtract(in[0], in[1]);
        case Op::multiply:
            return multiply(
                (old.part & 1) != 0 ? extend_signed(in[0], old.width) : extend(in[0], old.width),
                (old.part & 2) != 0 ? extend_signed(in[1], old.width) : extend(in[1], old.width));
        case Op::equal:
            return {equal(in[0], in[1])};
        case Op::less_unsigned:
            return {less_unsigned(in[0], in[1])};
        case Op::less_signed:
            return {less_signed(in[0], in[1])};
        case Op::shift_left:
        case Op::shift_right:
        case Op::shift_right_signed:
            return shift(old.op, in[0], in[1]);
        case Op::count_ones:
            return extend(count_ones(in[0]), old.width);
        case Op::index:
            return index(in[0], std::vector<Value>(in.begin() + 1, in.end()));
        default:
            return bits_of(make(old.op, old.width, in, old.object, old.part));
    }
}

}  // namespace fpvs::hlsc
