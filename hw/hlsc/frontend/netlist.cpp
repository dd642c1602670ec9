// SPDX-License-Identifier: Apache-2.0
// The top function as a netlist: which streams it has, which process reads and which writes each.
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Operator.h>

#include <cctype>
#include <map>
#include <set>

#include "hw/hlsc/frontend/kernel_module.hpp"
#include "hw/hlsc/frontend/layout.hpp"
#include "hw/hlsc/frontend/stream_layout.hpp"

namespace fpvs::hlsc {

namespace {

// What a process does with one of its streams.
struct Use {
    bool tests_empty = false;
    bool reads = false;
    bool writes = false;
    Position where;
};

void follow(const llvm::Value* pointer,
            std::int64_t offset,
            const llvm::DataLayout& layout,
            Use& use,
            Diagnostics& diagnostics) {
    for (const llvm::User* user : pointer->users()) {
        if (const auto* gep = llvm::dyn_cast<llvm::GEPOperator>(user)) {
            llvm::APInt step(64, 0);
            if (gep->accumulateConstantOffset(layout, step)) {
                follow(gep, offset + step.getSExtValue(), layout, use, diagnostics);
            }
        } else if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(user)) {
            if (offset == stream_layout::kEmpty) {
                use.tests_empty = true;
                use.where = position_of(load->getDebugLoc(), diagnostics);
            }
        } else if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(user)) {
            use.reads |= offset == stream_layout::kRead;
            use.writes |= offset == stream_layout::kWritten;
            use.where = position_of(store->getDebugLoc(), diagnostics);
        }
    }
}

std::string argument_name(const llvm::Function& function, unsigned index) {
    for (const llvm::DINode* node : function.getSubprogram()->getRetainedNodes()) {
        const auto* variable = llvm::dyn_cast<llvm::DILocalVariable>(node);
        if (variable != nullptr && variable->getArg() == index + 1) {
            return variable->getName().str();
        }
    }
    return "port" + std::to_string(index);
}

// The element type of hls::stream<T>, or nullptr for every other type.
const llvm::DIType* element_type(const llvm::DIType* type) {
    const auto* composite = llvm::dyn_cast_or_null<llvm::DICompositeType>(plain_type(type));
    if (composite == nullptr || !composite->getName().starts_with("stream<")) {
        return nullptr;
    }
    for (const llvm::DINode* node : composite->getTemplateParams()) {
        if (const auto* parameter = llvm::dyn_cast<llvm::DITemplateTypeParameter>(node)) {
            return plain_type(parameter->getType());
        }
    }
    return nullptr;
}

std::string identifier(const std::string& text) {
    std::string result;
    for (const char c : text) {
        const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
        if (letter || result.empty() || result.back() != '_') {
            result += letter ? c : '_';
        }
    }
    while (!result.empty() && result.back() == '_') {
        result.pop_back();
    }
    return result;
}

class NetlistReader {
  public:
    NetlistReader(const KernelModule& kernel, Program& program, Diagnostics& diagnostics)
        : kernel_(kernel), program_(program), diagnostics_(diagnostics) {}

    void read() {
        add_ports();
        if (kernel_.dataflow) {
            for (const llvm::BasicBlock& block : *kernel_.top) {
                for (const llvm::Instruction& instruction : block) {
                    read_statement(instruction);
                }
            }
        } else {
            std::vector<int> channels;
            for (unsigned i = 0; i < kernel_.top->arg_size(); ++i) {
                channels.push_back(static_cast<int>(i));
            }
            add_process(*kernel_.top, channels);
        }
        apply_pragmas();
        check_channels();
    }

  private:
    void add_channel(const llvm::Value* object,
                     const std::string& name,
                     Channel::Kind kind,
                     const llvm::DIType* type,
                     Position where);
    void add_ports();
    void read_statement(const llvm::Instruction& instruction);
    void add_process(llvm::Function& function, const std::vector<int>& channels);
    void connect(int process, int channel, const Use& use);
    void apply_pragmas();
    void apply(const Pragma& pragma);
    void check_channels();
    void check_port(const Channel& channel);

    const KernelModule& kernel_;
    Program& program_;
    Diagnostics& diagnostics_;
    std::map<const llvm::Value*, int> channel_of_;
    std::set<int> axis_ports_;
    bool ap_ctrl_none_ = false;
};

void NetlistReader::add_channel(const llvm::Value* object,
                                const std::string& name,
                                Channel::Kind kind,
                                const llvm::DIType* type,
                                Position where) {
    Channel channel;
    channel.name = name;
    channel.kind = kind;
    channel.where = where;
    const llvm::DIType* element = element_type(type);
    if (element == nullptr) {
        diagnostics_.error(
            where, "'{}' is not an hls::stream: processes meet through streams only", name);
    } else if (!layout_of(element, channel.layout)) {
        diagnostics_.error(where,
                           "stream '{}' carries {}, which is not a flat struct of integers",
                           name,
                           cxx_name(element));
    }
    channel.axis_signals = channel.layout.type.rfind("hls::axis<", 0) == 0;
    channel_of_[object] = static_cast<int>(program_.channels.size());
    program_.channels.push_back(channel);
}

void NetlistReader::add_ports() {
    const llvm::DISubprogram* subprogram = kernel_.top->getSubprogram();
    const llvm::DITypeRefArray types = subprogram->getType()->getTypeArray();
    const Position where{diagnostics_.file_index(subprogram->getFilename().str()),
                         static_cast<int>(subprogram->getLine()),
                         1};
    if (!kernel_.top->getReturnType()->isVoidTy()) {
        diagnostics_.error(where, "the top function returns a value; it must be void");
    }
    for (const llvm::Argument& argument : kernel_.top->args()) {
        const unsigned index = argument.getArgNo();
        add_channel(&argument,
                    argument_name(*kernel_.top, index),
                    Channel::Kind::input,
                    index + 1 < types.size() ? plain_type(types[index + 1]) : nullptr,
                    where);
    }
}

// The body of a dataflow top holds channel declarations and process calls, nothing else.
void NetlistReader::read_statement(const llvm::Instruction& instruction) {
    if (llvm::isa<llvm::ReturnInst>(instruction)) {
        return;
    }
    const Position where = position_of(instruction.getDebugLoc(), diagnostics_);
    const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    llvm::Function* callee = call == nullptr ? nullptr : call->getCalledFunction();
    if (callee == nullptr || kernel_.pragmas.count(callee) == 0) {
        diagnostics_.error(
            where,
            "the body of a dataflow top holds 'static hls::stream<T> name(\"name\")' "
            "and calls of process functions only: no control flow, arithmetic or "
            "assignment");
        return;
    }
    std::vector<int> channels;
    for (const llvm::Value* operand : call->args()) {
        const auto* global = llvm::dyn_cast<llvm::GlobalVariable>(operand);
        if (global != nullptr && channel_of_.count(global) == 0) {
            add_channel(global,
                        source_name(*global),
                        Channel::Kind::internal,
                        type_of(*global),
                        position_of(*global, diagnostics_));
        }
        if (channel_of_.count(operand) == 0) {
            diagnostics_.error(where,
                               "an argument of this process is neither a port nor a static "
                               "stream of the top function");
            return;
        }
        channels.push_back(channel_of_.at(operand));
    }
    add_process(*callee, channels);
    program_.processes.back()->where = where;
}

void NetlistReader::add_process(llvm::Function& function, const std::vector<int>& channels) {
    const llvm::DISubprogram* subprogram = function.getSubprogram();
    auto process = std::make_unique<Process>();
    const int number = static_cast<int>(program_.processes.size());
    std::string name = identifier(subprogram->getName().str());
    for (const auto& other : program_.processes) {
        if (other->name == name) {
            name += "_" + std::to_string(number);
        }
    }
    process->name = name;
    process->symbol = function.getName().str();
    process->channels = channels;
    process->where = {diagnostics_.file_index(subprogram->getFilename().str()),
                      static_cast<int>(subprogram->getLine()),
                      1};
    std::string scope;
    for (const llvm::DIScope* s = subprogram->getScope();
         s != nullptr && llvm::isa<llvm::DINamespace>(s);
         s = s->getScope()) {
        scope = s->getName().empty() ? scope : s->getName().str() + "::" + scope;
    }
    process->call = "::" + scope + subprogram->getName().str();
    program_.processes.push_back(std::move(process));
    for (const llvm::Argument& argument : function.args()) {
        Use use;
        follow(&argument, 0, function.getParent()->getDataLayout(), use, diagnostics_);
        connect(number, channels[argument.getArgNo()], use);
    }
}

void NetlistReader::connect(int process, int index, const Use& use) {
    Channel& channel = program_.channels[static_cast<std::size_t>(index)];
    const Position where = use.where.line > 0 ? use.where : channel.where;
    if (use.writes && (use.reads || use.tests_empty)) {
        diagnostics_.error(
            where, "stream '{}' is read or tested by the process that writes it", channel.name);
        return;
    }
    if (use.writes) {
        if (channel.writer >= 0) {
            diagnostics_.error(where, "stream '{}' has two writers", channel.name);
        }
        channel.writer = process;
    } else if (use.reads || use.tests_empty) {
        if (channel.reader >= 0) {
            diagnostics_.error(where, "stream '{}' has two readers", channel.name);
        }
        channel.reader = process;
        const bool port = channel.kind != Channel::Kind::internal;
        if (port && use.tests_empty && kernel_.dataflow) {
            diagnostics_.error(where,
                               "empty() on port '{}': AXI4-Stream ports take blocking reads only; "
                               "let an adapter process copy it to an internal stream",
                               channel.name);
        }
    }
}

void NetlistReader::apply(const Pragma& pragma) {
    const auto found = channel_of_.find(pragma.object);
    Channel* channel = found == channel_of_.end()
                           ? nullptr
                           : &program_.channels[static_cast<std::size_t>(found->second)];
    if (pragma.kind == "INTERFACE") {
        if (pragma.value("port") == "return") {
            ap_ctrl_none_ = pragma.has_flag("ap_ctrl_none");
        } else if (channel != nullptr && pragma.has_flag("axis")) {
            axis_ports_.insert(found->second);
        } else {
            diagnostics_.error(pragma.where,
                               "INTERFACE: a port of a kernel is 'axis', and "
                               "port=return is 'ap_ctrl_none'");
        }
    } else if (pragma.kind == "STREAM") {
        if (channel == nullptr || channel->kind != Channel::Kind::internal) {
            diagnostics_.error(pragma.where, "STREAM names no internal stream of the top function");
            return;
        }
        channel->depth = static_cast<int>(pragma.number("depth", 2));
        if (channel->depth < 1 || channel->depth > 65536) {
            diagnostics_.error(pragma.where, "STREAM depth {} is not in 1..65536", channel->depth);
        }
    } else if (pragma.kind == "DATAFLOW" && !pragma.has_flag("disable_start_propagation")) {
        diagnostics_.error(pragma.where,
                           "DATAFLOW with ap_ctrl_none needs "
                           "'disable_start_propagation'");
    }
}

void NetlistReader::apply_pragmas() {
    for (const Pragma& pragma : kernel_.pragmas.at(kernel_.top)) {
        apply(pragma);
    }
    if (!ap_ctrl_none_) {
        diagnostics_.error(program_.channels.empty() ? Position{} : program_.channels[0].where,
                           "the top function lacks '#pragma HLS INTERFACE ap_ctrl_none "
                           "port=return'");
    }
}

void NetlistReader::check_port(const Channel& channel) {
    const bool plain = channel.layout.fields.size() == 1 && channel.layout.fields[0].name.empty();
    if (!channel.axis_signals && !plain) {
        diagnostics_.error(channel.where,
                           "port '{}' carries {}: a port is ap_axiu or one ap_uint (another "
                           "struct would lose TLAST)",
                           channel.name,
                           channel.layout.type);
    }
    if (plain && channel.layout.fields[0].width % 8 != 0) {
        diagnostics_.error(channel.where,
                           "port '{}' is {} bits wide; TDATA has whole bytes",
                           channel.name,
                           channel.layout.fields[0].width);
    }
}

void NetlistReader::check_channels() {
    for (std::size_t i = 0; i < program_.channels.size(); ++i) {
        Channel& channel = program_.channels[i];
        const bool internal = channel.kind == Channel::Kind::internal;
        if (channel.writer < 0 && channel.reader < 0) {
            diagnostics_.error(channel.where, "stream '{}' is not used", channel.name);
        } else if (internal && (channel.writer < 0 || channel.reader < 0)) {
            diagnostics_.error(channel.where,
                               "stream '{}' has no {}",
                               channel.name,
                               channel.writer < 0 ? "writer" : "reader");
        } else if (internal && channel.writer == channel.reader) {
            diagnostics_.error(
                channel.where, "stream '{}' is written and read by one process", channel.name);
        } else if (internal && channel.axis_signals) {
            diagnostics_.error(channel.where,
                               "stream '{}' carries ap_axiu, which Vitis takes on ports only",
                               channel.name);
        }
        if (internal) {
            continue;
        }
        channel.kind = channel.writer >= 0 ? Channel::Kind::output : Channel::Kind::input;
        if (channel.writer >= 0 && channel.reader >= 0) {
            diagnostics_.error(channel.where, "port '{}' is both read and written", channel.name);
        }
        if (axis_ports_.count(static_cast<int>(i)) == 0) {
            diagnostics_.error(channel.where,
                               "port '{}' lacks '#pragma HLS INTERFACE axis port={}'",
                               channel.name,
                               channel.name);
        }
        if (!channel.layout.fields.empty()) {
            check_port(channel);
        }
    }
}

}  // namespace

bool read_netlist(const KernelModule& kernel,
                  const Options& options,
                  Program& program,
                  Diagnostics& diagnostics) {
    program.top = options.top;
    program.source = options.source;
    NetlistReader(kernel, program, diagnostics).read();
    return !diagnostics.failed();
}

}  // namespace fpvs::hlsc
