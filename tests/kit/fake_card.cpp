// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/fake_card.hpp"

#include <atomic>
#include <new>

namespace fpvs::kit {
namespace {

constexpr std::size_t kPageBytes = 4096;

template <class Entry>
abi::Record<Entry> payload_as(const abi::Record<abi::Command>& command) {
    abi::Record<Entry> entry;
    for (std::size_t word = 0; word < entry.words.size(); ++word) {
        entry.words[word] = command.words[abi::Command::payload_lsb / 64 + word];
    }
    return entry;
}

}  // namespace

// The card's address of a byte is simply its address.
class FakeCard::Memory final : public provider::SharedMemory {
  public:
    explicit Memory(std::size_t size)
        : size_(size),
          data_(static_cast<std::byte*>(::operator new(size, std::align_val_t(kPageBytes)))) {
        std::memset(data_, 0, size);
    }
    ~Memory() override { ::operator delete(data_, std::align_val_t(kPageBytes)); }
    std::span<std::byte> bytes() override { return {data_, size_}; }
    std::uint64_t card_address() const override { return reinterpret_cast<std::uintptr_t>(data_); }

  private:
    std::size_t size_;
    std::byte* data_;
};

FakeCard::FakeCard() {
    bitstream_.path = "fake.xclbin";
    bitstream_.platform = "fpvs:fake:card:1.0";
    registers_[abi::reg::magic / 4] = abi::kMagic;
    registers_[abi::reg::version / 4] = abi::kVersion;
    registers_[abi::reg::abi_hash_low / 4] = static_cast<std::uint32_t>(abi::kAbiHash);
    registers_[abi::reg::abi_hash_high / 4] = static_cast<std::uint32_t>(abi::kAbiHash >> 32);
    registers_[abi::reg::ports / 4] = abi::kPortsMax;
    registers_[abi::reg::service_buckets / 4] = abi::kServiceBuckets;
    registers_[abi::reg::flow_buckets / 4] = abi::kFlowBuckets;
    registers_[abi::reg::servers / 4] = abi::kServersMax;
    registers_[abi::reg::next_hops / 4] = abi::kNextHopsMax;
    registers_[abi::reg::link / 4] = 1;
    registers_[abi::reg::capabilities / 4] = abi::kCapabilities;
    registers_[abi::reg::flow6_buckets / 4] = abi::kFlow6Buckets;
    registers_[abi::reg::reply_buckets / 4] = abi::kReplyBuckets;
    registers_[abi::reg::steer_words / 4] = abi::kSteerWords;
    registers_[abi::reg::cursors / 4] = abi::kCursorsMax;
    registers_[abi::reg::young / 4] = abi::kYoungMax;
}

Result<std::uint32_t> FakeCard::read_register(std::uint32_t offset) {
    ++register_reads;
    if (!death_.empty()) {
        return fail(Code::unavailable, "{}", death_);
    }
    if (const auto found = overrides.find(offset); found != overrides.end()) {
        return found->second;
    }
    return registers_.at(offset / 4);
}

Status FakeCard::write_register(std::uint32_t offset, std::uint32_t value) {
    ++register_writes;
    if (!death_.empty()) {
        return fail(Code::unavailable, "{}", death_);
    }
    registers_.at(offset / 4) = value;
    if (offset == abi::reg::run && value == 0) {
        for (int index = 0; index < abi::kRings; ++index) {
            const auto which = static_cast<abi::Ring>(index);
            set_ring(which, abi::reg::ring::host_index, 0);
            set_ring(which, abi::reg::ring::card_index, 0);
        }
    }
    if (!stalled) {
        run();
    }
    return {};
}

Result<std::unique_ptr<provider::SharedMemory>> FakeCard::allocate(std::size_t size_bytes) {
    if (!death_.empty()) {
        return fail(Code::unavailable, "{}", death_);
    }
    return std::make_unique<Memory>(size_bytes);
}

std::uint32_t FakeCard::ring(abi::Ring which, std::uint32_t offset) const {
    return registers_.at(abi::ring_register(which, offset) / 4);
}

void FakeCard::set_ring(abi::Ring which, std::uint32_t offset, std::uint32_t value) {
    registers_.at(abi::ring_register(which, offset) / 4) = value;
}

std::span<std::byte> FakeCard::slot(abi::Ring which, std::uint32_t index) {
    const std::uint64_t base = std::uint64_t{ring(which, abi::reg::ring::base_high)} << 32 |
                               ring(which, abi::reg::ring::base_low);
    const std::size_t slots = std::size_t{1} << ring(which, abi::reg::ring::slots_log2);
    const std::size_t bytes = std::size_t{1} << ring(which, abi::reg::ring::slot_bytes_log2);
    return {reinterpret_cast<std::byte*>(base) + (index & (slots - 1)) * bytes, bytes};
}

bool FakeCard::room(abi::Ring which) const {
    const std::uint32_t slots = std::uint32_t{1} << ring(which, abi::reg::ring::slots_log2);
    return ring(which, abi::reg::ring::card_index) - ring(which, abi::reg::ring::host_index) <
           slots;
}

void FakeCard::advance(abi::Ring which) {
    set_ring(which, abi::reg::ring::card_index, ring(which, abi::reg::ring::card_index) + 1);
}

bool FakeCard::punt(std::uint32_t port, abi::Reason reason, std::span<const std::uint8_t> frame) {
    abi::Record<abi::PuntHeader> header;
    header.set<abi::PuntHeader::reason>(static_cast<std::uint64_t>(reason));
    header.set<abi::PuntHeader::port>(port);
    header.set<abi::PuntHeader::length_bytes>(frame.size());
    return punt_raw(header, frame);
}

bool FakeCard::punt_raw(abi::Record<abi::PuntHeader> header, std::span<const std::uint8_t> frame) {
    const auto reason = static_cast<abi::Reason>(header.get<abi::PuntHeader::reason>());
    const auto which = abi::is_control(reason) ? abi::Ring::control : abi::Ring::punt;
    const std::size_t space =
        (std::size_t{1} << ring(which, abi::reg::ring::slot_bytes_log2)) - abi::kBeatBytes;
    if (!running() || !room(which) || frame.size() > space) {
        set_ring(which, abi::reg::ring::dropped, ring(which, abi::reg::ring::dropped) + 1);
        return false;
    }
    const std::uint32_t index = ring(which, abi::reg::ring::card_index);
    const auto target = slot(which, index);
    header.set<abi::PuntHeader::stamp>(
        abi::ring_stamp(index, static_cast<int>(ring(which, abi::reg::ring::slots_log2))));
    std::memcpy(target.data() + abi::kBeatBytes, frame.data(), frame.size());
    std::memcpy(target.data(), header.words.data(), abi::kBeatBytes);
    advance(which);
    return true;
}

bool FakeCard::event(abi::Record<abi::Event> event) {
    constexpr auto kRing = abi::Ring::event;
    if (!running() || !room(kRing)) {
        set_ring(kRing, abi::reg::ring::dropped, ring(kRing, abi::reg::ring::dropped) + 1);
        return false;
    }
    const std::uint32_t index = ring(kRing, abi::reg::ring::card_index);
    event.set<abi::Event::stamp>(
        abi::ring_stamp(index, static_cast<int>(ring(kRing, abi::reg::ring::slots_log2))));
    std::memcpy(slot(kRing, index).data(), event.words.data(), abi::kBeatBytes);
    advance(kRing);
    return true;
}

void FakeCard::run() {
    if (running()) {
        take_commands();
        take_injects();
    }
}

void FakeCard::take_commands() {
    constexpr auto kRing = abi::Ring::command;
    while (ring(kRing, abi::reg::ring::card_index) != ring(kRing, abi::reg::ring::host_index)) {
        abi::Record<abi::Command> command;
        std::memcpy(command.words.data(),
                    slot(kRing, ring(kRing, abi::reg::ring::card_index)).data(),
                    abi::kBeatBytes);
        obey(command);
        advance(kRing);
    }
}

void FakeCard::take_injects() {
    constexpr auto kRing = abi::Ring::inject;
    while (ring(kRing, abi::reg::ring::card_index) != ring(kRing, abi::reg::ring::host_index)) {
        const auto source = slot(kRing, ring(kRing, abi::reg::ring::card_index));
        abi::Record<abi::InjectHeader> header;
        std::memcpy(header.words.data(), source.data(), abi::kBeatBytes);
        const std::size_t length = header.get<abi::InjectHeader::length_bytes>();
        const auto* data = reinterpret_cast<const std::uint8_t*>(source.data()) + abi::kBeatBytes;
        injected.push_back({static_cast<std::uint32_t>(header.get<abi::InjectHeader::port>()),
                            std::vector<std::uint8_t>(data, data + length)});
        advance(kRing);
    }
}

void FakeCard::obey(const abi::Record<abi::Command>& command) {
    const auto opcode = static_cast<abi::Opcode>(command.get<abi::Command::opcode>());
    const auto index = static_cast<std::uint32_t>(command.get<abi::Command::index>());
    const auto way = static_cast<std::uint32_t>(command.get<abi::Command::way>());
    const std::size_t bank = command.get<abi::Command::table>() & 1;
    const auto put = [](auto& table, auto position, const auto& entry, bool valid) {
        if (valid) {
            table[position] = entry;
        } else {
            table.erase(position);
        }
    };
    opcodes.push_back(opcode);
    switch (opcode) {
        case abi::Opcode::nop:
            break;
        case abi::Opcode::write_port:
            ports[index] = payload_as<abi::PortEntry>(command);
            break;
        case abi::Opcode::write_service: {
            const auto entry = payload_as<abi::ServiceEntry>(command);
            put(service_banks[bank],
                Position{index, way},
                entry,
                entry.get<abi::ServiceEntry::valid>() != 0);
            break;
        }
        case abi::Opcode::write_reply: {
            const auto entry = payload_as<abi::ReplyEntry>(command);
            put(reply_banks[bank],
                Position{index, way},
                entry,
                entry.get<abi::ReplyEntry::valid>() != 0);
            break;
        }
        case abi::Opcode::set_version:
            version = index & 1;
            break;
        case abi::Opcode::write_flow6: {
            const auto entry = payload_as<abi::Flow6Entry>(command);
            put(flows6, Position{index, way}, entry, entry.get<abi::Flow6Entry::valid>() != 0);
            break;
        }
        case abi::Opcode::write_server:
            servers[index] = payload_as<abi::ServerEntry>(command);
            break;
        case abi::Opcode::write_virtual_end:
            virtual_ends[index] = payload_as<abi::VirtualEndEntry>(command);
            break;
        case abi::Opcode::write_steer:
            steer_words[index] = payload_as<abi::SteerEntry>(command);
            break;
        case abi::Opcode::set_cursor:
            cursors[index] = command.get<abi::Command::payload_0>();
            break;
        case abi::Opcode::clear_young:
            ++young_cleared;
            break;
        case abi::Opcode::write_flow: {
            const auto entry = payload_as<abi::FlowEntry>(command);
            put(flows, Position{index, way}, entry, entry.get<abi::FlowEntry::valid>() != 0);
            break;
        }
        case abi::Opcode::write_next_hop:
            next_hops[index] = payload_as<abi::NextHopEntry>(command);
            break;
        case abi::Opcode::set_hash_key:
            hash_key = {command.get<abi::Command::payload_0>(),
                        command.get<abi::Command::payload_1>()};
            break;
        case abi::Opcode::set_epoch:
            epoch = static_cast<std::uint16_t>(index);
            break;
        case abi::Opcode::echo:
        case abi::Opcode::read_activity:
        case abi::Opcode::read_counter:
            answer_query(command);
            break;
    }
}

void FakeCard::answer_query(const abi::Record<abi::Command>& command) {
    const auto opcode = static_cast<abi::Opcode>(command.get<abi::Command::opcode>());
    const auto index = static_cast<std::uint32_t>(command.get<abi::Command::index>());
    const auto way = static_cast<std::uint32_t>(command.get<abi::Command::way>());
    abi::Record<abi::Event> answer;
    answer.set<abi::Event::tag>(command.get<abi::Command::tag>());
    answer.set<abi::Event::index>(index);
    answer.set<abi::Event::way>(way);
    answer.set<abi::Event::table>(command.get<abi::Command::table>());
    if (opcode == abi::Opcode::echo) {
        answer.set<abi::Event::kind>(static_cast<std::uint64_t>(abi::EventKind::echo));
        if (answers_echo) {
            event(answer);
        }
        return;
    }
    if (!answers_queries) {
        return;
    }
    if (opcode == abi::Opcode::read_activity) {
        answer.set<abi::Event::kind>(static_cast<std::uint64_t>(abi::EventKind::activity));
        const bool ipv6 = command.get<abi::Command::table>() != 0;
        answer.set<abi::Event::epoch>((ipv6 ? activity6 : activity)[{index, way}]);
    } else {
        const std::array<std::map<Position, Counter>*, 4> tables = {
            &reason_counters, &server_counters, &reply_counters, &service_counters};
        const Counter counter = (*tables.at(command.get<abi::Command::table>()))[{index, way}];
        answer.set<abi::Event::kind>(static_cast<std::uint64_t>(abi::EventKind::counter));
        answer.set<abi::Event::packets>(counter.packets);
        answer.set<abi::Event::bytes>(counter.bytes);
    }
    event(answer);
}

}  // namespace fpvs::kit
