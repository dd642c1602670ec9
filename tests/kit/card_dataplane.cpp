// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/card_dataplane.hpp"

#include <algorithm>
#include <stdexcept>

#include "hw/abi/entries.hpp"
#include "hw/abi/rings.hpp"

namespace fpvs::kit {
namespace {

// Tags of the echoes that settle() sends.
constexpr std::uint64_t kFence = std::uint64_t{1} << 63;
constexpr int kSettleRoundsMax = 100000;

template <class Entry>
CommandRecord with_payload(CommandRecord command, const abi::Record<Entry>& entry) {
    for (std::size_t word = 0; word < entry.words.size(); ++word) {
        command.words[abi::Command::payload_lsb / 64 + word] = entry.words[word];
    }
    return command;
}

CommandRecord at(abi::Opcode opcode, std::uint32_t index, int way = 0) {
    return command_of(opcode).set<abi::Command::index>(index).set<abi::Command::way>(
        static_cast<std::uint64_t>(way));
}

template <class Layout>
abi::Record<Layout> record_of(const StreamBeat& beat) {
    abi::Record<Layout> record;
    for (std::size_t byte = 0; byte < beat.data.size(); ++byte) {
        record.words[byte / 8] |= std::uint64_t{beat.data[byte]} << (8 * (byte % 8));
    }
    return record;
}

// Ways are filled in order; throws when a bucket is full.
class Ways {
  public:
    int next(std::uint32_t bucket) {
        const int way = used_[bucket]++;
        if (way >= abi::kTableWays) {
            throw std::runtime_error("a bucket of the setup is full");
        }
        return way;
    }

  private:
    std::map<std::uint32_t, int> used_;
};

void append(FrameBytes& frame, const StreamBeat& beat) {
    const bool full = beat.keep == ~std::uint64_t{0};
    if (!full && !beat.last) {
        throw std::runtime_error("a beat before the last is not full");
    }
    std::size_t count = 0;
    while (count < beat.data.size() && (beat.keep >> count & 1) != 0) {
        ++count;
    }
    frame.insert(frame.end(), beat.data.begin(), beat.data.begin() + count);
}

// A punt stream: the frame's beats, then its header, which has TLAST.
std::vector<Punted> punted_of(const std::deque<StreamBeat>& beats) {
    std::vector<Punted> punted;
    FrameBytes frame;
    for (const StreamBeat& beat : beats) {
        if (!beat.last) {
            frame.insert(frame.end(), beat.data.begin(), beat.data.end());
            continue;
        }
        const auto header = record_of<abi::PuntHeader>(beat);
        const std::size_t length = header.get<abi::PuntHeader::length_bytes>();
        if (length > frame.size() || length + abi::kBeatBytes <= frame.size()) {
            throw std::runtime_error("a punt header's length is not that of its frame");
        }
        frame.resize(length);
        Punted out;
        out.reason = static_cast<abi::Reason>(header.get<abi::PuntHeader::reason>());
        out.port = static_cast<int>(header.get<abi::PuntHeader::port>());
        if (header.get<abi::PuntHeader::service_found>() == 1) {
            out.service = static_cast<std::uint16_t>(header.get<abi::PuntHeader::service>());
        }
        out.frame = std::move(frame);
        frame.clear();
        punted.push_back(std::move(out));
    }
    if (!frame.empty()) {
        throw std::runtime_error("a punted frame without its header");
    }
    return punted;
}

}  // namespace

std::vector<StreamBeat> beats_of(const FrameBytes& frame) {
    std::vector<StreamBeat> beats;
    for (std::size_t offset = 0; offset < frame.size(); offset += abi::kBeatBytes) {
        StreamBeat beat;
        const std::size_t count = std::min<std::size_t>(abi::kBeatBytes, frame.size() - offset);
        std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(offset), count, beat.data.begin());
        beat.keep = ~std::uint64_t{0} >> (abi::kBeatBytes - count);
        beat.last = offset + count == frame.size();
        beats.push_back(beat);
    }
    return beats;
}

std::vector<FrameBytes> frames_of(const std::deque<StreamBeat>& beats) {
    std::vector<FrameBytes> frames;
    FrameBytes frame;
    for (const StreamBeat& beat : beats) {
        append(frame, beat);
        if (beat.last) {
            frames.push_back(std::move(frame));
            frame.clear();
        }
    }
    if (!frame.empty()) {
        throw std::runtime_error("a frame without its last beat");
    }
    return frames;
}

StreamBeat inject_header(int port, std::size_t length_bytes) {
    abi::Record<abi::InjectHeader> header;
    header.set<abi::InjectHeader::port>(static_cast<std::uint64_t>(port))
        .set<abi::InjectHeader::length_bytes>(length_bytes);
    StreamBeat beat;
    for (std::size_t byte = 0; byte < beat.data.size(); ++byte) {
        beat.data[byte] = static_cast<std::uint8_t>(header.words[byte / 8] >> (8 * (byte % 8)));
    }
    beat.keep = ~std::uint64_t{0};
    return beat;
}

CommandRecord command_of(abi::Opcode opcode) {
    return CommandRecord{}.set<abi::Command::opcode>(static_cast<std::uint64_t>(opcode));
}

CommandRecord write_port(int port, const PortSetup& setup) {
    abi::Record<abi::PortEntry> entry;
    entry.set<abi::PortEntry::mac>(setup.mac).set<abi::PortEntry::enabled>(setup.enabled);
    return with_payload(at(abi::Opcode::write_port, static_cast<std::uint32_t>(port)), entry);
}

CommandRecord write_service(std::uint32_t bucket, int way, const ServiceSetup& setup) {
    abi::Record<abi::ServiceEntry> entry;
    entry.set<abi::ServiceEntry::address>(setup.address)
        .set<abi::ServiceEntry::port>(setup.port)
        .set<abi::ServiceEntry::protocol>(setup.protocol)
        .set<abi::ServiceEntry::service>(setup.service)
        .set<abi::ServiceEntry::valid>(1);
    return with_payload(at(abi::Opcode::write_service, bucket, way), entry);
}

CommandRecord write_flow(std::uint32_t bucket, int way, const FlowSetup& setup) {
    abi::Record<abi::FlowEntry> entry;
    entry.set<abi::FlowEntry::client_address>(setup.client_address)
        .set<abi::FlowEntry::client_port>(setup.client_port)
        .set<abi::FlowEntry::service>(setup.service)
        .set<abi::FlowEntry::valid>(1)
        .set<abi::FlowEntry::server>(setup.server)
        .set<abi::FlowEntry::next_hop>(setup.next_hop)
        .set<abi::FlowEntry::method>(static_cast<std::uint64_t>(setup.method));
    return with_payload(at(abi::Opcode::write_flow, bucket, way), entry);
}

CommandRecord write_next_hop(const NextHopSetup& setup) {
    abi::Record<abi::NextHopEntry> entry;
    entry.set<abi::NextHopEntry::destination_mac>(setup.destination_mac)
        .set<abi::NextHopEntry::source_mac>(setup.source_mac)
        .set<abi::NextHopEntry::valid>(1)
        .set<abi::NextHopEntry::port>(setup.port)
        .set<abi::NextHopEntry::tagged>(setup.vlan.has_value())
        .set<abi::NextHopEntry::vlan>(setup.vlan.value_or(0))
        .set<abi::NextHopEntry::mtu>(setup.mtu);
    return with_payload(at(abi::Opcode::write_next_hop, setup.next_hop), entry);
}

CommandRecord set_hash_key(abi::HashKey key) {
    return command_of(abi::Opcode::set_hash_key)
        .set<abi::Command::payload_low>(key.low)
        .set<abi::Command::payload_high>(key.high);
}

CardDataplane::CardDataplane(std::string name, CardStreams& streams)
    : name_(std::move(name)), streams_(streams) {}

void CardDataplane::send(const CommandRecord& command) {
    streams_.give_command(command.words);
}

void CardDataplane::settle() {
    send(command_of(abi::Opcode::echo).set<abi::Command::tag>(kFence + fences_sent_));
    ++fences_sent_;
    for (int round = 0; fences_passed_ < fences_sent_; ++round) {
        if (round == kSettleRoundsMax) {
            throw std::runtime_error("the card does not answer an echo");
        }
        streams_.settle();
        take_events();
    }
}

void CardDataplane::clear() {
    for (const CommandRecord& undo : clearing_) {
        send(undo);
    }
    clearing_.clear();
    flow_places_.clear();
    servers_.clear();
}

void CardDataplane::configure(const Setup& setup) {
    clear();
    send(set_hash_key(hash_key_));
    for (int port = 0; port < abi::kPortsMax; ++port) {
        send(write_port(port, setup.ports[port]));
    }
    for (const NextHopSetup& hop : setup.next_hops) {
        send(write_next_hop(hop));
        clearing_.push_back(at(abi::Opcode::write_next_hop, hop.next_hop));
    }
    Ways service_ways;
    for (const ServiceSetup& service : setup.services) {
        const std::uint32_t bucket =
            abi::service_bucket(service.address, service.port, service.protocol);
        const int way = service_ways.next(bucket);
        send(write_service(bucket, way, service));
        clearing_.push_back(at(abi::Opcode::write_service, bucket, way));
    }
    Ways flow_ways;
    for (const FlowSetup& flow : setup.flows) {
        const std::uint32_t bucket = abi::flow_bucket(
            hash_key_, abi::flow_key(flow.client_address, flow.client_port, flow.service));
        const int way = flow_ways.next(bucket);
        send(write_flow(bucket, way, flow));
        clearing_.push_back(at(abi::Opcode::write_flow, bucket, way));
        const Key key{std::uint64_t{flow.client_address} << 16 | flow.client_port, flow.service};
        flow_places_[key] = Place{bucket, way};
        servers_.push_back(flow.server);
    }
    settle();
}

Observed CardDataplane::run(const std::vector<Received>& frames) {
    for (const Received& received : frames) {
        const FrameInput port = received.port == 0 ? FrameInput::rx_0 : FrameInput::rx_1;
        for (const StreamBeat& beat : beats_of(received.frame)) {
            streams_.give(port, beat);
        }
    }
    return collect();
}

Observed CardDataplane::inject(int port, const FrameBytes& frame) {
    streams_.give(FrameInput::inject, inject_header(port, frame.size()));
    for (const StreamBeat& beat : beats_of(frame)) {
        streams_.give(FrameInput::inject, beat);
    }
    return collect();
}

Observed CardDataplane::collect() {
    settle();
    Observed observed;
    for (const int port : {0, 1}) {
        const FrameOutput output = port == 0 ? FrameOutput::tx_0 : FrameOutput::tx_1;
        for (FrameBytes& frame : frames_of(streams_.take(output))) {
            observed.sent.push_back({port, std::move(frame)});
        }
    }
    observed.punted = punted_of(streams_.take(FrameOutput::punt));
    observed.flow_ends = std::move(flow_ends_);
    flow_ends_.clear();
    return observed;
}

void CardDataplane::take_events() {
    using abi::Event;
    for (const RecordBeat& words : streams_.take_events()) {
        EventRecord event;
        event.words = words;
        const auto kind = static_cast<abi::EventKind>(event.get<Event::kind>());
        if (kind == abi::EventKind::echo && event.get<Event::tag>() >= kFence) {
            ++fences_passed_;
            continue;
        }
        if (kind != abi::EventKind::flow_flags) {
            answers_.push_back(event);
            continue;
        }
        FlowEnd end;
        end.tcp_flags = static_cast<std::uint8_t>(event.get<Event::tcp_flags>());
        end.client_address = static_cast<std::uint32_t>(event.get<Event::client_address>());
        end.client_port = static_cast<std::uint16_t>(event.get<Event::client_port>());
        end.service = static_cast<std::uint16_t>(event.get<Event::service>());
        end.server = static_cast<std::uint16_t>(event.get<Event::server>());
        flow_ends_.push_back(end);
    }
}

std::vector<EventRecord> CardDataplane::command(const std::vector<CommandRecord>& commands) {
    for (const CommandRecord& one : commands) {
        send(one);
    }
    settle();
    return std::exchange(answers_, {});
}

void CardDataplane::set_epoch(std::uint16_t epoch) {
    command({command_of(abi::Opcode::set_epoch).set<abi::Command::index>(epoch)});
}

std::uint16_t CardDataplane::activity(const FlowSetup& flow) {
    const Key key{std::uint64_t{flow.client_address} << 16 | flow.client_port, flow.service};
    const Place place = flow_places_.at(key);
    const auto answers = command({at(abi::Opcode::read_activity, place.bucket, place.way)});
    if (answers.size() != 1) {
        throw std::runtime_error("read_activity has one answer");
    }
    return static_cast<std::uint16_t>(answers[0].get<abi::Event::epoch>());
}

Count CardDataplane::read_count(abi::CounterTable table, std::uint32_t index) {
    std::vector<CommandRecord> reads;
    for (int bank = 0; bank < abi::kCounterBanks; ++bank) {
        reads.push_back(at(abi::Opcode::read_counter, index, bank)
                            .set<abi::Command::table>(static_cast<std::uint64_t>(table)));
    }
    Count count;
    for (const EventRecord& answer : command(reads)) {
        count.packets += answer.get<abi::Event::packets>();
        count.bytes += answer.get<abi::Event::bytes>();
    }
    return count;
}

Counts CardDataplane::counts() {
    Counts counts;
    for (std::uint32_t reason = 0; reason < abi::kReasonsMax; ++reason) {
        const Count count = read_count(abi::CounterTable::reasons, reason);
        if (count != Count{}) {
            counts.reasons[static_cast<abi::Reason>(reason)] = count;
        }
    }
    for (const std::uint16_t server : servers_) {
        const Count count = read_count(abi::CounterTable::servers, server);
        if (count != Count{}) {
            counts.servers[server] = count;
        }
    }
    return counts;
}

}  // namespace fpvs::kit
