// SPDX-License-Identifier: Apache-2.0
// State and streams become locals: loaded at entry, stored before the return.
//
// LLVM then turns the locals into values, so that the gate step sees one read and one write of
// each register, and knows of each stream what is read, written, and whether twice.
#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/ReplaceConstant.h>

#include "host/util/check.hpp"
#include "hw/hlsc/frontend/stream_layout.hpp"
#include "hw/hlsc/prepare/prepare.hpp"

namespace fpvs::hlsc {

namespace {

class Promoter {
  public:
    explicit Promoter(llvm::Function& function)
        : entry_(&*function.getEntryBlock().getFirstInsertionPt()), exit_(find_return(function)) {}

    // A local of the type stands for the object from now on.
    void replace(llvm::Value& object, llvm::Type* type) {
        llvm::IRBuilder<> builder(entry_);
        object_ = &object;
        local_ = builder.CreateAlloca(type);
        local_->setAlignment(llvm::Align(64));
        if (auto* global = llvm::dyn_cast<llvm::GlobalVariable>(&object)) {
            llvm::convertUsersOfConstantsToInstructions({global});
            global->replaceUsesWithIf(local_, [this](const llvm::Use& use) {
                const auto* user = llvm::dyn_cast<llvm::Instruction>(use.getUser());
                return user != nullptr && user->getFunction() == entry_->getFunction();
            });
        } else {
            object.replaceAllUsesWith(local_);
        }
    }

    void load_at_entry(const Field& field) {
        llvm::IRBuilder<> builder(entry_);
        llvm::Value* value =
            builder.CreateLoad(builder.getIntNTy(static_cast<unsigned>(field.width)),
                               address(builder, object_, field.byte_offset));
        llvm::Type* storage = builder.getIntNTy(static_cast<unsigned>(field.storage_bits));
        value = field.is_signed ? builder.CreateSExt(value, storage)
                                : builder.CreateZExt(value, storage);
        builder.CreateStore(value, address(builder, local_, field.byte_offset));
    }

    void clear_at_entry(const Field& field) {
        llvm::IRBuilder<> builder(entry_);
        builder.CreateStore(
            llvm::ConstantInt::get(builder.getIntNTy(static_cast<unsigned>(field.storage_bits)), 0),
            address(builder, local_, field.byte_offset));
    }

    void store_at_exit(const Field& field) {
        llvm::IRBuilder<> builder(exit_);
        llvm::Value* value =
            builder.CreateLoad(builder.getIntNTy(static_cast<unsigned>(field.storage_bits)),
                               address(builder, local_, field.byte_offset));
        value = builder.CreateTrunc(value, builder.getIntNTy(static_cast<unsigned>(field.width)));
        builder.CreateStore(value, address(builder, object_, field.byte_offset));
    }

  private:
    static llvm::Instruction* find_return(llvm::Function& function) {
        for (llvm::BasicBlock& block : function) {
            if (llvm::isa<llvm::ReturnInst>(block.getTerminator())) {
                return block.getTerminator();
            }
        }
        FPVS_CHECK(false, "a process without a return");
        return nullptr;
    }

    static llvm::Value* address(llvm::IRBuilder<>& builder, llvm::Value* base, int offset) {
        return builder.CreateConstInBoundsGEP1_64(
            builder.getInt8Ty(), base, static_cast<std::uint64_t>(offset));
    }

    llvm::Instruction* entry_;
    llvm::Instruction* exit_;
    llvm::Value* object_ = nullptr;
    llvm::AllocaInst* local_ = nullptr;
};

Field flag(int offset) {
    return {"", offset, 8, 1, false};
}

Field moved(Field field, int by) {
    field.byte_offset += by;
    return field;
}

void promote_stream(Promoter& promoter, llvm::Argument& stream, const Layout& payload) {
    namespace at = stream_layout;
    const auto bytes = static_cast<std::uint64_t>(at::kPayload + payload.bytes);
    promoter.replace(stream,
                     llvm::ArrayType::get(llvm::Type::getInt8Ty(stream.getContext()), bytes));
    promoter.load_at_entry(flag(at::kEmpty));
    for (const int offset : {at::kRead, at::kReadTwice, at::kWritten, at::kWrittenTwice}) {
        promoter.clear_at_entry(flag(offset));
        promoter.store_at_exit(flag(offset));
    }
    // A process reads or writes a stream, never both; the unused half disappears.
    for (const Field& field : payload.fields) {
        promoter.load_at_entry(moved(field, at::kPayload));
        promoter.store_at_exit(moved(field, at::kPayload));
    }
}

void promote_registers(Promoter& promoter, llvm::GlobalVariable& global, const Storage& storage) {
    const int elements = storage.depth * storage.bank_count();
    // clang may give an initialised array the type of a struct; indices want the array.
    llvm::Type* type = global.getValueType();
    if (elements > 1 && !type->isArrayTy()) {
        type = llvm::ArrayType::get(
            llvm::ArrayType::get(llvm::Type::getInt8Ty(global.getContext()),
                                 static_cast<std::uint64_t>(storage.element_bytes)),
            static_cast<std::uint64_t>(elements));
    }
    promoter.replace(global, type);
    for (int i = 0; i < elements; ++i) {
        for (const Field& field : storage.element.fields) {
            promoter.load_at_entry(moved(field, i * storage.element_bytes));
            promoter.store_at_exit(moved(field, i * storage.element_bytes));
        }
    }
}

}  // namespace

void promote_state(llvm::Function& function,
                   const StorageMap& storage,
                   const std::vector<const Layout*>& payloads) {
    Promoter promoter(function);
    for (const auto& [global, where] : storage) {
        if (where.kind == Storage::Kind::registers) {
            promote_registers(promoter, *const_cast<llvm::GlobalVariable*>(global), where);
        }
    }
    for (llvm::Argument& argument : function.args()) {
        promote_stream(promoter, argument, *payloads[argument.getArgNo()]);
    }
}

}  // namespace fpvs::hlsc
