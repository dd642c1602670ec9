// SPDX-License-Identifier: Apache-2.0
#include "host/offload/card_tables.hpp"

#include <utility>

#include "host/util/check.hpp"

namespace fpvs::offload {
namespace {

constexpr std::uint64_t kValid = std::uint64_t{1} << abi::FlowEntry::valid::lsb;

std::uint32_t bucket_of(std::uint32_t position) {
    return position / abi::kTableWays;
}

std::uint32_t way_of(std::uint32_t position) {
    return position % abi::kTableWays;
}

template <class Entry>
void set_payload(CommandRecord& command, const abi::Record<Entry>& entry) {
    command.set<abi::Command::payload_low>(entry.words[0]);
    if constexpr (abi::Record<Entry>::kWords > 1) {
        command.set<abi::Command::payload_high>(entry.words[1]);
    }
}

}  // namespace

CardTables::CardTables(abi::HashKey key)
    : hash_key_(key),
      flows_(abi::kFlowsMax),
      servers_(abi::kServersMax),
      services_(abi::kServicesMax),
      service_positions_(abi::kServicesMax, kNoPosition),
      next_hops_(abi::kNextHopsMax),
      next_hop_uses_(abi::kNextHopsMax, 0),
      next_hop_owners_(abi::kNextHopsMax, 0),
      next_hop_writes_(abi::kNextHopsMax),
      flow_writes_(abi::kFlowsMax),
      service_writes_(abi::kServicesMax) {
    free_next_hops_.reserve(abi::kNextHopsMax);
    for (int index = abi::kNextHopsMax; index-- > 0;) {
        free_next_hops_.push_back(static_cast<std::uint16_t>(index));
    }
}

void CardTables::write_everything() {
    for (std::uint32_t index = 0; index < next_hops_.size(); ++index) {
        next_hop_writes_.push(index);
    }
    for (std::uint32_t position = 0; position < flows_.size(); ++position) {
        flow_writes_.push(position);
    }
    for (std::uint32_t position = 0; position < services_.size(); ++position) {
        service_writes_.push(position);
    }
}

bool CardTables::add_service(engine::ServiceIndex service, const model::ServiceKey& key) {
    if (service >= service_positions_.size()) {
        return false;
    }
    remove_service(service);
    const auto protocol = static_cast<std::uint8_t>(key.protocol);
    const std::uint32_t first =
        abi::service_bucket(key.address.ipv4().value, key.port, protocol) * abi::kTableWays;
    for (std::uint32_t position = first; position < first + abi::kTableWays; ++position) {
        Service& entry = services_[position];
        if (entry.used) {
            continue;
        }
        entry.used = true;
        entry.entry.set<abi::ServiceEntry::address>(key.address.ipv4().value)
            .set<abi::ServiceEntry::port>(key.port)
            .set<abi::ServiceEntry::protocol>(protocol)
            .set<abi::ServiceEntry::valid>(1)
            .set<abi::ServiceEntry::service>(service);
        service_positions_[service] = position;
        service_writes_.push(position);
        return true;
    }
    return false;
}

void CardTables::remove_service(engine::ServiceIndex service) {
    if (!has_service(service)) {
        return;
    }
    const std::uint32_t position = std::exchange(service_positions_[service], kNoPosition);
    services_[position] = Service{};
    service_writes_.push(position);
}

bool CardTables::has_service(engine::ServiceIndex service) const {
    return service < service_positions_.size() && service_positions_[service] != kNoPosition;
}

void CardTables::name_server(engine::ServerIndex server, model::Ipv4 address) {
    Server& named = servers_[server];
    if (named.address != address) {
        named.address = address;
        named.next_hop = kNoNextHop;
    }
}

model::Ipv4 CardTables::server_address(engine::ServerIndex server) const {
    return servers_[server].address;
}

bool CardTables::has_next_hop(engine::ServerIndex server) const {
    return servers_[server].next_hop != kNoNextHop;
}

void CardTables::set_next_hop(engine::ServerIndex server, const NextHopRecord& record) {
    const std::uint16_t index = servers_[server].next_hop;
    if (index != kNoNextHop && !(next_hops_[index] == record)) {
        next_hops_[index] = record;
        next_hop_writes_.push(index);
    }
}

std::uint16_t CardTables::take_next_hop(engine::ServerIndex server, const NextHopRecord& record) {
    Server& owner = servers_[server];
    if (owner.next_hop == kNoNextHop && !free_next_hops_.empty()) {
        owner.next_hop = free_next_hops_.back();
        free_next_hops_.pop_back();
        next_hop_owners_[owner.next_hop] = static_cast<std::uint16_t>(server);
        next_hops_[owner.next_hop] = record;
        next_hop_writes_.push(owner.next_hop);
    }
    return owner.next_hop;
}

void CardTables::release(std::uint16_t next_hop) {
    if (next_hop == kNoNextHop || --next_hop_uses_[next_hop] != 0) {
        return;
    }
    Server& owner = servers_[next_hop_owners_[next_hop]];
    if (owner.next_hop == next_hop) {
        owner.next_hop = kNoNextHop;
    }
    free_next_hops_.push_back(next_hop);
}

std::uint64_t CardTables::valid_key(const FlowKey& key) const {
    return abi::flow_key(
               key.client_address.value, key.client_port, static_cast<std::uint16_t>(key.service)) |
           kValid;
}

std::uint32_t CardTables::position_of(const FlowKey& key, std::uint64_t wanted) const {
    const std::uint32_t first =
        abi::flow_bucket(hash_key_, valid_key(key) & ~kValid) * abi::kTableWays;
    for (std::uint32_t position = first; position < first + abi::kTableWays; ++position) {
        if (flows_[position].key == wanted) {
            return position;
        }
    }
    return kNoPosition;
}

std::optional<FlowRefusal> CardTables::add_flow(const FlowKey& key,
                                                engine::ServerIndex server,
                                                abi::Method method,
                                                engine::ConnectionHandle connection,
                                                std::uint16_t epoch,
                                                const NextHopRecord& next_hop) {
    FPVS_CHECK(server < servers_.size() && key.service < service_positions_.size());
    // A connection that took another's place without a word takes its way too.
    remove_flow(key);
    const std::uint32_t position = position_of(key, 0);
    if (position == kNoPosition) {
        return FlowRefusal::bucket_full;
    }
    const std::uint16_t hop = take_next_hop(server, next_hop);
    if (hop == kNoNextHop) {
        return FlowRefusal::next_hops_full;
    }
    ++next_hop_uses_[hop];
    Flow& flow = flows_[position];
    flow.key = valid_key(key);
    flow.connection = connection.value();
    flow.server = static_cast<std::uint16_t>(server);
    flow.next_hop = hop;
    flow.offered_epoch = epoch;
    flow.method = method;
    ++servers_[server].flows;
    ++flow_count_;
    flow_writes_.push(position);
    return std::nullopt;
}

bool CardTables::remove_flow(const FlowKey& key) {
    const std::uint32_t position = position_of(key, valid_key(key));
    if (position == kNoPosition) {
        return false;
    }
    Flow& flow = flows_[position];
    --servers_[flow.server].flows;
    --flow_count_;
    release(flow.next_hop);
    // What the card still holds is remembered until it is overwritten.
    flow = Flow{.next_hop_on_card = flow.next_hop_on_card};
    flow_writes_.push(position);
    return true;
}

std::optional<FlowPlace> CardTables::find_flow(const FlowKey& key) const {
    const std::uint32_t position = position_of(key, valid_key(key));
    if (position == kNoPosition) {
        return std::nullopt;
    }
    return flow_at(bucket_of(position), way_of(position));
}

std::optional<FlowPlace> CardTables::flow_at(std::uint32_t bucket, std::uint32_t way) const {
    if (bucket >= abi::kFlowBuckets || way >= abi::kTableWays) {
        return std::nullopt;
    }
    const Flow& flow = flows_[bucket * abi::kTableWays + way];
    if (flow.key == 0) {
        return std::nullopt;
    }
    return FlowPlace{.bucket = bucket,
                     .way = way,
                     .connection = engine::ConnectionHandle::from_value(flow.connection),
                     .offered_epoch = flow.offered_epoch};
}

std::uint32_t CardTables::flows_of(engine::ServerIndex server) const {
    return servers_[server].flows;
}

bool CardTables::next_write(CommandRecord& command) {
    command = CommandRecord{};
    if (const auto index = next_hop_writes_.pop()) {
        write_next_hop(command, *index);
        return true;
    }
    if (const auto position = flow_writes_.pop()) {
        write_flow(command, *position);
        return true;
    }
    if (const auto position = service_writes_.pop()) {
        write_service(command, *position);
        return true;
    }
    return false;
}

void CardTables::write_next_hop(CommandRecord& command, std::uint32_t index) const {
    command.set<abi::Command::opcode>(static_cast<std::uint64_t>(abi::Opcode::write_next_hop));
    command.set<abi::Command::index>(index);
    set_payload(command, next_hops_[index]);
}

void CardTables::write_flow(CommandRecord& command, std::uint32_t position) {
    Flow& flow = flows_[position];
    abi::Record<abi::FlowEntry> entry;
    if (flow.key != 0) {
        entry.words[0] = flow.key;
        entry.set<abi::FlowEntry::server>(flow.server)
            .set<abi::FlowEntry::next_hop>(flow.next_hop)
            .set<abi::FlowEntry::method>(static_cast<std::uint64_t>(flow.method));
        ++next_hop_uses_[flow.next_hop];
    }
    const std::uint16_t overwritten = flow.next_hop_on_card;
    flow.next_hop_on_card = flow.next_hop;
    release(overwritten);
    command.set<abi::Command::opcode>(static_cast<std::uint64_t>(abi::Opcode::write_flow));
    command.set<abi::Command::index>(bucket_of(position));
    command.set<abi::Command::way>(way_of(position));
    set_payload(command, entry);
}

void CardTables::write_service(CommandRecord& command, std::uint32_t position) const {
    command.set<abi::Command::opcode>(static_cast<std::uint64_t>(abi::Opcode::write_service));
    command.set<abi::Command::index>(bucket_of(position));
    command.set<abi::Command::way>(way_of(position));
    set_payload(command, services_[position].entry);
}

}  // namespace fpvs::offload
