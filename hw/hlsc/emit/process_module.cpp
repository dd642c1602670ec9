// SPDX-License-Identifier: Apache-2.0
// The SystemVerilog module of one process.
#include <fmt/core.h>

#include <map>

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
        : program_(program), process_(process), place_(process, options) {}

    std::string write() {
        ports();
        issue();
        nodes();
        memories();
        registers();
        stream_writes();
        return fmt::format(
            "{}{}\n"
            "    always_ff @(posedge ap_clk) begin\n{}    end\nendmodule\n",
            head_,
            body_,
            clocked_);
    }

  private:
    template <class... Args>
    void body(fmt::format_string<Args...> format, Args&&... args) {
        body_ += fmt::format(format, std::forward<Args>(args)...);
    }
    template <class... Args>
    void clocked(fmt::format_string<Args...> format, Args&&... args) {
        clocked_ += fmt::format(format, std::forward<Args>(args)...);
    }

    const Channel& channel(int number) const {
        return program_.channels[static_cast<std::size_t>(number)];
    }
    static std::string valid_in(int stage) {
        return stage == 0 ? "issue" : fmt::format("valid[{}]", stage);
    }

    void ports() {
        head_ = fmt::format("module {}_{} (\n    input  wire ap_clk,\n    input  wire ap_rst_n,\n",
                            program_.top,
                            process_.name);
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
        head_ += "    output wire issue\n);\n";
    }

    // An iteration starts when no blocking read would wait, every output has room, and, unless it
    // may act on its own, at least one input has a word.
    void issue() {
        std::string condition = "ap_rst_n";
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
        if (process_.stages > 1) {
            body("    reg [{}:1] valid;  // An iteration is in the stage.\n", process_.stages - 1);
            clocked("        valid <= ap_rst_n ? {} : '0;\n",
                    process_.stages == 2
                        ? "issue"
                        : fmt::format("{{valid[{}:1], issue}}", process_.stages - 2));
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
                body("    wire {}n{} = {};  // stage {}, {:.2f} ns, line {}\n",
                     range_of(node.width),
                     id,
                     operation(id, node, stage),
                     stage,
                     process_.time_of[static_cast<std::size_t>(id)],
                     node.where.line);
            }
            delays(id);
        }
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
                clocked("        {} <= {};\n", name, previous);
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
        body("    wire {}n{}_all = {};\n",
             range_of(static_cast<int>(all.size())),
             id,
             place_.expression(all, stage));
        body("    wire {}n{}_at = {};\n",
             range_of(static_cast<int>(node.in[0].size())),
             id,
             place_.expression(node.in[0], stage));
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
                return binary("*");
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

    void memories() {
        for (const int id : process_.order) {
            const Node& node = process_.graph.node(id);
            if (node.op == Op::ram_data) {
                memory(id, node);
            }
        }
    }

    void memory(int id, const Node& node) {
        const Ram& ram = process_.rams[static_cast<std::size_t>(node.object)];
        const RamPort& port = ram.reads[static_cast<std::size_t>(node.part)];
        const std::string write_enable =
            !ram.written ? "1'b0"
                         : fmt::format("{} && {}",
                                       valid_in(ram.write_stage),
                                       place_.expression({ram.write_enable}, ram.write_stage));
        std::string initial;
        if (!ram.initial.empty()) {
            Value all;
            for (const Value& word : ram.initial) {
                all.insert(all.end(), word.begin(), word.end());
            }
            initial = fmt::format(", .INITIALISED(1), .INITIAL({})", literal(all));
        }
        memories_head_ += fmt::format("    wire {}n{};\n", range_of(node.width), id);
        body(
            "    fpvs_ram_s2p #(.WIDTH({}), .DEPTH({}), .LATENCY({}), .STYLE(\"{}\"){}) "
            "memory_{}_{} (\n        .ap_clk, .write_enable({}),\n        .write_address({}), "
            ".write_data({}),\n        .read_address({}), .data(n{}));\n",
            ram.width,
            ram.depth,
            ram.latency,
            style_name(ram.style),
            initial,
            ram.name,
            node.part,
            write_enable,
            ram.written ? place_.expression(ram.write_address, ram.write_stage) : "'0",
            ram.written ? place_.expression(ram.write_data, ram.write_stage) : "'0",
            place_.expression(port.address, port.stage),
            id);
        if (ram.written && ram.dependence.raw_distance > 1) {
            distance_check(ram, port);
        }
    }

    // The DEPENDENCE pragma is a claim about the traffic: simulation holds the author to it.
    void distance_check(const Ram& ram, const RamPort& port) {
        const int delay = ram.write_stage - port.stage;
        const int history = ram.dependence.raw_distance - 1;
        const int width = static_cast<int>(port.address.size());
        const std::string q = "check_" + ram.name;
        body(
            "`ifndef SYNTHESIS\n    reg {}{}_load[0:{}];  // Address; then as stage {} sees it.\n"
            "    reg {}_load_on[0:{}];\n",
            range_of(width),
            q,
            delay,
            ram.write_stage,
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
            valid_in(ram.write_stage),
            ram.name,
            ram.dependence.raw_distance,
            place_.expression(ram.write_address, ram.write_stage),
            place_.expression({ram.write_enable}, ram.write_stage));
    }

    void registers() {
        body_ = memories_head_ + body_;
        for (const Register& target : process_.registers) {
            if (target.width == 0 || target.enable == kZero) {
                continue;
            }
            const auto number = &target - process_.registers.data();
            const std::string name = fmt::format("r{}_{}", number, target.name);
            std::string enable = valid_in(target.stage);
            if (target.enable != kOne) {
                enable += " && " + place_.expression({target.enable}, target.stage);
            }
            const std::string reset =
                target.has_reset
                    ? fmt::format(
                          "if (!ap_rst_n) {} <= {};\n        else ", name, literal(target.initial))
                    : "";
            clocked("        {}if ({}) {} <= {};\n",
                    reset,
                    enable,
                    name,
                    place_.expression(target.next, target.stage));
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
    std::string clocked_;
};

}  // namespace

std::string emit_process(const Program& program, const Process& process, const Options& options) {
    return ModuleWriter(program, process, options).write();
}

}  // namespace fpvs::hlsc
