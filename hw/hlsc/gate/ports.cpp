// SPDX-License-Identifier: Apache-2.0
// What the accesses of an iteration amount to: strobes of streams, next values of registers, one
// read and one write port for each memory, and when an iteration may be issued.
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/CFG.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hw/hlsc/frontend/stream_layout.hpp"
#include "hw/hlsc/gate/translator.hpp"

namespace fpvs::hlsc {

namespace {

// Rebuilds values under an assumption, through the folding makers of the graph.
class Cofactor {
  public:
    // With every input empty.
    explicit Cofactor(Graph& graph) : graph_(graph), inputs_empty_(true) {}
    // With some bits zero.
    Cofactor(Graph& graph, Value zeros)
        : graph_(graph), zeros_(std::move(zeros)), inputs_empty_(false) {}

    Bit rebuilt(Bit bit) {
        if (bit.node < 0) {
            return bit;
        }
        if (std::find(zeros_.begin(), zeros_.end(), bit) != zeros_.end()) {
            return kZero;
        }
        return node(bit.node)[static_cast<std::size_t>(bit.index)];
    }

  private:
    // By value: rebuilding adds nodes, and entries of the memo.
    Value node(int id) {
        const auto known = memo_.find(id);
        if (known != memo_.end()) {
            return known->second;
        }
        const Node old = graph_.node(id);
        Value result;
        if (old.op == Op::stream_empty && inputs_empty_) {
            result = {kOne};
        } else if (old.in.empty()) {
            result = graph_.bits_of(id);
        } else {
            std::vector<Value> in = old.in;
            for (Value& operand : in) {
                for (Bit& bit : operand) {
                    bit = rebuilt(bit);
                }
            }
            result = graph_.rebuild(old, in);
        }
        memo_[id] = result;
        return result;
    }

    Graph& graph_;
    Value zeros_;
    bool inputs_empty_;
    std::unordered_map<int, Value> memo_;
};

// Whether a bit of a register would change: what selects its old value is no change.
Bit change_of(Graph& graph, Bit enable, Bit next, Bit held) {
    while (next.node >= 0 && graph.node(next.node).op == Op::mux) {
        const std::vector<Value> in = graph.node(next.node).in;
        const auto index = static_cast<std::size_t>(next.index);
        if (in[1][index] != held && in[2][index] != held) {
            break;
        }
        const bool holds = in[1][index] == held;
        enable = graph.and_(enable, holds ? graph.not_(in[0][0]) : in[0][0]);
        next = in[holds ? 2 : 1][index];
    }
    return next == held ? kZero : enable;
}

// Whether an iteration would change anything, as a function of what `assumed` leaves open.
Bit effect_of(const Process& process, Graph& graph, Cofactor& assumed) {
    Bit effect = kZero;
    for (const StreamWrite& write : process.writes) {
        effect = graph.or_(effect, assumed.rebuilt(write.strobe));
    }
    for (const Register& target : process.registers) {
        const Bit enable = assumed.rebuilt(target.enable);
        if (target.width == 0 || enable == kZero) {
            continue;
        }
        const int number = static_cast<int>(&target - process.registers.data());
        const Value held = graph.source(Op::register_read, target.width, number);
        std::set<Bit> changes;
        for (std::size_t i = 0; i < held.size(); ++i) {
            const Bit next = assumed.rebuilt(target.next[i]);
            changes.insert(target.width == 1 ? graph.and_(enable, graph.xor_(next, held[i]))
                                             : change_of(graph, enable, next, held[i]));
        }
        for (const Bit change : changes) {
            effect = graph.or_(effect, change);
        }
    }
    for (const Ram& ram : process.rams) {
        for (const RamWrite& write : ram.writes) {
            effect = graph.or_(effect, assumed.rebuilt(write.enable));
        }
    }
    return effect;
}

// How many operations a bit is made of.
int operations_of(const Graph& graph, Bit bit) {
    std::set<int> seen;
    std::vector<int> work;
    const auto push = [&](const Value& value) {
        for (const Bit part : value) {
            if (part.node >= 0 && seen.insert(part.node).second) {
                work.push_back(part.node);
            }
        }
    };
    int operations = 0;
    push({bit});
    while (!work.empty()) {
        const Node& node = graph.node(work.back());
        work.pop_back();
        operations += node.in.empty() ? 0 : 1;
        for (const Value& operand : node.in) {
            push(operand);
        }
    }
    return operations;
}

// True if a store of the memory depends on what a load of the same call returned.
bool depends_on_ram(const Graph& graph, const std::vector<Value>& values, int ram) {
    std::vector<int> work;
    std::vector<bool> seen(static_cast<std::size_t>(graph.size()), false);
    const auto push = [&](const Value& value) {
        for (const Bit bit : value) {
            if (bit.node >= 0 && !seen[static_cast<std::size_t>(bit.node)]) {
                seen[static_cast<std::size_t>(bit.node)] = true;
                work.push_back(bit.node);
            }
        }
    };
    for (const Value& value : values) {
        push(value);
    }
    while (!work.empty()) {
        const Node& node = graph.node(work.back());
        work.pop_back();
        if (node.op == Op::ram_data && node.object == ram) {
            return true;
        }
        for (const Value& operand : node.in) {
            push(operand);
        }
    }
    return false;
}

// More than the II cycles in which a port is there.
std::string times(int ii) {
    return ii == 1 ? "twice" : std::to_string(ii + 1) + " times";
}

// Without loops, a block that is reached comes later.  llvm::isPotentiallyReachable gives up after
// 32 blocks and says yes, which would put a store before the load that it depends on.
bool reaches(const llvm::BasicBlock& from, const llvm::BasicBlock& to) {
    llvm::SmallPtrSet<const llvm::BasicBlock*, 32> seen;
    llvm::SmallVector<const llvm::BasicBlock*, 32> work{&from};
    while (!work.empty()) {
        for (const llvm::BasicBlock* next : llvm::successors(work.pop_back_val())) {
            if (next == &to) {
                return true;
            }
            if (seen.insert(next).second) {
                work.push_back(next);
            }
        }
    }
    return false;
}

}  // namespace

void Translator::finish_streams() {
    for (unsigned i = 0; i < function_.arg_size(); ++i) {
        finish_stream(i);
    }
}

void Translator::finish_stream(unsigned argument) {
    namespace at = stream_layout;
    const llvm::Argument* stream = function_.getArg(argument);
    const int number = process_.channels[argument];
    const Channel& channel = program_.channels[static_cast<std::size_t>(number)];
    const auto flag = [&](int offset) {
        const auto found = stream_flags_.find({stream, offset});
        return found == stream_flags_.end() ? kZero : found->second[0];
    };
    if (flag(at::kReadTwice) != kZero || flag(at::kWrittenTwice) != kZero) {
        const bool reads = flag(at::kReadTwice) != kZero;
        diagnostics_.error(process_.where,
                           "stream '{}' may be {} twice in one call of {}: one word moves in a "
                           "call; make the sites exclusive by if and else",
                           channel.name,
                           reads ? "read" : "written",
                           process_.name);
        return;
    }
    // The netlist knows the direction, also of a stream whose writes turned out never to happen.
    const bool writes =
        channel.writer >= 0 &&
        program_.processes[static_cast<std::size_t>(channel.writer)].get() == &process_;
    if (writes) {
        Value& payload = stream_payload_[stream];
        payload.resize(static_cast<std::size_t>(channel.layout.width()), kZero);
        process_.writes.push_back({number, flag(at::kWritten), payload, channel.where});
        return;
    }
    process_.reads.push_back({number, flag(at::kRead), channel.where});
}

// A register that holds its value in some branch gets that branch as its enable.
void Translator::finish_registers() {
    for (auto& [number, next] : register_next_) {
        Register& target = process_.registers[static_cast<std::size_t>(number)];
        const Value held = graph_.source(Op::register_read, target.width, number);
        Bit enable = kOne;
        while (next != held && next[0].node >= 0) {
            const Node& node = graph_.node(next[0].node);
            const bool whole = node.op == Op::mux && next == graph_.bits_of(next[0].node);
            if (!whole) {
                break;
            }
            if (node.in[2] == held) {
                enable = graph_.and_(enable, node.in[0][0]);
                next = Value(node.in[1]);
            } else if (node.in[1] == held) {
                enable = graph_.and_(enable, graph_.not_(node.in[0][0]));
                next = Value(node.in[2]);
            } else {
                break;
            }
        }
        target.enable = next == held ? kZero : enable;
        target.next = next;
        for (Bit& bit : target.next) {
            bit = bit.is_any() ? kZero : bit;
        }
    }
}

bool Translator::precedes(const llvm::Instruction& first, const llvm::Instruction& second) const {
    if (first.getParent() == second.getParent()) {
        return first.comesBefore(&second);
    }
    return reaches(*first.getParent(), *second.getParent());
}

// The port of the memory that an access goes through.  Another cycle of II is taken where there is
// one; accesses that exclude each other or have one address share a cycle.
int Translator::choose_port(const std::vector<MemoryAccess>& accesses,
                            const MemoryAccess& access) const {
    int ports = 0;
    int same_word = -1;
    for (const MemoryAccess& other : accesses) {
        if (other.is_store == access.is_store) {
            ports = std::max(ports, other.port + 1);
            same_word = other.address == access.address ? other.port : same_word;
        } else {
            same_word = -1;  // What was loaded before a store is another word.
        }
    }
    if (same_word >= 0 && !access.is_store) {
        return same_word;
    }
    if (ports < process_.ii) {
        return ports;
    }
    for (int port = 0; port < ports; ++port) {
        const bool free =
            std::none_of(accesses.begin(), accesses.end(), [&](const MemoryAccess& other) {
                return other.is_store == access.is_store && other.port == port &&
                       graph_.and_(other.reached, access.reached) != kZero;
            });
        if (free) {
            return port;
        }
    }
    return 0;  // Refused when the ports are made.
}

void Translator::finish_order(Ram& ram, const std::vector<MemoryAccess>& accesses) {
    std::set<RamOrder> orders;
    for (const MemoryAccess& store : accesses) {
        for (const MemoryAccess& load : accesses) {
            const bool pair = store.is_store && !load.is_store &&
                              graph_.and_(store.reached, load.reached) != kZero;
            if (pair) {
                orders.insert(
                    {load.port, store.port, precedes(*store.instruction, *load.instruction)});
            }
        }
    }
    for (const RamOrder& order : orders) {
        if (order.store_first && orders.count({order.read, order.write, false}) != 0) {
            diagnostics_.error(
                ram.where,
                "memory '{}' is loaded both before and after a store of the same call",
                ram.name);
            return;
        }
    }
    ram.orders.assign(orders.begin(), orders.end());
    std::set<std::pair<int, int>> stores;
    for (std::size_t i = 0; i < accesses.size(); ++i) {
        for (std::size_t j = i + 1; j < accesses.size(); ++j) {
            const bool pair = accesses[i].is_store && accesses[j].is_store &&
                              accesses[i].port != accesses[j].port &&
                              graph_.and_(accesses[i].reached, accesses[j].reached) != kZero;
            if (pair) {
                stores.insert({accesses[i].port, accesses[j].port});
            }
        }
    }
    for (const auto& [first, second] : stores) {
        if (stores.count({second, first}) != 0) {
            diagnostics_.error(
                ram.where, "memory '{}' has stores whose order differs between branches", ram.name);
            return;
        }
    }
    ram.store_orders.assign(stores.begin(), stores.end());
}

void Translator::finish_ram(int number) {
    Ram& ram = process_.rams[static_cast<std::size_t>(number)];
    std::vector<MemoryAccess>& accesses = accesses_[number];
    finish_loads(ram, accesses);
    finish_stores(ram, accesses);
    finish_order(ram, accesses);
    for (const RamWrite& write : ram.writes) {
        ram.data_feeds_store =
            ram.data_feeds_store ||
            depends_on_ram(graph_, {{write.enable}, write.address, write.data}, number);
    }
    const bool claimed = ram.dependence.raw_distance > 0 || ram.dependence.raw_false;
    if (ram.data_feeds_store && !claimed && process_.ii == 1) {
        diagnostics_.error(ram.where,
                           "memory '{}' is read, changed and written back: Vitis does not forward, "
                           "so II=1 needs rotating banks with '#pragma HLS DEPENDENCE variable={} "
                           "type=inter direction=RAW distance=N dependent=true', or registers in "
                           "the source with dependent=false",
                           ram.name,
                           ram.name);
    }
}

void Translator::finish_loads(Ram& ram, const std::vector<MemoryAccess>& accesses) {
    for (const MemoryAccess& load : accesses) {
        if (load.is_store) {
            continue;
        }
        if (load.port == static_cast<int>(ram.reads.size())) {
            ram.reads.push_back({load.address, load.reached});
            continue;
        }
        RamPort& port = ram.reads[static_cast<std::size_t>(load.port)];
        if (port.address != load.address && graph_.and_(port.enable, load.reached) != kZero) {
            diagnostics_.error(load.where,
                               "memory '{}' may be loaded {} in one call: it has one read port",
                               ram.name,
                               times(process_.ii));
            return;
        }
        if (port.address != load.address) {
            port.address = graph_.mux(load.reached, load.address, port.address);
        }
        port.enable = graph_.or_(port.enable, load.reached);
    }
}

void Translator::finish_stores(Ram& ram, std::vector<MemoryAccess>& accesses) {
    std::vector<MemoryAccess> stores;
    for (MemoryAccess& store : accesses) {
        if (!store.is_store) {
            continue;
        }
        store.port = choose_port(stores, store);
        stores.push_back(store);
        if (store.port == static_cast<int>(ram.writes.size())) {
            ram.writes.push_back({store.address, store.data, store.reached});
            continue;
        }
        RamWrite& port = ram.writes[static_cast<std::size_t>(store.port)];
        const bool other_word = port.address != store.address || process_.ii > 1;
        if (other_word && graph_.and_(port.enable, store.reached) != kZero) {
            diagnostics_.error(store.where,
                               "memory '{}' may be stored {} in one call: it has one write port",
                               ram.name,
                               times(process_.ii));
            return;
        }
        port.address = graph_.mux(store.reached, store.address, port.address);
        port.data = graph_.mux(store.reached, store.data, port.data);
        port.enable = graph_.or_(port.enable, store.reached);
    }
}

// An iteration waits while a word it would read is missing.  It is not issued at all if it would
// read nothing and change nothing, where a few gates can tell; else, if it could change nothing
// while every input is empty, it is not issued then.
void Translator::finish_issue() {
    constexpr int kOperationsMax = 12;
    Value strobes;
    for (const StreamRead& read : process_.reads) {
        const Bit empty = graph_.source(Op::stream_empty, 1, read.channel)[0];
        process_.blocked = graph_.or_(process_.blocked, graph_.and_(read.strobe, empty));
        strobes.push_back(read.strobe);
    }
    if (process_.reads.empty()) {
        return;
    }
    Cofactor no_reads(graph_, strobes);
    const Bit effect = effect_of(process_, graph_, no_reads);
    if (operations_of(graph_, effect) <= kOperationsMax) {
        process_.acts_alone = effect;
    }
    Cofactor all_empty(graph_);
    process_.needs_an_input = effect_of(process_, graph_, all_empty) == kZero;
}

}  // namespace fpvs::hlsc
