// SPDX-License-Identifier: Apache-2.0
// Control flow to selections.
//
// A value that depends on the way to a block is selected by the branches between the block and its
// immediate dominator only, as a decision graph in which equal arms fold.  Conditions of the whole
// path would make the smallest state wait for everything decided before it.
#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/IR/CFG.h>

#include "hw/hlsc/frontend/layout.hpp"
#include "hw/hlsc/gate/gate.hpp"
#include "hw/hlsc/gate/translator.hpp"

namespace fpvs::hlsc {

Translator::Translator(const llvm::Function& function,
                       const StorageMap& storage,
                       const Program& program,
                       Process& process,
                       Diagnostics& diagnostics)
    : function_(function),
      storage_(storage),
      program_(program),
      process_(process),
      diagnostics_(diagnostics),
      graph_(process.graph),
      layout_(function.getParent()->getDataLayout()),
      dominators_(const_cast<llvm::Function&>(function)) {}

bool Translator::run() {
    const llvm::ReversePostOrderTraversal<const llvm::Function*> order(&function_);
    for (Block block : order) {
        translate_block(block);
        if (diagnostics_.failed()) {
            return false;
        }
        done_.insert(block);
    }
    finish_streams();
    finish_registers();
    for (int ram = 0; ram < static_cast<int>(process_.rams.size()); ++ram) {
        finish_ram(ram);
    }
    finish_issue();
    return !diagnostics_.failed();
}

void Translator::translate_block(Block block) {
    here_ = block == &function_.getEntryBlock() ? kOne : reaching_condition(block);
    reached_[block] = here_;
    for (const llvm::Instruction& instruction : *block) {
        const Position where = position_of(instruction.getDebugLoc(), diagnostics_);
        if (where.line > 0) {
            position_ = where;
            graph_.set_position(where);
        }
        if (instruction.isTerminator()) {
            translate_terminator(instruction);
        } else {
            translate(instruction);
        }
        if (diagnostics_.failed()) {
            return;
        }
    }
}

void Translator::add_edge(Block from, Block to, Bit condition) {
    for (auto& [block, known] : edges_[from]) {
        if (block == to) {
            known = graph_.or_(known, condition);
            return;
        }
    }
    edges_[from].emplace_back(to, condition);
}

void Translator::translate_terminator(const llvm::Instruction& terminator) {
    Block block = terminator.getParent();
    if (const auto* branch = llvm::dyn_cast<llvm::BranchInst>(&terminator)) {
        if (branch->isUnconditional()) {
            add_edge(block, branch->getSuccessor(0), kOne);
        } else {
            const Bit condition = value_of(branch->getCondition())[0];
            add_edge(block, branch->getSuccessor(0), condition);
            add_edge(block, branch->getSuccessor(1), graph_.not_(condition));
        }
    } else if (const auto* choice = llvm::dyn_cast<llvm::SwitchInst>(&terminator)) {
        const Value selector = value_of(choice->getCondition());
        Bit any = kZero;
        for (const auto& one_case : choice->cases()) {
            const Bit taken = graph_.equal(
                selector, value_of(static_cast<const llvm::Value*>(one_case.getCaseValue())));
            any = graph_.or_(any, taken);
            add_edge(block, one_case.getCaseSuccessor(), taken);
        }
        add_edge(block, choice->getDefaultDest(), graph_.not_(any));
    } else if (!llvm::isa<llvm::ReturnInst>(terminator) &&
               !llvm::isa<llvm::UnreachableInst>(terminator)) {
        refuse(terminator, "this kind of branch");
    }
}

// The value chosen at `to` by the branches from `from` on; empty where `to` is not reached.
Value Translator::select_between(
    Block from, Block to, const EdgeValue& edge_value, Memo& memo, const Value& elsewhere) {
    const auto known = memo.find(from);
    if (known != memo.end()) {
        return known->second;
    }
    std::vector<std::pair<Bit, Value>> arms;
    for (const auto& [next, condition] : edges_[from]) {
        const Value value =
            next == to ? edge_value(from) : select_between(next, to, edge_value, memo, elsewhere);
        if (value.empty()) {
            continue;
        }
        bool merged = false;
        for (auto& [when, other] : arms) {
            if (other == value) {
                when = graph_.or_(when, condition);
                merged = true;
                break;
            }
        }
        if (!merged) {
            arms.emplace_back(condition, value);
        }
    }
    if (arms.empty()) {
        return memo[from] = elsewhere;
    }
    // The arm with the widest condition needs none: it is what remains.
    const auto cost = [this](Bit bit) {
        if (bit.node < 0 || graph_.node(bit.node).in.empty()) {
            return std::size_t{0};
        }
        return graph_.node(bit.node).in.size() + graph_.node(bit.node).in[0].size();
    };
    std::size_t last = 0;
    for (std::size_t i = 1; i < arms.size(); ++i) {
        last = cost(arms[i].first) > cost(arms[last].first) ? i : last;
    }
    Value result = arms[last].second;
    for (std::size_t i = 0; i < arms.size(); ++i) {
        if (i != last) {
            result = graph_.mux(arms[i].first, arms[i].second, result);
        }
    }
    return memo[from] = result;
}

Bit Translator::reaching_condition(Block block) {
    for (Block predecessor : llvm::predecessors(block)) {
        if (done_.count(predecessor) == 0) {
            diagnostics_.error(position_, "a loop is left after unrolling");
            return kZero;
        }
    }
    Block dominator = dominators_.getNode(block)->getIDom()->getBlock();
    Memo memo;
    const Value taken =
        select_between(dominator, block, [](Block) { return Value{kOne}; }, memo, Value{kZero});
    return graph_.and_(reached_[dominator], taken[0]);
}

Value Translator::translate_phi(const llvm::PHINode& phi) {
    Block block = phi.getParent();
    Block dominator = dominators_.getNode(block)->getIDom()->getBlock();
    Memo memo;
    Value result = select_between(
        dominator,
        block,
        [&](Block from) { return value_of(phi.getIncomingValueForBlock(from)); },
        memo,
        Value{});
    if (result.empty()) {
        result = Graph::zeros(static_cast<int>(phi.getType()->getIntegerBitWidth()));
    }
    return result;
}

bool gate(const llvm::Function& function,
          const StorageMap& storage,
          const Program& program,
          Process& process,
          Diagnostics& diagnostics) {
    return Translator(function, storage, program, process, diagnostics).run();
}

}  // namespace fpvs::hlsc
