// SPDX-License-Identifier: Apache-2.0
// The SystemVerilog module of one process.
//
// Each stage is one clocked block under its valid bit: what only that stage needs are variables of
// the block.  So a stage without an iteration switches nothing, and costs a simulator nothing.
// Wires are only what leaves a stage at once: to memories, to streams, to the next iteration.
#include <fmt/core.h>

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
        variables_.resize(stages);
        statements_.resize(stages);
        resets_.resize(stages);
    }

    std::string write() {
        find_wires();
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
            blocks += stage_block(stage);
        }
        return head_ + memories_head_ + body_ + blocks + "endmodule\n";
    }

  private:
    template <class... Args>
    void body(fmt::format_string<Args...> format, Args&&... args) {
        body_ += fmt::format(format, std::forward<Args>(args)...);
    }
    // A statement of a stage's block, and a variable that lives in it.
    template <class... Args>
    void statement(int stage, fmt::format_string<Args...> format, Args&&... args) {
        statements_[static_cast<std::size_t>(stage)] +=
            "            " + fmt::format(format, std::forward<Args>(args)...) + "\n";
    }
    void variable(int stage, const std::string& name, int width) {
        variables_[static_cast<std::size_t>(stage)] +=
            fmt::format("        logic {}{};\n", range_of(width), name);
    }

    std::string stage_block(int stage) const {
        const auto at = static_cast<std::size_t>(stage);
        if (statements_[at].empty() && resets_[at].empty()) {
            return "";
        }
        return fmt::format(
            "\n    always_ff @(posedge ap_clk) begin : stage_{}\n{}        if ({}) "
            "begin\n{}        end\n{}    end\n",
            stage,
            variables_[at],
            valid_in(stage),
            statements_[at],
            resets_[at]);
    }

    // Nodes that something outside of the clocked blocks looks at in their own stage.
    void find_wires() {
        is_wire_.assign(static_cast<std::size_t>(process_.graph.size()), false);
        need_wires({process_.blocked}, 0);
        for (const StreamRead& read : process_.reads) {
            need_wires({read.strobe}, 0);
        }
        for (const StreamWrite& write : process_.writes) {
            need_wires({write.strobe}, write.stage);
            need_wires(write.data, write.stage);
        }
        for (const Ram& ram : process_.rams) {
            for (const RamPort& port : ram.reads) {
                need_wires(port.address, port.stage);
                need_wires({port.enable}, port.stage);
            }
            for (const RamWrite& write : ram.writes) {
                need_wires({write.enable}, write.stage);
                need_wires(write.address, write.stage);
                need_wires(write.data, write.stage);
            }
        }
    }

    void need_wires(const Value& value, int stage) {
        std::vector<int> work;
        const auto push = [&](const Value& bits) {
            for (const Bit bit : bits) {
                const auto id = static_cast<std::size_t>(bit.node);
                if (bit.node >= 0 && process_.stage_of[id] == stage && !is_wire_[id]) {
                    is_wire_[id] = true;
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
                "    input  wire {0}_credit,\n    output wire {1}{0}_data,\n"
                "    output wire {0}_push,\n    output wire {0}_drop,\n",
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

    // An iteration starts when no blocking read would wait, every output has room, and, unless it
    // may act on its own, at least one input has a word.
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
        if (!process_.issue_when_idle) {
            std::string any;
            for (const StreamRead& read : process_.reads) {
                any += (any.empty() ? "" : " || ") + channel(read.channel).name + "_valid";
            }
            condition += " && (" + any + ")";
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

    // A wire of the module or a variable of the node's stage.
    void define(int id,
                const std::string& name,
                int width,
                const std::string& expression,
                const std::string& remark) {
        const bool source = process_.graph.node(id).in.empty();
        if (source || is_wire_[static_cast<std::size_t>(id)]) {
            body("    wire {}{} = {};{}\n", range_of(width), name, expression, remark);
            return;
        }
        const int stage = process_.stage_of[static_cast<std::size_t>(id)];
        variable(stage, name, width);
        statement(stage, "{} = {};{}", name, expression, remark);
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
                statement(stage - 1, "{} <= {};", name, previous);
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
        std::string load;
        if (ram.read_only) {
            const RamPort& port = ram.reads[static_cast<std::size_t>(part)];
            load = place_.expression(port.address, port.stage);
        } else {
            for (std::size_t i = 0; i < ram.reads.size(); ++i) {
                const RamPort& port = ram.reads[i];
                load += i + 1 == ram.reads.size() ? "" : turn_of(port.stage) + " ? ";
                load += place_.expression(port.address, port.stage);
                load += i + 1 == ram.reads.size() ? "" : " : ";
            }
        }
        std::string enable = "1'b0", address = "'0", data = "'0";
        for (std::size_t i = ram.writes.size(); i-- > 0;) {
            const RamWrite& port = ram.writes[i];
            const bool last = i + 1 == ram.writes.size();
            const std::string on = fmt::format(
                "({} && {})", valid_in(port.stage), place_.expression({port.enable}, port.stage));
            const std::string turn = last ? "" : turn_of(port.stage) + " ? ";
            const auto rest = [last](const std::string& other) {
                return last ? std::string() : " : " + other;
            };
            enable = last ? on : on + " || " + enable;
            address = turn + place_.expression(port.address, port.stage) + rest(address);
            data = turn + place_.expression(port.data, port.stage) + rest(data);
        }
        body(
            "    fpvs_ram_s2p #(.WIDTH({}), .DEPTH({}), .LATENCY({}), .STYLE(\"{}\"){}) "
            "{} (\n        .ap_clk, .write_enable({}),\n        .write_address({}), "
            ".write_data({}),\n        .read_address({}), .data({}_data));\n",
            ram.width,
            ram.depth,
            ram.latency,
            style_name(ram.style),
            initial,
            name,
            enable,
            address,
            data,
            load,
            name);
        distance_checks(ram);
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
            statement(0, "if ({}) {}[{}] <= {};", enable, name, address, stored);
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
                0,
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
    void distance_checks(const Ram& ram) {
        for (std::size_t w = 0; w < ram.writes.size() && ram.dependence.raw_distance > 1; ++w) {
            for (std::size_t r = 0; r < ram.reads.size(); ++r) {
                if (ram.writes[w].stage >= ram.reads[r].stage) {
                    distance_check(ram,
                                   ram.reads[r],
                                   ram.writes[w],
                                   fmt::format("check_{}_{}_{}", ram.name, r, w));
                }
            }
        }
    }

    void distance_check(const Ram& ram,
                        const RamPort& port,
                        const RamWrite& write,
                        const std::string& q) {
        const int delay = write.stage - port.stage;
        const int history = ram.dependence.raw_distance - 1;
        const int width = static_cast<int>(port.address.size());
        body(
            "`ifdef VERILATOR\n    reg {}{}_load[0:{}];  // Address; then as stage {} sees it.\n"
            "    reg {}_load_on[0:{}];\n",
            range_of(width),
            q,
            delay,
            write.stage,
            q,
            delay);
        body("    reg {}{}_stored[1:{}];\n    reg {}_stored_on[1:{}];\n",
             range_of(width),
             q,
             history,
             q,
             history);
        body(
            "    always_comb begin\n        {0}_load[0] = {1};\n        {0}_load_on[0] = {2};\n"
            "    end\n",
            q,
            place_.expression(port.address, port.stage),
            place_.expression({port.enable}, port.stage));
        body(
            "    initial for (int i = 1; i <= {1}; i++) {0}_stored_on[i] = 0;\n"
            "    always @(posedge ap_clk) begin\n"
            "        for (int i = 1; i <= {2}; i++) begin\n"
            "            {0}_load[i] <= {0}_load[i-1];\n"
            "            {0}_load_on[i] <= {0}_load_on[i-1];\n        end\n"
            "        if ({3}) begin\n"
            "            for (int i = 1; i <= {1}; i++)\n"
            "                if ({0}_stored_on[i] && {0}_load_on[{2}] && "
            "{0}_stored[i] == {0}_load[{2}])\n"
            "                    $fatal(1, \"memory {4}: loaded %0d calls after a store of its "
            "word, {5} are declared (instance %m)\", i);\n"
            "            for (int i = 2; i <= {1}; i++) begin\n"
            "                {0}_stored[i] <= {0}_stored[i-1];\n"
            "                {0}_stored_on[i] <= {0}_stored_on[i-1];\n            end\n"
            "            {0}_stored[1] <= {6};\n            {0}_stored_on[1] <= {7};\n"
            "        end\n    end\n`endif\n",
            q,
            history,
            delay,
            valid_in(write.stage),
            ram.name,
            ram.dependence.raw_distance,
            place_.expression(write.address, write.stage),
            place_.expression({write.enable}, write.stage));
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
                statement(target.write_stage, "{} <= {};", name, next);
            } else {
                statement(target.write_stage,
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
            const std::string strobe = place_.expression({write.strobe}, write.stage);
            const std::string valid = valid_in(write.stage);
            body("    assign {}_push = {} && {};\n", name, valid, strobe);
            body("    assign {}_drop = {} && !{};\n", name, valid, strobe);
            body("    assign {}_data = {};\n", name, place_.expression(write.data, write.stage));
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
    std::vector<std::string> variables_;
    std::vector<std::string> statements_;
    std::vector<std::string> resets_;
    std::vector<bool> is_wire_;
};

}  // namespace

std::string emit_process(const Program& program, const Process& process, const Options& options) {
    return ModuleWriter(program, process, options).write();
}

}  // namespace fpvs::hlsc
