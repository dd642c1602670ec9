// SPDX-License-Identifier: Apache-2.0
// Loads and stores: streams, registers and memories, by address.
#include <llvm/IR/Constants.h>
#include <llvm/IR/Operator.h>

#include "hw/hlsc/frontend/layout.hpp"
#include "hw/hlsc/frontend/stream_layout.hpp"
#include "hw/hlsc/gate/translator.hpp"

namespace fpvs::hlsc {

namespace {

bool is_power_of_two(std::int64_t x) {
    return x > 0 && (x & (x - 1)) == 0;
}

// The bits of a constant initialiser, in the order of memory.
void append_bits(const llvm::Constant* constant,
                 const llvm::DataLayout& layout,
                 std::uint64_t at,
                 llvm::APInt& bits) {
    if (const auto* number = llvm::dyn_cast<llvm::ConstantInt>(constant)) {
        bits.insertBits(number->getValue(), static_cast<unsigned>(at));
        return;
    }
    if (constant->isNullValue() || llvm::isa<llvm::UndefValue>(constant)) {
        return;
    }
    if (auto* record = llvm::dyn_cast<llvm::StructType>(constant->getType())) {
        const llvm::StructLayout* fields = layout.getStructLayout(record);
        for (unsigned i = 0; i < record->getNumElements(); ++i) {
            append_bits(constant->getAggregateElement(i),
                        layout,
                        at + fields->getElementOffsetInBits(i),
                        bits);
        }
        return;
    }
    if (auto* array = llvm::dyn_cast<llvm::ArrayType>(constant->getType())) {
        const std::uint64_t stride = layout.getTypeAllocSizeInBits(array->getElementType());
        for (unsigned i = 0; i < array->getNumElements(); ++i) {
            append_bits(constant->getAggregateElement(i), layout, at + i * stride, bits);
        }
    }
}

}  // namespace

// A pointer may depend on the way to it: LLVM merges loads of two branches into one.
std::vector<Alternative> Translator::resolve(const llvm::Value* pointer) {
    const llvm::Value* base = pointer;
    while (const auto* gep = llvm::dyn_cast<llvm::GEPOperator>(base)) {
        base = gep->getPointerOperand();
    }
    std::vector<std::pair<Bit, const llvm::Value*>> choices;
    if (const auto* select = llvm::dyn_cast<llvm::SelectInst>(base)) {
        const Bit condition = value_of(select->getCondition())[0];
        choices = {{condition, select->getTrueValue()},
                   {graph_.not_(condition), select->getFalseValue()}};
    } else if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(base)) {
        Block dominator = dominators_.getNode(phi->getParent())->getIDom()->getBlock();
        std::set<const llvm::Value*> incoming(phi->value_op_begin(), phi->value_op_end());
        for (const llvm::Value* candidate : incoming) {
            Memo memo;
            const Value taken = select_between(
                dominator,
                phi->getParent(),
                [&](Block from) {
                    return Value{phi->getIncomingValueForBlock(from) == candidate ? kOne : kZero};
                },
                memo,
                Value{kZero});
            choices.emplace_back(taken[0], candidate);
        }
    } else {
        return {{kOne, resolve_address(base, pointer)}};
    }
    if (base != pointer) {
        diagnostics_.error(position_, "hlsc cannot index a choice of two arrays");
        return {};
    }
    std::vector<Alternative> alternatives;
    for (const auto& [when, choice] : choices) {
        for (Alternative alternative : resolve(choice)) {
            alternative.when = graph_.and_(alternative.when, when);
            alternatives.push_back(alternative);
        }
    }
    return alternatives;
}

Place Translator::resolve_address(const llvm::Value* base, const llvm::Value* pointer) {
    llvm::MapVector<llvm::Value*, llvm::APInt> variables;
    llvm::APInt constant(64, 0);
    for (const llvm::Value* at = pointer; at != base;) {
        const auto* gep = llvm::cast<llvm::GEPOperator>(at);
        if (!gep->collectOffset(layout_, 64, variables, constant)) {
            diagnostics_.error(position_, "hlsc cannot follow this address");
            return {};
        }
        at = gep->getPointerOperand();
    }
    Place place;
    place.stream = llvm::dyn_cast<llvm::Argument>(base);
    place.variable = llvm::dyn_cast<llvm::GlobalVariable>(base);
    const auto stored = storage_.find(place.variable);
    const bool table = place.variable != nullptr && stored != storage_.end() &&
                       stored->second.kind != Storage::Kind::registers;
    if ((!table && !variables.empty()) || (place.stream == nullptr && stored == storage_.end())) {
        diagnostics_.error(position_, "hlsc cannot resolve this access of memory");
        return {};
    }
    if (!table) {
        place.byte_offset = static_cast<int>(constant.getSExtValue());
        return place;
    }
    const Storage& storage = stored->second;
    const std::int64_t bytes = storage.element_bytes;
    const std::int64_t element = constant.getSExtValue() / bytes;
    place.byte_offset = static_cast<int>(constant.getSExtValue() - element * bytes);
    constexpr int kIndexBits = 32;
    place.bank = Graph::constant(kIndexBits, static_cast<std::uint64_t>(element / storage.depth));
    place.index = Graph::constant(kIndexBits, static_cast<std::uint64_t>(element % storage.depth));
    for (const auto& [variable, scale] : variables) {
        const std::int64_t stride = scale.getSExtValue();
        const std::int64_t elements = stride / bytes;
        const bool selects_bank = elements >= storage.depth && elements % storage.depth == 0;
        const std::int64_t step = selects_bank ? elements / storage.depth : elements;
        Value term = Graph::extend(value_of(variable), kIndexBits);
        if (stride % bytes != 0 || !is_power_of_two(step)) {
            diagnostics_.error(
                position_, "an inner dimension of '{}' is not a power of two", storage.name);
            return place;
        }
        std::uint64_t shift = 0;
        while ((std::int64_t{1} << shift) < step) {
            ++shift;
        }
        term = graph_.shift(Op::shift_left, term, Graph::constant(8, shift));
        Value& sum = selects_bank ? place.bank : place.index;
        sum = graph_.add(term, sum);
    }
    return place;
}

void Translator::translate_load(const llvm::LoadInst& load) {
    if (!load.getType()->isIntegerTy()) {
        refuse(load, "a pointer, float or vector in memory");
        return;
    }
    const int width = static_cast<int>(load.getType()->getIntegerBitWidth());
    Value result(static_cast<std::size_t>(width), kAnyBit);
    for (const Alternative& alternative : resolve(load.getPointerOperand())) {
        const Bit when = graph_.and_(here_, alternative.when);
        result =
            graph_.mux(alternative.when, load_from(alternative.place, width, load, when), result);
    }
    values_[&load] = result;
}

void Translator::translate_store(const llvm::StoreInst& store) {
    if (!store.getValueOperand()->getType()->isIntegerTy()) {
        refuse(store, "a pointer, float or vector in memory");
        return;
    }
    const Value data = value_of(store.getValueOperand());
    for (const Alternative& alternative : resolve(store.getPointerOperand())) {
        store_to(alternative.place, data, store, graph_.and_(here_, alternative.when));
    }
}

Value Translator::load_from(const Place& place, int width, const llvm::Instruction& at, Bit when) {
    if (place.stream != nullptr) {
        return load_stream(place, width);
    }
    if (place.variable == nullptr) {
        return Graph::zeros(width);
    }
    if (storage_.at(place.variable).kind != Storage::Kind::registers) {
        return load_memory(place, width, at, when);
    }
    return graph_.source(Op::register_read, width, register_at(place, width));
}

void Translator::store_to(const Place& place,
                          const Value& data,
                          const llvm::Instruction& at,
                          Bit when) {
    if (place.stream != nullptr) {
        store_stream(place, data);
    } else if (place.variable == nullptr) {
        return;
    } else if (storage_.at(place.variable).kind != Storage::Kind::registers) {
        store_memory(place, data, at, when);
    } else {
        register_next_[register_at(place, static_cast<int>(data.size()))] = data;
    }
}

// Promotion leaves loads of empty and of whole fields only.
Value Translator::load_stream(const Place& place, int width) {
    const int channel = process_.channels[place.stream->getArgNo()];
    if (place.byte_offset == stream_layout::kEmpty) {
        return graph_.source(Op::stream_empty, 1, channel);
    }
    const Channel& details = program_.channels[static_cast<std::size_t>(channel)];
    const Process* writer =
        details.writer < 0 ? nullptr
                           : program_.processes[static_cast<std::size_t>(details.writer)].get();
    if (writer == &process_) {
        return Value(static_cast<std::size_t>(width), kAnyBit);  // Nothing is written yet.
    }
    for (std::size_t i = 0; i < details.layout.fields.size(); ++i) {
        if (details.layout.fields[i].byte_offset + stream_layout::kPayload == place.byte_offset) {
            return graph_.source(Op::stream_payload, width, channel, static_cast<int>(i));
        }
    }
    return Value(static_cast<std::size_t>(width), kAnyBit);
}

void Translator::store_stream(const Place& place, const Value& data) {
    if (place.byte_offset < stream_layout::kPayload) {
        stream_flags_[{place.stream, place.byte_offset}] = data;
        return;
    }
    const int channel = process_.channels[place.stream->getArgNo()];
    const Layout& layout = program_.channels[static_cast<std::size_t>(channel)].layout;
    Value& payload = stream_payload_[place.stream];
    payload.resize(static_cast<std::size_t>(layout.width()), kAnyBit);
    int at = 0;
    for (const Field& field : layout.fields) {
        if (field.byte_offset + stream_layout::kPayload == place.byte_offset) {
            std::copy(data.begin(), data.end(), payload.begin() + at);
        }
        at += field.width;
    }
}

int Translator::register_at(const Place& place, int width) {
    const auto key = std::make_pair(place.variable, place.byte_offset);
    const auto known = registers_.find(key);
    if (known != registers_.end()) {
        return known->second;
    }
    const Storage& storage = storage_.at(place.variable);
    const int element = place.byte_offset / storage.element_bytes;
    const int inner = place.byte_offset - element * storage.element_bytes;
    Register created;
    created.name = storage.name;
    if (storage.depth * storage.bank_count() > 1) {
        created.name += "_" + std::to_string(element);
    }
    for (const Field& field : storage.element.fields) {
        if (field.byte_offset == inner && !field.name.empty()) {
            created.name += "_" + field.name;
        }
    }
    created.width = width;
    created.where = storage.where;
    created.has_reset = storage.has_reset;
    created.initial = initial_value(place.variable, place.byte_offset, width);
    const int number = static_cast<int>(process_.registers.size());
    process_.registers.push_back(created);
    return registers_[key] = number;
}

Value Translator::initial_value(const llvm::GlobalVariable* variable,
                                int byte_offset,
                                int width) const {
    const llvm::Constant* initializer = variable->getInitializer();
    const std::uint64_t bits = layout_.getTypeAllocSizeInBits(initializer->getType());
    llvm::APInt memory(static_cast<unsigned>(bits), 0);
    append_bits(initializer, layout_, 0, memory);
    const llvm::APInt part =
        memory.extractBits(static_cast<unsigned>(width), static_cast<unsigned>(byte_offset) * 8);
    Value result(static_cast<std::size_t>(width));
    for (int i = 0; i < width; ++i) {
        result[static_cast<std::size_t>(i)] = part[static_cast<unsigned>(i)] ? kOne : kZero;
    }
    return result;
}

// One memory for each bank and each field: Vitis disaggregates arrays of structs the same way.
int Translator::ram_of(const llvm::GlobalVariable* variable, int bank, int field) {
    const auto key = std::make_tuple(variable, bank, field);
    const auto known = rams_.find(key);
    if (known != rams_.end()) {
        return known->second;
    }
    const Storage& storage = storage_.at(variable);
    const Field& details = storage.element.fields[static_cast<std::size_t>(field)];
    Ram ram;
    ram.name = storage.name + (storage.bank_count() > 1 ? "_" + std::to_string(bank) : "") +
               (details.name.empty() ? "" : "_" + details.name);
    ram.depth = storage.depth;
    ram.width = details.width;
    ram.style = storage.style;
    ram.latency = storage.latency;
    ram.read_only = storage.kind == Storage::Kind::constants;
    ram.dependence = storage.dependence;
    ram.has_dependence = storage.has_dependence;
    ram.where = storage.where;
    if (!variable->getInitializer()->isNullValue()) {
        for (int i = 0; i < ram.depth; ++i) {
            const int at = (bank * storage.depth + i) * storage.element_bytes;
            ram.initial.push_back(initial_value(variable, at + details.byte_offset, details.width));
        }
    }
    const int number = static_cast<int>(process_.rams.size());
    process_.rams.push_back(ram);
    return rams_[key] = number;
}

// Whether an access goes to this bank of its variable.
Bit Translator::is_bank(const Place& place, int bank) {
    return graph_.equal(
        place.bank,
        Graph::constant(static_cast<int>(place.bank.size()), static_cast<std::uint64_t>(bank)));
}

Value Translator::load_memory(const Place& place,
                              int width,
                              const llvm::Instruction& at,
                              Bit when) {
    const Storage& storage = storage_.at(place.variable);
    const Value address = Graph::slice(place.index, 0, Graph::bits_for(storage.depth));
    Value result = Graph::zeros(width);
    for (std::size_t f = 0; f < storage.element.fields.size(); ++f) {
        const Field& field = storage.element.fields[f];
        const int offset = (field.byte_offset - place.byte_offset) * 8;
        if (offset >= width || offset + field.storage_bits <= 0) {
            continue;
        }
        std::vector<Value> banks;
        for (int bank = 0; bank < storage.bank_count(); ++bank) {
            const Bit chosen = is_bank(place, bank);
            if (chosen == kZero) {
                banks.push_back(Graph::zeros(field.width));
                continue;
            }
            const int ram = ram_of(place.variable, bank, static_cast<int>(f));
            auto& accesses = accesses_[ram];
            MemoryAccess access{.instruction = &at,
                                .reached = graph_.and_(when, chosen),
                                .address = address,
                                .where = position_};
            access.port = process_.rams[static_cast<std::size_t>(ram)].read_only
                              ? static_cast<int>(accesses.size())
                              : choose_port(accesses, access);
            accesses.push_back(access);
            banks.push_back(graph_.source(Op::ram_data, field.width, ram, access.port));
        }
        Value data = graph_.index(place.bank, banks);
        data = field.is_signed ? Graph::extend_signed(data, field.storage_bits)
                               : Graph::extend(data, field.storage_bits);
        for (int i = 0; i < field.storage_bits; ++i) {
            if (offset + i >= 0 && offset + i < width) {
                result[static_cast<std::size_t>(offset + i)] = data[static_cast<std::size_t>(i)];
            }
        }
    }
    return result;
}

void Translator::store_memory(const Place& place,
                              const Value& data,
                              const llvm::Instruction& at,
                              Bit when) {
    const Storage& storage = storage_.at(place.variable);
    const Value address = Graph::slice(place.index, 0, Graph::bits_for(storage.depth));
    const int width = static_cast<int>(data.size());
    for (std::size_t f = 0; f < storage.element.fields.size(); ++f) {
        const Field& field = storage.element.fields[f];
        const int offset = (field.byte_offset - place.byte_offset) * 8;
        if (offset >= width || offset + field.storage_bits <= 0) {
            continue;
        }
        if (offset < 0 || offset + field.width > width) {
            diagnostics_.error(
                position_, "a store to a part of a word of memory '{}'", storage.name);
            return;
        }
        for (int bank = 0; bank < storage.bank_count(); ++bank) {
            const Bit chosen = is_bank(place, bank);
            if (chosen == kZero) {
                continue;
            }
            accesses_[ram_of(place.variable, bank, static_cast<int>(f))].push_back(
                {.instruction = &at,
                 .is_store = true,
                 .reached = graph_.and_(when, chosen),
                 .address = address,
                 .data = Graph::slice(data, offset, field.width),
                 .where = position_});
        }
    }
}

}  // namespace fpvs::hlsc
