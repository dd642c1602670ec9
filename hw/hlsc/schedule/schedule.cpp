// SPDX-License-Identifier: Apache-2.0
// Stages by difference constraints: first as early as can be, then moved so that as few bits as
// possible wait in registers.
//
// The earliest solution is the smallest one, component by component, and the registers a solution
// needs are a sum of differences of stages.  Such a sum is L-natural convex: from the smallest
// solution, steps that each delay the best set of variables by one stage lead to a minimum (Murota,
// steepest descent).  The best set is a closure under the constraints without slack, found by a
// maximum flow; there are at most as many steps as stages.  Outputs keep their earliest stage.
#include "hw/hlsc/schedule/schedule.hpp"

#include <algorithm>

#include "hw/hlsc/schedule/closure.hpp"
#include "hw/hlsc/schedule/constraints.hpp"
#include "hw/hlsc/schedule/delay.hpp"
#include "hw/hlsc/schedule/liveness.hpp"

namespace fpvs::hlsc {

namespace {

// A pipeline longer than this is a recurrence that runs away.
constexpr int kStagesMax = 96;

std::size_t at(int i) {
    return static_cast<std::size_t>(i);
}

class Scheduler {
  public:
    Scheduler(Process& process, const Options& options, Diagnostics& diagnostics)
        : process_(process),
          options_(options),
          diagnostics_(diagnostics),
          live_(find_live(process)) {}

    bool run() {
        if (live_.cyclic_ram >= 0) {
            const Ram& ram = process_.rams[at(live_.cyclic_ram)];
            diagnostics_.error(
                ram.where, "the address of memory '{}' depends on its own data", ram.name);
            return false;
        }
        system_ = make_stage_system(process_, live_, options_);
        process_.order = live_.order;
        if (!place_early()) {
            assign();
            report_recurrence();
            return false;
        }
        assign();
        check_first_stage();
        if (diagnostics_.failed()) {
            return false;
        }
        if (options_.minimise_registers) {
            delay_what_waits();
            assign();
        }
        drop_unused();
        check_issue();
        plant();
        return true;
    }

  private:
    // The smallest solution; false if there is none.
    bool place_early() {
        stage_.assign(at(system_.variables), 0);
        do {
            if (!settle()) {
                return false;
            }
        } while (part_shared_ports());
        return true;
    }

    bool settle() {
        bool moved = true;
        while (moved) {
            moved = false;
            for (const Constraint& c : system_.constraints) {
                int& to = stage_[at(c.to)];
                const int least = stage_[at(c.from)] + c.by;
                if (to < least) {
                    to = least;
                    moved = true;
                    if (to > kStagesMax) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    // Accesses that share a port need different cycles of II.  True if one was moved.
    bool part_shared_ports() {
        const int ii = process_.ii;
        const auto part = [&](const std::vector<int>& ports) {
            for (std::size_t i = 0; i < ports.size(); ++i) {
                for (std::size_t j = 0; j < i; ++j) {
                    if (stage_[at(ports[i])] % ii == stage_[at(ports[j])] % ii) {
                        ++stage_[at(ports[i])];
                        return true;
                    }
                }
            }
            return false;
        };
        for (std::size_t i = 0; i < process_.rams.size(); ++i) {
            const bool shared = !process_.rams[i].read_only;
            if (shared && (part(system_.ram_reads[i]) || part(system_.ram_writes[i]))) {
                return true;
            }
        }
        return false;
    }

    // Variables that stay where they are while others move.
    std::vector<bool> fixed() const {
        std::vector<bool> result(at(system_.variables), false);
        const auto fix = [&result](const std::vector<int>& variables) {
            for (const int variable : variables) {
                result[at(variable)] = true;
            }
        };
        fix(system_.stream_writes);
        fix(system_.first_stage);
        for (std::size_t i = 0; i < process_.rams.size(); ++i) {
            for (const auto* ports : {&system_.ram_reads[i], &system_.ram_writes[i]}) {
                if (ports->size() > 1 && !process_.rams[i].read_only) {
                    fix(*ports);
                }
            }
        }
        return result;
    }

    void delay_what_waits() {
        const std::vector<bool> stays = fixed();
        const int last = *std::max_element(stage_.begin(), stage_.end());
        const int variables = system_.variables;
        // A variable for the end of each lifetime, behind those of the system.
        std::vector<Constraint> all = system_.constraints;
        std::vector<int> value = stage_;
        for (const Lifetime& lifetime : system_.lifetimes) {
            const int end = static_cast<int>(value.size());
            value.push_back(0);
            for (const int user : lifetime.users) {
                all.push_back({user, end, 0});
                value.back() = std::max(value.back(), stage_[at(user)]);
            }
        }
        constexpr std::int64_t kNever = std::int64_t{1} << 40;
        std::vector<std::int64_t> gain(value.size(), 0);
        for (std::size_t i = 0; i < system_.lifetimes.size(); ++i) {
            gain[at(system_.lifetimes[i].node)] += system_.lifetimes[i].bits;
            gain[at(variables) + i] -= system_.lifetimes[i].bits;
        }
        while (true) {
            std::vector<std::int64_t> profit = gain;
            for (int i = 0; i < variables; ++i) {
                if (stays[at(i)] || value[at(i)] == last) {
                    profit[at(i)] = -kNever;
                }
            }
            std::vector<std::pair<int, int>> tight;
            for (const Constraint& c : all) {
                if (value[at(c.to)] == value[at(c.from)] + c.by) {
                    tight.emplace_back(c.from, c.to);
                }
            }
            const std::vector<bool> moves = best_closure(profit, tight);
            if (std::find(moves.begin(), moves.end(), true) == moves.end()) {
                break;
            }
            for (std::size_t i = 0; i < moves.size(); ++i) {
                value[i] += moves[i] ? 1 : 0;
            }
        }
        stage_.assign(value.begin(), value.begin() + variables);
    }

    // From the variables into the process.
    void assign() {
        process_.stage_of.assign(at(process_.graph.size()), -1);
        process_.time_of.assign(at(process_.graph.size()), 0.0);
        int last = 0;
        const auto stage_of = [this, &last](int variable) {
            last = std::max(last, stage_[at(variable)]);
            return stage_[at(variable)];
        };
        for (const int id : live_.order) {
            process_.stage_of[at(id)] = stage_of(system_.of_node[at(id)]);
            process_.time_of[at(id)] = time_of(id);
        }
        for (std::size_t i = 0; i < process_.registers.size(); ++i) {
            if (live_.registers[i]) {
                process_.registers[i].stage = stage_of(system_.register_read[i]);
                process_.registers[i].write_stage = stage_of(system_.register_write[i]);
            }
        }
        for (std::size_t i = 0; i < process_.rams.size(); ++i) {
            for (std::size_t p = 0; p < system_.ram_reads[i].size(); ++p) {
                process_.rams[i].reads[p].stage = stage_of(system_.ram_reads[i][p]);
            }
            for (std::size_t p = 0; p < system_.ram_writes[i].size(); ++p) {
                process_.rams[i].writes[p].stage = stage_of(system_.ram_writes[i][p]);
            }
        }
        for (std::size_t i = 0; i < process_.writes.size(); ++i) {
            process_.writes[i].stage = stage_of(system_.stream_writes[i]);
        }
        process_.stages = last + 1;
    }

    double time_of(int id) const {
        const Node& node = process_.graph.node(id);
        switch (node.op) {
            case Op::stream_empty:
            case Op::stream_payload:
                return delay::kFifoOut;
            case Op::register_read:
                return delay::kClockToOut;
            case Op::ram_data:
                return delay::memory_out(process_.rams[at(node.object)]);
            default:
                break;
        }
        double arrival = delay::kClockToOut;
        for (const int operand : live_.operands[at(id)]) {
            if (process_.stage_of[at(operand)] == process_.stage_of[at(id)]) {
                const double saved = delay::saved(process_.graph.node(operand), node);
                arrival = std::max(arrival, process_.time_of[at(operand)] - saved);
            }
        }
        return arrival + delay::of(node);
    }

    // Every register of the first stage waits for the issue: what is not known early in the clock
    // does not decide on it.
    void check_issue() {
        constexpr double kShareOfClock = 0.36;
        Value decisions = {process_.acts_alone};
        for (const StreamRead& read : process_.reads) {
            decisions.push_back(read.strobe);
        }
        for (const Bit bit : decisions) {
            if (bit.node >= 0 &&
                (process_.stage_of[at(bit.node)] != 0 ||
                 process_.time_of[at(bit.node)] > kShareOfClock * options_.clock_ns)) {
                process_.acts_alone = kOne;
            }
        }
    }

    // Which words are taken decides what the next iteration finds: it cannot wait for a stage.
    void check_first_stage() {
        std::vector<int> decisions = {process_.blocked.node};
        for (const StreamRead& read : process_.reads) {
            decisions.push_back(read.strobe.node);
        }
        for (const int node : decisions) {
            if (node < 0 || process_.stage_of[at(node)] == 0) {
                continue;
            }
            diagnostics_.error(process_.graph.node(node).where,
                               "process {} decides whether to read a stream after {:.2f} ns in "
                               "stage {}; it must know within the first stage ({:.2f} ns)",
                               process_.name,
                               process_.time_of[at(node)],
                               process_.stage_of[at(node)],
                               options_.clock_ns);
            note_path(node);
            return;
        }
    }

    void note_path(int node) {
        for (const int id : critical_path(process_, node)) {
            const Node& step = process_.graph.node(id);
            if (step.op == Op::register_read) {
                const Register& state = process_.registers[at(step.object)];
                diagnostics_.note(state.where,
                                  "register '{}' is read in stage {}, where its own loop closes",
                                  state.name,
                                  state.stage);
                continue;
            }
            diagnostics_.note(step.where,
                              "{:>5.2f} ns in stage {}: {} of {} bits",
                              process_.time_of[static_cast<std::size_t>(id)],
                              process_.stage_of[static_cast<std::size_t>(id)],
                              name_of(step.op),
                              step.width);
        }
    }

    void report_recurrence() {
        const Register* worst = nullptr;
        for (std::size_t i = 0; i < process_.registers.size(); ++i) {
            const Register& target = process_.registers[i];
            if (live_.registers[i] && (worst == nullptr || target.stage > worst->stage)) {
                worst = &target;
            }
        }
        const Ram* late = nullptr;
        int latest = -1;
        for (const Ram& ram : process_.rams) {
            for (const RamWrite& write : ram.writes) {
                late = write.stage > latest ? &ram : late;
                latest = std::max(latest, write.stage);
            }
        }
        if (late != nullptr && (worst == nullptr || latest > worst->stage)) {
            const std::string declared =
                late->dependence.raw_distance == 0
                    ? fmt::format("an interval of {} cycles", process_.ii)
                    : fmt::format("the declared {} calls", late->dependence.raw_distance);
            diagnostics_.error(late->where,
                               "process {}: memory '{}' is stored more than {} after it is loaded; "
                               "declare a larger distance or do less between",
                               process_.name,
                               late->name,
                               declared);
            return;
        }
        diagnostics_.error(worst == nullptr ? process_.where : worst->where,
                           "process {} does not close at II={}: '{}' depends on its own value by "
                           "more than {} of {:.2f} ns",
                           process_.name,
                           process_.ii,
                           worst == nullptr ? "state" : worst->name,
                           process_.ii == 1 ? "one clock" : fmt::format("{} clocks", process_.ii),
                           options_.clock_ns);
        if (worst != nullptr) {
            const Bit bit = worst->next.empty() ? worst->enable : latest_bit(worst->next);
            note_path(bit.node);
        }
    }

    Bit latest_bit(const Value& value) const {
        Bit latest = value[0];
        for (const Bit bit : value) {
            const auto key = [this](Bit b) {
                const auto id = static_cast<std::size_t>(b.node);
                return b.node < 0 ? std::make_pair(-1, 0.0)
                                  : std::make_pair(process_.stage_of[id], process_.time_of[id]);
            };
            latest = key(bit) > key(latest) ? bit : latest;
        }
        return latest;
    }

    // State that nothing observable depends on needs no gates.
    void drop_unused() {
        for (std::size_t i = 0; i < process_.registers.size(); ++i) {
            if (!live_.registers[i]) {
                process_.registers[i].enable = kZero;
                process_.registers[i].width = 0;
            }
        }
        for (std::size_t i = 0; i < process_.rams.size(); ++i) {
            if (!live_.rams[i]) {
                process_.rams[i].reads.clear();
                process_.rams[i].writes.clear();
            }
        }
    }

    void plant() {
        if (options_.plant != Plant::ordering) {
            return;
        }
        for (Ram& ram : process_.rams) {
            if (!ram.writes.empty() && !ram.reads.empty()) {
                ++ram.writes[0].stage;
                process_.stages = std::max(process_.stages, ram.writes[0].stage + 1);
            }
        }
    }

    Process& process_;
    const Options& options_;
    Diagnostics& diagnostics_;
    Liveness live_;
    StageSystem system_;
    std::vector<int> stage_;  // By variable.
};

}  // namespace

bool schedule(Process& process, const Options& options, Diagnostics& diagnostics) {
    return Scheduler(process, options, diagnostics).run();
}

std::vector<int> critical_path(const Process& process, int node) {
    std::vector<int> path;
    while (node >= 0) {
        path.push_back(node);
        const Node& here = process.graph.node(node);
        int next = -1;
        for (const Value& operand : here.in) {
            for (const Bit bit : operand) {
                if (bit.node < 0) {
                    continue;
                }
                const auto id = static_cast<std::size_t>(bit.node);
                const auto best = static_cast<std::size_t>(std::max(next, 0));
                const bool same =
                    process.stage_of[id] == process.stage_of[static_cast<std::size_t>(node)];
                if (same && (next < 0 || process.time_of[id] > process.time_of[best])) {
                    next = bit.node;
                }
            }
        }
        node = next;
    }
    return path;
}

}  // namespace fpvs::hlsc
