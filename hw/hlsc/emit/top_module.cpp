// SPDX-License-Identifier: Apache-2.0
// The module of the top function: processes, channels between them, AXI4-Stream at the border.
#include <fmt/core.h>

#include "hw/hlsc/emit/verilog.hpp"

namespace fpvs::hlsc {

namespace {

constexpr int kFifoOverhead = 2;  // The output register, and the cycle until a reader takes it.

// Signals of a port: the name after the port's, the bits within the channel's word.
struct AxisSignal {
    std::string name;
    int low = 0;
    int width = 0;
};

std::vector<AxisSignal> signals_of(const Channel& channel) {
    std::vector<AxisSignal> signals;
    int low = 0;
    for (const Field& field : channel.layout.fields) {
        signals.push_back({"t" + (field.name.empty() ? "data" : field.name), low, field.width});
        low += field.width;
    }
    return signals;
}

std::string concatenation(const Channel& channel) {
    std::string text;
    for (const AxisSignal& signal : signals_of(channel)) {
        text = channel.name + "_" + signal.name + (text.empty() ? "" : ", ") + text;
    }
    return "{" + text + "}";
}

class TopWriter {
  public:
    TopWriter(const Program& program, bool observe) : program_(program), observe_(observe) {}

    std::string write() {
        ports();
        reset();
        for (const Channel& channel : program_.channels) {
            channel_wires(channel);
        }
        for (const auto& process : program_.processes) {
            instance(*process);
        }
        if (observe_) {
            observe();
        }
        return head_ + wires_ + body_ + "endmodule\n";
    }

  private:
    template <class... Args>
    void body(fmt::format_string<Args...> format, Args&&... args) {
        body_ += fmt::format(format, std::forward<Args>(args)...);
    }

    void ports() {
        head_ = fmt::format("module {} (\n", program_.top);
        for (const Channel& channel : program_.channels) {
            if (channel.kind == Channel::Kind::internal) {
                continue;
            }
            const bool input = channel.kind == Channel::Kind::input;
            const char* forward = input ? "input  wire" : "output wire";
            for (const AxisSignal& signal : signals_of(channel)) {
                head_ += fmt::format("    {} {}{}_{},\n",
                                     forward,
                                     range_of(signal.width),
                                     channel.name,
                                     signal.name);
            }
            head_ += fmt::format("    {} {}_tvalid,\n    {} {}_tready,\n",
                                 forward,
                                 channel.name,
                                 input ? "output wire" : "input  wire",
                                 channel.name);
        }
        if (observe_) {
            std::size_t reads = 0;
            for (const auto& process : program_.processes) {
                reads += process->reads.size();
            }
            head_ += fmt::format(
                "    output wire [{}:0] observe_issue,\n"
                "    output wire [{}:0] observe_valid,\n",
                program_.processes.size() - 1,
                reads == 0 ? 0 : reads - 1);
        }
        head_ += "    input  wire ap_clk,\n    input  wire ap_rst_n\n);\n";
    }

    void channel_wires(const Channel& channel) {
        const int width = channel.layout.width();
        const std::string& name = channel.name;
        body(
            "    wire {0}{1}_data;\n    wire {1}_valid, {1}_take;\n", range_of(width), "c_" + name);
        if (channel.kind == Channel::Kind::input) {
            body(
                "    fpvs_axis_register #(.WIDTH({0})) {1}_slice (.ap_clk, .ap_rst_n, "
                ".s_valid({1}_tvalid),\n        .s_ready({1}_tready), .s_data({2}), "
                ".m_valid(c_{1}_valid), .m_data(c_{1}_data),\n        .take(c_{1}_take));\n",
                width,
                name,
                concatenation(channel));
            return;
        }
        const auto& writer = program_.processes[static_cast<std::size_t>(channel.writer)];
        body("    wire c_{0}_credit, c_{0}_push, c_{0}_drop;\n    wire {1}c_{0}_in;\n",
             name,
             range_of(width));
        body(
            "    fpvs_stream_fifo #(.WIDTH({0}), .DEPTH({1})) {2}_fifo (.ap_clk, .ap_rst_n,\n"
            "        .reserve(issue_{3}), .push(c_{2}_push), .drop(c_{2}_drop), "
            ".data_in(c_{2}_in),\n        .credit(c_{2}_credit), .valid(c_{2}_valid), "
            ".data_out(c_{2}_data), .take(c_{2}_take));\n",
            width,
            fifo_depth(program_, channel),
            name,
            writer->name);
        if (channel.kind == Channel::Kind::output) {
            body("    assign {} = c_{}_data;\n", concatenation(channel), name);
            body(
                "    assign {0}_tvalid = c_{0}_valid;\n    assign c_{0}_take = {0}_tvalid && "
                "{0}_tready;\n",
                name);
        }
    }

    // A register, so that no path leads from the reset through every process.
    void reset() {
        wires_ += "    reg run = 0;  // Out of reset.\n";
        body("    always_ff @(posedge ap_clk) run <= ap_rst_n;\n");
    }

    void instance(const Process& process) {
        wires_ += fmt::format("    wire issue_{};\n", process.name);
        body("    {}_{} process_{} (.ap_clk, .ap_rst_n, .run, .issue(issue_{})",
             program_.top,
             process.name,
             process.name,
             process.name);
        for (const StreamRead& read : process.reads) {
            const std::string& name = channel_name(read.channel);
            body(",\n        .{0}_valid(c_{0}_valid), .{0}_data(c_{0}_data), .{0}_take(c_{0}_take)",
                 name);
        }
        for (const StreamWrite& write : process.writes) {
            const std::string& name = channel_name(write.channel);
            body(
                ",\n        .{0}_credit(c_{0}_credit), .{0}_data(c_{0}_in), .{0}_push(c_{0}_push), "
                ".{0}_drop(c_{0}_drop)",
                name);
        }
        body(");\n");
    }

    void observe() {
        std::string issued, valid;
        for (const auto& process : program_.processes) {
            issued = "issue_" + process->name + (issued.empty() ? "" : ", ") + issued;
            for (const StreamRead& read : process->reads) {
                valid = "c_" + channel_name(read.channel) + "_valid" + (valid.empty() ? "" : ", ") +
                        valid;
            }
        }
        body("    assign observe_issue = {{{}}};\n    assign observe_valid = {{{}}};\n",
             issued,
             valid.empty() ? "1'b0" : valid);
    }

    const std::string& channel_name(int number) const {
        return program_.channels[static_cast<std::size_t>(number)].name;
    }

    const Program& program_;
    const bool observe_;
    std::string head_;
    std::string wires_;
    std::string body_;
};

}  // namespace

int fifo_depth(const Program& program, const Channel& channel) {
    const Process& writer = *program.processes[static_cast<std::size_t>(channel.writer)];
    int stage = 0;
    for (const StreamWrite& write : writer.writes) {
        if (&program.channels[static_cast<std::size_t>(write.channel)] == &channel) {
            stage = write.stage;
        }
    }
    return channel.depth + stage + kFifoOverhead;
}

std::string emit_top(const Program& program, bool observe) {
    return TopWriter(program, observe).write();
}

}  // namespace fpvs::hlsc
