// SPDX-License-Identifier: Apache-2.0
// A kernel between the steps of hlsc: channels and processes (the netlist of the top function) and,
// for each process, one iteration as a graph with its state.  No LLVM type appears here.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hw/hlsc/base/diagnostics.hpp"
#include "hw/hlsc/bitgraph/graph.hpp"

namespace fpvs::hlsc {

// One scalar inside a stored object: where its bytes are, how many bits count.
struct Field {
    std::string name;
    int byte_offset = 0;
    int storage_bits = 0;
    int width = 0;
    bool is_signed = false;
};

struct Layout {
    std::string type;  // As C++ spells it, fully qualified.
    int bytes = 0;
    std::vector<Field> fields;

    [[nodiscard]] int width() const {
        int sum = 0;
        for (const Field& field : fields) {
            sum += field.width;
        }
        return sum;
    }
};

struct Channel {
    enum class Kind { input, output, internal };
    std::string name;
    Kind kind = Kind::internal;
    Layout layout;
    bool axis_signals = false;  // ap_axiu: TKEEP, TSTRB and TLAST beside TDATA.
    int depth = 2;              // Of the STREAM pragma; Vitis' default.
    int writer = -1;            // Process, or -1 at the border.
    int reader = -1;
    Position where;
};

// A register: one scalar of a process' state.  Written less than II stages after it is read.
struct Register {
    std::string name;
    int width = 0;
    Value initial;
    bool has_reset = false;  // RESET pragma: returns to initial; otherwise only power-up gives it.
    Bit enable = kZero;
    Value next;
    Position where;
    int stage = 0;        // In which it is read; found by the scheduler.
    int write_stage = 0;  // The same at II = 1.
};

// What DEPENDENCE pragmas claim about a memory.
struct Dependence {
    bool raw_false = false;  // A load may miss stores of calls shortly before.
    int raw_distance = 0;    // Stores are at least so many calls before a load of their word.
};

enum class RamStyle { automatic, block, ultra, distributed };

struct RamPort {
    Value address;
    Bit enable = kZero;
    int stage = 0;  // Stage in which the address is presented.
};

struct RamWrite {
    Value address;
    Value data;
    Bit enable = kZero;
    int stage = 0;
};

// A load and a store that one call may both do, by the numbers of their ports.
struct RamOrder {
    int read = 0;
    int write = 0;
    bool store_first = false;
    auto operator<=>(const RamOrder&) const = default;
};

struct Ram {
    std::string name;
    int depth = 0;
    int width = 0;
    RamStyle style = RamStyle::automatic;
    int latency = 2;
    std::vector<Value> initial;  // Empty: all zero.
    bool read_only = false;
    Dependence dependence;
    bool has_dependence = false;
    // One of each at II = 1; up to II share the memory's port otherwise, each in a cycle of its
    // own.  A ROM has a read for each place that reads it, and as many copies.
    std::vector<RamPort> reads;
    std::vector<RamWrite> writes;
    std::vector<RamOrder> orders;
    std::vector<std::pair<int, int>> store_orders;  // Ports of stores, the earlier first.
    bool data_feeds_store = false;                  // A store depends on a load of the same call.
    Position where;
};

struct StreamRead {
    int channel = -1;
    Bit strobe = kZero;
    Position where;
};

struct StreamWrite {
    int channel = -1;
    Bit strobe = kZero;
    Value data;  // All fields, first field lowest.
    Position where;
    int stage = 0;
};

struct Process {
    std::string name;           // Unique, an identifier of SystemVerilog.
    std::string call;           // As the top function calls it, in C++.
    std::string symbol;         // Of the LLVM function.
    std::vector<int> channels;  // By argument.
    int ii = 1;                 // Cycles from one iteration to the next.
    Position where;

    Graph graph;
    std::vector<Register> registers;
    std::vector<Ram> rams;
    std::vector<StreamRead> reads;
    std::vector<StreamWrite> writes;

    Bit blocked = kZero;  // A blocking read would wait: the iteration is not issued.
    // An iteration that would do nothing need not be issued.
    Bit acts_alone = kOne;        // It may do something even if it reads nothing.
    bool needs_an_input = false;  // It does nothing while every input is empty.

    // Found by the scheduler.
    std::vector<int> stage_of;    // By node; -1 for nodes nobody needs.
    std::vector<double> time_of;  // When the result is there within the stage, ns.
    std::vector<int> order;       // Needed nodes, operands first.
    int stages = 1;
    bool is_reference = false;  // One stage, memories that answer at once (prove/).
};

struct Program {
    std::string top;
    std::string source;
    std::vector<Channel> channels;
    std::vector<std::unique_ptr<Process>> processes;
};

}  // namespace fpvs::hlsc
