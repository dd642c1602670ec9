// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/frontend/kernel_module.hpp"

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/SourceMgr.h>

#include <set>
#include <sstream>

#include "host/util/check.hpp"
#include "hw/hlsc/frontend/layout.hpp"
#include "hw/hlsc/frontend/pragma.hpp"

namespace fpvs::hlsc {

namespace {

// Loops in a pipelined function unroll fully, whatever that costs: they are wires in the end.
void set_llvm_options() {
    static const bool kDone = [] {
        const char* arguments[] = {"hlsc",
                                   "-unroll-threshold=100000000",
                                   "-unroll-full-max-count=65536",
                                   "-unroll-max-upperbound=65536",
                                   "-unroll-max-iteration-count-to-analyze=0",
                                   "-two-entry-phi-node-folding-threshold=64",
                                   "-phi-node-folding-threshold=64"};
        llvm::cl::ParseCommandLineOptions(static_cast<int>(std::size(arguments)), arguments);
        return true;
    }();
    static_cast<void>(kDone);
}

llvm::Function* find_top(llvm::Module& module, const Options& options, Diagnostics& diagnostics) {
    llvm::Function* found = nullptr;
    for (llvm::Function& function : module) {
        const llvm::DISubprogram* subprogram = function.getSubprogram();
        if (function.isDeclaration() || subprogram == nullptr ||
            subprogram->getName() != options.top) {
            continue;
        }
        if (found != nullptr) {
            diagnostics.error({}, "{} has more than one function {}", options.source, options.top);
            return nullptr;
        }
        found = &function;
    }
    if (found == nullptr) {
        diagnostics.error({}, "{} has no function {}", options.source, options.top);
    }
    return found;
}

// The text behind a constant string argument.
std::string string_argument(const llvm::Value* value) {
    const auto* global = llvm::dyn_cast<llvm::GlobalVariable>(value->stripPointerCasts());
    const auto* data = global == nullptr || !global->hasInitializer()
                           ? nullptr
                           : llvm::dyn_cast<llvm::ConstantDataSequential>(global->getInitializer());
    return data == nullptr ? "" : data->getAsCString().str();
}

bool is_pragma_call(const llvm::Instruction& instruction) {
    const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    return call != nullptr && call->getCalledFunction() != nullptr &&
           call->getCalledFunction()->getName() == kPragmaFunction;
}

bool calls_pragma(const llvm::Function& function, const std::string& kind) {
    for (const llvm::BasicBlock& block : function) {
        for (const llvm::Instruction& instruction : block) {
            if (is_pragma_call(instruction) && string_argument(instruction.getOperand(0)) == kind) {
                return true;
            }
        }
    }
    return false;
}

Pragma evaluate(const llvm::CallInst& call, Diagnostics& diagnostics) {
    Pragma pragma;
    pragma.kind = string_argument(call.getArgOperand(0));
    pragma.text = string_argument(call.getArgOperand(1));
    pragma.where = position_of(call.getDebugLoc(), diagnostics);
    const llvm::DataLayout& layout = call.getModule()->getDataLayout();
    llvm::APInt offset(64, 0);
    pragma.object = call.getArgOperand(2)->stripAndAccumulateConstantOffsets(layout, offset, true);
    pragma.object_offset = offset.getSExtValue();
    for (unsigned i = 3; i < call.arg_size(); ++i) {
        const auto* number = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(i));
        if (number == nullptr) {
            diagnostics.error(pragma.where, "a number of this pragma is not a constant");
            break;
        }
        pragma.numbers.push_back(number->getSExtValue());
    }
    return pragma;
}

std::vector<Pragma> take_pragmas(llvm::Function& function, Diagnostics& diagnostics) {
    std::vector<Pragma> pragmas;
    std::vector<llvm::Instruction*> calls;
    for (llvm::BasicBlock& block : function) {
        for (llvm::Instruction& instruction : block) {
            if (is_pragma_call(instruction)) {
                pragmas.push_back(evaluate(llvm::cast<llvm::CallInst>(instruction), diagnostics));
                calls.push_back(&instruction);
            }
        }
    }
    for (llvm::Instruction* call : calls) {
        call->eraseFromParent();
    }
    return pragmas;
}

// Calls in the dataflow body that lead to the author's functions.  Only those have debug
// information: what our headers define is nodebug.
void find_processes(KernelModule& kernel, Diagnostics& diagnostics) {
    std::set<const llvm::Function*> seen;
    for (const llvm::BasicBlock& block : *kernel.top) {
        for (const llvm::Instruction& instruction : block) {
            const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
            llvm::Function* callee = call == nullptr ? nullptr : call->getCalledFunction();
            if (callee == nullptr || callee->isDeclaration() || !callee->getSubprogram()) {
                continue;
            }
            if (!seen.insert(callee).second) {
                diagnostics.error(position_of(call->getDebugLoc(), diagnostics),
                                  "{} is called twice: both calls would share its state; make it a "
                                  "template with a number for each call",
                                  callee->getSubprogram()->getName().str());
            }
            kernel.processes.push_back(callee);
        }
    }
}

// An integer in memory as wide as the memory that clang gives a _BitInt of its width: the next
// power of two up to 64 bits, whole words beyond.
llvm::Type* whole_type(llvm::Type* type) {
    if (!type->isIntegerTy()) {
        return type;
    }
    const unsigned width = type->getIntegerBitWidth();
    unsigned bits = width > 64 ? (width + 63) / 64 * 64 : 8;
    while (bits < width) {
        bits *= 2;
    }
    return llvm::IntegerType::get(type->getContext(), bits);
}

// clang passes _BitInt(112) by a slot of that type and reads it back as two words.  With every
// slot, load and store as wide as its memory, LLVM sees that nothing else is in it.
void widen_odd_integers(llvm::Function& function) {
    std::vector<llvm::Instruction*> instructions;
    for (llvm::BasicBlock& block : function) {
        for (llvm::Instruction& instruction : block) {
            instructions.push_back(&instruction);
        }
    }
    for (llvm::Instruction* instruction : instructions) {
        llvm::IRBuilder<> builder(instruction);
        if (auto* slot = llvm::dyn_cast<llvm::AllocaInst>(instruction)) {
            slot->setAllocatedType(whole_type(slot->getAllocatedType()));
        } else if (auto* store = llvm::dyn_cast<llvm::StoreInst>(instruction)) {
            llvm::Value* value = store->getValueOperand();
            llvm::Type* whole = whole_type(value->getType());
            if (whole != value->getType()) {
                store->setOperand(0, builder.CreateZExt(value, whole));
            }
        } else if (auto* load = llvm::dyn_cast<llvm::LoadInst>(instruction)) {
            llvm::Type* whole = whole_type(load->getType());
            if (whole != load->getType()) {
                llvm::Value* wide = builder.CreateLoad(whole, load->getPointerOperand());
                load->replaceAllUsesWith(builder.CreateTrunc(wide, load->getType()));
                load->eraseFromParent();
            }
        }
    }
}

void inline_everything_else(KernelModule& kernel) {
    const std::set<const llvm::Function*> kept(kernel.processes.begin(), kernel.processes.end());
    for (llvm::Function& function : *kernel.module) {
        if (function.isDeclaration()) {
            continue;
        }
        widen_odd_integers(function);
        function.removeFnAttr(llvm::Attribute::OptimizeNone);
        function.removeFnAttr(llvm::Attribute::NoInline);
        function.removeFnAttr(llvm::Attribute::AlwaysInline);
        const bool keep = kept.count(&function) != 0 || &function == kernel.top;
        function.addFnAttr(keep ? llvm::Attribute::NoInline : llvm::Attribute::AlwaysInline);
        function.setComdat(nullptr);
        function.setLinkage(keep ? llvm::GlobalValue::ExternalLinkage
                                 : llvm::GlobalValue::InternalLinkage);
    }
    for (llvm::GlobalVariable& global : kernel.module->globals()) {
        if (!global.isDeclaration()) {
            global.setComdat(nullptr);
            global.setLinkage(llvm::GlobalValue::InternalLinkage);
        }
    }
}

}  // namespace

bool Pragma::has_flag(const std::string& flag) const {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word == flag) {
            return true;
        }
    }
    return false;
}

std::string Pragma::value(const std::string& key) const {
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word.rfind(key + "=", 0) == 0) {
            return word.substr(key.size() + 1);
        }
    }
    return "";
}

std::int64_t Pragma::number(const std::string& key, std::int64_t otherwise) const {
    std::istringstream words(text);
    std::size_t next = 0;
    for (std::string word; words >> word;) {
        const bool is_number = word.size() > 2 && word.compare(word.size() - 2, 2, "=#") == 0;
        if (is_number && word == key + "=#") {
            return next < numbers.size() ? numbers[next] : otherwise;
        }
        next += is_number ? 1 : 0;
    }
    return otherwise;
}

void run_passes(llvm::Module& module, const char* pipeline) {
    set_llvm_options();
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager components;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder;
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
    llvm::ModulePassManager passes;
    llvm::Error error = builder.parsePassPipeline(passes, pipeline);
    FPVS_CHECK(!error, "LLVM refuses the pass pipeline {}", pipeline);
    passes.run(module, modules);
}

bool load_kernel(const std::string& bitcode,
                 const Options& options,
                 KernelModule& kernel,
                 Diagnostics& diagnostics) {
    llvm::SMDiagnostic problem;
    kernel.module = llvm::parseIRFile(bitcode, problem, kernel.context);
    if (!kernel.module) {
        diagnostics.error({}, "LLVM cannot read clang's output: {}", problem.getMessage().str());
        return false;
    }
    kernel.top = find_top(*kernel.module, options, diagnostics);
    if (kernel.top == nullptr) {
        return false;
    }
    kernel.dataflow = calls_pragma(*kernel.top, "DATAFLOW");
    if (kernel.dataflow) {
        find_processes(kernel, diagnostics);
    } else {
        kernel.processes = {kernel.top};
    }
    if (diagnostics.failed()) {
        return false;
    }
    inline_everything_else(kernel);
    // No more than this before state is promoted: a load that LLVM has merged with another, of a
    // different variable, could not be promoted any more.
    run_passes(*kernel.module, "always-inline,globaldce,function(sroa<preserve-cfg>,mergereturn)");
    for (llvm::Function* function : kernel.processes) {
        kernel.pragmas[function] = take_pragmas(*function, diagnostics);
    }
    if (kernel.dataflow) {
        kernel.pragmas[kernel.top] = take_pragmas(*kernel.top, diagnostics);
    }
    return !diagnostics.failed();
}

}  // namespace fpvs::hlsc
