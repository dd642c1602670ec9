// SPDX-License-Identifier: Apache-2.0
// A kernel between the steps of hlsc: channels and processes (the netlist of the top function) and,
// for each process, one iteration as a graph with its state.  No LLVM type appears here.
#pragma once

#include <memory>
#include <string>
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

// A register: one scalar of a process' state.  Read and written in the same stage.
struct Register {
    std::string name;
    int width = 0;
    Value initial;
    bool has_reset = false;  // RESET pragma: returns to initial; otherwise only power-up gives it.
    Bit enable = kZero;
    Value next;
    Position where;
    int stage = 0;  // Found by the scheduler.
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
    std::vector<RamPort> reads;  // One; a ROM has one for each place that reads it.
    bool written = false;
    Bit write_enable = kZero;
    Value write_address;
    Value write_data;
    bool store_first = false;       // Within one call a load may follow a store.
    bool data_feeds_store = false;  // A store depends on a load of the same call.
    Position where;
    int write_stage = 0;
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
    Position where;

    Graph graph;
    std::vector<Register> registers;
    std::vector<Ram> rams;
    std::vector<StreamRead> reads;
    std::vector<StreamWrite> writes;

    Bit blocked = kZero;  // A blocking read would wait: the iteration is not issued.
    bool issue_when_idle =
        true;  // An iteration that finds all inputs empty may still do something.

    // Found by the scheduler.
    std::vector<int> stage_of;    // By node; -1 for nodes nobody needs.
    std::vector<double> time_of;  // Arrival within the stage, ns.
    std::vector<int> order;       // Needed nodes, operands first.
    int stages = 1;
};

struct Program {
    std::string top;
    std::string source;
    std::vector<Channel> channels;
    std::vector<std::unique_ptr<Process>> processes;
};

}  // namespace fpvs::hlsc
