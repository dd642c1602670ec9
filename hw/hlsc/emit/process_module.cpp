// SPDX-License-Identifier: Apache-2.0
// The SystemVerilog module of one process.
//
// Each stage is at most two blocks under its valid bit: a clocked one for what the next stage or
// the next iteration sees, a combinational one for what leaves at once, to streams and memories.
// What only one of them needs are its variables.  So a stage without an iteration switches nothing,
// and costs a simulator next to nothing.  Always there is only what decides whether to issue and to
// read.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "hw/hlsc/emit/placement.hpp"
#include "hw/hlsc/emit/verilog.hpp"

namespace fpvs::hlsc {

std::string range_of(int width) {
    return width == 1 ? "" : fmt::format("[{}:0] ", width - 1);
}

std::string literal(const Value& constant) {
    std::string digits;
    for (std::size_t nibble = (constant.size() + 3) / 4; nibble-- > 0;) {
        unsigned value = 0;
        for (std::size_t bit = 0; bit < 4 && nibble * 4 + bit < constant.size(); ++bit) {
            value |= (constant[nibble * 4 + bit] == kOne ? 1u : 0u) << bit;
        }
        digits += "0123456789abcdef"[value];
    }
    const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    return fmt::format("{}'h{}", constant.size(), digits.substr(first));
}

namespace {

const char* style_name(RamStyle style) {
    switch (style) {
        case RamStyle::block:
            return "block";
        case RamStyle::ultra:
            return "ultra";
        case RamStyle::distributed:
            return "distributed";
        default:
            return "auto";
    }
}

class ModuleWriter {
  public:
    ModuleWriter(const Program& program, const Process& process, const Options& options)
        : program_(program), process_(process), place_(process, options) {
        const auto stages = static_cast<std::size_t>(process.stages);
        clocked_.resize(stages);
        leaving_.resize(stages);
        resets_.resize(stages);
    }

    std::string write() {
        find_cones();
        ports();
        valid_bits();
        nodes();
        issue();
        memories();
        registers();
        stream_writes();
        if (process_.is_reference) {
            body("    assign claim_broken = issue && (1'b0{});\n", claims_);
        }
        std::string blocks;
        for (int stage = 0; stage < process_.stages; ++stage) {
            blocks += clocked_block(stage) + leaving_block(stage);
        }
        return head_ + memories_head_ + body_ + blocks + "endmodule\n";
    }

  private:
    template <class... Args>
    void body(fmt::format_string<Args...> format, Args&&... args) {
        body_ += fmt::format(format, std::forward<Args>(args)...);
    }
    // A block of a stage: its variables, what else it assigns, and its work on an iteration.
    struct Block {
        std::string variables;
        std::string defaults;
        std::string statements;
    };
    Block& clocked(int stage) { return clocked_[static_cast<std::size_t>(stage)]; }
    Block& leaving(int stage) { return leaving_[static_cast<std::size_t>(stage)]; }

    template <class... Args>
    static void statement(Block& block, fmt::format_string<Args...> format, Args&&... args) {
        block.statements +=
            "            " + fmt::format(format, std::forward<Args>(args)...) + "\n";
    }
    static void variable(Block& block, const std::string& name, int width) {
        block.variables += fmt::format("        logic {}{};\n", range_of(width), name);
    }
    static void fallback(Block& block, const std::string& name, const char* value) {
        block.defaults += fmt::format("        {} = {};\n", name, value);
    }
    // What leaves a stage at once: without an iteration a strobe is low and a word is anything.
    void strobe(int stage, const std::string& name, const std::string& expression) {
        fallback(leaving(stage), name, "1'b0");
        statement(leaving(stage), "{} = {};", name, expression);
    }
    void word(int stage, const std::string& name, const Value& value) {
        fallback(leaving(stage), name, "'x");
        statement(leaving(stage), "{} = {};", name, place_.expression(value, stage));
    }

    std::string clocked_block(int stage) {
        const Block& block = clocked(stage);
        const std::string& reset = resets_[static_cast<std::size_t>(stage)];
        if (block.statements.empty() && reset.empty()) {
            return "";
        }
        return fmt::format(
            "\n    always_ff @(posedge ap_clk) begin : stage_{}\n{}{}        if ({}) "
            "begin\n{}        end\n{}    end\n",
            stage,
            block.variables,
            block.defaults,
            valid_in(stage),
            block.statements,
            reset);
    }

    std::string leaving_block(int stage) {
        const Block& block = leaving(stage);
        if (block.statements.empty()) {
            return "";
        }
        return fmt::format(
            "\n    always_comb begin : leaving_{}\n{}{}        if ({}) begin\n{}        end\n"
            "    end\n",
            stage,
            block.variables,
            block.defaults,
            valid_in(stage),
            block.statements);
    }

    // Nodes by who looks at them in their own stage.
    void find_cones() {
        const auto nodes = static_cast<std::size_t>(process_.graph.size());
        is_wire_.assign(nodes, false);
        is_leaving_.assign(nodes, false);
        is_clocked_.assign(nodes, false);
        mark(is_wire_, {process_.blocked, process_.acts_alone}, 0);
        for (const StreamRead& read : process_.reads) {
            mark(is_wire_, {read.strobe}, 0);
        }
        for (const StreamWrite& write : process_.writes) {
            mark(is_leaving_, {write.strobe}, write.stage);
            mark(is_leaving_, write.data, write.stage);
        }
        // The memories of the reference answer at once: nothing there is under a valid bit.
        std::vector<bool>& ports = process_.is_reference ? is_wire_ : is_leaving_;
        for (const Ram& ram : process_.rams) {
            for (const RamPort& port : ram.reads) {
                mark(ports, port.address, port.stage);
                mark(ports, {port.enable}, port.stage);
            }
            for (const RamWrite& write : ram.writes) {
                mark(ports, {write.enable}, write.stage);
                mark(ports, write.address, write.stage);
                mark(ports, write.data, write.stage);
            }
        }
        for (const Register& target : process_.registers) {
            mark(is_clocked_, {target.enable}, target.write_stage);
            mark(is_clocked_, target.next, target.write_stage);
        }
        for (const int id : process_.order) {
            if (!place_.ranges(id).empty()) {
                mark(is_clocked_, {Bit{id, 0}}, process_.stage_of[static_cast<std::size_t>(id)]);
            }
        }
    }

    // Adds to `cone` the nodes of a stage that the bits come from.
    void mark(std::vector<bool>& cone, const Value& value, int stage) {
        std::vector<int> work;
        const auto push = [&](const Value& bits) {
            for (const Bit bit : bits) {
                const auto id = static_cast<std::size_t>(bit.node);
                if (bit.node >= 0 && process_.stage_of[id] == stage && !cone[id]) {
                    cone[id] = true;
                    work.push_back(bit.node);
                }
            }
        };
        push(value);
        while (!work.empty()) {
            const Node& node = process_.graph.node(work.back());
            work.pop_back();
            for (const Value& operand : node.in) {
                push(operand);
            }
        }
    }

    const Channel& channel(int number) const {
        return program_.channels[static_cast<std::size_t>(number)];
    }
    static std::string valid_in(int stage) {
        return stage == 0 ? "issue" : fmt::format("valid[{}]", stage);
    }

    void ports() {
        head_ = fmt::format(
            "module {}_{}{} (\n    input  wire ap_clk,\n    input  wire ap_rst_n,\n"
            "    input  wire run,\n",
            program_.top,
            process_.name,
            process_.is_reference ? "_reference" : "");
        for (const StreamRead& read : process_.reads) {
            const Channel& c = channel(read.channel);
            head_ += fmt::format(
                "    input  wire {0}_valid,\n    input  wire {1}{0}_data,\n"
                "    output wire {0}_take,\n",
                c.name,
                range_of(c.layout.width()));
        }
        for (const StreamWrite& write : process_.writes) {
            const Channel& c = channel(write.channel);
            head_ += fmt::format(
                "    input  wire {0}_credit,\n    output logic {1}{0}_data,\n"
                "    output logic {0}_push,\n    output logic {0}_drop,\n",
                c.name,
                range_of(c.layout.width()));
        }
        head_ += process_.is_reference ? "    output wire claim_broken,\n" : "";
        head_ += "    output wire issue\n);\n";
    }

    void valid_bits() {
        if (process_.stages > 1) {
            body("    reg [{}:1] valid;  // An iteration is in the stage.\n", process_.stages - 1);
            body("    always_ff @(posedge ap_clk) valid <= ap_rst_n ? {} : '0;\n",
                 process_.stages == 2 ? "issue"
                                      : fmt::format("{{valid[{}:1], issue}}", process_.stages - 2));
        }
    }

    // An iteration starts when no blocking read would wait, every output has room, and there may be
    // something to do.
    void issue() {
        std::string condition = "run";
        if (process_.ii > 1) {
            const int bits = Graph::bits_for(process_.ii);
            body("    reg {}phase;  // Iterations start in phase 0, every {} cycles at most.\n",
                 range_of(bits),
                 process_.ii);
            body(
                "    always_ff @(posedge ap_clk) phase <= !ap_rst_n || phase == {0} ? '0 : "
                "phase + 1'b1;\n",
                process_.ii - 1);
            condition += " && phase == 0";
        }
        for (const StreamWrite& write : process_.writes) {
            condition += " && " + channel(write.channel).name + "_credit";
        }
        if (process_.blocked != kZero) {
            condition += " && !" + place_.expression({process_.blocked}, 0);
        }
        const bool useful = process_.acts_alone != kOne;
        std::set<std::string> reasons;
        for (const StreamRead& read : process_.reads) {
            reasons.insert(useful ? place_.expression({read.strobe}, 0)
                                  : channel(read.channel).name + "_valid");
        }
        if (useful && process_.acts_alone != kZero) {
            reasons.insert(place_.expression({process_.acts_alone}, 0));
        }
        if (useful || process_.needs_an_input) {
            condition += fmt::format(" && ({})", fmt::join(reasons, " || "));
        }
        body("    assign issue = {};\n", condition);
        for (const StreamRead& read : process_.reads) {
            body("    assign {}_take = issue && {};\n",
                 channel(read.channel).name,
                 place_.expression({read.strobe}, 0));
        }
    }

    void nodes() {
        for (const Register& target : process_.registers) {
            if (target.width > 0) {
                const auto number = &target - process_.registers.data();
                body("    reg {}r{}_{} = {};\n",
                     range_of(target.width),
                     number,
                     target.name,
                     literal(target.initial));
            }
        }
        for (const int id : process_.order) {
            const Node& node = process_.graph.node(id);
            const int stage = process_.stage_of[static_cast<std::size_t>(id)];
            if (node.op == Op::index) {
                index_elements(id, node, stage);
            }
            if (node.op != Op::register_read && node.op != Op::ram_data) {
                define(id,
                       fmt::format("n{}", id),
                       node.width,
                       operation(id, node, stage),
                       fmt::format("  // {:.2f} ns, line {}",
                                   process_.time_of[static_cast<std::size_t>(id)],
                                   node.where.line));
            }
            delays(id);
        }
    }

    // A wire of the module, or a variable of a block of the node's stage.
    void define(int id,
                const std::string& name,
                int width,
                const std::string& expression,
                const std::string& remark) {
        const auto at = static_cast<std::size_t>(id);
        if (process_.graph.node(id).in.empty() || is_wire_[at]) {
            body("    wire {}{} = {};{}\n", range_of(width), name, expression, remark);
            return;
        }
        if (!is_leaving_[at] && !is_clocked_[at]) {
            return;  // Was to decide on the issue, but is known too late.
        }
        Block& block =
            is_leaving_[at] ? leaving(process_.stage_of[at]) : clocked(process_.stage_of[at]);
        if (is_leaving_[at] && is_clocked_[at]) {
            body("    logic {}{};\n", range_of(width), name);
        } else {
            variable(block, name, width);
        }
        fallback(block, name, "'x");
        statement(block, "{} = {};{}", name, expression, remark);
    }

    // Delay registers of a node.  A memory's result is declared with the memory.
    void delays(int id) {
        const int produced = process_.stage_of[static_cast<std::size_t>(id)];
        const std::vector<DelayedRange>& ranges = place_.ranges(id);
        for (std::size_t k = 0; k < ranges.size(); ++k) {
            const int width = ranges[k].high - ranges[k].low + 1;
            const int total = process_.graph.node(id).width;
            std::string previous = place_.result_name(id);
            if (width != total) {
                previous += width == 1 ? fmt::format("[{}]", ranges[k].low)
                                       : fmt::format("[{}:{}]", ranges[k].high, ranges[k].low);
            }
            for (int stage = produced + 1; stage <= ranges[k].last_stage; ++stage) {
                const std::string name = Placement::delayed_name(id, k, stage);
                body("    reg {}{};\n", range_of(width), name);
                statement(clocked(stage - 1), "{} <= {};", name, previous);
                previous = name;
            }
        }
    }

    // All elements side by side, to a power of two, so that the index selects a part.
    void index_elements(int id, const Node& node, int stage) {
        const std::size_t slots = std::size_t{1} << node.in[0].size();
        Value all;
        for (std::size_t i = 0; i < slots; ++i) {
            const Value element =
                i + 1 < node.in.size() ? node.in[i + 1] : Graph::zeros(node.width);
            all.insert(all.end(), element.begin(), element.end());
        }
        define(id,
               fmt::format("n{}_all", id),
               static_cast<int>(all.size()),
               place_.expression(all, stage),
               "");
        define(id,
               fmt::format("n{}_at", id),
               static_cast<int>(node.in[0].size()),
               place_.expression(node.in[0], stage),
               "");
    }

    std::string operation(int id, const Node& node, int stage) const {
        const auto in = [&](std::size_t i) { return place_.expression(node.in[i], stage); };
        const auto binary = [&](const char* sign) { return in(0) + " " + sign + " " + in(1); };
        const auto reduction = [&](const char* sign) {
            return node.in.size() == 1 ? sign + in(0) : binary(sign);
        };
        switch (node.op) {
            case Op::stream_empty:
                return "!" + channel(node.object).name + "_valid";
            case Op::stream_payload:
                return payload(channel(node.object), node.part);
            case Op::not_:
                return "~" + in(0);
            case Op::and_:
                return reduction("&");
            case Op::or_:
                return reduction("|");
            case Op::xor_:
                return reduction("^");
            case Op::mux:
                return in(0) + " ? " + in(1) + " : " + in(2);
            case Op::add:
                return binary("+");
            case Op::subtract:
                return binary("-");
            case Op::multiply:
                return factor(node, 0, stage) + " * " + factor(node, 1, stage);
            case Op::equal:
                return binary("==");
            case Op::less_unsigned:
                return binary("<");
            case Op::less_signed:
                return "$signed(" + in(0) + ") < $signed(" + in(1) + ")";
            case Op::shift_left:
                return binary("<<");
            case Op::shift_right:
                return binary(">>");
            case Op::shift_right_signed:
                return "$signed(" + in(0) + ") >>> " + in(1);
            case Op::count_ones:
                return fmt::format("{}'($countones({}))", node.width, in(0));
            default:
                return fmt::format("n{0}_all[n{0}_at * {1} +: {1}]", id, node.width);
        }
    }

    // Verilog extends the factors to the width of what is assigned; the product is signed only if
    // both are.
    std::string factor(const Node& node, std::size_t which, int stage) const {
        const std::string bits = place_.expression(node.in[which], stage);
        if (node.part == 0) {
            return bits;
        }
        return (node.part >> which & 1) != 0 ? "$signed(" + bits + ")"
                                             : "$signed({1'b0, " + bits + "})";
    }

    static std::string payload(const Channel& c, int part) {
        int low = 0;
        for (int i = 0; i < part; ++i) {
            low += c.layout.fields[static_cast<std::size_t>(i)].width;
        }
        const int width = c.layout.fields[static_cast<std::size_t>(part)].width;
        if (width == c.layout.width()) {
            return c.name + "_data";
        }
        return width == 1 ? fmt::format("{}_data[{}]", c.name, low)
                          : fmt::format("{}_data[{}:{}]", c.name, low + width - 1, low);
    }

    // A ROM for each place that reads it; of a memory one, whose ports are shared by turns.
    void memories() {
        std::set<int> done;
        for (const int id : process_.order) {
            const Node& node = process_.graph.node(id);
            if (node.op != Op::ram_data) {
                continue;
            }
            const Ram& ram = process_.rams[static_cast<std::size_t>(node.object)];
            memories_head_ += fmt::format("    wire {}n{};\n", range_of(node.width), id);
            const bool copies = ram.read_only || process_.is_reference;
            const std::string name = fmt::format("memory_{}_{}", ram.name, copies ? node.part : 0);
            if (copies || done.insert(node.object).second) {
                memories_head_ += fmt::format("    wire {}{}_data;\n", range_of(ram.width), name);
                memory(ram, node.part, name);
            }
            body("    assign n{} = {}_data;\n", id, name);
        }
    }

    // The cycle of II in which a stage works.
    std::string turn_of(int stage) const { return fmt::format("phase == {}", stage % process_.ii); }

    void memory(const Ram& ram, int part, const std::string& name) {
        if (process_.is_reference) {
            memory_at_once(ram, part, name);
            return;
        }
        std::string initial;
        if (!ram.initial.empty()) {
            Value all;
            for (const Value& word : ram.initial) {
                all.insert(all.end(), word.begin(), word.end());
            }
            initial = fmt::format(", .INITIALISED(1), .INITIAL({})", literal(all));
        }
        std::string load, enable, address, data;
        for (int i = 0; i < static_cast<int>(ram.reads.size()); ++i) {
            if (!ram.read_only || i == part) {
                load += (load.empty() ? "" : " : ") + load_port(ram, i, name);
            }
        }
        for (int i = 0; i < static_cast<int>(ram.writes.size()); ++i) {
            const std::string port = store_port(ram, i, name);
            const bool last = i + 1 == static_cast<int>(ram.writes.size());
            const std::string turn =
                last ? "" : turn_of(ram.writes[static_cast<std::size_t>(i)].stage) + " ? ";
            const char* rest = i == 0 ? "" : " : ";
            enable += (i == 0 ? "" : " || ") + port + "_on";
            address += rest + turn + port + "_address";
            data += rest + turn + port + "_data";
        }
        body(
            "    fpvs_ram_s2p #(.WIDTH({}), .DEPTH({}), .LATENCY({}), .STYLE(\"{}\"){}) "
            "{} (\n        .ap_clk, .write_enable({}),\n        .write_address({}), "
            ".write_data({}),\n        .read_enable({{{}}}), .read_address({}), "
            ".data({}_data));\n",
            ram.width,
            ram.depth,
            ram.latency,
            style_name(ram.style),
            initial,
            name,
            enable.empty() ? "1'b0" : enable,
            address.empty() ? "'0" : address,
            data.empty() ? "'0" : data,
            read_enables(ram, part),
            load,
            name);
        distance_checks(ram, name);
    }

    // Declares what a load presents to its memory; gives the address, by turns.
    std::string load_port(const Ram& ram, int number, const std::string& memory) {
        const RamPort& port = ram.reads[static_cast<std::size_t>(number)];
        const std::string name = fmt::format("{}_load{}", memory, number);
        body("    logic {}{};\n", range_of(static_cast<int>(port.address.size())), name);
        word(port.stage, name, port.address);
        if (ram.dependence.raw_distance > 1) {
            body("    logic {}_on;  // For the check of the distance.\n", name);
            strobe(port.stage, name + "_on", place_.expression({port.enable}, port.stage));
        }
        const bool last = ram.read_only || number + 1 == static_cast<int>(ram.reads.size());
        return last ? name : turn_of(port.stage) + " ? " + name;
    }

    // Declares what a store presents to its memory; gives the common part of the names.
    std::string store_port(const Ram& ram, int number, const std::string& memory) {
        const RamWrite& port = ram.writes[static_cast<std::size_t>(number)];
        const std::string name = fmt::format("{}_store{}", memory, number);
        body("    logic {0}_on;\n    logic {1}{0}_address;\n    logic {2}{0}_data;\n",
             name,
             range_of(static_cast<int>(port.address.size())),
             range_of(ram.width));
        strobe(port.stage, name + "_on", place_.expression({port.enable}, port.stage));
        word(port.stage, name + "_address", port.address);
        word(port.stage, name + "_data", port.data);
        return name;
    }

    // A word moves on its way out of a memory with the iteration that loads it.
    std::string read_enables(const Ram& ram, int part) const {
        std::string enables;
        for (int step = ram.latency; step-- > 0;) {
            enables += enables.empty() ? "" : ", ";
            for (std::size_t i = 0; i < ram.reads.size(); ++i) {
                if (!ram.read_only || static_cast<int>(i) == part) {
                    enables += (i == 0 || ram.read_only ? "" : " || ") +
                               valid_in(ram.reads[i].stage + step);
                }
            }
        }
        return enables;
    }

    // Stores of a call in the order of the source.
    static std::vector<int> stores_in_order(const Ram& ram) {
        std::vector<int> order;
        for (int i = 0; i < static_cast<int>(ram.writes.size()); ++i) {
            const auto before = std::find_if(order.begin(), order.end(), [&](int other) {
                return std::find(ram.store_orders.begin(),
                                 ram.store_orders.end(),
                                 std::make_pair(i, other)) != ram.store_orders.end();
            });
            order.insert(before, i);
        }
        return order;
    }

    // A memory of the reference: it answers at once, a later load of a call sees earlier stores.
    // Each load port of a memory that is stored has a copy, as each place that reads a ROM has.
    void memory_at_once(const Ram& ram, int part, const std::string& name) {
        const RamPort& port = ram.reads[static_cast<std::size_t>(part)];
        const std::string load = place_.expression(port.address, 0);
        body("    reg {}{}[0:{}];\n    initial begin\n", range_of(ram.width), name, ram.depth - 1);
        for (int i = 0; i < ram.depth; ++i) {
            const auto at = static_cast<std::size_t>(i);
            const Value word = ram.initial.empty() ? Graph::zeros(ram.width) : ram.initial[at];
            body("        {}[{}] = {};\n", name, i, literal(word));
        }
        body("    end\n");
        std::string data = fmt::format("{}[{}]", name, load);
        for (const int w : stores_in_order(ram)) {
            const RamWrite& write = ram.writes[static_cast<std::size_t>(w)];
            const std::string enable = place_.expression({write.enable}, 0);
            const std::string address = place_.expression(write.address, 0);
            const std::string stored = place_.expression(write.data, 0);
            statement(clocked(0), "if ({}) {}[{}] <= {};", enable, name, address, stored);
            if (std::find(ram.orders.begin(), ram.orders.end(), RamOrder{part, w, true}) !=
                ram.orders.end()) {
                data = fmt::format("{} && {} == {} ? {} : {}", enable, address, load, stored, data);
            }
            claim(ram, part, w);
        }
        body("    assign {}_data = {};\n", name, data);
    }

    // What DEPENDENCE says of a load: none of the calls just before stored its word.
    void claim(const Ram& ram, int part, int number) {
        const RamPort& port = ram.reads[static_cast<std::size_t>(part)];
        const RamWrite& write = ram.writes[static_cast<std::size_t>(number)];
        for (int i = 1; i < ram.dependence.raw_distance; ++i) {
            const std::string name = fmt::format("stored_{}_{}_{}_", ram.name, part, number);
            body("    reg {}{}{} = '0;\n    reg {}{}_on = 0;\n",
                 range_of(static_cast<int>(write.address.size())),
                 name,
                 i,
                 name,
                 i);
            const bool newest = i == 1;
            statement(
                clocked(0),
                "{0}{1} <= {2}; {0}{1}_on <= {3};",
                name,
                i,
                newest ? place_.expression(write.address, 0) : fmt::format("{}{}", name, i - 1),
                newest ? place_.expression({write.enable}, 0)
                       : fmt::format("{}{}_on", name, i - 1));
            claims_ += fmt::format(" || ({0} && {1}{2}_on && {1}{2} == {3})",
                                   place_.expression({port.enable}, 0),
                                   name,
                                   i,
                                   place_.expression(port.address, 0));
        }
    }

    // The DEPENDENCE pragma is a claim about the traffic: simulation holds the author to it, for
    // each pair of a load and a later store.
    void distance_checks(const Ram& ram, const std::string& memory) {
        for (std::size_t w = 0; w < ram.writes.size() && ram.dependence.raw_distance > 1; ++w) {
            for (std::size_t r = 0; r < ram.reads.size(); ++r) {
                if (ram.writes[w].stage >= ram.reads[r].stage) {
                    distance_check(ram, r, w, memory);
                }
            }
        }
    }

    void distance_check(const Ram& ram, std::size_t r, std::size_t w, const std::string& memory) {
        const RamPort& port = ram.reads[r];
        const RamWrite& write = ram.writes[w];
        body(
            "`ifdef VERILATOR\n    reg {1}{0}_load[0:{2}];  // Address; then as stage {3} sees "
            "it.\n"
            "    reg {0}_load_on[0:{2}];\n"
            "    reg {1}{0}_stored[1:{4}];\n    reg {0}_stored_on[1:{4}];\n"
            "    assign {0}_load[0] = {6}_load{7};\n    assign {0}_load_on[0] = {6}_load{7}_on;\n"
            "    initial for (int i = 1; i <= {4}; i++) {0}_stored_on[i] = 0;\n"
            "    always @(posedge ap_clk) begin\n"
            "        for (int i = 1; i <= {2}; i++) begin\n"
            "            {0}_load[i] <= {0}_load[i-1];\n"
            "            {0}_load_on[i] <= {0}_load_on[i-1];\n        end\n"
            "        if ({5}) begin\n"
            "            for (int i = 1; i <= {4}; i++)\n"
            "                if ({0}_stored_on[i] && {0}_load_on[{2}] && "
            "{0}_stored[i] == {0}_load[{2}])\n"
            "                    $fatal(1, \"memory {8}: loaded %0d calls after a store of its "
            "word, {9} are declared (instance %m)\", i);\n"
            "            for (int i = 2; i <= {4}; i++) begin\n"
            "                {0}_stored[i] <= {0}_stored[i-1];\n"
            "                {0}_stored_on[i] <= {0}_stored_on[i-1];\n            end\n"
            "            {0}_stored[1] <= {6}_store{10}_address;\n"
            "            {0}_stored_on[1] <= {6}_store{10}_on;\n"
            "        end\n    end\n`endif\n",
            fmt::format("check_{}_{}_{}", ram.name, r, w),
            range_of(static_cast<int>(port.address.size())),
            write.stage - port.stage,
            write.stage,
            ram.dependence.raw_distance - 1,
            valid_in(write.stage),
            memory,
            r,
            ram.name,
            ram.dependence.raw_distance,
            w);
    }

    void registers() {
        for (const Register& target : process_.registers) {
            if (target.width == 0 || target.enable == kZero) {
                continue;
            }
            const auto number = &target - process_.registers.data();
            const std::string name = fmt::format("r{}_{}", number, target.name);
            const std::string next = place_.expression(target.next, target.write_stage);
            if (target.enable == kOne) {
                statement(clocked(target.write_stage), "{} <= {};", name, next);
            } else {
                statement(clocked(target.write_stage),
                          "if ({}) {} <= {};",
                          place_.expression({target.enable}, target.write_stage),
                          name,
                          next);
            }
            if (target.has_reset) {
                resets_[static_cast<std::size_t>(target.write_stage)] += fmt::format(
                    "        if (!ap_rst_n) {} <= {};\n", name, literal(target.initial));
            }
        }
    }

    void stream_writes() {
        for (const StreamWrite& write : process_.writes) {
            const std::string& name = channel(write.channel).name;
            const std::string on = place_.expression({write.strobe}, write.stage);
            strobe(write.stage, name + "_push", on);
            strobe(write.stage, name + "_drop", "!" + on);
            word(write.stage, name + "_data", write.data);
        }
    }

    const Program& program_;
    const Process& process_;
    Placement place_;
    std::string head_;
    std::string memories_head_;
    std::string body_;
    std::string claims_;  // Of the reference: where one is broken.
    // By stage.
    std::vector<Block> clocked_;
    std::vector<Block> leaving_;
    std::vector<std::string> resets_;
    // By node: who looks at it in its own stage.
    std::vector<bool> is_wire_;
    std::vector<bool> is_leaving_;
    std::vector<bool> is_clocked_;
};

}  // namespace

std::string emit_process(const Program& program, const Process& process, const Options& options) {
    return ModuleWriter(program, process, options).write();
}

}  // namespace fpvs::hlsc
