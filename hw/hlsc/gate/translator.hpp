// SPDX-License-Identifier: Apache-2.0
// The gate step's working state, shared by its files; everyone else includes gate.hpp.
#pragma once

#include <llvm/IR/Dominators.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "hw/hlsc/prepare/prepare.hpp"

namespace fpvs::hlsc {

// Where a load or a store goes.  Exactly one of the pointers is set.
struct Place {
    const llvm::Argument* stream = nullptr;
    const llvm::GlobalVariable* variable = nullptr;
    Value bank;           // Number of the partition, of a memory.
    Value index;          // Element within the bank.
    int byte_offset = 0;  // Within the element, the register variable, or the stream.
};

struct Alternative {
    Bit when = kOne;
    Place place;
};

// One load or store of a memory, as its block is reached.
struct MemoryAccess {
    const llvm::Instruction* instruction = nullptr;
    bool is_store = false;
    int port = 0;
    Bit reached = kZero;
    Value address;
    Value data;
    Position where;
};

class Translator {
  public:
    Translator(const llvm::Function& function,
               const StorageMap& storage,
               const Program& program,
               Process& process,
               Diagnostics& diagnostics);
    bool run();

  private:
    using Block = const llvm::BasicBlock*;
    using Memo = std::map<Block, Value>;
    using EdgeValue = std::function<Value(Block)>;

    // control.cpp: from branches to selections.
    void translate_block(Block block);
    void translate_terminator(const llvm::Instruction& terminator);
    void add_edge(Block from, Block to, Bit condition);
    Bit reaching_condition(Block block);
    Value select_between(
        Block from, Block to, const EdgeValue& edge_value, Memo& memo, const Value& elsewhere);
    Value translate_phi(const llvm::PHINode& phi);

    // operations.cpp: pure instructions.
    Value value_of(const llvm::Value* value);
    void translate(const llvm::Instruction& instruction);
    Value translate_binary(const llvm::BinaryOperator& operation);
    Value divide_signed(bool remainder, const Value& a, int shift);
    Bit translate_compare(const llvm::ICmpInst& compare);
    Value translate_cast(const llvm::CastInst& cast);
    void translate_call(const llvm::CallInst& call);
    Value translate_intrinsic(const llvm::IntrinsicInst& call);
    Value funnel_shift(const llvm::IntrinsicInst& call, bool left);
    std::pair<Bit, Value> leading_zeros(const Value& v);
    Value count_zeros(const Value& v, bool leading);
    void refuse(const llvm::Instruction& instruction, const std::string& what);

    // memory.cpp: streams, registers, memories.
    std::vector<Alternative> resolve(const llvm::Value* pointer);
    Place resolve_address(const llvm::Value* base, const llvm::Value* pointer);
    void translate_load(const llvm::LoadInst& load);
    void translate_store(const llvm::StoreInst& store);
    Value load_from(const Place& place, int width, const llvm::Instruction& at, Bit when);
    void store_to(const Place& place, const Value& data, const llvm::Instruction& at, Bit when);
    Value load_stream(const Place& place, int width);
    void store_stream(const Place& place, const Value& data);
    Value load_memory(const Place& place, int width, const llvm::Instruction& at, Bit when);
    void store_memory(const Place& place, const Value& data, const llvm::Instruction& at, Bit when);
    int register_at(const Place& place, int width);
    Bit is_bank(const Place& place, int bank);
    int ram_of(const llvm::GlobalVariable* variable, int bank, int field);
    Value initial_value(const llvm::GlobalVariable* variable, int byte_offset, int width) const;

    // ports.cpp: one read and one write port for each memory; strobes of the streams.
    void finish_streams();
    void finish_stream(unsigned argument);
    void finish_registers();
    void finish_ram(int ram);
    int choose_port(const std::vector<MemoryAccess>& accesses, const MemoryAccess& access) const;
    void finish_order(Ram& ram, const std::vector<MemoryAccess>& accesses);
    void finish_loads(Ram& ram, const std::vector<MemoryAccess>& accesses);
    void finish_stores(Ram& ram, std::vector<MemoryAccess>& accesses);
    bool precedes(const llvm::Instruction& first, const llvm::Instruction& second) const;
    void finish_issue();

    const llvm::Function& function_;
    const StorageMap& storage_;
    const Program& program_;
    Process& process_;
    Diagnostics& diagnostics_;
    Graph& graph_;
    const llvm::DataLayout& layout_;
    llvm::DominatorTree dominators_;

    std::map<const llvm::Value*, Value> values_;
    std::map<Block, Bit> reached_;
    std::map<Block, std::vector<std::pair<Block, Bit>>> edges_;
    std::set<Block> done_;
    Bit here_ = kOne;  // Condition under which the current block is reached.
    Position position_;

    std::map<std::pair<const llvm::GlobalVariable*, int>, int> registers_;
    std::map<int, Value> register_next_;
    std::map<std::tuple<const llvm::GlobalVariable*, int, int>, int> rams_;
    std::map<int, std::vector<MemoryAccess>> accesses_;
    // What is stored to each stream: flags by offset, payload bits by field.
    std::map<std::pair<const llvm::Argument*, int>, Value> stream_flags_;
    std::map<const llvm::Argument*, Value> stream_payload_;
};

}  // namespace fpvs::hlsc
