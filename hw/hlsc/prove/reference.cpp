// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/prove/reference.hpp"

#include <fmt/core.h>

#include "hw/hlsc/emit/verilog.hpp"

namespace fpvs::hlsc {

Process reference_of(const Process& process) {
    Process reference = process;
    reference.is_reference = true;
    reference.stages = 1;
    for (int& stage : reference.stage_of) {
        stage = stage < 0 ? -1 : 0;
    }
    for (Register& target : reference.registers) {
        target.stage = target.write_stage = 0;
    }
    for (Ram& ram : reference.rams) {
        for (RamPort& port : ram.reads) {
            port.stage = 0;
        }
        for (RamWrite& port : ram.writes) {
            port.stage = 0;
        }
    }
    for (StreamWrite& write : reference.writes) {
        write.stage = 0;
    }
    return reference;
}

namespace {

// One write of a stream: the reference's signals wait as long as the pipeline takes.
std::string compared_write(const StreamWrite& write, const std::string& name, int width) {
    const int signals = width + 2;
    std::string text = fmt::format(
        "    wire {0}a_{1}, b_{1};\n    wire a_{1}_push, a_{1}_drop, b_{1}_push, b_{1}_drop;\n"
        "    wire {2}a_{1}_all = {{a_{1}_push, a_{1}_drop, a_{1}}};\n",
        range_of(width),
        name,
        range_of(signals));
    std::string late = "a_" + name + "_all";
    for (int i = 1; i <= write.stage; ++i) {
        const std::string next = fmt::format("a_{}_{}", name, i);
        text += fmt::format("    reg {0}{1} = '0;\n    always_ff @(posedge ap_clk) {1} <= {2};\n",
                            range_of(signals),
                            next,
                            late);
        late = next;
    }
    return text + fmt::format(
                      "    wire differs_{0} = {1}[{2}:{3}] != {{b_{0}_push, b_{0}_drop}} ||\n"
                      "        (b_{0}_push && {1}[{4}:0] != b_{0});\n",
                      name,
                      late,
                      width + 1,
                      width,
                      width - 1);
}

}  // namespace

std::string emit_miter(const Program& program, const Process& process) {
    std::string ports = "    input wire ap_clk,\n";
    std::string body, connect_a, connect_b;
    std::string differs = "a_issue != b_issue";
    const auto channel = [&program](int number) -> const Channel& {
        return program.channels[static_cast<std::size_t>(number)];
    };
    for (const StreamRead& read : process.reads) {
        const std::string& name = channel(read.channel).name;
        ports += fmt::format("    input wire {0}_valid,\n    input wire {1}{0}_data,\n",
                             name,
                             range_of(channel(read.channel).layout.width()));
        body += fmt::format("    wire a_{0}_take, b_{0}_take;\n", name);
        differs += fmt::format(" || a_{0}_take != b_{0}_take", name);
        for (const char* side : {"a", "b"}) {
            (*side == 'a' ? connect_a : connect_b) +=
                fmt::format(", .{0}_valid, .{0}_data, .{0}_take({1}_{0}_take)", name, side);
        }
    }
    for (const StreamWrite& write : process.writes) {
        const std::string& name = channel(write.channel).name;
        ports += fmt::format("    input wire {}_credit,\n", name);
        body += compared_write(write, name, channel(write.channel).layout.width());
        differs += fmt::format(" || differs_{}", name);
        for (const char* side : {"a", "b"}) {
            (*side == 'a' ? connect_a : connect_b) += fmt::format(
                ", .{0}_credit, .{0}_data({1}_{0}), .{0}_push({1}_{0}_push), "
                ".{0}_drop({1}_{0}_drop)",
                name,
                side);
        }
    }
    return fmt::format(
        "module {0}_{1}_proof (\n{2}    output wire bad\n);\n"
        "    reg ap_rst_n = 0, run = 0, broken = 0;\n"
        "    always_ff @(posedge ap_clk) begin\n        ap_rst_n <= 1;\n        run <= ap_rst_n;\n"
        "        broken <= broken || a_claim_broken;\n    end\n"
        "    wire a_issue, b_issue, a_claim_broken;\n{3}"
        "    {0}_{1}_reference a (.ap_clk, .ap_rst_n, .run, .issue(a_issue), "
        ".claim_broken(a_claim_broken){4});\n"
        "    {0}_{1} b (.ap_clk, .ap_rst_n, .run, .issue(b_issue){5});\n"
        "    assign bad = !broken && !a_claim_broken && ({6});\nendmodule\n",
        program.top,
        process.name,
        ports,
        body,
        connect_a,
        connect_b,
        differs);
}

}  // namespace fpvs::hlsc
