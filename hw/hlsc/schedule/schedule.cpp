// SPDX-License-Identifier: Apache-2.0
// As soon as possible, repeated until no bound moves: registers and memories tie stages together,
// so a late write moves its reads, and those move what depends on them.
#include "hw/hlsc/schedule/schedule.hpp"

#include <algorithm>

#include "hw/hlsc/schedule/delay.hpp"
#include "hw/hlsc/schedule/liveness.hpp"

namespace fpvs::hlsc {

namespace {

// A pipeline longer than this is a recurrence that runs away.
constexpr int kStagesMax = 96;

struct Arrival {
    int stage = 0;
    double time = 0.0;
};

class Scheduler {
  public:
    Scheduler(Process& process, const Options& options, Diagnostics& diagnostics)
        : process_(process),
          options_(options),
          diagnostics_(diagnostics),
          live_(find_live(process)) {
        const auto nodes = static_cast<std::size_t>(process.graph.size());
        process_.stage_of.assign(nodes, -1);
        process_.time_of.assign(nodes, 0.0);
        process_.order = live_.order;
    }

    bool run() {
        if (live_.cyclic_ram >= 0) {
            const Ram& ram = process_.rams[static_cast<std::size_t>(live_.cyclic_ram)];
            diagnostics_.error(
                ram.where, "the address of memory '{}' depends on its own data", ram.name);
            return false;
        }
        do {
            moved_ = false;
            place_nodes();
            place_registers();
            place_memories();
            if (deepest() > kStagesMax) {
                report_recurrence();
                return false;
            }
        } while (moved_);
        for (StreamWrite& write : process_.writes) {
            write.stage = std::max(at({write.strobe}).stage, at(write.data).stage);
        }
        check_first_stage();
        drop_unused();
        plant();
        process_.stages = deepest() + 1;
        return !diagnostics_.failed();
    }

  private:
    Arrival at(const Value& value) const {
        Arrival latest;
        for (const Bit bit : value) {
            if (bit.node >= 0) {
                meet(latest, bit.node);
            }
        }
        return latest;
    }

    void meet(Arrival& latest, int node) const {
        const auto id = static_cast<std::size_t>(node);
        const int stage = process_.stage_of[id];
        const double time = process_.time_of[id];
        if (stage > latest.stage) {
            latest = {stage, time};
        } else if (stage == latest.stage) {
            latest.time = std::max(latest.time, time);
        }
    }

    void raise(int& stage, int to) {
        if (to > stage) {
            stage = to;
            moved_ = true;
        }
    }

    // An arrival that leaves so much time before the end of its stage.
    Arrival with_margin(Arrival arrival, double margin) const {
        if (arrival.time + margin > options_.clock_ns) {
            return {arrival.stage + 1, 0.0};
        }
        return arrival;
    }

    void place_nodes() {
        for (const int id : live_.order) {
            Arrival arrival;
            for (const int operand : live_.operands[static_cast<std::size_t>(id)]) {
                meet(arrival, operand);
            }
            arrival = placed(process_.graph.node(id), arrival);
            process_.stage_of[static_cast<std::size_t>(id)] = arrival.stage;
            process_.time_of[static_cast<std::size_t>(id)] = arrival.time;
        }
    }

    Arrival placed(const Node& node, Arrival arrival) {
        switch (node.op) {
            case Op::stream_empty:
            case Op::stream_payload:
                return {0, delay::kFifoOut};
            case Op::register_read:
                return {process_.registers[static_cast<std::size_t>(node.object)].stage,
                        delay::kClockToOut};
            case Op::ram_data: {
                Ram& ram = process_.rams[static_cast<std::size_t>(node.object)];
                RamPort& port = ram.reads[static_cast<std::size_t>(node.part)];
                raise(port.stage, with_margin(arrival, delay::kMemoryAddress).stage);
                const bool raw = ram.latency == 1 && ram.style != RamStyle::distributed;
                return {port.stage + ram.latency, raw ? delay::kBlockRamOut : delay::kMemoryOut};
            }
            default: {
                const double time = delay::of(node);
                const bool fresh = arrival.time <= delay::kClockToOut;
                if (!fresh && arrival.time + time + delay::kSetup > options_.clock_ns) {
                    return {arrival.stage + 1, delay::kClockToOut + time};
                }
                return {arrival.stage, std::max(arrival.time, 0.0) + time};
            }
        }
    }

    void place_registers() {
        for (std::size_t i = 0; i < process_.registers.size(); ++i) {
            Register& target = process_.registers[i];
            if (live_.registers[i]) {
                raise(target.stage, std::max(at({target.enable}).stage, at(target.next).stage));
            }
        }
    }

    void place_memories() {
        for (std::size_t i = 0; i < process_.rams.size(); ++i) {
            Ram& ram = process_.rams[i];
            if (!live_.rams[i] || !ram.written) {
                continue;
            }
            Arrival write = at({ram.write_enable});
            for (const Value& value : {ram.write_address, ram.write_data}) {
                const Arrival other = at(value);
                write = other.stage > write.stage ||
                                (other.stage == write.stage && other.time > write.time)
                            ? other
                            : write;
            }
            raise(ram.write_stage, with_margin(write, delay::kMemoryAddress).stage);
            align(ram);
        }
    }

    // The order in which loads and stores of successive iterations meet at the memory.
    void align(Ram& ram) {
        int& load = ram.reads[0].stage;
        int& store = ram.write_stage;
        if (ram.dependence.raw_distance > 0) {
            raise(load, store - (ram.dependence.raw_distance - 1));
            raise(store, load + (ram.store_first ? -1 : 0));
        } else if (ram.data_feeds_store) {
            raise(store, load);  // The source forwards by itself (DEPENDENCE dependent=false).
        } else if (ram.store_first) {
            raise(load, store + 1);
            raise(store, load - 1);
        } else {
            raise(load, store);
            raise(store, load);
        }
    }

    [[nodiscard]] int deepest() const {
        int stage = 0;
        for (const int id : live_.order) {
            stage = std::max(stage, process_.stage_of[static_cast<std::size_t>(id)]);
        }
        for (const Register& target : process_.registers) {
            stage = std::max(stage, target.stage);
        }
        for (const Ram& ram : process_.rams) {
            stage = std::max(stage, ram.write_stage);
        }
        return stage;
    }

    // Which words are taken decides what the next iteration finds: it cannot wait for a stage.
    void check_first_stage() {
        for (const StreamRead& read : process_.reads) {
            const Arrival strobe = at({read.strobe});
            if (strobe.stage == 0) {
                continue;
            }
            diagnostics_.error(read.where,
                               "process {} decides whether to read a stream after {:.2f} ns in "
                               "stage {}; it must know within the first stage ({:.2f} ns)",
                               process_.name,
                               strobe.time,
                               strobe.stage,
                               options_.clock_ns);
            note_path(read.strobe.node);
            return;
        }
    }

    void note_path(int node) {
        for (const int id : critical_path(process_, node)) {
            const Node& step = process_.graph.node(id);
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
        for (const Ram& ram : process_.rams) {
            late = late == nullptr || ram.write_stage > late->write_stage ? &ram : late;
        }
        if (late != nullptr && (worst == nullptr || late->write_stage > worst->stage)) {
            diagnostics_.error(late->where,
                               "process {}: memory '{}' is stored more than the declared {} calls "
                               "after it is loaded; declare a larger distance or do less between",
                               process_.name,
                               late->name,
                               late->dependence.raw_distance);
            return;
        }
        diagnostics_.error(worst == nullptr ? process_.where : worst->where,
                           "process {} does not close at II=1: '{}' depends on its own value by "
                           "more than one clock of {:.2f} ns",
                           process_.name,
                           worst == nullptr ? "state" : worst->name,
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
            }
        }
    }

    void plant() {
        if (options_.plant != Plant::ordering) {
            return;
        }
        for (Ram& ram : process_.rams) {
            if (ram.written && !ram.reads.empty()) {
                ++ram.write_stage;
            }
        }
    }

    Process& process_;
    const Options& options_;
    Diagnostics& diagnostics_;
    Liveness live_;
    bool moved_ = false;
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
