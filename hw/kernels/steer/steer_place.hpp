// SPDX-License-Identifier: Apache-2.0
// Where in the steer table a packet's server is written: IPVS's hashes of the client, as
// host/schedule computes them for the slow path.
//
// Two pure functions, which cost no cycle of their own: flow hash calls steer_hash beside its own,
// longer hash, and flow lookup calls steer_place while its tables answer.
#pragma once

#include <fpvs_hls.hpp>

#include "hw/abi/hash.hpp"
#include "hw/kernels/records.hpp"

namespace fpvs {
namespace kernels {

// An address as 32 bits: the words of IPv6 by exclusive or.
inline ap_uint<32> folded_address(const AddressBits& address) {
#pragma HLS INLINE
    return slice<31, 0>(address) ^ slice<63, 32>(address) ^ slice<95, 64>(address) ^
           slice<127, 96>(address);
}

// The bucket of sh: 2^32 * (1 - 1 / golden ratio), the upper eight bits of the product.
inline ap_uint<8> source_bucket(const ap_uint<32>& client) {
#pragma HLS INLINE
    const ap_uint<32> product = ap_uint<32>(client * ap_uint<32>(0x61c88647u));
    return slice<31, 24>(product);
}

// The hash of mh: SipHash-1-3 of four octets, both halves of the key 2654435761, cut to 32 bits.
inline ap_uint<32> maglev_hash(const ap_uint<32>& client) {
#pragma HLS INLINE
    const std::uint64_t kKey = 2654435761u;
    abi::SipState s;
    s.v0 = kKey ^ 0x736f6d6570736575u;
    s.v1 = kKey ^ 0x646f72616e646f6du;
    s.v2 = kKey ^ 0x6c7967656e657261u;
    s.v3 = kKey ^ 0x7465646279746573u;
    const std::uint64_t block = std::uint64_t{4} << 56 | client.to_uint64();
    s.v3 ^= block;
    s = abi::sip_round(s);
    s.v0 ^= block;
    s.v2 ^= 0xff;
    s = abi::sip_round(abi::sip_round(abi::sip_round(s)));
    const ap_uint<64> hash = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    return slice<31, 0>(hash);
}

// hash modulo rule.size by the size's reciprocal (abi::steer_reciprocal says why it is exact).  The
// remainder has 16 bits, so only the low bits of the second product count.
inline ap_uint<17> steer_remainder(const ap_uint<32>& hash, const SteerRule& rule) {
#pragma HLS INLINE
    const ap_uint<73> product = hash * rule.reciprocal;
    const ap_uint<17> quotient = slice<64, 48>(product);
    const ap_uint<17> multiple = ap_uint<17>(quotient * rule.size);
    return ap_uint<17>(slice<16, 0>(hash) - multiple);
}

// The rule's hash of the client; sh's is its bucket.
inline ap_uint<32> steer_hash(const SteerRule& rule, const Flow& flow) {
#pragma HLS INLINE
    const ap_uint<16> port = rule.use_port == 1 ? flow.client_port : PortBits(0);
    const ap_uint<32> client = ap_uint<32>(folded_address(flow.client_address) + port);
    const bool maglev = rule.kind == static_cast<int>(abi::Steer::maglev);
    return maglev ? maglev_hash(client) : ap_uint<32>(source_bucket(client));
}

// Where that leads.
inline SteerPlace steer_place(const SteerRule& rule, const ap_uint<32>& hash) {
#pragma HLS INLINE
    ap_uint<17> index = 0;
    if (rule.kind == static_cast<int>(abi::Steer::source)) {
        index = slice<7, 0>(hash);
    } else if (rule.kind == static_cast<int>(abi::Steer::maglev)) {
        index = steer_remainder(hash, rule);
    }
    SteerPlace place;
    place.kind = rule.kind;
    place.word = ap_uint<abi::kSteerWordsLog2>(rule.base + index);
    place.size = rule.size;
    place.cursor = rule.cursor;
    return place;
}

}  // namespace kernels
}  // namespace fpvs
