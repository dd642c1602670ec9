// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/schedule/liveness.hpp"

#include <algorithm>

namespace fpvs::hlsc {

namespace {

enum class Mark : unsigned char { unseen, open, done };

class Walk {
  public:
    explicit Walk(const Process& process) : process_(process) {
        const auto nodes = static_cast<std::size_t>(process.graph.size());
        live_.operands.resize(nodes);
        mark_.assign(nodes, Mark::unseen);
        live_.registers.assign(process.registers.size(), false);
        live_.rams.assign(process.rams.size(), false);
    }

    Liveness run() {
        visit({process_.blocked, process_.acts_alone});
        for (const StreamRead& read : process_.reads) {
            visit({read.strobe});
            visit_source(Op::stream_empty, read.channel);
        }
        for (const StreamWrite& write : process_.writes) {
            visit({write.strobe});
            visit(write.data);
        }
        // Registers and memories join as their values turn out to be needed.
        bool grew = true;
        while (grew) {
            grew = false;
            for (std::size_t i = 0; i < process_.registers.size(); ++i) {
                if (wanted_registers_.size() > i && wanted_registers_[i] && !live_.registers[i]) {
                    live_.registers[i] = grew = true;
                    visit({process_.registers[i].enable});
                    visit(process_.registers[i].next);
                }
            }
            for (std::size_t i = 0; i < process_.rams.size(); ++i) {
                if (wanted_rams_.size() > i && wanted_rams_[i] && !live_.rams[i]) {
                    live_.rams[i] = grew = true;
                    for (const RamWrite& write : process_.rams[i].writes) {
                        visit({write.enable});
                        visit(write.address);
                        visit(write.data);
                    }
                }
            }
        }
        return std::move(live_);
    }

  private:
    void visit(const Value& value) {
        for (const Bit bit : value) {
            if (bit.node >= 0) {
                visit_node(bit.node);
            }
        }
    }

    void visit_source(Op op, int object) {
        for (int i = 0; i < process_.graph.size(); ++i) {
            const Node& node = process_.graph.node(i);
            if (node.op == op && node.object == object) {
                visit_node(i);
            }
        }
    }

    void collect_operands(int id) {
        const Node& node = process_.graph.node(id);
        std::vector<int>& operands = live_.operands[static_cast<std::size_t>(id)];
        const auto add = [&operands](const Value& value) {
            int last = -1;
            for (const Bit bit : value) {
                if (bit.node >= 0 && bit.node != last) {
                    operands.push_back(bit.node);
                    last = bit.node;
                }
            }
        };
        for (const Value& operand : node.in) {
            add(operand);
        }
        if (node.op == Op::ram_data) {
            const Ram& ram = process_.rams[static_cast<std::size_t>(node.object)];
            const RamPort& port = ram.reads[static_cast<std::size_t>(node.part)];
            add(port.address);
            if (ram.dependence.raw_distance > 0) {
                add({port.enable});  // For the check of the declared distance.
            }
            want(wanted_rams_, node.object);
        } else if (node.op == Op::register_read) {
            want(wanted_registers_, node.object);
        }
        std::sort(operands.begin(), operands.end());
        operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
    }

    static void want(std::vector<bool>& wanted, int number) {
        if (wanted.size() <= static_cast<std::size_t>(number)) {
            wanted.resize(static_cast<std::size_t>(number) + 1, false);
        }
        wanted[static_cast<std::size_t>(number)] = true;
    }

    // Depth first without recursion: chains may be thousands of nodes long.
    void visit_node(int root) {
        std::vector<int> stack = {root};
        while (!stack.empty()) {
            const int id = stack.back();
            Mark& mark = mark_[static_cast<std::size_t>(id)];
            if (mark == Mark::done) {
                stack.pop_back();
                continue;
            }
            if (mark == Mark::open) {
                mark = Mark::done;
                live_.order.push_back(id);
                stack.pop_back();
                continue;
            }
            mark = Mark::open;
            collect_operands(id);
            for (const int operand : live_.operands[static_cast<std::size_t>(id)]) {
                const Mark below = mark_[static_cast<std::size_t>(operand)];
                if (below == Mark::unseen) {
                    stack.push_back(operand);
                } else if (below == Mark::open && process_.graph.node(operand).op == Op::ram_data) {
                    live_.cyclic_ram = process_.graph.node(operand).object;
                }
            }
        }
    }

    const Process& process_;
    Liveness live_;
    std::vector<Mark> mark_;
    std::vector<bool> wanted_registers_;
    std::vector<bool> wanted_rams_;
};

}  // namespace

Liveness find_live(const Process& process) {
    return Walk(process).run();
}

}  // namespace fpvs::hlsc
