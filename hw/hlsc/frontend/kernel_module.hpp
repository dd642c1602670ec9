// SPDX-License-Identifier: Apache-2.0
// A kernel as LLVM IR: one function for each process, every helper inlined, and the pragmas taken
// out of the code.  Only frontend/, prepare/ and gate/ include this file.
#pragma once

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hw/hlsc/base/diagnostics.hpp"
#include "hw/hlsc/base/options.hpp"
#include "hw/hlsc/base/program.hpp"

namespace fpvs::hlsc {

// One pragma call, evaluated.
struct Pragma {
    std::string kind;
    std::string text;  // Flags and key=value; "key=#" takes the next number.
    const llvm::Value* object = nullptr;
    std::int64_t object_offset = 0;  // Bytes into the object, for a member.
    std::vector<std::int64_t> numbers;
    Position where;

    [[nodiscard]] bool has_flag(const std::string& flag) const;
    [[nodiscard]] std::string value(const std::string& key) const;  // "" if absent.
    [[nodiscard]] std::int64_t number(const std::string& key, std::int64_t otherwise) const;
};

struct KernelModule {
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> module;
    llvm::Function* top = nullptr;
    bool dataflow = false;                   // Otherwise the top is the only process.
    std::vector<llvm::Function*> processes;  // In the order of their calls.
    std::map<const llvm::Function*, std::vector<Pragma>> pragmas;
};

// Runs a textual LLVM pass pipeline over the module.
void run_passes(llvm::Module& module, const char* pipeline);

// Reads the bitcode, finds top and processes, inlines, resolves references and collects the
// pragmas.  False after an error.
bool load_kernel(const std::string& bitcode,
                 const Options& options,
                 KernelModule& kernel,
                 Diagnostics& diagnostics);

// Channels and processes of the top function, with what its pragmas say.  False after an error.
bool read_netlist(const KernelModule& kernel,
                  const Options& options,
                  Program& program,
                  Diagnostics& diagnostics);

}  // namespace fpvs::hlsc
