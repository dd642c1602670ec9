// SPDX-License-Identifier: Apache-2.0
// Pure instructions, one by one, into the makers of the graph.
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>

#include "hw/hlsc/frontend/layout.hpp"
#include "hw/hlsc/gate/translator.hpp"

namespace fpvs::hlsc {

namespace {

int width_of(const llvm::Value& value) {
    return static_cast<int>(value.getType()->getIntegerBitWidth());
}

std::string text_of(const llvm::Value& value) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    value.print(stream);
    return text;
}

// What a call that must not survive means to the author.
std::string sentence_for(llvm::StringRef callee) {
    if (callee == "__fpvs_refuse_reversed_range") {
        return "range(hi, lo) with hi below lo, or with bounds whose order is not known";
    }
    if (callee == "__fpvs_refuse_full") {
        return "full(): writes block on credits, a process need not look";
    }
    if (callee == "__fpvs_refuse_write_nb") {
        return "write_nb(): use write(), guarded by the credits of the stream";
    }
    return "a call of " + callee.str() +
           ": no recursion, virtual functions, allocation or library calls in a process";
}

}  // namespace

void Translator::refuse(const llvm::Instruction& instruction, const std::string& what) {
    Position where = position_of(instruction.getDebugLoc(), diagnostics_);
    where = where.line > 0 ? where : position_;
    diagnostics_.error(where, "hlsc cannot build {}", what);
}

Value Translator::value_of(const llvm::Value* value) {
    if (const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value)) {
        const llvm::APInt& number = constant->getValue();
        Value result(number.getBitWidth());
        for (unsigned i = 0; i < number.getBitWidth(); ++i) {
            result[i] = number[i] ? kOne : kZero;
        }
        return result;
    }
    if (llvm::isa<llvm::UndefValue>(value)) {
        return Value(value->getType()->isIntegerTy() ? value->getType()->getIntegerBitWidth() : 1,
                     kAnyBit);
    }
    const auto found = values_.find(value);
    if (found == values_.end()) {
        diagnostics_.error(position_, "hlsc has no gates for {}", text_of(*value));
        return Graph::zeros(value->getType()->isIntegerTy() ? width_of(*value) : 1);
    }
    return found->second;
}

void Translator::translate(const llvm::Instruction& instruction) {
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        translate_load(*load);
        return;
    }
    if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        translate_store(*store);
        return;
    }
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        translate_call(*call);
        return;
    }
    if (instruction.getType()->isPointerTy()) {
        return;  // Resolved where the address is used.
    }
    Value result;
    if (!instruction.getType()->isIntegerTy()) {
        refuse(instruction, "a value of this type (floats, vectors and pointers have no gates)");
        return;
    }
    if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) {
        result = translate_phi(*phi);
    } else if (const auto* binary = llvm::dyn_cast<llvm::BinaryOperator>(&instruction)) {
        result = translate_binary(*binary);
    } else if (const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(&instruction)) {
        result = {translate_compare(*compare)};
    } else if (const auto* select = llvm::dyn_cast<llvm::SelectInst>(&instruction)) {
        result = graph_.mux(value_of(select->getCondition())[0],
                            value_of(select->getTrueValue()),
                            value_of(select->getFalseValue()));
    } else if (const auto* cast = llvm::dyn_cast<llvm::CastInst>(&instruction)) {
        result = translate_cast(*cast);
    } else if (llvm::isa<llvm::FreezeInst>(instruction)) {
        result = value_of(instruction.getOperand(0));
    } else {
        refuse(instruction, std::string("the operation ") + instruction.getOpcodeName());
        return;
    }
    values_[&instruction] = result;
}

Value Translator::translate_binary(const llvm::BinaryOperator& operation) {
    const Value a = value_of(operation.getOperand(0));
    const Value b = value_of(operation.getOperand(1));
    switch (operation.getOpcode()) {
        case llvm::Instruction::And:
            return graph_.and_(a, b);
        case llvm::Instruction::Or:
            return graph_.or_(a, b);
        case llvm::Instruction::Xor:
            return graph_.xor_(a, b);
        case llvm::Instruction::Add:
            return graph_.add(a, b);
        case llvm::Instruction::Sub:
            return graph_.subtract(a, b);
        case llvm::Instruction::Mul:
            return graph_.multiply(a, b);
        case llvm::Instruction::Shl:
            return graph_.shift(Op::shift_left, a, b);
        case llvm::Instruction::LShr:
            return graph_.shift(Op::shift_right, a, b);
        case llvm::Instruction::AShr:
            return graph_.shift(Op::shift_right_signed, a, b);
        case llvm::Instruction::SDiv:
        case llvm::Instruction::SRem:
            if (const auto* divisor = llvm::dyn_cast<llvm::ConstantInt>(operation.getOperand(1))) {
                // LLVM may have moved the sign of a factor into the divisor.
                const llvm::APInt size = divisor->getValue().abs();
                if (size.isPowerOf2()) {
                    const bool remainder = operation.getOpcode() == llvm::Instruction::SRem;
                    const Value result =
                        divide_signed(remainder, a, static_cast<int>(size.logBase2()));
                    return divisor->isNegative() && !remainder
                               ? graph_.subtract(Graph::zeros(static_cast<int>(a.size())), result)
                               : result;
                }
            }
            [[fallthrough]];
        default:
            refuse(operation, "a division: divide by powers of two only");
            return a;
    }
}

// By two to the power of `shift`, towards zero as C++ does: negative numbers are rounded up.
Value Translator::divide_signed(bool remainder, const Value& a, int shift) {
    const int width = static_cast<int>(a.size());
    Value bias = Graph::zeros(width);
    for (int i = 0; i < shift; ++i) {
        bias[static_cast<std::size_t>(i)] = a.back();
    }
    const Value biased = graph_.add(a, bias);
    const Value quotient = Graph::extend_signed(Graph::slice(biased, shift, width - shift), width);
    if (!remainder) {
        return quotient;
    }
    return graph_.subtract(a, Graph::slice(quotient, -shift, width));
}

Bit Translator::translate_compare(const llvm::ICmpInst& compare) {
    if (compare.getOperand(0)->getType()->isPointerTy()) {
        refuse(compare, "a comparison of pointers");
        return kZero;
    }
    const Value a = value_of(compare.getOperand(0));
    const Value b = value_of(compare.getOperand(1));
    switch (compare.getPredicate()) {
        case llvm::ICmpInst::ICMP_EQ:
            return graph_.equal(a, b);
        case llvm::ICmpInst::ICMP_NE:
            return graph_.not_(graph_.equal(a, b));
        case llvm::ICmpInst::ICMP_ULT:
            return graph_.less_unsigned(a, b);
        case llvm::ICmpInst::ICMP_UGT:
            return graph_.less_unsigned(b, a);
        case llvm::ICmpInst::ICMP_UGE:
            return graph_.not_(graph_.less_unsigned(a, b));
        case llvm::ICmpInst::ICMP_ULE:
            return graph_.not_(graph_.less_unsigned(b, a));
        case llvm::ICmpInst::ICMP_SLT:
            return graph_.less_signed(a, b);
        case llvm::ICmpInst::ICMP_SGT: {
            const bool minus_one = std::all_of(b.begin(), b.end(), [](Bit x) { return x == kOne; });
            return minus_one ? graph_.not_(a.back()) : graph_.less_signed(b, a);
        }
        case llvm::ICmpInst::ICMP_SGE:
            return graph_.not_(graph_.less_signed(a, b));
        default:
            return graph_.not_(graph_.less_signed(b, a));
    }
}

Value Translator::translate_cast(const llvm::CastInst& cast) {
    if (!cast.getSrcTy()->isIntegerTy()) {
        refuse(cast, "a conversion from a pointer or a float");
        return Graph::zeros(width_of(cast));
    }
    const Value v = value_of(cast.getOperand(0));
    return cast.getOpcode() == llvm::Instruction::SExt ? Graph::extend_signed(v, width_of(cast))
                                                       : Graph::extend(v, width_of(cast));
}

void Translator::translate_call(const llvm::CallInst& call) {
    if (const auto* intrinsic = llvm::dyn_cast<llvm::IntrinsicInst>(&call)) {
        if (call.getType()->isIntegerTy()) {
            values_[&call] = translate_intrinsic(*intrinsic);
            return;
        }
        const llvm::Intrinsic::ID id = intrinsic->getIntrinsicID();
        if (intrinsic->isAssumeLikeIntrinsic() || id == llvm::Intrinsic::lifetime_start ||
            id == llvm::Intrinsic::lifetime_end) {
            return;
        }
        refuse(call, "a copy of memory that could not be taken apart");
        return;
    }
    const llvm::Function* callee = call.getCalledFunction();
    const llvm::StringRef name = callee == nullptr ? "a function pointer" : callee->getName();
    if (name.starts_with(kIndexFunction)) {
        std::vector<Value> elements;
        for (unsigned i = 1; i < call.arg_size(); ++i) {
            elements.push_back(value_of(call.getArgOperand(i)));
        }
        values_[&call] = graph_.index(value_of(call.getArgOperand(0)), elements);
        return;
    }
    if (here_ != kZero) {
        refuse(call, sentence_for(name));
    }
}

Value Translator::translate_intrinsic(const llvm::IntrinsicInst& call) {
    const Value a = value_of(call.getArgOperand(0));
    const int width = static_cast<int>(a.size());
    const auto second = [&] { return value_of(call.getArgOperand(1)); };
    switch (call.getIntrinsicID()) {
        case llvm::Intrinsic::bswap: {
            Value result;
            for (int byte = width / 8 - 1; byte >= 0; --byte) {
                const Value part = Graph::slice(a, byte * 8, 8);
                result.insert(result.end(), part.begin(), part.end());
            }
            return result;
        }
        case llvm::Intrinsic::bitreverse:
            return {a.rbegin(), a.rend()};
        case llvm::Intrinsic::umin:
            return graph_.mux(graph_.less_unsigned(a, second()), a, second());
        case llvm::Intrinsic::umax:
            return graph_.mux(graph_.less_unsigned(a, second()), second(), a);
        case llvm::Intrinsic::smin:
            return graph_.mux(graph_.less_signed(a, second()), a, second());
        case llvm::Intrinsic::smax:
            return graph_.mux(graph_.less_signed(a, second()), second(), a);
        case llvm::Intrinsic::abs:
            return graph_.mux(a.back(), graph_.subtract(Graph::zeros(width), a), a);
        case llvm::Intrinsic::usub_sat:
            return graph_.mux(graph_.less_unsigned(a, second()),
                              Graph::zeros(width),
                              graph_.subtract(a, second()));
        case llvm::Intrinsic::uadd_sat: {
            const Value sum =
                graph_.add(Graph::extend(a, width + 1), Graph::extend(second(), width + 1));
            return graph_.mux(sum.back(), Graph::ones(width), Graph::slice(sum, 0, width));
        }
        case llvm::Intrinsic::fshl:
            return funnel_shift(call, true);
        case llvm::Intrinsic::fshr:
            return funnel_shift(call, false);
        case llvm::Intrinsic::ctpop:
            return graph_.count_ones(a);
        case llvm::Intrinsic::ctlz:
            return count_zeros(a, true);
        case llvm::Intrinsic::cttz:
            return count_zeros(a, false);
        default:
            refuse(call, "the intrinsic " + call.getCalledFunction()->getName().str());
            return a;
    }
}

// The upper (or lower) word of two words that are shifted together.
Value Translator::funnel_shift(const llvm::IntrinsicInst& call, bool left) {
    const Value high = value_of(call.getArgOperand(0));
    Value both = value_of(call.getArgOperand(1));
    Value amount = value_of(call.getArgOperand(2));
    const int width = static_cast<int>(high.size());
    both.insert(both.end(), high.begin(), high.end());
    if (Graph::is_constant(amount)) {
        const int distance =
            static_cast<int>(Graph::constant_of(amount) % static_cast<std::uint64_t>(width));
        return Graph::slice(both, left ? width - distance : distance, width);
    }
    if ((width & (width - 1)) != 0) {
        refuse(call, "a rotation by a variable amount whose width is not a power of two");
        return high;
    }
    int bits = 0;
    while ((1 << bits) < width) {
        ++bits;
    }
    amount = Graph::slice(amount, 0, bits);
    const Value shifted = graph_.shift(left ? Op::shift_left : Op::shift_right, both, amount);
    return Graph::slice(shifted, left ? width : 0, width);
}

// Of a value whose width is a power of two: whether all bits are zero, and how many lead.
std::pair<Bit, Value> Translator::leading_zeros(const Value& v) {
    if (v.size() == 1) {
        return {graph_.not_(v[0]), {}};
    }
    const auto half = static_cast<std::ptrdiff_t>(v.size() / 2);
    const auto [high_empty, high] = leading_zeros(Value(v.begin() + half, v.end()));
    const auto [low_empty, low] = leading_zeros(Value(v.begin(), v.begin() + half));
    Value count = high.empty() ? Value{} : graph_.mux(high_empty, low, high);
    count.push_back(high_empty);
    return {graph_.and_(high_empty, low_empty), count};
}

Value Translator::count_zeros(const Value& v, bool leading) {
    Value bits = leading ? v : Value(v.rbegin(), v.rend());
    std::size_t size = 1;
    while (size <= v.size()) {
        size *= 2;
    }
    // A one below the value stops the count at its width.
    Value padded(size - v.size(), kZero);
    padded.back() = kOne;
    padded.insert(padded.end(), bits.begin(), bits.end());
    return Graph::extend(leading_zeros(padded).second, static_cast<int>(v.size()));
}

}  // namespace fpvs::hlsc
