// SPDX-License-Identifier: Apache-2.0
// Arrays in registers, read or written at an index that is known at run time only.
//
// A read becomes a call of fpvs.index (a multiplexer for the gate step), a write compares the
// index with each element's number.  Afterwards every local is accessed at constant offsets.
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Operator.h>

#include <optional>

#include "hw/hlsc/frontend/layout.hpp"
#include "hw/hlsc/prepare/prepare.hpp"

namespace fpvs::hlsc {

namespace {

struct Access {
    llvm::AllocaInst* array = nullptr;
    llvm::Value* index = nullptr;  // 64 bits; nullptr for a constant offset.
    std::int64_t first_byte = 0;   // Of element 0.
    std::int64_t stride = 0;
    std::int64_t count = 0;
};

class IndexExpander {
  public:
    IndexExpander(llvm::Function& function, Diagnostics& diagnostics)
        : function_(function),
          layout_(function.getParent()->getDataLayout()),
          diagnostics_(diagnostics) {}

    void run() {
        std::vector<llvm::Instruction*> accesses;
        for (llvm::BasicBlock& block : function_) {
            for (llvm::Instruction& instruction : block) {
                if (llvm::getLoadStorePointerOperand(&instruction) != nullptr) {
                    accesses.push_back(&instruction);
                }
            }
        }
        for (llvm::Instruction* access : accesses) {
            expand(*access);
        }
    }

  private:
    // The array type at an offset whose elements are so many bytes apart, and where it starts.
    static std::optional<Access> find_array(llvm::Type* type,
                                            std::int64_t offset,
                                            std::int64_t stride,
                                            const llvm::DataLayout& layout) {
        std::int64_t start = 0;
        while (true) {
            if (auto* array = llvm::dyn_cast<llvm::ArrayType>(type)) {
                llvm::Type* element = array->getElementType();
                const auto bytes = static_cast<std::int64_t>(layout.getTypeAllocSize(element));
                if (bytes == stride) {
                    return Access{.first_byte = start,
                                  .stride = stride,
                                  .count = static_cast<std::int64_t>(array->getNumElements())};
                }
                start += (offset - start) / bytes * bytes;
                type = element;
            } else if (auto* record = llvm::dyn_cast<llvm::StructType>(type)) {
                if (record->getNumElements() == 0) {
                    return std::nullopt;
                }
                const llvm::StructLayout* fields = layout.getStructLayout(record);
                const unsigned at =
                    fields->getElementContainingOffset(static_cast<std::uint64_t>(offset - start));
                start += static_cast<std::int64_t>(fields->getElementOffset(at));
                type = record->getElementType(at);
            } else {
                return std::nullopt;
            }
        }
    }

    void expand(llvm::Instruction& instruction) {
        llvm::MapVector<llvm::Value*, llvm::APInt> variables;
        llvm::APInt constant(64, 0);
        llvm::Value* base = llvm::getLoadStorePointerOperand(&instruction);
        while (auto* gep = llvm::dyn_cast<llvm::GEPOperator>(base)) {
            if (!gep->collectOffset(layout_, 64, variables, constant)) {
                return;
            }
            base = gep->getPointerOperand();
        }
        auto* array = llvm::dyn_cast<llvm::AllocaInst>(base);
        if (array == nullptr || variables.empty()) {
            return;
        }
        const std::int64_t stride = variables.front().second.getSExtValue();
        auto found =
            variables.size() == 1
                ? find_array(array->getAllocatedType(), constant.getSExtValue(), stride, layout_)
                : std::nullopt;
        if (!found) {
            diagnostics_.error(position_of(instruction.getDebugLoc(), diagnostics_),
                               "an array in registers takes one variable index");
            return;
        }
        llvm::IRBuilder<> builder(&instruction);
        // x[i + 1] keeps its 1 in the constant part.
        const std::int64_t whole = (constant.getSExtValue() - found->first_byte) / stride;
        const std::int64_t inner = constant.getSExtValue() - found->first_byte - whole * stride;
        found->array = array;
        found->index = builder.CreateAdd(
            builder.CreateSExtOrTrunc(variables.front().first, builder.getInt64Ty()),
            builder.getInt64(static_cast<std::uint64_t>(whole)));
        found->first_byte += inner;
        if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
            expand_load(builder, *load, *found);
        } else {
            expand_store(builder, llvm::cast<llvm::StoreInst>(instruction), *found);
        }
        instruction.eraseFromParent();
    }

    static llvm::Value* element(llvm::IRBuilder<>& builder, const Access& access, std::int64_t i) {
        return builder.CreateConstInBoundsGEP1_64(
            builder.getInt8Ty(),
            access.array,
            static_cast<std::uint64_t>(access.first_byte + i * access.stride));
    }

    void expand_load(llvm::IRBuilder<>& builder, llvm::LoadInst& load, const Access& access) {
        llvm::Type* type = load.getType();
        std::vector<llvm::Value*> arguments = {access.index};
        std::vector<llvm::Type*> types = {builder.getInt64Ty()};
        for (std::int64_t i = 0; i < access.count; ++i) {
            arguments.push_back(builder.CreateLoad(type, element(builder, access, i)));
            types.push_back(type);
        }
        const std::string name = kIndexFunction + std::to_string(type->getIntegerBitWidth()) + "." +
                                 std::to_string(access.count);
        auto* function = llvm::cast<llvm::Function>(
            function_.getParent()
                ->getOrInsertFunction(name, llvm::FunctionType::get(type, types, false))
                .getCallee());
        function->setMemoryEffects(llvm::MemoryEffects::none());
        function->addFnAttr(llvm::Attribute::NoUnwind);
        function->addFnAttr(llvm::Attribute::WillReturn);
        function->addFnAttr(llvm::Attribute::Speculatable);
        load.replaceAllUsesWith(builder.CreateCall(function, arguments));
    }

    static void expand_store(llvm::IRBuilder<>& builder,
                             llvm::StoreInst& store,
                             const Access& access) {
        llvm::Value* value = store.getValueOperand();
        for (std::int64_t i = 0; i < access.count; ++i) {
            llvm::Value* address = element(builder, access, i);
            llvm::Value* here =
                builder.CreateICmpEQ(access.index, builder.getInt64(static_cast<std::uint64_t>(i)));
            llvm::Value* kept = builder.CreateLoad(value->getType(), address);
            builder.CreateStore(builder.CreateSelect(here, value, kept), address);
        }
    }

    llvm::Function& function_;
    const llvm::DataLayout& layout_;
    Diagnostics& diagnostics_;
};

}  // namespace

void expand_register_indices(llvm::Function& function, Diagnostics& diagnostics) {
    IndexExpander(function, diagnostics).run();
}

}  // namespace fpvs::hlsc
