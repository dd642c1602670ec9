// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/frontend/layout.hpp"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/GlobalVariable.h>

#include <cctype>
#include <cstdlib>

namespace fpvs::hlsc {

namespace {

// "ap_uint<13>" -> 13; 0 for every other type.
int width_of_ap_integer(llvm::StringRef name, bool& is_signed) {
    is_signed = false;
    if (name.starts_with("ap_int_base<")) {
        is_signed = name.contains("true");
        return std::atoi(name.data() + 12);
    }
    if (name.starts_with("ap_uint<")) {
        return std::atoi(name.data() + 8);
    }
    if (name.starts_with("ap_int<")) {
        is_signed = true;
        return std::atoi(name.data() + 7);
    }
    return 0;
}

std::string joined(const std::string& prefix, const std::string& name) {
    return prefix.empty() ? name : name.empty() ? prefix : prefix + "_" + name;
}

bool append(const llvm::DIType* type, const std::string& name, int byte_offset, Layout& layout);

bool append_array(const llvm::DICompositeType* array,
                  const std::string& name,
                  int byte_offset,
                  Layout& layout) {
    int count = 1;
    for (const auto* element : array->getElements()) {
        const auto* range = llvm::dyn_cast<llvm::DISubrange>(element);
        const auto* bound = range == nullptr
                                ? nullptr
                                : llvm::dyn_cast_if_present<llvm::ConstantInt*>(range->getCount());
        if (bound == nullptr) {
            return false;
        }
        count *= static_cast<int>(bound->getSExtValue());
    }
    const llvm::DIType* element = plain_type(array->getBaseType());
    const int bytes = static_cast<int>(array->getSizeInBits() / 8) / count;
    for (int i = 0; i < count; ++i) {
        if (!append(element, joined(name, std::to_string(i)), byte_offset + i * bytes, layout)) {
            return false;
        }
    }
    return true;
}

bool append_members(const llvm::DICompositeType* record,
                    const std::string& name,
                    int byte_offset,
                    Layout& layout) {
    for (const auto* element : record->getElements()) {
        const auto* member = llvm::dyn_cast<llvm::DIDerivedType>(element);
        if (member == nullptr || member->isStaticMember()) {
            continue;
        }
        const bool base = member->getTag() == llvm::dwarf::DW_TAG_inheritance;
        if (!base && member->getTag() != llvm::dwarf::DW_TAG_member) {
            continue;
        }
        const int offset = byte_offset + static_cast<int>(member->getOffsetInBits() / 8);
        const std::string member_name = base ? "" : member->getName().str();
        if (!append(plain_type(member->getBaseType()), joined(name, member_name), offset, layout)) {
            return false;
        }
    }
    return true;
}

bool append(const llvm::DIType* type, const std::string& name, int byte_offset, Layout& layout) {
    if (type == nullptr) {
        return false;
    }
    const int bits = static_cast<int>(type->getSizeInBits());
    bool is_signed = false;
    if (const int width = width_of_ap_integer(type->getName(), is_signed); width > 0) {
        layout.fields.push_back({name, byte_offset, bits, width, is_signed});
        return true;
    }
    if (const auto* basic = llvm::dyn_cast<llvm::DIBasicType>(type)) {
        const unsigned encoding = basic->getEncoding();
        if (encoding == llvm::dwarf::DW_ATE_float) {
            return false;
        }
        is_signed =
            encoding == llvm::dwarf::DW_ATE_signed || encoding == llvm::dwarf::DW_ATE_signed_char;
        const bool boolean = encoding == llvm::dwarf::DW_ATE_boolean;
        layout.fields.push_back({name, byte_offset, bits, boolean ? 1 : bits, is_signed});
        return true;
    }
    const auto* composite = llvm::dyn_cast<llvm::DICompositeType>(type);
    if (composite == nullptr) {
        return false;
    }
    switch (composite->getTag()) {
        case llvm::dwarf::DW_TAG_array_type:
            return append_array(composite, name, byte_offset, layout);
        case llvm::dwarf::DW_TAG_enumeration_type:
            layout.fields.push_back({name, byte_offset, bits, bits, false});
            return true;
        case llvm::dwarf::DW_TAG_structure_type:
        case llvm::dwarf::DW_TAG_class_type:
            return append_members(composite, name, byte_offset, layout);
        default:
            return false;
    }
}

std::string scope_prefix(const llvm::DIScope* scope) {
    std::string prefix;
    while (scope != nullptr && !llvm::isa<llvm::DIFile>(scope) &&
           !llvm::isa<llvm::DICompileUnit>(scope)) {
        // An anonymous namespace needs no name within the translation unit.
        if (!scope->getName().empty()) {
            prefix = scope->getName().str() + "::" + prefix;
        }
        scope = scope->getScope();
    }
    return prefix;
}

}  // namespace

const llvm::DIType* plain_type(const llvm::DIType* type) {
    while (const auto* derived = llvm::dyn_cast_or_null<llvm::DIDerivedType>(type)) {
        if (derived->getTag() == llvm::dwarf::DW_TAG_pointer_type) {
            return derived;
        }
        type = derived->getBaseType();
    }
    return type;
}

std::string cxx_name(const llvm::DIType* type) {
    std::string name = scope_prefix(type->getScope()) + type->getName().str();
    const std::string anonymous = "(anonymous namespace)::";
    for (std::size_t at = name.find(anonymous); at != std::string::npos;
         at = name.find(anonymous)) {
        name.erase(at, anonymous.size());
    }
    return name;
}

bool layout_of(const llvm::DIType* type, Layout& layout) {
    type = plain_type(type);
    if (type == nullptr) {
        return false;
    }
    layout.type = cxx_name(type);
    layout.bytes = static_cast<int>(type->getSizeInBits() / 8);
    return append(type, "", 0, layout) && !layout.fields.empty();
}

const llvm::DIType* type_of(const llvm::GlobalVariable& global) {
    llvm::SmallVector<llvm::DIGlobalVariableExpression*, 1> expressions;
    global.getDebugInfo(expressions);
    return expressions.empty() ? nullptr : plain_type(expressions[0]->getVariable()->getType());
}

Position position_of(const llvm::GlobalVariable& global, Diagnostics& diagnostics) {
    llvm::SmallVector<llvm::DIGlobalVariableExpression*, 1> expressions;
    global.getDebugInfo(expressions);
    if (expressions.empty()) {
        return {};
    }
    const llvm::DIGlobalVariable* variable = expressions[0]->getVariable();
    return {diagnostics.file_index(variable->getFilename().str()),
            static_cast<int>(variable->getLine()),
            1};
}

namespace {

// clang keeps paths below its working folder relative to that.
std::string absolute_path(const llvm::DILocation& at) {
    const std::string file = at.getFilename().str();
    return file.rfind('/', 0) == 0 ? file : at.getDirectory().str() + "/" + file;
}

}  // namespace

Position position_of(const llvm::DebugLoc& location, Diagnostics& diagnostics) {
    const llvm::DILocation* at = location.get();
    while (at != nullptr && at->getInlinedAt() != nullptr &&
           (at->getLine() == 0 || diagnostics.is_library(absolute_path(*at)))) {
        at = at->getInlinedAt();
    }
    if (at == nullptr || at->getLine() == 0) {
        return {};
    }
    return {diagnostics.file_index(at->getFilename().str()),
            static_cast<int>(at->getLine()),
            static_cast<int>(at->getColumn())};
}

std::string source_name(const llvm::GlobalVariable& global) {
    llvm::SmallVector<llvm::DIGlobalVariableExpression*, 1> expressions;
    global.getDebugInfo(expressions);
    std::string name = expressions.empty() ? global.getName().str()
                                           : expressions[0]->getVariable()->getName().str();
    for (char& c : name) {
        c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    }
    return name;
}

}  // namespace fpvs::hlsc
