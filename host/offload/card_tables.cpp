// SPDX-License-Identifier: Apache-2.0
// What shall be.  How it becomes commands is in card_writes.cpp.
#include "host/offload/card_tables.hpp"

#include <algorithm>

#include "host/util/check.hpp"

namespace fpvs::offload {
namespace {

struct Halves {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

[[nodiscard]] Halves halves_of(const model::IpAddress& address) {
    const auto& words = address.words;
    if (address.is_ipv4()) {
        return {.low = words[0], .high = 0};
    }
    return {.low = std::uint64_t{words[2]} << 32 | words[3],
            .high = std::uint64_t{words[0]} << 32 | words[1]};
}

// Services and replies are found by an end, in fields of the same names.
template <class Layout>
void set_end(abi::Record<Layout>& record,
             const model::IpAddress& address,
             std::uint16_t port,
             model::Protocol protocol) {
    const Halves halves = halves_of(address);
    record.template set<typename Layout::address_low>(halves.low)
        .template set<typename Layout::address_high>(halves.high)
        .template set<typename Layout::port>(port)
        .template set<typename Layout::protocol>(static_cast<std::uint64_t>(protocol))
        .template set<typename Layout::ipv6>(address.is_ipv6() ? 1 : 0)
        .template set<typename Layout::valid>(1);
}

template <class Key>
[[nodiscard]] Key card_key(const FlowKey& key) {
    return Key::make(key.client_address, key.client_port, key.service, key.reply);
}

}  // namespace

CardTables::CardTables(abi::HashKey key, const TableSizes& sizes)
    : flows_(key, sizes.flow_buckets_log2),
      flows6_(key, sizes.flow6_buckets_log2),
      servers_(abi::kServersMax),
      services_(abi::kServicesMax),
      service_table_(abi::kServiceBuckets),
      reply_table_(abi::kReplyBuckets),
      steer_words_(abi::kSteerWords, kNoSteerServer),
      regions_(abi::kSteerWords),
      server_writes_(abi::kServersMax),
      renamed_servers_(abi::kServersMax),
      virtual_end_writes_(abi::kServicesMax),
      steer_writes_(abi::kSteerWords),
      cursor_writes_(abi::kCursorsMax),
      young_clears_(abi::kYoungMax) {
    for (int cursor = abi::kCursorsMax; cursor-- > 0;) {
        free_cursors_.push_back(static_cast<std::uint8_t>(cursor));
    }
}

void CardTables::write_everything() {
    put_everything();
    sweep_young(abi::kYoungMax);
}

// Steer words mean nothing until a service names them, and are written then.
void CardTables::put_everything() {
    for (std::uint32_t index = 0; index < next_hops_.size(); ++index) {
        next_hops_.writes().push(index);
    }
    for (std::uint32_t index = 0; index < servers_.size(); ++index) {
        server_writes_.push(index);
    }
    for (std::uint32_t place = 0; place < flows_.size(); ++place) {
        flows_.writes().push(place);
    }
    for (std::uint32_t place = 0; place < flows6_.size(); ++place) {
        flows6_.writes().push(place);
    }
    for (std::uint32_t index = 0; index < services_.size(); ++index) {
        virtual_end_writes_.push(index);
    }
    service_table_.put_everything();
    reply_table_.put_everything();
    version_due_ = true;
}

// --- Services.

bool CardTables::add_service(engine::ServiceIndex service, const model::ServiceKey& key) {
    if (service >= services_.size()) {
        return false;
    }
    remove_service(service);
    const Halves halves = halves_of(key.address);
    ServiceTable::Record record;
    set_end(record, key.address, key.port, key.protocol);
    record.set<abi::ServiceEntry::service>(service);
    const auto position = service_table_.add(
        abi::service_bucket(
            halves.high, halves.low, key.port, static_cast<std::uint8_t>(key.protocol)),
        record);
    if (!position) {
        return false;
    }
    Service& added = services_[service];
    added.position = *position;
    added.virtual_end.set<abi::VirtualEndEntry::address_low>(halves.low)
        .set<abi::VirtualEndEntry::address_high>(halves.high)
        .set<abi::VirtualEndEntry::port>(key.port);
    virtual_end_writes_.push(service);
    version_due_ = true;
    return true;
}

void CardTables::remove_service(engine::ServiceIndex service) {
    if (!has_service(service)) {
        return;
    }
    Service& removed = services_[service];
    retire_steering(removed);
    service_table_.put(removed.position, {});
    removed.position = kNoPosition;
    version_due_ = true;
}

bool CardTables::has_service(engine::ServiceIndex service) const {
    return service < services_.size() && services_[service].position != kNoPosition;
}

void CardTables::retire_steering(Service& service) {
    if (service.steering.kind != abi::Steer::none) {
        retired_.push_back({service.region, service.cursor});
    }
    service.steering = {};
    service.region = {};
    service.cursor = kNoCursor;
}

std::optional<SteerRefusal> CardTables::set_steering(engine::ServiceIndex service,
                                                     const SteerTable& table) {
    FPVS_CHECK(has_service(service) && table.kind != abi::Steer::none && !table.servers.empty() &&
               table.servers.size() <= abi::kSteerSizeMax);
    FPVS_CHECK(table.kind != abi::Steer::maglev ||
               abi::steer_reciprocal(static_cast<std::uint32_t>(table.servers.size())) >>
                       abi::ServiceEntry::steer_reciprocal::width ==
                   0);
    Service& steered = services_[service];
    if (steered.steering == table && table.kind != abi::Steer::in_turn) {
        return std::nullopt;
    }
    const bool in_turn = table.kind == abi::Steer::in_turn;
    if (in_turn && free_cursors_.empty()) {
        clear_steering(service);
        return SteerRefusal::cursors_full;
    }
    const auto size = static_cast<std::uint32_t>(table.servers.size());
    const auto region = regions_.take(size);
    if (!region) {
        clear_steering(service);
        return SteerRefusal::words_full;
    }
    retire_steering(steered);
    steered.region = *region;
    steered.steering = table;
    for (std::uint32_t i = 0; i < size; ++i) {
        steer_words_[region->base + i] = table.servers[i];
        steer_writes_.push(region->base + i);
    }
    // A cursor of its own, so that the sequence before goes on until the version changes.
    if (in_turn) {
        steered.cursor = free_cursors_.back();
        free_cursors_.pop_back();
        cursor_writes_.push(steered.cursor);
    }
    ServiceTable::Record record = service_table_.at(steered.position);
    record.set<abi::ServiceEntry::steer>(static_cast<std::uint64_t>(table.kind))
        .set<abi::ServiceEntry::steer_port>(table.use_port ? 1 : 0)
        .set<abi::ServiceEntry::steer_base>(region->base)
        .set<abi::ServiceEntry::steer_size>(size)
        .set<abi::ServiceEntry::steer_reciprocal>(
            table.kind == abi::Steer::maglev ? abi::steer_reciprocal(size) : 0)
        .set<abi::ServiceEntry::cursor>(in_turn ? steered.cursor : 0);
    service_table_.put(steered.position, record);
    version_due_ = true;
    return std::nullopt;
}

void CardTables::clear_steering(engine::ServiceIndex service) {
    if (steering_of(service) == abi::Steer::none) {
        return;
    }
    Service& cleared = services_[service];
    retire_steering(cleared);
    ServiceTable::Record record = service_table_.at(cleared.position);
    record.set<abi::ServiceEntry::steer>(0)
        .set<abi::ServiceEntry::steer_port>(0)
        .set<abi::ServiceEntry::steer_base>(0)
        .set<abi::ServiceEntry::steer_size>(0)
        .set<abi::ServiceEntry::steer_reciprocal>(0)
        .set<abi::ServiceEntry::cursor>(0);
    service_table_.put(cleared.position, record);
    version_due_ = true;
}

abi::Steer CardTables::steering_of(engine::ServiceIndex service) const {
    return has_service(service) ? services_[service].steering.kind : abi::Steer::none;
}

std::uint32_t CardTables::steer_words_of(engine::ServiceIndex service) const {
    return has_service(service) ? services_[service].region.size : 0;
}

// --- Servers.

void CardTables::name_server(engine::ServerIndex server,
                             engine::ServiceIndex service,
                             const model::ServerKey& key) {
    Server& named = servers_[server];
    if (named.service == service && named.key == key) {
        return;
    }
    clear_reply_end(server);
    // Nobody can refer to a number that meant nothing.
    if (named.service != engine::kNoIndex) {
        server_writes_.push(server);
        renamed_servers_.push(server);
        sweep_young(abi::kYoungMax);
    }
    next_hops_.release(std::exchange(named.next_hop, kNoNextHop));
    named.record = {};
    named.service = service;
    named.key = key;
}

void CardTables::set_server(engine::ServerIndex server,
                            ServerRecord record,
                            std::uint16_t next_hop) {
    Server& changed = servers_[server];
    record.set<abi::ServerEntry::next_hop>(next_hop == kNoNextHop ? 0 : next_hop);
    if (next_hop == kNoNextHop) {
        record.set<abi::ServerEntry::valid>(0);
    }
    next_hops_.release(std::exchange(changed.next_hop, next_hop));
    if (!(changed.record == record)) {
        changed.record = record;
        server_writes_.push(server);
    }
}

bool CardTables::set_reply_end(engine::ServerIndex server,
                               const model::ServerKey& end,
                               model::Protocol protocol,
                               bool full_nat,
                               bool available) {
    Server& owner = servers_[server];
    const ReplyEnd wanted{end, protocol};
    if (owner.reply_end && *owner.reply_end != wanted) {
        clear_reply_end(server);
    }
    owner.full_nat = full_nat;
    owner.available = available;
    ReplyUsers& users = reply_ends_[wanted];
    if (!owner.reply_end) {
        owner.reply_end = wanted;
        users.servers.push_back(server);
    }
    return settle_reply_end(wanted, users);
}

void CardTables::clear_reply_end(engine::ServerIndex server) {
    Server& owner = servers_[server];
    if (!owner.reply_end) {
        return;
    }
    const ReplyEnd end = *owner.reply_end;
    owner.reply_end.reset();
    const auto users = reply_ends_.find(end);
    std::erase(users->second.servers, server);
    settle_reply_end(end, users->second);
    if (users->second.servers.empty()) {
        reply_ends_.erase(users);
    }
}

bool CardTables::settle_reply_end(const ReplyEnd& end, ReplyUsers& users) {
    const auto is_available = [this](engine::ServerIndex server) {
        return servers_[server].available;
    };
    std::optional<engine::ServerIndex> owner;
    const auto available = std::count_if(users.servers.begin(), users.servers.end(), is_available);
    if (available == 1) {
        owner = *std::find_if(users.servers.begin(), users.servers.end(), is_available);
    } else if (available == 0 && users.servers.size() == 1) {
        owner = users.servers.front();
    }
    ReplyTable::Record record;
    if (owner) {
        set_end(record, end.end.address, end.end.port, end.protocol);
        record.set<abi::ReplyEntry::service>(servers_[*owner].service)
            .set<abi::ReplyEntry::server>(*owner)
            .set<abi::ReplyEntry::full_nat>(servers_[*owner].full_nat ? 1 : 0);
    }
    if (users.position != kNoPosition) {
        if (reply_table_.at(users.position) == record) {
            return true;
        }
        reply_table_.put(users.position, record);
        users.position = owner ? users.position : kNoPosition;
        version_due_ = true;
        return true;
    }
    if (!owner) {
        return true;
    }
    const Halves halves = halves_of(end.end.address);
    const auto position = reply_table_.add(
        abi::reply_bucket(
            halves.high, halves.low, end.end.port, static_cast<std::uint8_t>(end.protocol)),
        record);
    if (!position) {
        return false;
    }
    users.position = *position;
    version_due_ = true;
    return true;
}

// --- Flows.

template <class Key>
bool CardTables::add_to(FlowTable<Key>& table, const FlowKey& key, const Flow& flow) {
    // A connection that took another's place without a word takes its way too.
    remove_from(table, key);
    if (table.insert(card_key<Key>(key), flow, epoch_) == FlowTable<Key>::kNowhere) {
        return false;
    }
    ++servers_[flow.server].flows;
    return true;
}

template <class Key>
bool CardTables::remove_from(FlowTable<Key>& table, const FlowKey& key) {
    const std::uint32_t place = table.find(card_key<Key>(key));
    if (place == FlowTable<Key>::kNowhere) {
        return false;
    }
    const Flow& flow = table.at(place).flow;
    --servers_[flow.server].flows;
    next_hops_.release(flow.reply_hop);
    table.remove(place);
    return true;
}

bool CardTables::add_flow(const FlowKey& key, const Flow& flow) {
    FPVS_CHECK(flow.server < servers_.size() && key.service < services_.size());
    return key.client_address.is_ipv4() ? add_to(flows_, key, flow) : add_to(flows6_, key, flow);
}

bool CardTables::remove_flow(const FlowKey& key) {
    return key.client_address.is_ipv4() ? remove_from(flows_, key) : remove_from(flows6_, key);
}

Flow* CardTables::flow_of(const FlowKey& key, bool rewrite) {
    const auto find_in = [&]<class Key>(FlowTable<Key>& table) -> Flow* {
        const std::uint32_t place = table.find(card_key<Key>(key));
        if (place == FlowTable<Key>::kNowhere) {
            return nullptr;
        }
        if (rewrite) {
            table.rewrite(place);
        }
        return &table.flow_at(place);
    };
    return key.client_address.is_ipv4() ? find_in(flows_) : find_in(flows6_);
}

void CardTables::set_reply_hop(const FlowKey& key, std::uint16_t reply_hop) {
    if (Flow* flow = flow_of(key, true)) {
        next_hops_.release(std::exchange(flow->reply_hop, reply_hop));
    } else {
        next_hops_.release(reply_hop);
    }
}

void CardTables::note_hit(const FlowKey& key, std::uint32_t epoch, std::uint16_t stamp) {
    if (Flow* flow = flow_of(key, false)) {
        flow->hit_epoch = epoch;
        flow->stamp = stamp;
    }
}

template <class Key>
std::optional<FlowView> CardTables::view_of(const FlowTable<Key>& table, std::uint32_t place) {
    if (place == FlowTable<Key>::kNowhere || table.at(place).key.is_empty()) {
        return std::nullopt;
    }
    const auto& [key, flow] = table.at(place);
    return FlowView{.key = {.client_address = key.client_address(),
                            .client_port = key.client_port(),
                            .service = key.service(),
                            .reply = key.is_reply()},
                    .place = {.ipv6 = std::is_same_v<Key, Ipv6FlowKey>,
                              .bucket = table.bucket_of(place),
                              .way = table.way_of(place)},
                    .flow = flow};
}

std::optional<FlowView> CardTables::find_flow(const FlowKey& key) const {
    return key.client_address.is_ipv4()
               ? view_of(flows_, flows_.find(card_key<Ipv4FlowKey>(key)))
               : view_of(flows6_, flows6_.find(card_key<Ipv6FlowKey>(key)));
}

std::optional<FlowView> CardTables::flow_at(const FlowPlace& place) const {
    return place.ipv6 ? view_of(flows6_, flows6_.place_of(place.bucket, place.way))
                      : view_of(flows_, flows_.place_of(place.bucket, place.way));
}

std::optional<FlowView> CardTables::flow_at(std::size_t position) const {
    return position < flows_.size()
               ? view_of(flows_, static_cast<std::uint32_t>(position))
               : view_of(flows6_, static_cast<std::uint32_t>(position - flows_.size()));
}

void CardTables::sweep_young(std::uint32_t count) {
    for (; count > 0; --count) {
        young_clears_.push(young_next_);
        young_next_ = (young_next_ + 1) % abi::kYoungMax;
    }
}

}  // namespace fpvs::offload
