// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/card_dataplane.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "hw/abi/rings.hpp"

namespace fpvs::kit {
namespace {

// Tags of the echoes that settle() sends.
constexpr std::uint64_t kFence = std::uint64_t{1} << 63;
constexpr int kSettleRoundsMax = 100000;

template <class Layout>
abi::Record<Layout> record_of(const StreamBeat& beat) {
    abi::Record<Layout> record;
    for (std::size_t byte = 0; byte < beat.data.size(); ++byte) {
        record.words[byte / 8] |= std::uint64_t{beat.data[byte]} << (8 * (byte % 8));
    }
    return record;
}

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

FlowNews news_of(const EventRecord& event) {
    using abi::Event;
    FlowNews news;
    news.tcp_flags = static_cast<std::uint8_t>(event.get<Event::tcp_flags>());
    news.client.low = event.get<Event::client_address_low>();
    news.client.high = event.get<Event::client_address_high>();
    news.client.ipv6 = event.get<Event::ipv6>() == 1;
    news.client_port = static_cast<std::uint16_t>(event.get<Event::client_port>());
    news.service = static_cast<std::uint16_t>(event.get<Event::service>());
    news.server = static_cast<std::uint16_t>(event.get<Event::server>());
    news.from_server = event.get<Event::from_server>() == 1;
    return news;
}

}  // namespace

// A frame's beats, then its header, which has TLAST.
std::vector<Punted> punted_of(const std::deque<StreamBeat>& beats, bool control) {
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
        out.version = static_cast<int>(header.get<abi::PuntHeader::version>());
        out.control = control;
        out.frame = std::move(frame);
        frame.clear();
        punted.push_back(std::move(out));
    }
    if (!frame.empty()) {
        throw std::runtime_error("a punted frame without its header");
    }
    return punted;
}

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
    for (const FlowSetup& flow : std::exchange(flows_, {})) {
        remove_flow(flow);
    }
    for (const CommandRecord& undo : std::exchange(clearing_, {})) {
        send(undo);
    }
    const bool schedules = std::any_of(
        setup_.services.begin(), setup_.services.end(), [](const ServiceSetup& service) {
            return service.steer.kind != abi::Steer::none;
        });
    for (std::uint32_t place = 0; schedules && place < abi::kYoungMax; ++place) {
        send(at(abi::Opcode::clear_young, place));
    }
    settle();
}

void CardDataplane::configure(const Setup& setup) {
    clear();
    setup_ = setup;
    send(set_hash_key(hash_key_));
    for (int port = 0; port < abi::kPortsMax; ++port) {
        send(write_port(port, setup.ports[port]));
    }
    bank_ = 1 - bank_;
    TableCommands tables = table_commands(setup, bank_);
    for (const CommandRecord& write : tables.writes) {
        send(write);
    }
    clearing_ = std::move(tables.clears);
    for (const FlowSetup& flow : setup.flows) {
        add_flow(flow);
    }
    for (const ServiceSetup& service : setup.services) {
        if (service.steer.kind == abi::Steer::in_turn) {
            send(at(abi::Opcode::set_cursor, service.steer.cursor));
        }
    }
    send(at(abi::Opcode::set_version, static_cast<std::uint32_t>(bank_)));
    settle();
}

void CardDataplane::add_flow(const FlowSetup& flow) {
    const FlowPlace place = places_.add(flow);
    send(write_flow(place.bucket, place.way, flow));
    flows_.push_back(flow);
}

void CardDataplane::remove_flow(const FlowSetup& flow) {
    const FlowPlace place = places_.of(flow);
    const auto opcode = flow.client.ipv6 ? abi::Opcode::write_flow6 : abi::Opcode::write_flow;
    send(at(opcode, place.bucket, place.way));
    places_.remove(flow);
    std::erase_if(flows_, [&](const FlowSetup& one) { return key_of(one) == key_of(flow); });
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
    for (const bool control : {false, true}) {
        const FrameOutput output = control ? FrameOutput::control : FrameOutput::punt;
        for (Punted& punted : punted_of(streams_.take(output), control)) {
            observed.punted.push_back(std::move(punted));
        }
    }
    observed.ends = std::exchange(ends_, {});
    observed.learned = std::exchange(learned_, {});
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
        } else if (kind == abi::EventKind::flow_flags) {
            ends_.push_back(news_of(event));
        } else if (kind == abi::EventKind::learned) {
            learned_.push_back(news_of(event));
        } else {
            answers_.push_back(event);
        }
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
    command({at(abi::Opcode::set_epoch, epoch)});
}

std::uint16_t CardDataplane::activity(const FlowSetup& flow) {
    const FlowPlace place = places_.of(flow);
    const int table = flow.client.ipv6 ? 1 : 0;
    const auto answers = command({at(abi::Opcode::read_activity, place.bucket, place.way, table)});
    if (answers.size() != 1) {
        throw std::runtime_error("read_activity has one answer");
    }
    return static_cast<std::uint16_t>(answers[0].get<abi::Event::epoch>());
}

Count CardDataplane::read_count(abi::CounterTable table, std::uint32_t index) {
    std::vector<CommandRecord> reads;
    for (int bank = 0; bank < abi::kCounterBanks; ++bank) {
        reads.push_back(at(abi::Opcode::read_counter, index, bank, static_cast<int>(table)));
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
    const auto read = [this](abi::CounterTable table, auto& into, auto key) {
        const Count count = read_count(table, static_cast<std::uint32_t>(key));
        if (count != Count{}) {
            into[key] = count;
        }
    };
    for (std::uint32_t reason = 0; reason < abi::kReasonsMax; ++reason) {
        read(abi::CounterTable::reasons, counts.reasons, static_cast<abi::Reason>(reason));
    }
    for (const ServerSetup& server : setup_.servers) {
        read(abi::CounterTable::servers, counts.servers, server.server);
        read(abi::CounterTable::replies, counts.replies, server.server);
    }
    for (const ServiceSetup& service : setup_.services) {
        read(abi::CounterTable::services, counts.services, service.service);
    }
    return counts;
}

}  // namespace fpvs::kit
