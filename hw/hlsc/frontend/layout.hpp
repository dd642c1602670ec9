// SPDX-License-Identifier: Apache-2.0
// Which bits of an object in memory count: from debug information to Layout.
//
// ap_uint<13> occupies two bytes of which 13 bits are the value; a struct has padding.  Gates see
// the fields only, lowest address first.
#pragma once

#include <string>

#include "hw/hlsc/base/program.hpp"

namespace llvm {
class DIType;
class DIScope;
class GlobalVariable;
class DebugLoc;
}  // namespace llvm

namespace fpvs::hlsc {

// typedefs, const and references removed.
const llvm::DIType* plain_type(const llvm::DIType* type);

// The type as C++ code spells it outside of its scope.
std::string cxx_name(const llvm::DIType* type);

// False if the type holds something that has no meaning in gates (a pointer, a float).
bool layout_of(const llvm::DIType* type, Layout& layout);

// The declared type of a global, or nullptr.
const llvm::DIType* type_of(const llvm::GlobalVariable& global);

Position position_of(const llvm::GlobalVariable& global, Diagnostics& diagnostics);
Position position_of(const llvm::DebugLoc& location, Diagnostics& diagnostics);

// The name that the author gave the variable, as an identifier.
std::string source_name(const llvm::GlobalVariable& global);

}  // namespace fpvs::hlsc
