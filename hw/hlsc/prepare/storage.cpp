// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/prepare/storage.hpp"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Operator.h>

#include <set>

#include "hw/hlsc/frontend/layout.hpp"

namespace fpvs::hlsc {

namespace {

void collect_globals(const llvm::Value* value, std::set<const llvm::GlobalVariable*>& globals) {
    if (const auto* global = llvm::dyn_cast<llvm::GlobalVariable>(value)) {
        globals.insert(global);
    } else if (const auto* expression = llvm::dyn_cast<llvm::ConstantExpr>(value)) {
        for (const llvm::Value* operand : expression->operands()) {
            collect_globals(operand, globals);
        }
    }
}

// In the order of the module, so that reports do not depend on addresses.
std::vector<const llvm::GlobalVariable*> globals_of(const llvm::Function& function) {
    std::set<const llvm::GlobalVariable*> used;
    for (const llvm::BasicBlock& block : function) {
        for (const llvm::Instruction& instruction : block) {
            for (const llvm::Value* operand : instruction.operands()) {
                collect_globals(operand, used);
            }
        }
    }
    std::vector<const llvm::GlobalVariable*> ordered;
    for (const llvm::GlobalVariable& global : function.getParent()->globals()) {
        if (used.count(&global) != 0) {
            ordered.push_back(&global);
        }
    }
    return ordered;
}

// Of the declared type: an initialiser may make LLVM's type another one.
std::vector<int> dimensions_of(const llvm::DIType* type) {
    std::vector<int> dimensions;
    const auto* array = llvm::dyn_cast_or_null<llvm::DICompositeType>(type);
    if (array == nullptr || array->getTag() != llvm::dwarf::DW_TAG_array_type) {
        return dimensions;
    }
    for (const llvm::DINode* element : array->getElements()) {
        const auto* range = llvm::dyn_cast<llvm::DISubrange>(element);
        const auto* bound = range == nullptr
                                ? nullptr
                                : llvm::dyn_cast_if_present<llvm::ConstantInt*>(range->getCount());
        dimensions.push_back(bound == nullptr ? 1 : static_cast<int>(bound->getSExtValue()));
    }
    return dimensions;
}

class StorageReader {
  public:
    StorageReader(const llvm::GlobalVariable& global,
                  const std::vector<Pragma>& pragmas,
                  Diagnostics& diagnostics)
        : global_(global), pragmas_(pragmas), diagnostics_(diagnostics) {}

    Storage read() {
        storage_.name = source_name(global_);
        storage_.where = position_of(global_, diagnostics_);
        dimensions_ = dimensions_of(type_of(global_));
        read_type();
        for (const Pragma& pragma : pragmas_) {
            if (pragma.object == &global_) {
                apply(pragma);
            }
        }
        settle_kind();
        check();
        return storage_;
    }

  private:
    void read_type() {
        const llvm::DIType* type = type_of(global_);
        if (type == nullptr) {
            diagnostics_.error(storage_.where, "'{}' has no type that hlsc can see", storage_.name);
            return;
        }
        if (!dimensions_.empty()) {
            const auto* array = llvm::dyn_cast<llvm::DICompositeType>(type);
            type = array == nullptr ? nullptr : plain_type(array->getBaseType());
        }
        if (type == nullptr || !layout_of(type, storage_.element)) {
            diagnostics_.error(storage_.where,
                               "'{}' is not made of integers: no pointers, floats or unions in the "
                               "state of a process",
                               storage_.name);
        }
        storage_.element_bytes = storage_.element.bytes;
    }

    void apply(const Pragma& pragma) {
        if (pragma.kind == "RESET") {
            storage_.has_reset = !pragma.has_flag("off");
        } else if (pragma.kind == "ARRAY_PARTITION") {
            apply_partition(pragma);
        } else if (pragma.kind == "BIND_STORAGE") {
            apply_bind(pragma);
        } else if (pragma.kind == "DEPENDENCE") {
            apply_dependence(pragma);
        }
    }

    void apply_partition(const Pragma& pragma) {
        const std::string type = pragma.value("type");
        if (!pragma.has_flag("complete") && type != "complete") {
            diagnostics_.error(pragma.where, "ARRAY_PARTITION: only 'complete' is in the subset");
            return;
        }
        const auto dimension = static_cast<std::size_t>(pragma.number("dim", 1));
        if (dimension > dimensions_.size()) {
            diagnostics_.error(pragma.where, "'{}' has no dimension {}", storage_.name, dimension);
            return;
        }
        const std::size_t last = dimension == 0 ? dimensions_.size() : dimension;
        if (dimension > 1 && storage_.banks.size() + 1 < dimension) {
            diagnostics_.error(pragma.where,
                               "ARRAY_PARTITION dim={} without its outer dimensions: swap the "
                               "dimensions of '{}'",
                               dimension,
                               storage_.name);
            return;
        }
        storage_.banks.assign(dimensions_.begin(),
                              dimensions_.begin() + static_cast<std::ptrdiff_t>(last));
    }

    void apply_bind(const Pragma& pragma) {
        storage_.bound = true;
        const std::string type = pragma.value("type");
        if (type != "ram_s2p" && type != "rom_1p" && type != "rom_np") {
            diagnostics_.error(pragma.where,
                               "BIND_STORAGE type '{}': a table is ram_s2p (one read and one write "
                               "port) or a rom",
                               type);
        }
        const std::string style = pragma.value("impl");
        storage_.style = style == "bram"     ? RamStyle::block
                         : style == "uram"   ? RamStyle::ultra
                         : style == "lutram" ? RamStyle::distributed
                                             : RamStyle::automatic;
        if (storage_.style == RamStyle::automatic && !style.empty() && style != "auto") {
            diagnostics_.error(
                pragma.where, "BIND_STORAGE impl '{}' is not bram, uram or lutram", style);
        }
        storage_.latency = static_cast<int>(pragma.number("latency", 0));
        if (storage_.latency != 0 && (storage_.latency < 1 || storage_.latency > 3)) {
            diagnostics_.error(
                pragma.where, "BIND_STORAGE latency {}: Vitis takes 1, 2 or 3", storage_.latency);
        }
    }

    void apply_dependence(const Pragma& pragma) {
        storage_.has_dependence = true;
        const std::string direction = pragma.value("direction");
        const bool says_false = pragma.has_flag("false") || pragma.value("dependent") == "false";
        const bool says_true = pragma.has_flag("true") || pragma.value("dependent") == "true";
        if (!says_false && !says_true) {
            diagnostics_.error(pragma.where,
                               "DEPENDENCE without dependent=true or false means "
                               "false to Vitis: write it");
            return;
        }
        const bool inter = pragma.has_flag("inter") || pragma.value("type") == "inter";
        const bool raw = direction == "RAW" || pragma.has_flag("RAW") ||
                         (direction.empty() && !pragma.has_flag("WAR") && !pragma.has_flag("WAW"));
        if (!inter || !raw) {
            return;  // hlsc keeps program order within a call, and stores in the order of calls.
        }
        const std::int64_t distance = pragma.number("distance", 0);
        if (says_false && distance == 0) {
            storage_.dependence.raw_false = true;
        } else if (says_true && distance >= 1 && distance <= 64) {
            storage_.dependence.raw_distance = static_cast<int>(distance);
        } else {
            diagnostics_.error(pragma.where,
                               "DEPENDENCE RAW takes dependent=false, or "
                               "dependent=true with distance=1..64");
        }
    }

    void settle_kind() {
        int elements = 1;
        for (const int size : dimensions_) {
            elements *= size;
        }
        if (global_.isConstant()) {
            storage_.kind = Storage::Kind::constants;
        } else if (storage_.banks.size() == dimensions_.size() ||
                   (!storage_.bound && elements <= kPartitionedElementsMax)) {
            storage_.kind = Storage::Kind::registers;
        } else {
            storage_.kind = Storage::Kind::memory;
        }
        storage_.depth = elements / storage_.bank_count();
        if (storage_.latency == 0) {
            storage_.latency = storage_.style == RamStyle::distributed ? 1 : 2;
        }
    }

    void check() {
        const bool zero = !global_.hasInitializer() || global_.getInitializer()->isNullValue();
        if (storage_.kind == Storage::Kind::memory) {
            if (storage_.style == RamStyle::ultra && !zero) {
                diagnostics_.error(storage_.where,
                                   "'{}' is bound to URAM and has an initialiser: URAM starts at "
                                   "zero",
                                   storage_.name);
            }
            if (storage_.has_reset) {
                diagnostics_.error(storage_.where,
                                   "RESET on the memory '{}': clear it by commands instead",
                                   storage_.name);
            }
        } else if (storage_.kind == Storage::Kind::registers) {
            const int elements = storage_.depth * storage_.bank_count();
            if (elements > kRegisterArrayMax) {
                diagnostics_.error(storage_.where,
                                   "'{}' would be {} registers with an index; up to {} are "
                                   "partitioned, more belong in a memory",
                                   storage_.name,
                                   elements,
                                   kRegisterArrayMax);
            }
        }
    }

    const llvm::GlobalVariable& global_;
    const std::vector<Pragma>& pragmas_;
    Diagnostics& diagnostics_;
    Storage storage_;
    std::vector<int> dimensions_;
};

}  // namespace

StorageMap assign_storage(const llvm::Function& function,
                          const std::vector<Pragma>& pragmas,
                          Diagnostics& diagnostics) {
    StorageMap map;
    for (const llvm::GlobalVariable* global : globals_of(function)) {
        if (!global->hasInitializer()) {
            diagnostics.error(position_of(*global, diagnostics),
                              "'{}' is defined elsewhere",
                              source_name(*global));
        } else if (global->getName().starts_with("_ZGV")) {
            diagnostics.error({},
                              "a static of {} has an initialiser that is not a constant",
                              function.getSubprogram()->getName().str());
        } else {
            map[global] = StorageReader(*global, pragmas, diagnostics).read();
        }
    }
    return map;
}

void check_pipeline(const std::vector<Pragma>& pragmas,
                    Process& process,
                    Diagnostics& diagnostics) {
    bool found = false;
    for (const Pragma& pragma : pragmas) {
        if (pragma.kind != "PIPELINE" || pragma.has_flag("off")) {
            continue;
        }
        found = true;
        const std::int64_t ii = pragma.number("ii", 1);
        if (ii < 1 || ii > kIntervalMax) {
            diagnostics.error(pragma.where, "PIPELINE II={} is not in 1..{}", ii, kIntervalMax);
        }
        process.ii = static_cast<int>(ii);
        const std::string style = pragma.value("style");
        if (style.empty() || style == "stp") {
            diagnostics.error(pragma.where,
                              "PIPELINE without style=flp may stall with the tail of a packet "
                              "inside");
        } else if (style == "frp") {
            diagnostics.error(pragma.where,
                              "PIPELINE style=frp is dropped by Vitis where an input is read "
                              "without blocking; write style=flp");
        }
    }
    if (!found) {
        diagnostics.error(
            process.where, "process {} lacks '#pragma HLS PIPELINE II=1 style=flp'", process.name);
    }
}

}  // namespace fpvs::hlsc
