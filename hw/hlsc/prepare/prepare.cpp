// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/prepare/prepare.hpp"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Operator.h>

#include <set>

#include "hw/hlsc/frontend/layout.hpp"

namespace fpvs::hlsc {

namespace {

constexpr const char* kUnroll =
    "function(sroa<modify-cfg>,early-cse,simplifycfg<no-switch-to-lookup>,"
    "instcombine<no-verify-fixpoint>,loop-simplify,lcssa,loop(loop-rotate,indvars),"
    "loop-unroll<O3;full-unroll-max=65536;upperbound;no-partial;no-runtime;no-peeling>,"
    "sroa<modify-cfg>,early-cse,simplifycfg<no-switch-to-lookup>)";

constexpr const char* kSimplify =
    "function(sroa<modify-cfg>,early-cse<memssa>,instcombine<no-verify-fixpoint>,"
    "simplifycfg<no-switch-to-lookup>,sroa<modify-cfg>,early-cse<memssa>,"
    "gvn<no-load-pre;no-split-backedge-load-pre>,"
    "simplifycfg<speculate-blocks;no-switch-to-lookup>,instcombine<no-verify-fixpoint>,"
    "sccp,bdce,dse,adce,simplifycfg<no-switch-to-lookup>)";

// The longest piece that a copy of memory is taken apart into.
constexpr std::uint64_t kChunkBytes = 8;

void report_loops(llvm::Function& function, Diagnostics& diagnostics) {
    const llvm::DominatorTree dominators(function);
    const llvm::LoopInfo loops(dominators);
    for (const llvm::Loop* loop : loops) {
        diagnostics.error(position_of(loop->getStartLoc(), diagnostics),
                          "a loop whose bound is not a constant: a pipelined process unrolls all "
                          "its loops");
    }
}

// True where SROA cannot see through the address: a memory, or a register at a variable index.
bool is_opaque_address(const llvm::Value* pointer, const llvm::DataLayout& layout) {
    llvm::APInt offset(64, 0);
    const llvm::Value* base = pointer->stripAndAccumulateConstantOffsets(layout, offset, true);
    return !llvm::isa<llvm::AllocaInst>(base);
}

// Copies of structs to and from tables become loads and stores.
void lower_copies(llvm::Function& function) {
    const llvm::DataLayout& layout = function.getParent()->getDataLayout();
    std::vector<llvm::MemCpyInst*> copies;
    for (llvm::BasicBlock& block : function) {
        for (llvm::Instruction& instruction : block) {
            auto* copy = llvm::dyn_cast<llvm::MemCpyInst>(&instruction);
            if (copy != nullptr && llvm::isa<llvm::ConstantInt>(copy->getLength()) &&
                (is_opaque_address(copy->getSource(), layout) ||
                 is_opaque_address(copy->getDest(), layout))) {
                copies.push_back(copy);
            }
        }
    }
    for (llvm::MemCpyInst* copy : copies) {
        llvm::IRBuilder<> builder(copy);
        std::uint64_t left = llvm::cast<llvm::ConstantInt>(copy->getLength())->getZExtValue();
        for (std::uint64_t at = 0; left > 0;) {
            std::uint64_t bytes = kChunkBytes;
            while (bytes > left) {
                bytes /= 2;
            }
            llvm::Type* type = builder.getIntNTy(static_cast<unsigned>(bytes * 8));
            const auto address = [&](llvm::Value* base) {
                return builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), base, at);
            };
            builder.CreateStore(builder.CreateLoad(type, address(copy->getSource())),
                                address(copy->getDest()));
            at += bytes;
            left -= bytes;
        }
        copy->eraseFromParent();
    }
}

// A static that two processes reach would be one memory with two owners.
void check_sharing(const StorageOfProcess& storage, Diagnostics& diagnostics) {
    std::set<const llvm::GlobalVariable*> seen;
    for (const auto& [function, variables] : storage) {
        for (const auto& [global, where] : variables) {
            if (where.kind != Storage::Kind::constants && !seen.insert(global).second) {
                diagnostics.error(where.where,
                                  "'{}' is shared by two processes; processes meet "
                                  "through streams only",
                                  where.name);
            }
        }
    }
}

}  // namespace

bool prepare(KernelModule& kernel,
             const Program& program,
             StorageOfProcess& storage,
             Diagnostics& diagnostics) {
    for (std::size_t i = 0; i < kernel.processes.size(); ++i) {
        llvm::Function& function = *kernel.processes[i];
        Process& process = *program.processes[i];
        check_pipeline(kernel.pragmas[&function], process, diagnostics);
        storage[&function] = assign_storage(function, kernel.pragmas[&function], diagnostics);
        std::vector<const Layout*> payloads;
        for (const int channel : process.channels) {
            payloads.push_back(&program.channels[static_cast<std::size_t>(channel)].layout);
        }
        if (!diagnostics.failed()) {
            promote_state(function, storage[&function], payloads);
        }
    }
    check_sharing(storage, diagnostics);
    if (diagnostics.failed()) {
        return false;
    }
    run_passes(*kernel.module, kUnroll);
    for (llvm::Function* function : kernel.processes) {
        report_loops(*function, diagnostics);
        lower_copies(*function);
        expand_register_indices(*function, diagnostics);
    }
    if (diagnostics.failed()) {
        return false;
    }
    run_passes(*kernel.module, kSimplify);
    return true;
}

}  // namespace fpvs::hlsc
