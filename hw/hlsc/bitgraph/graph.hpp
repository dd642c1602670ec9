// SPDX-License-Identifier: Apache-2.0
// The dataflow graph of one iteration of a process, bit by bit.
//
// A Value is a vector of bits, lowest first; each bit is a constant or one bit of a node's result.
// So slices, constant shifts, byte swaps, masks, extensions and concatenations cost nothing: they
// only rearrange bits.  Every maker below folds constants, equal operands and known patterns, and
// returns the existing node where an equal one exists; a Graph never holds two equal nodes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "hw/hlsc/base/diagnostics.hpp"

namespace fpvs::hlsc {

struct Bit {
    std::int32_t node = kConstant;
    std::int32_t index = 0;

    static constexpr std::int32_t kConstant = -1;
    static constexpr std::int32_t kAny = -2;  // Nobody looks: the maker may choose.

    [[nodiscard]] bool is_constant() const { return node == kConstant; }
    [[nodiscard]] bool is_any() const { return node == kAny; }
    auto operator<=>(const Bit&) const = default;
};
inline constexpr Bit kZero{Bit::kConstant, 0};
inline constexpr Bit kOne{Bit::kConstant, 1};
inline constexpr Bit kAnyBit{Bit::kAny, 0};

using Value = std::vector<Bit>;

enum class Op : std::uint8_t {
    // Sources: object says which stream, register or memory; part which field.
    stream_empty,
    stream_payload,
    register_read,
    ram_data,
    // Logic.  With one operand, and_/or_/xor_ reduce its bits to one.
    not_,
    and_,
    or_,
    xor_,
    mux,  // in[0][0] ? in[1] : in[2].
    // Arithmetic.
    add,
    subtract,
    multiply,  // part: 1 if in[0] is signed, 2 if in[1] is.  At most what one DSP slice takes.
    equal,
    less_unsigned,
    less_signed,
    shift_left,
    shift_right,
    shift_right_signed,
    count_ones,
    index,  // in[1 + in[0]].
};
const char* name_of(Op op);

struct Node {
    Op op = Op::not_;
    int width = 1;
    std::vector<Value> in;
    int object = -1;
    int part = 0;
    Position where;
};

class Graph {
  public:
    // Nodes made from now on belong to this line.
    void set_position(Position where) { position_ = where; }

    Value source(Op op, int width, int object, int part = 0);

    static Value constant(int width, std::uint64_t value);
    static Value zeros(int width) { return Value(static_cast<std::size_t>(width), kZero); }
    static Value ones(int width) { return Value(static_cast<std::size_t>(width), kOne); }
    static Value slice(const Value& v, int low, int width);
    static Value extend(const Value& v, int width) { return slice(v, 0, width); }
    static Value extend_signed(const Value& v, int width);
    static bool is_constant(const Value& v);
    // Bits of an index below `count`, at least one.
    static int bits_for(int count);
    // The low 64 bits of a constant.
    static std::uint64_t constant_of(const Value& v);

    Bit not_(Bit a);
    Bit and_(Bit a, Bit b);
    Bit or_(Bit a, Bit b);
    Bit xor_(Bit a, Bit b);
    Value not_(const Value& v);
    Value and_(const Value& a, const Value& b);
    Value or_(const Value& a, const Value& b);
    Value xor_(const Value& a, const Value& b);
    Value mux(Bit select, const Value& when_one, const Value& when_zero);

    Value add(const Value& a, const Value& b);
    Value subtract(const Value& a, const Value& b);
    Value multiply(const Value& a, const Value& b);
    Bit equal(const Value& a, const Value& b);
    Bit less_unsigned(const Value& a, const Value& b);
    Bit less_signed(const Value& a, const Value& b);
    Value shift(Op op, const Value& v, const Value& amount);
    Value count_ones(const Value& v);
    Value index(const Value& position, const std::vector<Value>& elements);

    // The same function of other operands, through the makers above (used by substitution).
    Value rebuild(const Node& node, const std::vector<Value>& in);

    [[nodiscard]] const Node& node(int id) const { return nodes_[static_cast<std::size_t>(id)]; }
    [[nodiscard]] int size() const { return static_cast<int>(nodes_.size()); }
    // All bits of a node's result.
    [[nodiscard]] Value bits_of(int id) const;

  private:
    int make(Op op, int width, std::vector<Value> in, int object = -1, int part = 0);
    Bit reduce(Op op, Bit a, Bit b);
    void leaves(Op op, Bit bit, std::vector<Bit>& out) const;
    Bit reduce_xor(std::vector<Bit> terms);
    void absorb(Op op, std::vector<Bit>& terms) const;
    Bit reduce_and_or(Op op, std::vector<Bit> terms);
    [[nodiscard]] bool few_terms(const Value& a, const Value& b) const;
    Value logic(Op op, const Value& a, const Value& b);
    [[nodiscard]] bool is_not_of(Bit x, Bit y) const;
    bool mux_bit(Bit select, Bit one, Bit zero, int width, Bit& result);
    Value add_or_subtract(Op op, const Value& a, const Value& b);
    Value add_to_known_shape(Op op, const Value& a, const Value& constant);
    Value multiply_by_constant(const Value& a, const Value& constant);
    Value multiply_piece(const Value& a, bool a_signed, const Value& b, bool b_signed);
    Value shift_in_steps(Op op, Value v, const Value& amount);
    Value shift_by_constant(Op op, const Value& v, std::uint64_t amount);

    std::deque<Node> nodes_;  // Makers hold references to nodes while they add others.
    std::unordered_map<std::string, int> known_;
    Position position_;
};

}  // namespace fpvs::hlsc
