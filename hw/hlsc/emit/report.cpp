// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/emit/report.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "hw/hlsc/emit/placement.hpp"
#include "hw/hlsc/emit/verilog.hpp"
#include "hw/hlsc/schedule/schedule.hpp"

namespace fpvs::hlsc {

namespace {

int state_bits(const Process& process) {
    int bits = 0;
    for (const Register& target : process.registers) {
        bits += target.width;
    }
    return bits;
}

std::string stage_paths(const Process& process, const Diagnostics& diagnostics) {
    std::string text;
    for (int stage = 0; stage < process.stages; ++stage) {
        int worst = -1;
        for (const int id : process.order) {
            const auto at = static_cast<std::size_t>(id);
            if (process.stage_of[at] == stage &&
                (worst < 0 ||
                 process.time_of[at] > process.time_of[static_cast<std::size_t>(worst)])) {
                worst = id;
            }
        }
        if (worst < 0) {
            continue;
        }
        text += fmt::format(
            "    stage {:2}  {:.2f} ns:", stage, process.time_of[static_cast<std::size_t>(worst)]);
        for (const int id : critical_path(process, worst)) {
            const Node& node = process.graph.node(id);
            text += fmt::format(
                " {}[{}]@{}", name_of(node.op), node.width, diagnostics.short_name(node.where));
        }
        text += "\n";
    }
    return text;
}

std::string process_text(const Program& program,
                         const Process& process,
                         const Options& options,
                         const Diagnostics& diagnostics) {
    const Placement place(process, options);
    std::string text = fmt::format(
        "process {}  {}stages {}  state {} bits  pipeline {} bits{}\n",
        process.name,
        process.ii > 1 ? fmt::format("II {}  ", process.ii) : "",
        process.stages,
        state_bits(process),
        place.register_bits(),
        process.acts_alone == kOne && !process.needs_an_input ? "  issued also without input" : "");
    for (const Register& target : process.registers) {
        if (target.width > 0) {
            text += fmt::format("    register {:24} {:4} bits  stage {}{}\n",
                                target.name,
                                target.width,
                                target.stage,
                                target.has_reset ? "  reset" : "");
        }
    }
    for (const Ram& ram : process.rams) {
        if (ram.reads.empty()) {
            continue;
        }
        text += fmt::format("    memory   {:24} {} x {} bits  latency {}  load stage {}",
                            ram.name,
                            ram.depth,
                            ram.width,
                            ram.latency,
                            ram.reads[0].stage);
        for (std::size_t i = 1; i < ram.reads.size() && !ram.read_only; ++i) {
            text += fmt::format(" and {}", ram.reads[i].stage);
        }
        text += ram.writes.empty() ? "  read only" : "  store stage";
        for (const RamWrite& write : ram.writes) {
            text += fmt::format(" {}", write.stage);
        }
        if (ram.dependence.raw_distance > 0) {
            text += fmt::format("  declared distance {}", ram.dependence.raw_distance);
        } else if (ram.data_feeds_store && ram.dependence.raw_false) {
            text += fmt::format("  the source forwards over {} calls",
                                ram.writes[0].stage - ram.reads[0].stage);
        }
        text += "\n";
    }
    for (const StreamWrite& write : process.writes) {
        const Channel& channel = program.channels[static_cast<std::size_t>(write.channel)];
        text += fmt::format("    writes   {:24} {:4} bits  stage {}  FIFO of {}\n",
                            channel.name,
                            channel.layout.width(),
                            write.stage,
                            fifo_depth(program, channel));
    }
    return text + stage_paths(process, diagnostics);
}

}  // namespace

std::string report_text(const Program& program,
                        const Options& options,
                        const Diagnostics& diagnostics) {
    std::string text = fmt::format(
        "{} from {}: {} processes, {:.2f} ns a stage (delays are a model, not a measurement)\n",
        program.top,
        program.source.substr(program.source.rfind('/') + 1),
        program.processes.size(),
        options.clock_ns);
    for (const auto& process : program.processes) {
        text += process_text(program, *process, options, diagnostics);
    }
    return text;
}

std::string report_json(const Program& program, const Options& options) {
    std::string text =
        fmt::format("{{\n  \"top\": \"{}\",\n  \"clock_ns\": {},\n  \"processes\": [",
                    program.top,
                    options.clock_ns);
    const char* separator = "";
    for (const auto& process : program.processes) {
        const Placement place(*process, options);
        const double worst = process->time_of.empty() ? 0.0
                                                      : *std::max_element(process->time_of.begin(),
                                                                          process->time_of.end());
        text += fmt::format(
            "{}\n    {{\"name\": \"{}\", \"stages\": {}, \"state_bits\": {}, "
            "\"pipeline_bits\": {}, \"memories\": {}, \"worst_ns\": {:.2f}}}",
            separator,
            process->name,
            process->stages,
            state_bits(*process),
            place.register_bits(),
            process->rams.size(),
            worst);
        separator = ",";
    }
    return text + "\n  ]\n}\n";
}

}  // namespace fpvs::hlsc
