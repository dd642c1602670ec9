// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/schedule/balance_sums.hpp"

#include <algorithm>

#include "hw/hlsc/schedule/delay.hpp"
#include "hw/hlsc/schedule/liveness.hpp"

namespace fpvs::hlsc {

namespace {

// Sets of registers, by node.
class RegisterSets {
  public:
    RegisterSets(std::size_t nodes, std::size_t registers)
        : words_((registers + 63) / 64), bits_(nodes * words_, 0) {}

    bool merge(int into, int from) {
        bool grew = false;
        for (std::size_t i = 0; i < words_; ++i) {
            std::uint64_t& target = word(into, i);
            grew = grew || (word(from, i) & ~target) != 0;
            target |= word(from, i);
        }
        return grew;
    }
    void insert(int node, int number) {
        word(node, static_cast<std::size_t>(number) / 64) |= std::uint64_t{1} << (number % 64);
    }
    [[nodiscard]] static bool meet(const RegisterSets& a, int x, const RegisterSets& b, int y) {
        for (std::size_t i = 0; i < a.words_; ++i) {
            if ((a.word(x, i) & b.word(y, i)) != 0) {
                return true;
            }
        }
        return false;
    }

  private:
    [[nodiscard]] const std::uint64_t& word(int node, std::size_t i) const {
        return bits_[static_cast<std::size_t>(node) * words_ + i];
    }
    std::uint64_t& word(int node, std::size_t i) {
        return bits_[static_cast<std::size_t>(node) * words_ + i];
    }

    std::size_t words_;
    std::vector<std::uint64_t> bits_;
};

class Balancer {
  public:
    explicit Balancer(Process& process)
        : process_(process),
          old_(process.graph),
          live_(find_live(process)),
          uses_(static_cast<std::size_t>(old_.size()), 0),
          arrival_(uses_.size(), 0.0),
          inner_(uses_.size(), false),
          from_(uses_.size(), process.registers.size()),
          into_(uses_.size(), process.registers.size()),
          mapped_(uses_.size()) {}

    void run() {
        count_uses();
        trace_registers();
        for (const int id : live_.order) {
            estimate(id);
            mark_inner(id);
        }
        for (const int id : live_.order) {
            rebuild(id);
        }
        replace_everywhere();
        process_.graph = std::move(new_);
    }

  private:
    static std::size_t at(int id) { return static_cast<std::size_t>(id); }

    void count_uses() {
        const auto count = [this](const Value& value) {
            int last = -1;
            for (const Bit bit : value) {
                if (bit.node >= 0 && bit.node != last) {
                    ++uses_[at(bit.node)];
                    last = bit.node;
                }
            }
        };
        for (const int id : live_.order) {
            for (const Value& operand : old_.node(id).in) {
                count(operand);
            }
        }
        for_each_value([&count](Value& value) { count(value); });
    }

    // Everything outside of the graph that refers to it.
    template <class Visit>
    void for_each_value(Visit&& visit) {
        const auto bit = [&visit](Bit& b) {
            Value value = {b};
            visit(value);
            b = value[0];
        };
        for (Register& target : process_.registers) {
            bit(target.enable);
            visit(target.next);
        }
        for (Ram& ram : process_.rams) {
            for (RamPort& port : ram.reads) {
                visit(port.address);
                bit(port.enable);
            }
            for (RamWrite& write : ram.writes) {
                bit(write.enable);
                visit(write.address);
                visit(write.data);
            }
        }
        for (StreamRead& read : process_.reads) {
            bit(read.strobe);
        }
        for (StreamWrite& write : process_.writes) {
            bit(write.strobe);
            visit(write.data);
        }
        bit(process_.blocked);
        bit(process_.acts_alone);
    }

    // Which registers each node depends on, and which it decides.
    void trace_registers() {
        for (const int id : live_.order) {
            if (old_.node(id).op == Op::register_read) {
                from_.insert(id, old_.node(id).object);
            }
            for (const int operand : live_.operands[at(id)]) {
                from_.merge(id, operand);
            }
        }
        const auto decide = [this](const Value& value, int number) {
            for (const Bit bit : value) {
                if (bit.node >= 0) {
                    into_.insert(bit.node, number);
                }
            }
        };
        for (std::size_t i = 0; i < process_.registers.size(); ++i) {
            if (live_.registers[i]) {
                decide(process_.registers[i].next, static_cast<int>(i));
                decide({process_.registers[i].enable}, static_cast<int>(i));
            }
        }
        for (auto id = live_.order.rbegin(); id != live_.order.rend(); ++id) {
            for (const int operand : live_.operands[at(*id)]) {
                into_.merge(operand, *id);
            }
        }
    }

    // When a node's result is there, as if there were no stages.
    void estimate(int id) {
        const Node& node = old_.node(id);
        double latest = 0.0;
        for (const int operand : live_.operands[at(id)]) {
            latest = std::max(latest, arrival_[at(operand)]);
        }
        if (node.op == Op::ram_data) {
            constexpr double kCycle = 2.5;
            latest += kCycle * process_.rams[at(node.object)].latency;
        }
        arrival_[at(id)] = latest + delay::of(node);
    }

    // The addition that is the whole of a summand, if the sum may take its terms instead.
    int whole_sum(const Value& summand) const {
        const int id = summand[0].node;
        if (id < 0 || old_.node(id).op != Op::add || uses_[at(id)] != 1) {
            return -1;
        }
        const Node& node = old_.node(id);
        const std::size_t common = std::min(summand.size(), at(node.width));
        for (std::size_t i = 0; i < summand.size(); ++i) {
            const Bit expected = i < common ? Bit{id, static_cast<std::int32_t>(i)} : kZero;
            if (summand[i] != expected) {
                return -1;
            }
        }
        const auto needed = [](Value v) {
            while (!v.empty() && v.back() == kZero) {
                v.pop_back();
            }
            return static_cast<int>(v.size());
        };
        const bool exact = node.width > std::max(needed(node.in[0]), needed(node.in[1]));
        return exact || at(node.width) >= summand.size() ? id : -1;
    }

    // Additions below an addition dissolve in it.
    void mark_inner(int id) {
        if (old_.node(id).op != Op::add) {
            return;
        }
        for (const Value& summand : old_.node(id).in) {
            const int inner = whole_sum(summand);
            if (inner >= 0) {
                inner_[at(inner)] = true;
            }
        }
    }

    // Terms in the numbers of the old graph, as wide as the sum.
    void collect_terms(const Value& summand, int width, std::vector<Value>& terms) const {
        const int inner = whole_sum(summand);
        if (inner < 0) {
            terms.push_back(Graph::extend(summand, width));
            return;
        }
        for (const Value& term : old_.node(inner).in) {
            collect_terms(Graph::slice(term, 0, std::min(width, static_cast<int>(term.size()))),
                          width,
                          terms);
        }
    }

    // Arrival of a term; what the sum's own register decides is as late as can be.
    double term_arrival(const Value& term, int sum) const {
        constexpr double kLast = 1e9;
        double latest = 0.0;
        for (const Bit bit : term) {
            if (bit.node >= 0) {
                const bool loop = RegisterSets::meet(from_, bit.node, into_, sum);
                latest = std::max(latest, loop ? kLast : arrival_[at(bit.node)]);
            }
        }
        return latest;
    }

    Value balanced(int id) {
        const Node& node = old_.node(id);
        std::vector<Value> terms;
        for (const Value& summand : node.in) {
            collect_terms(summand, node.width, terms);
        }
        struct Part {
            double arrival;
            Value value;
        };
        std::vector<Part> parts;
        for (const Value& term : terms) {
            parts.push_back({term_arrival(term, id), map(term)});
        }
        // Always the two that are there first.
        const auto take_first = [&parts] {
            const auto first =
                std::min_element(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
                    return a.arrival < b.arrival;
                });
            const Part part = *first;
            parts.erase(first);
            return part;
        };
        while (parts.size() > 1) {
            const Part a = take_first();
            const Part b = take_first();
            constexpr double kAdder = 0.7;
            parts.push_back({b.arrival + kAdder, new_.add(a.value, b.value)});
        }
        return parts[0].value;
    }

    Bit map(Bit bit) const {
        return bit.node < 0 ? bit : mapped_[at(bit.node)][static_cast<std::size_t>(bit.index)];
    }
    Value map(Value value) const {
        for (Bit& bit : value) {
            bit = map(bit);
        }
        return value;
    }

    bool is_mapped(const Value& value) const {
        return std::all_of(value.begin(), value.end(), [this](Bit bit) {
            return bit.node < 0 || !mapped_[at(bit.node)].empty();
        });
    }

    void rebuild(int id) {
        if (inner_[at(id)]) {
            return;
        }
        const Node& node = old_.node(id);
        new_.set_position(node.where);
        if (node.op == Op::add) {
            mapped_[at(id)] = balanced(id);
            return;
        }
        std::vector<Value> in;
        for (const Value& operand : node.in) {
            in.push_back(map(operand));
        }
        mapped_[at(id)] = in.empty() ? new_.source(node.op, node.width, node.object, node.part)
                                     : new_.rebuild(node, in);
    }

    // What nobody needs has no node any more.
    void replace_everywhere() {
        for (std::size_t i = 0; i < process_.registers.size(); ++i) {
            if (!live_.registers[i]) {
                process_.registers[i].enable = kZero;
                process_.registers[i].next =
                    Graph::zeros(static_cast<int>(process_.registers[i].next.size()));
            }
        }
        for (std::size_t i = 0; i < process_.rams.size(); ++i) {
            Ram& ram = process_.rams[i];
            if (!live_.rams[i]) {
                ram.reads.clear();
                ram.writes.clear();
                ram.orders.clear();
                ram.store_orders.clear();
            }
            for (RamPort& port : ram.reads) {
                port.address = is_mapped(port.address) ? port.address : Value{kZero};
                port.enable = is_mapped({port.enable}) ? port.enable : kOne;
            }
        }
        for_each_value([this](Value& value) { value = map(value); });
    }

    Process& process_;
    const Graph& old_;
    Graph new_;
    Liveness live_;
    std::vector<int> uses_;
    std::vector<double> arrival_;
    std::vector<bool> inner_;  // Additions that dissolve in a larger sum.
    RegisterSets from_;
    RegisterSets into_;
    std::vector<Value> mapped_;
};

}  // namespace

void balance_sums(Process& process) {
    Balancer(process).run();
}

}  // namespace fpvs::hlsc
