// SPDX-License-Identifier: Apache-2.0
// ap_int<W>, ap_uint<W>: integers of any width, for the native run of a kernel and for hlsc.
//
// Written against the documented meaning of AMD's header of the same name, so that a kernel says
// the same thing to Vitis HLS, to a C++ compiler and to hlsc:
//   - sum and difference grow by one bit, a product is as wide as both factors together;
//   - a difference and a negation are signed;  a shift keeps the width of its left operand;
//   - range(hi, lo) reads and writes a slice; hi < lo reads the slice with its bits reversed;
//   - assignment keeps the low bits.
// A value is one _BitInt, which needs clang; hlsc sees each operation as one LLVM instruction.
// No local _BitInt here is const: clang 19 crashes on const ones of some widths above 128.
#pragma once
#pragma clang system_header

#if !defined(__clang__) || __clang_major__ < 16
#error "ap_int.h of hlsc needs clang 16 or newer (_BitInt)"
#endif

#include <type_traits>
#ifndef __SYNTHESIS__
#include <ostream>
#include <string>
#endif

#ifndef AP_INT_MAX_W
#define AP_INT_MAX_W 4096
#endif

// Without debug locations of their own, the operations carry the line of the kernel's expression.
#define FPVS_AP_INLINE inline __attribute__((always_inline, nodebug))

template <int W, bool S>
struct ap_int_base;
template <int W>
struct ap_int;
template <int W>
struct ap_uint;
template <int W, bool S>
struct ap_range_ref;
template <int W, bool S>
struct ap_bit_ref;
template <int W>
struct ap_concat_ref;

#ifdef __SYNTHESIS__
// A call that survives to hlsc is refused there with a sentence.
extern "C" void __fpvs_refuse_reversed_range() __attribute__((nothrow));
#endif

namespace fpvs_ap {

template <int W, bool S>
struct Storage {
    static_assert(W >= 1 && W <= AP_INT_MAX_W, "ap_uint: width out of range");
    using Type = unsigned _BitInt(W);
};
template <int W>
struct Storage<W, true> {
    static_assert(W >= 2 && W <= AP_INT_MAX_W,
                  "ap_int: width out of range (a sign needs two bits)");
    using Type = signed _BitInt(W);
};
template <int W, bool S>
using Value = typename Storage<W, S>::Type;

template <int W, bool S>
struct Named {
    using Type = ap_uint<W>;
};
template <int W>
struct Named<W, true> {
    using Type = ap_int<W>;
};
template <int W, bool S>
using Integer = typename Named<W, S>::Type;

constexpr int larger(int a, int b) {
    return a > b ? a : b;
}
constexpr int smaller(int a, int b) {
    return a < b ? a : b;
}

// What a type is as an operand: its width and its sign, and whether it is one of ours.
template <class T, class = void>
struct Operand {
    static constexpr bool valid = false;
    static constexpr bool ours = false;
};
template <int W, bool S>
struct OurOperand {
    static constexpr bool valid = true;
    static constexpr bool ours = true;
    static constexpr int width = W;
    static constexpr bool is_signed = S;
};
template <int W, bool S>
struct Operand<ap_int_base<W, S>> : OurOperand<W, S> {};
template <int W>
struct Operand<ap_uint<W>> : OurOperand<W, false> {};
template <int W>
struct Operand<ap_int<W>> : OurOperand<W, true> {};
template <int W, bool S>
struct Operand<ap_range_ref<W, S>> : OurOperand<W, false> {};
template <int W, bool S>
struct Operand<ap_bit_ref<W, S>> : OurOperand<1, false> {};
template <int W>
struct Operand<ap_concat_ref<W>> : OurOperand<W, false> {};
template <class T>
struct Operand<T, std::enable_if_t<std::is_integral<T>::value>> {
    static constexpr bool valid = true;
    static constexpr bool ours = false;
    static constexpr int width = std::is_same<T, bool>::value ? 1 : int(sizeof(T) * 8);
    static constexpr bool is_signed = std::is_signed<T>::value;
};
template <class T>
struct Operand<T, std::enable_if_t<std::is_enum<T>::value && std::is_convertible<T, int>::value>> {
    static constexpr bool valid = true;
    static constexpr bool ours = false;
    static constexpr int width = 32;
    static constexpr bool is_signed = std::is_signed<std::underlying_type_t<T>>::value;
};

template <class T>
using NativeOnly = std::enable_if_t<Operand<T>::valid && !Operand<T>::ours>;
template <class T>
using OursOnly = std::enable_if_t<Operand<T>::ours>;
template <class A, class B>
using Either = std::enable_if_t<Operand<A>::valid && Operand<B>::valid &&
                                (Operand<A>::ours || Operand<B>::ours)>;

// The bits of an operand, in its own width and sign.
template <class T>
using Bits = Value<Operand<T>::width, Operand<T>::is_signed>;
template <class T, NativeOnly<T>* = nullptr>
FPVS_AP_INLINE constexpr Bits<T> bits(T x) {
    return static_cast<Bits<T>>(x);
}
template <int W, bool S>
FPVS_AP_INLINE constexpr Value<W, S> bits(const ap_int_base<W, S>& x) {
    return x.V;
}
template <int W, bool S>
FPVS_AP_INLINE Value<W, false> bits(const ap_range_ref<W, S>& x) {
    return x.get().V;
}
template <int W, bool S>
FPVS_AP_INLINE Value<1, false> bits(const ap_bit_ref<W, S>& x) {
    return static_cast<Value<1, false>>(bool(x));
}
template <int W>
FPVS_AP_INLINE Value<W, false> bits(const ap_concat_ref<W>& x) {
    return x.value;
}

// Result widths.  A signed partner costs an unsigned operand one bit.
template <class A, class B>
struct Result {
    static constexpr int wa = Operand<A>::width;
    static constexpr int wb = Operand<B>::width;
    static constexpr bool sa = Operand<A>::is_signed;
    static constexpr bool sb = Operand<B>::is_signed;
    static constexpr int common = larger(wa + (sb && !sa), wb + (sa && !sb));
    static constexpr bool sign = sa || sb;
    using Sum = Integer<common + 1, sign>;
    using Difference = Integer<common + 1, true>;
    using Product = Integer<wa + wb, sign>;
    using Logic = Integer<common, sign>;
    using Quotient = Integer<wa + sb, sign>;
    using Remainder = Integer<smaller(wa, wb + (!sb && sa)), sa>;
    // Enough for either operand and for the result of a division.
    using Wide = Value<larger(common, wa + sb) + (sign ? 1 : 0), sign>;
};

template <class T>
constexpr T low_ones(int count, int width) {
    return count >= width ? static_cast<T>(~static_cast<T>(0))
                          : static_cast<T>((static_cast<T>(1) << count) - static_cast<T>(1));
}

template <int W, bool S>
FPVS_AP_INLINE Value<W, S> shift_left(Value<W, S> v, unsigned long long n) {
    using U = Value<W, false>;
    return n >= W ? static_cast<Value<W, S>>(0)
                  : static_cast<Value<W, S>>(static_cast<U>(static_cast<U>(v) << n));
}
template <int W, bool S>
FPVS_AP_INLINE Value<W, S> shift_right(Value<W, S> v, unsigned long long n) {
    return n >= W ? static_cast<Value<W, S>>(v < 0 ? -1 : 0) : static_cast<Value<W, S>>(v >> n);
}

}  // namespace fpvs_ap

// A slice of a value, readable and writable.
template <int W, bool S>
struct ap_range_ref {
    ap_int_base<W, S>& target;
    int high;
    int low;

    FPVS_AP_INLINE ap_range_ref(ap_int_base<W, S>* t, int hi, int lo)
        : target(*t), high(hi), low(lo) {}
    FPVS_AP_INLINE ap_range_ref(const ap_range_ref&) = default;

    FPVS_AP_INLINE ap_int_base<W, false> get() const {
        using U = fpvs_ap::Value<W, false>;
        ap_int_base<W, false> result;
        if (high >= low) {
            result.V = static_cast<U>(static_cast<U>(target.V) >> low) &
                       fpvs_ap::low_ones<U>(high - low + 1, W);
            return result;
        }
#ifdef __SYNTHESIS__
        __fpvs_refuse_reversed_range();
        result.V = 0;
#else
        result.V = 0;
        for (int i = high; i <= low; ++i) {
            U bit = static_cast<U>(static_cast<U>(target.V) >> i) & static_cast<U>(1);
            result.V = static_cast<U>(result.V | static_cast<U>(bit << (low - i)));
        }
#endif
        return result;
    }
    template <class T, class = std::enable_if_t<fpvs_ap::Operand<T>::valid>>
    FPVS_AP_INLINE ap_range_ref& operator=(const T& source) {
        using U = fpvs_ap::Value<W, false>;
#ifdef __SYNTHESIS__
        if (high < low) {
            __fpvs_refuse_reversed_range();
        }
#endif
        U mask = fpvs_ap::low_ones<U>(high - low + 1, W);
        U field = static_cast<U>(static_cast<U>(fpvs_ap::bits(source)) & mask);
        U kept =
            static_cast<U>(static_cast<U>(target.V) & static_cast<U>(~static_cast<U>(mask << low)));
        target.V = static_cast<fpvs_ap::Value<W, S>>(kept | static_cast<U>(field << low));
        return *this;
    }
    FPVS_AP_INLINE ap_range_ref& operator=(const ap_range_ref& source) {
        return *this = source.get();
    }

    FPVS_AP_INLINE operator unsigned long long() const { return get().to_uint64(); }
    FPVS_AP_INLINE int to_int() const { return static_cast<int>(get().V); }
    FPVS_AP_INLINE unsigned to_uint() const { return static_cast<unsigned>(get().V); }
    FPVS_AP_INLINE long to_long() const { return static_cast<long>(get().V); }
    FPVS_AP_INLINE unsigned long to_ulong() const { return static_cast<unsigned long>(get().V); }
    FPVS_AP_INLINE long long to_int64() const { return static_cast<long long>(get().V); }
    FPVS_AP_INLINE unsigned long long to_uint64() const { return get().to_uint64(); }
    FPVS_AP_INLINE int length() const { return high >= low ? high - low + 1 : low - high + 1; }
    FPVS_AP_INLINE bool or_reduce() const { return get().or_reduce(); }
    FPVS_AP_INLINE bool xor_reduce() const { return get().xor_reduce(); }
    FPVS_AP_INLINE bool and_reduce() const {
        return get().V == fpvs_ap::low_ones<fpvs_ap::Value<W, false>>(length(), W);
    }
    FPVS_AP_INLINE ap_uint<W> operator~() const { return ~get(); }
    FPVS_AP_INLINE bool operator!() const { return !get(); }
#ifndef __SYNTHESIS__
    std::string to_string(signed char radix = 2) const { return get().to_string(radix); }
#endif
};

// One bit of a value, readable and writable.
template <int W, bool S>
struct ap_bit_ref {
    ap_int_base<W, S>& target;
    int index;

    FPVS_AP_INLINE ap_bit_ref(ap_int_base<W, S>* t, int i) : target(*t), index(i) {}
    FPVS_AP_INLINE ap_bit_ref(const ap_bit_ref&) = default;

    FPVS_AP_INLINE operator bool() const { return target.get_bit(index); }
    FPVS_AP_INLINE bool to_bool() const { return target.get_bit(index); }
    FPVS_AP_INLINE bool operator!() const { return !target.get_bit(index); }
    FPVS_AP_INLINE bool operator~() const { return !target.get_bit(index); }
    template <class T, class = std::enable_if_t<fpvs_ap::Operand<T>::valid>>
    FPVS_AP_INLINE ap_bit_ref& operator=(const T& source) {
        target.set_bit(index, fpvs_ap::bits(source) != 0);
        return *this;
    }
    FPVS_AP_INLINE ap_bit_ref& operator=(const ap_bit_ref& source) {
        target.set_bit(index, bool(source));
        return *this;
    }
};

// The value of (a, b): a above b.  A slice counts with its own length, as in AMD's header.
template <int W>
struct ap_concat_ref {
    fpvs_ap::Value<W, false> value;
    int bits_used;

    FPVS_AP_INLINE ap_uint<W> get() const { return ap_uint<W>(*this); }
    FPVS_AP_INLINE int length() const { return bits_used; }
    FPVS_AP_INLINE operator unsigned long long() const {
        return static_cast<unsigned long long>(value);
    }
    FPVS_AP_INLINE unsigned long long to_uint64() const {
        return static_cast<unsigned long long>(value);
    }
};

template <int W, bool S>
struct ap_int_base {
    using Value = fpvs_ap::Value<W, S>;
    using Unsigned = fpvs_ap::Value<W, false>;
    using RetType = std::conditional_t<S, long long, unsigned long long>;
    static constexpr int width = W;
    static constexpr bool sign_flag = S;

    Value V;

    ap_int_base() = default;
#ifdef __SYNTHESIS__
    // Copied by hand, so that a struct is copied field by field and passed by address: the
    // calling convention would otherwise pack its fields into machine words.
    FPVS_AP_INLINE constexpr ap_int_base(const ap_int_base& source) : V(source.V) {}
    FPVS_AP_INLINE ap_int_base& operator=(const ap_int_base& source) {
        V = source.V;
        return *this;
    }
#else
    ap_int_base(const ap_int_base&) = default;
    ap_int_base& operator=(const ap_int_base&) = default;
#endif
    template <class T, class = std::enable_if_t<fpvs_ap::Operand<T>::valid>>
    FPVS_AP_INLINE constexpr ap_int_base(const T& source)
        : V(static_cast<Value>(fpvs_ap::bits(source))) {}
    template <class T, class = std::enable_if_t<fpvs_ap::Operand<T>::valid>>
    FPVS_AP_INLINE ap_int_base& operator=(const T& source) {
        V = static_cast<Value>(fpvs_ap::bits(source));
        return *this;
    }

    FPVS_AP_INLINE constexpr operator RetType() const { return static_cast<RetType>(V); }
    FPVS_AP_INLINE int to_int() const { return static_cast<int>(V); }
    FPVS_AP_INLINE unsigned to_uint() const { return static_cast<unsigned>(V); }
    FPVS_AP_INLINE long to_long() const { return static_cast<long>(V); }
    FPVS_AP_INLINE unsigned long to_ulong() const { return static_cast<unsigned long>(V); }
    FPVS_AP_INLINE long long to_int64() const { return static_cast<long long>(V); }
    FPVS_AP_INLINE unsigned long long to_uint64() const {
        return static_cast<unsigned long long>(V);
    }
    FPVS_AP_INLINE bool to_bool() const { return V != 0; }
    FPVS_AP_INLINE bool is_zero() const { return V == 0; }
    FPVS_AP_INLINE bool sign() const { return V < 0; }
    FPVS_AP_INLINE int length() const { return W; }

    FPVS_AP_INLINE ap_range_ref<W, S> range(int high, int low) { return {this, high, low}; }
    FPVS_AP_INLINE ap_range_ref<W, S> range(int high, int low) const {
        return {const_cast<ap_int_base*>(this), high, low};
    }
    FPVS_AP_INLINE ap_range_ref<W, S> range() const { return range(W - 1, 0); }
    FPVS_AP_INLINE ap_range_ref<W, S> operator()(int high, int low) { return range(high, low); }
    FPVS_AP_INLINE ap_range_ref<W, S> operator()(int high, int low) const {
        return range(high, low);
    }

    FPVS_AP_INLINE ap_bit_ref<W, S> operator[](int index) { return {this, index}; }
    FPVS_AP_INLINE bool operator[](int index) const { return get_bit(index); }
    FPVS_AP_INLINE ap_bit_ref<W, S> bit(int index) { return {this, index}; }
    FPVS_AP_INLINE bool bit(int index) const { return get_bit(index); }
    FPVS_AP_INLINE bool get_bit(int index) const {
        return static_cast<bool>(static_cast<Unsigned>(static_cast<Unsigned>(V) >> index) &
                                 static_cast<Unsigned>(1));
    }
    FPVS_AP_INLINE bool test(int index) const { return get_bit(index); }
    FPVS_AP_INLINE void set_bit(int index, bool value) {
        Unsigned one = static_cast<Unsigned>(static_cast<Unsigned>(1) << index);
        Unsigned kept = static_cast<Unsigned>(V) & static_cast<Unsigned>(~one);
        Unsigned field = static_cast<Unsigned>(static_cast<Unsigned>(value ? 1 : 0) << index);
        V = static_cast<Value>(kept | field);
    }
    FPVS_AP_INLINE void set(int index) { set_bit(index, true); }
    FPVS_AP_INLINE void clear(int index) { set_bit(index, false); }

    FPVS_AP_INLINE bool or_reduce() const { return V != 0; }
    FPVS_AP_INLINE bool nor_reduce() const { return V == 0; }
    FPVS_AP_INLINE bool and_reduce() const {
        return static_cast<Unsigned>(V) == static_cast<Unsigned>(~static_cast<Unsigned>(0));
    }
    FPVS_AP_INLINE bool nand_reduce() const { return !and_reduce(); }
    FPVS_AP_INLINE bool xor_reduce() const {
        return (__builtin_popcountg(static_cast<Unsigned>(V)) & 1) != 0;
    }
    FPVS_AP_INLINE bool xnor_reduce() const { return !xor_reduce(); }

    FPVS_AP_INLINE bool operator!() const { return V == 0; }
    FPVS_AP_INLINE fpvs_ap::Integer<W, S> operator~() const {
        return ap_int_base(raw(static_cast<Value>(~V)));
    }
    FPVS_AP_INLINE fpvs_ap::Integer<W, S> operator+() const { return *this; }
    FPVS_AP_INLINE ap_int<W + 1> operator-() const {
        using Wide = fpvs_ap::Value<W + 1, true>;
        return ap_int_base<W + 1, true>::raw(static_cast<Wide>(-static_cast<Wide>(V)));
    }
    FPVS_AP_INLINE static constexpr ap_int_base raw(Value value) {
        ap_int_base result{};
        result.V = value;
        return result;
    }

    template <class T>
    FPVS_AP_INLINE ap_int_base& operator+=(const T& b) {
        return *this = *this + b;
    }
    template <class T>
    FPVS_AP_INLINE ap_int_base& operator-=(const T& b) {
        return *this = *this - b;
    }
    template <class T>
    FPVS_AP_INLINE ap_int_base& operator*=(const T& b) {
        return *this = *this * b;
    }
    template <class T>
    FPVS_AP_INLINE ap_int_base& operator&=(const T& b) {
        return *this = *this & b;
    }
    template <class T>
    FPVS_AP_INLINE ap_int_base& operator|=(const T& b) {
        return *this = *this | b;
    }
    template <class T>
    FPVS_AP_INLINE ap_int_base& operator^=(const T& b) {
        return *this = *this ^ b;
    }
    template <class T>
    FPVS_AP_INLINE ap_int_base& operator<<=(const T& b) {
        return *this = *this << b;
    }
    template <class T>
    FPVS_AP_INLINE ap_int_base& operator>>=(const T& b) {
        return *this = *this >> b;
    }
    FPVS_AP_INLINE ap_int_base& operator++() { return *this = *this + ap_int_base<1, false>(1); }
    FPVS_AP_INLINE ap_int_base& operator--() { return *this = *this - ap_int_base<1, false>(1); }
    FPVS_AP_INLINE ap_int_base operator++(int) {
        const ap_int_base before = *this;
        ++*this;
        return before;
    }
    FPVS_AP_INLINE ap_int_base operator--(int) {
        const ap_int_base before = *this;
        --*this;
        return before;
    }

#ifndef __SYNTHESIS__
    // Digits in radix 2, 8, 10 or 16, as AMD's simulation prints them: "0b", "0o" and "0x" lead.
    std::string to_string(signed char radix = 2) const {
        const bool negative = V < 0;
        Unsigned rest = static_cast<Unsigned>(negative && radix == 10 ? -V : V);
        std::string digits;
        if (radix == 10) {
            using Wide = fpvs_ap::Value<W + 4, false>;
            for (Wide wide = rest; digits.empty() || wide != 0; wide /= 10) {
                digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(wide % 10)));
            }
            return (negative ? "-" : "") + digits;
        }
        const int step = radix == 16 ? 4 : radix == 8 ? 3 : 1;
        for (int i = 0; i < W; i += step) {
            unsigned digit = 0;
            for (int j = 0; j < step && i + j < W; ++j) {
                digit |= (get_bit(i + j) ? 1u : 0u) << j;
            }
            digits.insert(digits.begin(), "0123456789abcdef"[digit]);
        }
        return (radix == 16 ? "0x" : radix == 8 ? "0o" : "0b") + digits;
    }
#endif
};

template <int W>
struct ap_uint : ap_int_base<W, false> {
    using Base = ap_int_base<W, false>;
    ap_uint() = default;
    ap_uint(const ap_uint&) = default;
    ap_uint& operator=(const ap_uint&) = default;
    template <class T, class = std::enable_if_t<fpvs_ap::Operand<T>::valid>>
    FPVS_AP_INLINE constexpr ap_uint(const T& source) : Base(source) {}
    template <class T, class = std::enable_if_t<fpvs_ap::Operand<T>::valid>>
    FPVS_AP_INLINE ap_uint& operator=(const T& source) {
        Base::operator=(source);
        return *this;
    }
};

template <int W>
struct ap_int : ap_int_base<W, true> {
    using Base = ap_int_base<W, true>;
    ap_int() = default;
    ap_int(const ap_int&) = default;
    ap_int& operator=(const ap_int&) = default;
    template <class T, class = std::enable_if_t<fpvs_ap::Operand<T>::valid>>
    FPVS_AP_INLINE constexpr ap_int(const T& source) : Base(source) {}
    template <class T, class = std::enable_if_t<fpvs_ap::Operand<T>::valid>>
    FPVS_AP_INLINE ap_int& operator=(const T& source) {
        Base::operator=(source);
        return *this;
    }
};

#define FPVS_AP_BINARY(op, Kind)                                                                   \
    template <class A, class B, class = fpvs_ap::Either<A, B>>                                     \
    FPVS_AP_INLINE typename fpvs_ap::Result<A, B>::Kind operator op(const A& a, const B& b) {      \
        using R = typename fpvs_ap::Result<A, B>::Kind;                                            \
        using V = typename R::Value;                                                               \
        return R::raw(                                                                             \
            static_cast<V>(static_cast<V>(fpvs_ap::bits(a)) op static_cast<V>(fpvs_ap::bits(b)))); \
    }
FPVS_AP_BINARY(+, Sum)
FPVS_AP_BINARY(-, Difference)
FPVS_AP_BINARY(*, Product)
FPVS_AP_BINARY(&, Logic)
FPVS_AP_BINARY(|, Logic)
FPVS_AP_BINARY(^, Logic)
#undef FPVS_AP_BINARY

#define FPVS_AP_DIVISION(op, Kind)                                                              \
    template <class A, class B, class = fpvs_ap::Either<A, B>>                                  \
    FPVS_AP_INLINE typename fpvs_ap::Result<A, B>::Kind operator op(const A& a, const B& b) {   \
        using R = typename fpvs_ap::Result<A, B>::Kind;                                         \
        using V = typename fpvs_ap::Result<A, B>::Wide;                                         \
        return R::raw(static_cast<typename R::Value>(static_cast<V>(fpvs_ap::bits(a))           \
                                                         op static_cast<V>(fpvs_ap::bits(b)))); \
    }
FPVS_AP_DIVISION(/, Quotient)
FPVS_AP_DIVISION(%, Remainder)
#undef FPVS_AP_DIVISION

// The operands meet as C++ integers of their widths do: of equal width, unsigned wins.
#define FPVS_AP_COMPARE(op)                                    \
    template <class A, class B, class = fpvs_ap::Either<A, B>> \
    FPVS_AP_INLINE bool operator op(const A& a, const B& b) {  \
        return fpvs_ap::bits(a) op fpvs_ap::bits(b);           \
    }
FPVS_AP_COMPARE(==)
FPVS_AP_COMPARE(!=)
FPVS_AP_COMPARE(<)
FPVS_AP_COMPARE(>)
FPVS_AP_COMPARE(<=)
FPVS_AP_COMPARE(>=)
#undef FPVS_AP_COMPARE

// A negative amount shifts the other way; an amount beyond the width shifts everything out.
template <class A, class B, class = fpvs_ap::Either<A, B>, class = fpvs_ap::OursOnly<A>>
FPVS_AP_INLINE fpvs_ap::Integer<fpvs_ap::Operand<A>::width, fpvs_ap::Operand<A>::is_signed>
operator<<(const A& a, const B& amount) {
    constexpr int W = fpvs_ap::Operand<A>::width;
    constexpr bool S = fpvs_ap::Operand<A>::is_signed;
    const auto n = fpvs_ap::bits(amount);
    if (n < 0) {
        return ap_int_base<W, S>::raw(fpvs_ap::shift_right<W, S>(
            fpvs_ap::bits(a), 0ull - static_cast<unsigned long long>(n)));
    }
    return ap_int_base<W, S>::raw(
        fpvs_ap::shift_left<W, S>(fpvs_ap::bits(a), static_cast<unsigned long long>(n)));
}
template <class A, class B, class = fpvs_ap::Either<A, B>, class = fpvs_ap::OursOnly<A>>
FPVS_AP_INLINE fpvs_ap::Integer<fpvs_ap::Operand<A>::width, fpvs_ap::Operand<A>::is_signed>
operator>>(const A& a, const B& amount) {
    constexpr int W = fpvs_ap::Operand<A>::width;
    constexpr bool S = fpvs_ap::Operand<A>::is_signed;
    const auto n = fpvs_ap::bits(amount);
    if (n < 0) {
        return ap_int_base<W, S>::raw(
            fpvs_ap::shift_left<W, S>(fpvs_ap::bits(a), 0ull - static_cast<unsigned long long>(n)));
    }
    return ap_int_base<W, S>::raw(
        fpvs_ap::shift_right<W, S>(fpvs_ap::bits(a), static_cast<unsigned long long>(n)));
}

namespace fpvs_ap {
template <class T, NativeOnly<T>* = nullptr>
constexpr int length_of(const T&) {
    return Operand<T>::width;
}
template <class T, OursOnly<T>* = nullptr>
FPVS_AP_INLINE int length_of(const T& x) {
    return x.length();
}
template <int W, bool S>
FPVS_AP_INLINE int length_of(const ap_bit_ref<W, S>&) {
    return 1;
}
}  // namespace fpvs_ap

// (a, b): a above b, as wide as both.
template <class A, class B, class = fpvs_ap::Either<A, B>>
FPVS_AP_INLINE ap_concat_ref<fpvs_ap::Operand<A>::width + fpvs_ap::Operand<B>::width> operator,(
    const A& a, const B& b) {
    constexpr int WA = fpvs_ap::Operand<A>::width;
    constexpr int WB = fpvs_ap::Operand<B>::width;
    using V = fpvs_ap::Value<WA + WB, false>;
    V above = static_cast<V>(static_cast<fpvs_ap::Value<WA, false>>(fpvs_ap::bits(a)));
    V below = static_cast<V>(static_cast<fpvs_ap::Value<WB, false>>(fpvs_ap::bits(b)));
    const int shift = fpvs_ap::length_of(b);
    return {static_cast<V>(static_cast<V>(above << shift) | below), fpvs_ap::length_of(a) + shift};
}

#ifndef __SYNTHESIS__
template <class A, class = fpvs_ap::OursOnly<A>>
std::ostream& operator<<(std::ostream& out, const A& x) {
    return out << ap_int_base<fpvs_ap::Operand<A>::width, fpvs_ap::Operand<A>::is_signed>(x)
                      .to_string(10);
}
#endif
