// SPDX-License-Identifier: Apache-2.0
// Records of the contract are bit fields of a wide word: a Field says where one lies.
//
// Bit 0 is the least significant bit of byte 0 (little endian), as the card's beats carry bytes.
// Kernels read fields of an ap_uint with hw/lib/field.hpp, the host those of words in memory with
// hw/abi/record.hpp.  Each record is listed once, as an X-macro, so that its accessors, its text
// for the documentation and its part of the abi hash come from the same line.
#pragma once

namespace fpvs {
namespace abi {

template <int Lsb, int Width>
struct Field {
    enum : int { lsb = Lsb, width = Width };
    static_assert(Lsb >= 0 && Width > 0 && Width <= 64, "a field is 1 to 64 bits wide");
};

}  // namespace abi
}  // namespace fpvs

#define FPVS_ABI_FIELD_TYPE(name, lsb, width) using name = ::fpvs::abi::Field<lsb, width>;
#define FPVS_ABI_FIELD_TEXT(name, lsb, width) #name ":" #lsb ":" #width ";"
