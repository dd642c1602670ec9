// SPDX-License-Identifier: Apache-2.0
#include "host/offload/card_ledger.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "hw/abi/abi_hash.hpp"

namespace fpvs::offload {
namespace {

// Whoever changes the meaning of what the file holds without changing the contract of card and host
// counts this up.
constexpr std::uint64_t kForm = 1;

// The tables one after the other, each with as many places as any card has of it.
constexpr std::size_t kPorts = 0;
constexpr std::size_t kHops = kPorts + abi::kPortsMax;
constexpr std::size_t kServers = kHops + abi::kNextHopsMax;
constexpr std::size_t kVirtualEnds = kServers + abi::kServersMax;
constexpr std::size_t kServices = kVirtualEnds + abi::kServicesMax;
constexpr std::size_t kServicePlaces = std::size_t{abi::kServiceBuckets} * abi::kTableWays;
constexpr std::size_t kReplies = kServices + 2 * kServicePlaces;
constexpr std::size_t kReplyPlaces = std::size_t{abi::kReplyBuckets} * abi::kTableWays;
constexpr std::size_t kSteer = kReplies + 2 * kReplyPlaces;
constexpr std::size_t kFlows = kSteer + abi::kSteerWords;

[[nodiscard]] std::size_t flow_places(int buckets_log2) {
    return (std::size_t{1} << buckets_log2) * abi::kFlowBucketWays;
}

[[nodiscard]] std::size_t pages(std::size_t bytes) {
    return (bytes + KeptFile::kPageBytes - 1) / KeptFile::kPageBytes * KeptFile::kPageBytes;
}

[[nodiscard]] bool fits(int buckets_log2) {
    return buckets_log2 >= 0 && buckets_log2 <= abi::kFlowBucketsLog2Max;
}

}  // namespace

std::uint64_t CardLedger::layout() {
    return abi::kAbiHash ^
           (kForm << 32 | sizeof(State) << 16 | sizeof(HopMeaning) << 8 | sizeof(ServerMeaning));
}

std::size_t CardLedger::entries_of(const TableSizes& sizes) {
    return kFlows + flow_places(sizes.flow_buckets_log2) + flow_places(sizes.flow6_buckets_log2);
}

std::size_t CardLedger::size_bytes(const TableSizes& sizes) {
    return pages(sizeof(State)) + pages(kCommandsMax * sizeof(CommandRecord)) +
           pages(abi::kNextHopsMax * sizeof(HopMeaning)) +
           pages(abi::kServersMax * sizeof(ServerMeaning)) +
           pages(entries_of(sizes) * sizeof(Entry));
}

CardLedger::CardLedger(std::unique_ptr<KeptFile> file, const TableSizes& sizes)
    : file_(std::move(file)), sizes_(sizes) {
    std::span<std::byte> rest = file_->bytes().subspan(pages(sizeof(State)));
    const auto take = [&rest]<class T>(std::span<T>& piece, std::size_t count) {
        piece = {reinterpret_cast<T*>(rest.data()), count};
        rest = rest.subspan(pages(count * sizeof(T)));
    };
    take(commands_, kCommandsMax);
    take(hops_, abi::kNextHopsMax);
    take(servers_, abi::kServersMax);
    take(entries_, entries_of(sizes));
}

Result<CardLedger> CardLedger::create(const std::string& path,
                                      const TableSizes& sizes,
                                      Begin begin) {
    FPVS_TRY(auto file, KeptFile::create(path, layout(), size_bytes(sizes)));
    CardLedger ledger(std::move(file), sizes);
    ledger.state() = {.flow_buckets_log2 = sizes.flow_buckets_log2,
                      .flow6_buckets_log2 = sizes.flow6_buckets_log2,
                      .begin = begin};
    return ledger;
}

Result<CardLedger> CardLedger::open(const std::string& path) {
    FPVS_TRY(auto file, KeptFile::open(path, layout()));
    const std::size_t file_bytes = file->bytes().size();
    State state;
    if (file_bytes >= sizeof state) {
        std::memcpy(&state, file->bytes().data(), sizeof state);
    }
    const TableSizes sizes{.flow_buckets_log2 = state.flow_buckets_log2,
                           .flow6_buckets_log2 = state.flow6_buckets_log2};
    if (file_bytes < sizeof state || !fits(state.flow_buckets_log2) ||
        !fits(state.flow6_buckets_log2) || size_bytes(sizes) != file_bytes) {
        return fail(Error{Code::mismatch, "its tables are not as large as it says", path});
    }
    return CardLedger(std::move(file), sizes);
}

void CardLedger::begin(const provider::Bitstream& bitstream,
                       std::uint64_t command_base,
                       abi::HashKey key) {
    State& mine = state();
    mine.uuid[bitstream.uuid.copy(mine.uuid, sizeof mine.uuid - 1)] = '\0';
    mine.path[bitstream.path.copy(mine.path, sizeof mine.path - 1)] = '\0';
    mine.command_base = command_base;
    mine.key = key;
    mine.commands = 0;
}

std::string CardLedger::bitstream_path() const {
    return {state().path, ::strnlen(state().path, sizeof state().path)};
}

std::optional<std::size_t> CardLedger::place_of(const CommandRecord& command) const {
    const std::size_t index = command.get<abi::Command::index>();
    const std::size_t way = command.get<abi::Command::way>();
    const std::size_t bank = command.get<abi::Command::table>() & 1;
    const std::size_t flows6 = kFlows + flow_places(sizes_.flow_buckets_log2);
    switch (static_cast<abi::Opcode>(command.get<abi::Command::opcode>())) {
        case abi::Opcode::write_port:
            return kPorts + index;
        case abi::Opcode::write_next_hop:
            return kHops + index;
        case abi::Opcode::write_server:
            return kServers + index;
        case abi::Opcode::write_virtual_end:
            return kVirtualEnds + index;
        case abi::Opcode::write_service:
            return kServices + bank * kServicePlaces + index * abi::kTableWays + way;
        case abi::Opcode::write_reply:
            return kReplies + bank * kReplyPlaces + index * abi::kTableWays + way;
        case abi::Opcode::write_steer:
            return kSteer + index;
        case abi::Opcode::write_flow:
            return kFlows + index * abi::kFlowBucketWays + way;
        case abi::Opcode::write_flow6:
            return flows6 + index * abi::kFlowBucketWays + way;
        default:
            return std::nullopt;
    }
}

bool CardLedger::note_change(const CommandRecord& command) {
    const auto* payload = command.words.data() + abi::Command::payload_lsb / 64;
    if (const auto place = place_of(command)) {
        const Entry& entry = entries_[*place];
        const bool known = entry.known != 0 || state().begin == Begin::empty;
        if (known && std::equal(payload, payload + kEntryWords, entry.words)) {
            return false;
        }
    }
    note(command);
    return true;
}

void CardLedger::note(const CommandRecord& command) {
    // First the command and its number: what the tables say before that could be taken for true.
    State& mine = state();
    commands_[mine.commands % kCommandsMax] = command;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    ++mine.commands;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    put(command);
}

void CardLedger::put(const CommandRecord& command) {
    const auto* payload = command.words.data() + abi::Command::payload_lsb / 64;
    if (const auto place = place_of(command)) {
        std::copy_n(payload, kEntryWords, entries_[*place].words);
        entries_[*place].known = 1;
        return;
    }
    const auto index = static_cast<std::uint32_t>(command.get<abi::Command::index>());
    switch (static_cast<abi::Opcode>(command.get<abi::Command::opcode>())) {
        case abi::Opcode::set_version:
            state().version = index;
            return;
        case abi::Opcode::set_epoch:
            state().epoch = index;
            return;
        default:
            return;
    }
}

void CardLedger::note_hop(std::uint16_t number,
                          const NextHopKey& key,
                          const model::IpAddress& target) {
    hops_[number] = {.key = key, .target = target};
}

void CardLedger::note_server(engine::ServerIndex server,
                             engine::ServiceIndex service,
                             const model::ServerKey& key) {
    servers_[server] = {.service = service, .key = key};
}

void CardLedger::go_on_from(const CardLedger& before) {
    State& mine = state();
    mine.begin = before.state().begin;
    mine.version = before.state().version;
    mine.epoch = before.state().epoch;
    std::copy(before.hops_.begin(), before.hops_.end(), hops_.begin());
    std::copy(before.servers_.begin(), before.servers_.end(), servers_.begin());
    for (std::size_t place = 0; place < entries_.size(); ++place) {
        // Pages that were never touched stay so.
        if (before.entries_[place].known != 0) {
            entries_[place] = before.entries_[place];
        }
    }
}

std::optional<std::string> CardLedger::mismatch(const std::string& uuid,
                                                const TableSizes& sizes,
                                                const provider::CardPast& past) const {
    const State& mine = state();
    const std::string loaded(mine.uuid, ::strnlen(mine.uuid, sizeof mine.uuid));
    if (uuid.substr(0, sizeof mine.uuid - 1) != loaded) {
        return fmt::format("it is of another bitstream, {}", loaded);
    }
    if (sizes.flow_buckets_log2 != sizes_.flow_buckets_log2 ||
        sizes.flow6_buckets_log2 != sizes_.flow6_buckets_log2) {
        return "the card has tables of other sizes";
    }
    if (!past.running) {
        return past.used ? "its host has stopped the card" : "the card was loaded anew since";
    }
    if (past.commands_taken != past.commands_published) {
        return fmt::format("the card has taken {} of {} commands, and takes no more",
                           past.commands_taken,
                           past.commands_published);
    }
    if (past.command_base != mine.command_base ||
        mine.commands - past.commands_published > kCommandsMax) {
        return "another host has had the card since";
    }
    return std::nullopt;
}

std::vector<CommandRecord> CardLedger::take_untold(const provider::CardPast& past) {
    std::vector<CommandRecord> untold;
    for (std::uint32_t index = past.commands_published; index != state().commands; ++index) {
        const CommandRecord& command = commands_[index % kCommandsMax];
        put(command);
        const auto opcode = static_cast<abi::Opcode>(command.get<abi::Command::opcode>());
        if (opcode != abi::Opcode::echo && opcode != abi::Opcode::read_activity &&
            opcode != abi::Opcode::read_counter) {
            untold.push_back(command);
        }
    }
    return untold;
}

template <class Layout>
abi::Record<Layout> CardLedger::at(std::size_t place) const {
    abi::Record<Layout> record;
    std::copy_n(entries_[place].words, record.words.size(), record.words.begin());
    return record;
}

bool CardLedger::was_told_of_hop(std::uint16_t number) const {
    return entries_[kHops + number].known != 0;
}

NextHopRecord CardLedger::hop(std::uint16_t number) const {
    return at<abi::NextHopEntry>(kHops + number);
}

const NextHopKey& CardLedger::hop_key(std::uint16_t number) const {
    return hops_[number].key;
}

const model::IpAddress& CardLedger::hop_target(std::uint16_t number) const {
    return hops_[number].target;
}

ServerRecord CardLedger::server(engine::ServerIndex server) const {
    return at<abi::ServerEntry>(kServers + server);
}

bool CardLedger::was_told_of(engine::ServerIndex server) const {
    return entries_[kServers + server].known != 0;
}

engine::ServiceIndex CardLedger::service_of(engine::ServerIndex server) const {
    return servers_[server].service;
}

const model::ServerKey& CardLedger::key_of(engine::ServerIndex server) const {
    return servers_[server].key;
}

abi::Record<abi::ServiceEntry> CardLedger::service(std::uint32_t position,
                                                   std::uint32_t bank) const {
    return at<abi::ServiceEntry>(kServices + bank * kServicePlaces + position);
}

abi::Record<abi::FlowEntry> CardLedger::flow(std::uint32_t bucket, std::uint32_t way) const {
    return at<abi::FlowEntry>(kFlows + std::size_t{bucket} * abi::kFlowBucketWays + way);
}

abi::Record<abi::Flow6Entry> CardLedger::flow6(std::uint32_t bucket, std::uint32_t way) const {
    return at<abi::Flow6Entry>(kFlows + flow_places(sizes_.flow_buckets_log2) +
                               std::size_t{bucket} * abi::kFlowBucketWays + way);
}

}  // namespace fpvs::offload
