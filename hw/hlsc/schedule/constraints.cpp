// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/schedule/constraints.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include "hw/hlsc/schedule/delay.hpp"

namespace fpvs::hlsc {

namespace {

std::size_t at(int i) {
    return static_cast<std::size_t>(i);
}

// A use of a node's result: by another node, or by a port that wants it so long before the clock.
struct Use {
    int variable = -1;
    int node = -1;  // -1: a port.
    double margin = 0.0;
};

class Builder {
  public:
    Builder(const Process& process, const Liveness& live, const Options& options)
        : process_(process), live_(live), options_(options) {
        const auto nodes = at(process.graph.size());
        system_.of_node.assign(nodes, -1);
        uses_.resize(nodes);
        position_.assign(nodes, 0);
        for (std::size_t i = 0; i < live.order.size(); ++i) {
            position_[at(live.order[i])] = static_cast<int>(i);
        }
    }

    StageSystem build() {
        registers();
        nodes();
        memories();
        streams();
        for (const int id : live_.order) {
            paths_from(id);
            lifetimes(id);
        }
        return std::move(system_);
    }

  private:
    int variable() { return system_.variables++; }
    void at_least(int to, int from, int by) { system_.constraints.push_back({from, to, by}); }

    // A port takes the value in its stage.
    void use(const Value& value, int port, double margin) {
        int last = -1;
        for (const Bit bit : value) {
            if (bit.node >= 0 && bit.node != last) {
                at_least(port, system_.of_node[at(bit.node)], 0);
                uses_[at(bit.node)].push_back({port, -1, margin});
                last = bit.node;
            }
        }
        port_values_.emplace_back(&value, port);
    }

    void registers() {
        for (std::size_t i = 0; i < process_.registers.size(); ++i) {
            const bool live = live_.registers[i];
            system_.register_read.push_back(live ? variable() : -1);
            system_.register_write.push_back(live ? variable() : -1);
        }
    }

    void nodes() {
        for (const int id : live_.order) {
            const Node& node = process_.graph.node(id);
            int& own = system_.of_node[at(id)];
            own =
                node.op == Op::register_read ? system_.register_read[at(node.object)] : variable();
            if (node.op == Op::stream_empty || node.op == Op::stream_payload) {
                system_.first_stage.push_back(own);
            }
            if (node.op == Op::ram_data) {
                continue;
            }
            for (const int operand : live_.operands[at(id)]) {
                at_least(own, system_.of_node[at(operand)], 0);
                uses_[at(operand)].push_back({own, id, 0.0});
            }
        }
        // Less than II stages from the load of a register to its store.
        for (std::size_t i = 0; i < process_.registers.size(); ++i) {
            if (live_.registers[i]) {
                const int read = system_.register_read[i];
                const int write = system_.register_write[i];
                const Register& target = process_.registers[i];
                use(target.next, write, delay::kSetup);
                enables_.push_back({target.enable});
                use(enables_.back(), write, delay::kSetup);
                at_least(write, read, 0);
                at_least(read, write, -(process_.ii - 1));
            }
        }
    }

    void memories() {
        for (std::size_t i = 0; i < process_.rams.size(); ++i) {
            const Ram& ram = process_.rams[i];
            std::vector<int>& reads = system_.ram_reads.emplace_back();
            std::vector<int>& writes = system_.ram_writes.emplace_back();
            if (!live_.rams[i]) {
                continue;
            }
            for (const RamPort& port : ram.reads) {
                reads.push_back(variable());
                use(port.address, reads.back(), delay::kMemoryAddress);
                if (ram.dependence.raw_distance > 0) {
                    enables_.push_back({port.enable});
                    use(enables_.back(), reads.back(), 0.0);  // For the check of the claim.
                }
            }
            for (const RamWrite& port : ram.writes) {
                writes.push_back(variable());
                use(port.address, writes.back(), delay::kMemoryAddress);
                use(port.data, writes.back(), delay::kMemoryAddress);
                enables_.push_back({port.enable});
                use(enables_.back(), writes.back(), delay::kMemoryAddress);
            }
            order(ram, reads, writes);
        }
        for (const int id : live_.order) {
            const Node& node = process_.graph.node(id);
            if (node.op == Op::ram_data) {
                const int port = system_.ram_reads[at(node.object)][at(node.part)];
                const int latency = process_.rams[at(node.object)].latency;
                at_least(system_.of_node[at(id)], port, latency);
                at_least(port, system_.of_node[at(id)], -latency);
            }
        }
    }

    // In which order loads and stores of this and of the next iterations meet at the memory, which
    // reads first: a load in the cycle of a store finds the old word.
    void order(const Ram& ram, const std::vector<int>& reads, const std::vector<int>& writes) {
        const int ii = process_.ii;
        const bool forwarded = ram.data_feeds_store && ram.dependence.raw_false;
        for (const int write : writes) {
            for (const int read : reads) {
                const int distance = std::max(1, ram.dependence.raw_distance);
                if (!forwarded) {
                    at_least(read, write, 1 - distance * ii);
                }
                at_least(write, read, -ii);
            }
            for (const int other : writes) {
                at_least(write, other, other == write ? 0 : 1 - ii);
            }
        }
        for (const RamOrder& pair : ram.orders) {
            const int read = reads[at(pair.read)];
            const int write = writes[at(pair.write)];
            if (pair.store_first) {
                at_least(read, write, 1);
            } else {
                at_least(write, read, 0);
            }
        }
        for (const auto& [first, second] : ram.store_orders) {
            at_least(writes[at(second)], writes[at(first)], 1);
        }
    }

    void streams() {
        for (const StreamWrite& write : process_.writes) {
            system_.stream_writes.push_back(variable());
            enables_.push_back({write.strobe});
            use(enables_.back(), system_.stream_writes.back(), 0.0);
            use(write.data, system_.stream_writes.back(), 0.0);
        }
        const auto decided_first = [this](Bit bit) {
            if (bit.node >= 0) {
                system_.first_stage.push_back(system_.of_node[at(bit.node)]);
            }
        };
        decided_first(process_.blocked);
        for (const StreamRead& read : process_.reads) {
            decided_first(read.strobe);
        }
    }

    double start_time(const Node& node) const {
        switch (node.op) {
            case Op::stream_empty:
            case Op::stream_payload:
                return delay::kFifoOut;
            case Op::register_read:
                return delay::kClockToOut;
            case Op::ram_data:
                return delay::memory_out(process_.rams[at(node.object)]);
            default:
                return delay::kClockToOut + time_of(node);
        }
    }
    // What takes longer than a clock by itself gets one, and says so in the report.
    double time_of(const Node& node) const {
        return std::min(delay::of(node), options_.clock_ns - delay::kClockToOut - delay::kSetup);
    }

    double step(int from, int to) const {
        const Node& node = process_.graph.node(to);
        return time_of(node) - delay::saved(process_.graph.node(from), node);
    }

    // Where paths that begin in this node outlast the clock.  Nodes are visited in their order, so
    // each is final when it is taken.
    void paths_from(int start) {
        constexpr double kTolerance = 1e-9;
        const int own = system_.of_node[at(start)];
        std::map<int, double> times;  // By position in the order.
        times[position_[at(start)]] = start_time(process_.graph.node(start));
        while (!times.empty()) {
            const int id = live_.order[at(times.begin()->first)];
            const double time = times.begin()->second;
            times.erase(times.begin());
            for (const Use& next : uses_[at(id)]) {
                const bool port = next.node < 0;
                const double later = port ? time : time + step(id, next.node);
                const double margin = port ? next.margin : delay::kSetup;
                if (later + margin > options_.clock_ns + kTolerance) {
                    at_least(next.variable, own, 1);
                    if (!port) {
                        times.erase(position_[at(next.node)]);
                        late_.push_back(next.node);
                    }
                } else if (!port &&
                           std::find(late_.begin(), late_.end(), next.node) == late_.end()) {
                    double& known = times[position_[at(next.node)]];
                    known = std::max(known, later);
                }
            }
        }
        late_.clear();
    }

    // Bits of a node with the same users live equally long.
    void lifetimes(int id) {
        const Node& node = process_.graph.node(id);
        std::vector<std::vector<int>> users(at(node.width));
        const auto note = [&](const Value& value, int variable) {
            for (const Bit bit : value) {
                if (bit.node == id) {
                    std::vector<int>& known = users[at(bit.index)];
                    if (known.empty() || known.back() != variable) {
                        known.push_back(variable);
                    }
                }
            }
        };
        for (const Use& use : uses_[at(id)]) {
            if (use.node >= 0) {
                for (const Value& operand : process_.graph.node(use.node).in) {
                    note(operand, use.variable);
                }
            }
        }
        for (const auto& [value, port] : port_values_of(id)) {
            note(*value, port);
        }
        std::map<std::vector<int>, int> groups;
        for (std::vector<int>& known : users) {
            std::sort(known.begin(), known.end());
            known.erase(std::unique(known.begin(), known.end()), known.end());
            ++groups[known];
        }
        for (const auto& [variables, bits] : groups) {
            if (!variables.empty()) {
                system_.lifetimes.push_back({system_.of_node[at(id)], variables, bits});
            }
        }
    }

    using PortValues = std::vector<std::pair<const Value*, int>>;
    const PortValues& port_values_of(int id) {
        if (values_of_node_.empty()) {
            values_of_node_.resize(uses_.size());
            for (const auto& [value, port] : port_values_) {
                for (const Bit bit : *value) {
                    if (bit.node >= 0 && (values_of_node_[at(bit.node)].empty() ||
                                          values_of_node_[at(bit.node)].back().first != value)) {
                        values_of_node_[at(bit.node)].emplace_back(value, port);
                    }
                }
            }
        }
        return values_of_node_[at(id)];
    }

    const Process& process_;
    const Liveness& live_;
    const Options& options_;
    StageSystem system_;
    std::vector<std::vector<Use>> uses_;  // By node.
    std::vector<int> position_;           // In the order.
    std::deque<Value> enables_;           // Single bits as values, at addresses that stay.
    PortValues port_values_;
    std::vector<PortValues> values_of_node_;
    std::vector<int> late_;
};

}  // namespace

StageSystem make_stage_system(const Process& process,
                              const Liveness& live,
                              const Options& options) {
    return Builder(process, live, options).build();
}

}  // namespace fpvs::hlsc
