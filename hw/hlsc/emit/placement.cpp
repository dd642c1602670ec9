// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/emit/placement.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "host/util/check.hpp"
#include "hw/hlsc/emit/verilog.hpp"

namespace fpvs::hlsc {

Placement::Placement(const Process& process, const Options& options) : process_(process) {
    const auto nodes = static_cast<std::size_t>(process.graph.size());
    last_use_.resize(nodes);
    ranges_.resize(nodes);
    collect_uses();
    form_ranges();
    if (options.plant == Plant::schedule) {
        for (const int id : process.order) {
            const bool delayed = !ranges(id).empty();
            planted_node_ =
                delayed && process.graph.node(id).op == Op::stream_payload ? id : planted_node_;
        }
    }
}

void Placement::use(const Value& value, int stage) {
    for (const Bit bit : value) {
        if (bit.node < 0) {
            continue;
        }
        std::vector<int>& last = last_use_[static_cast<std::size_t>(bit.node)];
        const Node& node = process_.graph.node(bit.node);
        if (last.empty()) {
            last.assign(static_cast<std::size_t>(node.width), -1);
        }
        int& here = last[static_cast<std::size_t>(bit.index)];
        here = std::max(here, stage);
    }
}

void Placement::collect_uses() {
    for (const int id : process_.order) {
        const Node& node = process_.graph.node(id);
        const int stage = process_.stage_of[static_cast<std::size_t>(id)];
        for (const Value& operand : node.in) {
            use(operand, stage);
        }
        if (node.op == Op::ram_data) {
            const Ram& ram = process_.rams[static_cast<std::size_t>(node.object)];
            const RamPort& port = ram.reads[static_cast<std::size_t>(node.part)];
            use(port.address, port.stage);
            if (ram.dependence.raw_distance > 0) {
                use({port.enable}, port.stage);  // For the check of the declared distance.
            }
        }
    }
    for (const Register& target : process_.registers) {
        if (target.width > 0) {
            use({target.enable}, target.write_stage);
            use(target.next, target.write_stage);
        }
    }
    for (const Ram& ram : process_.rams) {
        for (const RamWrite& write : ram.writes) {
            use({write.enable}, write.stage);
            use(write.address, write.stage);
            use(write.data, write.stage);
        }
    }
    for (const StreamWrite& write : process_.writes) {
        use({write.strobe}, write.stage);
        use(write.data, write.stage);
    }
}

void Placement::form_ranges() {
    for (const int id : process_.order) {
        const int stage = process_.stage_of[static_cast<std::size_t>(id)];
        const std::vector<int>& last = last_use_[static_cast<std::size_t>(id)];
        std::vector<DelayedRange>& ranges = ranges_[static_cast<std::size_t>(id)];
        for (int bit = 0; bit < static_cast<int>(last.size()); ++bit) {
            const int until = last[static_cast<std::size_t>(bit)];
            if (until <= stage) {
                continue;
            }
            if (!ranges.empty() && ranges.back().high == bit - 1 &&
                ranges.back().last_stage == until) {
                ranges.back().high = bit;
            } else {
                ranges.push_back({bit, bit, until});
            }
            register_bits_ += until - stage;
        }
    }
}

std::string Placement::delayed_name(int node, std::size_t range, int stage) {
    return fmt::format("n{}_{}_s{}", node, range, stage);
}

std::string Placement::result_name(int node) const {
    const Node& details = process_.graph.node(node);
    if (details.op == Op::register_read) {
        return fmt::format("r{}_{}",
                           details.object,
                           process_.registers[static_cast<std::size_t>(details.object)].name);
    }
    return fmt::format("n{}", node);
}

std::string Placement::part(int node, int low, int high, int stage) const {
    const auto select = [&](const std::string& name, int width, int from, int to) {
        if (width == to - from + 1) {
            return name;
        }
        return from == to ? fmt::format("{}[{}]", name, from)
                          : fmt::format("{}[{}:{}]", name, to, from);
    };
    const int produced = process_.stage_of[static_cast<std::size_t>(node)];
    if (node == planted_node_ && stage > produced) {
        --stage;
    }
    if (stage == produced) {
        return select(result_name(node), process_.graph.node(node).width, low, high);
    }
    // A slice may span several ranges; they are joined from the top.
    std::string joined;
    int pieces = 0;
    const std::vector<DelayedRange>& all = ranges(node);
    for (std::size_t k = 0; k < all.size(); ++k) {
        const int from = std::max(low, all[k].low);
        const int to = std::min(high, all[k].high);
        if (from > to) {
            continue;
        }
        const std::string piece = select(delayed_name(node, k, stage),
                                         all[k].high - all[k].low + 1,
                                         from - all[k].low,
                                         to - all[k].low);
        joined = pieces == 0 ? piece : piece + ", " + joined;
        ++pieces;
    }
    FPVS_CHECK(pieces > 0, "node {} is not kept until stage {}", node, stage);
    return joined;
}

std::string Placement::expression(const Value& value, int stage) const {
    std::string text;
    int pieces = 0;
    std::size_t end = value.size();
    while (end > 0) {
        // The longest run of neighbouring bits of one node, or of constants, below `end`.
        std::size_t begin = end - 1;
        const Bit top = value[begin];
        std::string piece;
        if (top.node < 0) {
            while (begin > 0 && value[begin - 1].node < 0) {
                --begin;
            }
            piece = literal(Value(value.begin() + static_cast<std::ptrdiff_t>(begin),
                                  value.begin() + static_cast<std::ptrdiff_t>(end)));
        } else {
            while (begin > 0 && value[begin - 1].node == top.node &&
                   value[begin - 1].index == value[begin].index - 1) {
                --begin;
            }
            piece = part(top.node, value[begin].index, top.index, stage);
        }
        pieces += piece.find(", ") == std::string::npos ? 1 : 2;
        text += (text.empty() ? "" : ", ") + piece;
        end = begin;
    }
    return pieces == 1 ? text : "{" + text + "}";
}

}  // namespace fpvs::hlsc
