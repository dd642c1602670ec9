// SPDX-License-Identifier: Apache-2.0
#include "host/engine/service_table.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "host/model/limits.hpp"
#include "host/util/check.hpp"

namespace fpvs::engine {
namespace {

constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio.

[[nodiscard]] std::uint64_t mix(std::uint64_t value) {
    value *= kOdd;
    return value ^ value >> 32;
}

[[nodiscard]] std::uint32_t folded(const model::IpAddress& address) {
    const auto& words = address.words;
    return words[0] ^ words[1] ^ words[2] ^ words[3];
}

[[nodiscard]] Status check(const model::ServiceKey& service,
                           const model::ServerKey& server,
                           const model::ServerSettings& settings) {
    if (settings.weight < 0 || settings.lower_threshold > settings.upper_threshold) {
        return fail(Code::invalid_argument, "Numerical result out of range");
    }
    // Only a tunnel carries one family in the other.
    if (server.address.family != service.address.family &&
        settings.forwarding != model::Forwarding::tunnel) {
        return fail(Code::invalid_argument,
                    "Different address family is allowed only for tunneling servers");
    }
    return {};
}

// "sip" is IPVS's only engine.  Its Call-ID is not looked for: clients are told apart by address,
// as IPVS does where it finds none.
[[nodiscard]] bool has_known_engine(const model::ServiceSettings& settings) {
    return !settings.persistence || settings.persistence->engine.empty() ||
           settings.persistence->engine == "sip";
}

// ipvsadm's rule: what is not translated arrives at the port it was sent to.
[[nodiscard]] model::ServerKey with_port_of(const model::ServiceKey& service,
                                            model::ServerKey server,
                                            model::Forwarding forwarding) {
    if (service.firewall_mark == 0 && (forwarding == model::Forwarding::direct_routing ||
                                       forwarding == model::Forwarding::tunnel)) {
        server.port = service.port;
    }
    return server;
}

}  // namespace

void Server::bind(bool is_template) {
    ++references;
    if (is_template) {
        ++templates;
    } else {
        ++state.inactive;
    }
    if (settings.upper_threshold != 0 && connections() >= settings.upper_threshold) {
        state.overloaded = true;
    }
}

void Server::unbind(bool is_template, bool active) {
    --references;
    if (is_template) {
        --templates;
    } else if (active) {
        --state.active;
    } else {
        --state.inactive;
    }
    const std::uint64_t upper = settings.upper_threshold;
    const bool relieved = settings.lower_threshold != 0
                              ? connections() < settings.lower_threshold
                              : upper == 0 || connections() * 4 < upper * 3;
    if (relieved) {
        state.overloaded = false;
    }
}

void Server::set_active(bool active) {
    if (active) {
        ++state.active;
        --state.inactive;
    } else {
        --state.active;
        ++state.inactive;
    }
}

void Server::apply(const model::ServerSettings& wanted, bool is_new) {
    state.weight = wanted.weight;
    if (is_new || wanted.weight != 0) {
        state.last_weight = wanted.weight;
    }
    if (wanted.upper_threshold == 0 || wanted.upper_threshold > settings.upper_threshold) {
        state.overloaded = false;
    }
    settings = wanted;
}

// What is looked up by index while it grows must stay where it is.
ServiceTable::ServiceTable(std::uint64_t seed, std::size_t workers, Names names)
    : names_(std::move(names)), seeds_(seed) {
    services_.reserve(model::kVirtualServicesMax);
    servers_.reserve(model::kRealServersMax);
    local_addresses_.reserve(model::kLocalAddressesMax);
    lines_.reserve(workers);
    for (std::size_t worker = 0; worker < workers; ++worker) {
        lines_.emplace_back(model::kRealServersMax);
    }
}

void ServiceTable::prefer(const Names& before) {
    FPVS_CHECK(services_.empty() && servers_.empty());
    const auto grow_to = [](auto& all, auto& free, std::size_t size) {
        using Element = typename std::remove_reference_t<decltype(all)>::value_type::element_type;
        while (all.size() < size) {
            free.push_back(static_cast<std::uint32_t>(all.size()));
            all.push_back(std::make_unique<Element>());
        }
    };
    for (ServiceIndex index = 0; index < before.services.size(); ++index) {
        const ServiceName& name = before.services[index];
        if (name.in_use != 0 && preferred_services_.emplace(name.key, index).second) {
            grow_to(services_, free_services_, index);
            services_.push_back(std::make_unique<Service>());
        }
    }
    for (ServerIndex index = 0; index < before.servers.size(); ++index) {
        const ServerName& name = before.servers[index];
        const TrashKey key{.service = name.service, .server = name.key};
        if (name.in_use != 0 && preferred_servers_.emplace(key, index).second) {
            grow_to(servers_, free_servers_, index);
            servers_.push_back(std::make_unique<Server>());
        }
    }
}

// Its own, a free one, one more, or at last what is kept for somebody else.
std::optional<ServiceIndex> ServiceTable::take_service_number(const model::ServiceKey& key) {
    auto preferred = preferred_services_.find(key);
    if (preferred == preferred_services_.end()) {
        if (!free_services_.empty()) {
            const ServiceIndex index = free_services_.back();
            free_services_.pop_back();
            return index;
        }
        if (services_.size() < model::kVirtualServicesMax) {
            services_.push_back(std::make_unique<Service>());
            return static_cast<ServiceIndex>(services_.size() - 1);
        }
        preferred = preferred_services_.begin();
    }
    if (preferred == preferred_services_.end()) {
        return std::nullopt;
    }
    const ServiceIndex index = preferred->second;
    preferred_services_.erase(preferred);
    return index;
}

std::optional<ServerIndex> ServiceTable::take_server_number(const TrashKey& key) {
    auto preferred = preferred_servers_.find(key);
    if (preferred == preferred_servers_.end()) {
        if (!free_servers_.empty()) {
            const ServerIndex index = free_servers_.back();
            free_servers_.pop_back();
            return index;
        }
        if (servers_.size() < model::kRealServersMax) {
            servers_.push_back(std::make_unique<Server>());
            return static_cast<ServerIndex>(servers_.size() - 1);
        }
        preferred = preferred_servers_.begin();
    }
    if (preferred == preferred_servers_.end()) {
        return std::nullopt;
    }
    const ServerIndex index = preferred->second;
    preferred_servers_.erase(preferred);
    return index;
}

std::size_t ServiceTable::KeyHash::operator()(const model::ServiceKey& key) const {
    const std::uint64_t where = static_cast<std::uint64_t>(folded(key.address)) << 16 | key.port;
    return mix(mix(where) + key.firewall_mark + static_cast<std::uint64_t>(key.protocol));
}

std::size_t ServiceTable::TrashKeyHash::operator()(const TrashKey& key) const {
    const std::uint64_t where =
        static_cast<std::uint64_t>(folded(key.server.address)) << 16 | key.server.port;
    return mix(mix(where) + key.service);
}

std::size_t ServiceTable::EndHash::operator()(const End& end) const {
    const std::uint64_t where =
        static_cast<std::uint64_t>(folded(end.server.address)) << 16 | end.server.port;
    return mix(mix(where) + static_cast<std::uint64_t>(end.protocol));
}

Result<ServiceIndex> ServiceTable::add_service(const model::ServiceKey& key,
                                               const model::ServiceSettings& settings) {
    if (find(key) != nullptr) {
        return fail(Code::already_exists, "Service already exists");
    }
    auto scheduler = schedule::make_scheduler(settings.scheduler, seeds_.next());
    if (scheduler == nullptr || !has_known_engine(settings)) {
        return fail(Code::not_found, "Scheduler or persistence engine not found");
    }
    FPVS_TRY(Service * service, allocate_service(key));
    service->settings = settings;
    service->scheduler = std::move(scheduler);
    service->scheduler->start(service->servers);
    service->traffic.zero();
    service->available = true;
    mark_services_ += key.firewall_mark != 0 ? 1 : 0;
    any_port_services_ += key.firewall_mark == 0 && key.port == 0 ? 1 : 0;
    order_.insert(order_.begin(), service->index);
    // What the trash holds of an earlier service of this key comes back without its totals.
    for (auto& [trash_key, index] : trash_) {
        if (trash_key.service == service->index) {
            servers_[index]->traffic.zero();
        }
    }
    return service->index;
}

Result<ServiceIndex> ServiceTable::edit_service(const model::ServiceKey& key,
                                                const model::ServiceSettings& settings) {
    Service* service = find(key);
    if (service == nullptr) {
        return fail(Code::not_found, "No such service");
    }
    if (!has_known_engine(settings)) {
        return fail(Code::not_found, "Scheduler or persistence engine not found");
    }
    if (settings.scheduler != service->settings.scheduler) {
        auto scheduler = schedule::make_scheduler(settings.scheduler, seeds_.next());
        if (scheduler == nullptr) {
            return fail(Code::not_found, "Scheduler or persistence engine not found");
        }
        service->scheduler = std::move(scheduler);
        service->scheduler->start(service->servers);
    }
    const bool told_otherwise = settings.client_address != service->settings.client_address;
    service->settings = settings;
    if (told_otherwise) {
        for (const schedule::ServerState* state : service->servers) {
            tell_lines(*servers_[state->index]);
        }
    }
    return service->index;
}

Result<ServerIndex> ServiceTable::add_server(const model::ServiceKey& service_key,
                                             model::ServerKey key,
                                             const model::ServerSettings& settings) {
    Service* service = find(service_key);
    if (service == nullptr) {
        return fail(Code::not_found, "Service not defined");
    }
    FPVS_TRY_STATUS(check(service_key, key, settings));
    key = with_port_of(service_key, key, settings.forwarding);
    if (find_server(*service, key) != nullptr) {
        return fail(Code::already_exists, "Destination already exists");
    }
    Server* server = nullptr;
    const auto trashed = trash_.find({.service = service->index, .server = key});
    if (trashed != trash_.end()) {
        server = servers_[trashed->second].get();
        trash_.erase(trashed);
    } else {
        FPVS_TRY(server, allocate_server(*service, key));
        ++service->servers_held;
    }
    server->available = true;
    apply(*server, settings, true);
    service->servers.insert(service->servers.begin(), &server->state);
    service->scheduler->server_added(service->servers);
    return server->state.index;
}

Result<ServerIndex> ServiceTable::edit_server(const model::ServiceKey& service_key,
                                              model::ServerKey key,
                                              const model::ServerSettings& settings) {
    Service* service = find(service_key);
    if (service == nullptr) {
        return fail(Code::not_found, "Service not defined");
    }
    FPVS_TRY_STATUS(check(service_key, key, settings));
    Server* server = find_server(*service, with_port_of(service_key, key, settings.forwarding));
    if (server == nullptr) {
        return fail(Code::not_found, "No such destination");
    }
    leave_nat_ends(*server);
    apply(*server, settings, false);
    service->scheduler->server_edited(service->servers);
    return server->state.index;
}

Result<ServerIndex> ServiceTable::delete_server(const model::ServiceKey& service_key,
                                                const model::ServerKey& key) {
    Service* service = find(service_key);
    if (service == nullptr) {
        return fail(Code::not_found, "Service not defined");
    }
    Server* server = find_server(*service, key);
    if (server == nullptr) {
        return fail(Code::not_found, "No such destination");
    }
    const auto place = std::find(service->servers.begin(), service->servers.end(), &server->state);
    const auto position = static_cast<std::size_t>(place - service->servers.begin());
    service->servers.erase(place);
    service->scheduler->server_removed(service->servers, position);
    fold(*server);
    leave_nat_ends(*server);
    server->available = false;
    server->unused_since_ms = 0;
    tell_lines(*server);
    trash_.emplace(TrashKey{.service = service->index, .server = key}, server->state.index);
    return server->state.index;
}

void ServiceTable::delete_service(Service& service) {
    FPVS_CHECK(service.available && service.servers.empty());
    service.available = false;
    service.scheduler.reset();
    service.local_addresses.clear();
    mark_services_ -= service.key.firewall_mark != 0 ? 1 : 0;
    any_port_services_ -= service.key.firewall_mark == 0 && service.key.port == 0 ? 1 : 0;
    order_.erase(std::find(order_.begin(), order_.end(), service.index));
    release_if_unused(service);
}

Status ServiceTable::add_local_address(const model::ServiceKey& key,
                                       const model::IpAddress& address) {
    Service* service = find(key);
    if (service == nullptr) {
        return fail(Code::not_found, "No such service");
    }
    if (address.family != key.address.family) {
        return fail(Code::invalid_argument, "Invalid argument");
    }
    FPVS_TRY(const std::uint16_t number, local_number(address));
    auto& numbers = service->local_addresses;
    if (std::find(numbers.begin(), numbers.end(), number) != numbers.end()) {
        return fail(Code::already_exists, "Local address already exists");
    }
    numbers.push_back(number);
    return {};
}

Result<std::uint16_t> ServiceTable::local_number(const model::IpAddress& address) {
    auto known = std::find(local_addresses_.begin(), local_addresses_.end(), address);
    if (known == local_addresses_.end()) {
        if (local_addresses_.size() == model::kLocalAddressesMax) {
            return fail(
                Code::exhausted, "Too many local addresses: {} at most", model::kLocalAddressesMax);
        }
        set_name(names_.local_addresses[local_addresses_.size()], {.address = address});
        known = local_addresses_.insert(known, address);
    }
    return static_cast<std::uint16_t>(known - local_addresses_.begin());
}

Status ServiceTable::delete_local_address(const model::ServiceKey& key,
                                          const model::IpAddress& address) {
    Service* service = find(key);
    if (service == nullptr) {
        return fail(Code::not_found, "No such service");
    }
    auto& numbers = service->local_addresses;
    const auto found = std::find_if(numbers.begin(), numbers.end(), [&](std::uint16_t number) {
        return local_addresses_[number] == address;
    });
    if (found == numbers.end()) {
        return fail(Code::not_found, "No such local address");
    }
    numbers.erase(found);
    return {};
}

model::TrafficCounters ServiceTable::unfolded(const Server& server) const {
    model::TrafficCounters counted;
    for (const MappedArray<ServerLine>& lines : lines_) {
        lines[server.state.index].add_to(counted);
    }
    return {.packets_in = counted.packets_in - server.folded.packets_in,
            .packets_out = counted.packets_out - server.folded.packets_out,
            .bytes_in = counted.bytes_in - server.folded.bytes_in,
            .bytes_out = counted.bytes_out - server.folded.bytes_out};
}

void ServiceTable::fold(Server& server) {
    const model::TrafficCounters fresh = unfolded(server);
    for (TrafficMeter* meter : {&server.traffic, &services_[server.service]->traffic}) {
        meter->add_in(fresh.packets_in, fresh.bytes_in);
        meter->add_out(fresh.packets_out, fresh.bytes_out);
    }
    server.folded.packets_in += fresh.packets_in;
    server.folded.packets_out += fresh.packets_out;
    server.folded.bytes_in += fresh.bytes_in;
    server.folded.bytes_out += fresh.bytes_out;
}

void ServiceTable::fold() {
    for (const ServiceIndex index : order_) {
        for (const schedule::ServerState* state : services_[index]->servers) {
            fold(*servers_[state->index]);
        }
    }
}

void ServiceTable::apply(Server& server, const model::ServerSettings& settings, bool is_new) {
    server.apply(settings, is_new);
    const bool translates = settings.forwarding == model::Forwarding::nat ||
                            settings.forwarding == model::Forwarding::full_nat;
    if (translates) {
        expect_answers(server);
    }
    join_nat_ends(server);
    tell_lines(server);
}

// For as long as it has the index: connections outlive edits.
void ServiceTable::expect_answers(Server& server) {
    if (!server.translates) {
        server.translates = true;
        translating_servers_.add(server.state.key.address);
    }
}

void ServiceTable::tell_lines(const Server& server) {
    for (MappedArray<ServerLine>& lines : lines_) {
        ServerLine& line = lines[server.state.index];
        line.tell(server.available, server.state.weight == 0);
        line.tell(server.settings.tunnel);
        line.tell(services_[server.service]->settings.client_address);
    }
}

void ServiceTable::join_nat_ends(const Server& server) {
    const model::ServiceKey& service = services_[server.service]->key;
    if (service.firewall_mark == 0 && server.settings.forwarding == model::Forwarding::nat) {
        ++nat_ends_[{.protocol = service.protocol, .server = server.state.key}];
    }
}

void ServiceTable::leave_nat_ends(const Server& server) {
    const model::ServiceKey& service = services_[server.service]->key;
    if (service.firewall_mark == 0 && server.settings.forwarding == model::Forwarding::nat) {
        const auto end = nat_ends_.find({.protocol = service.protocol, .server = server.state.key});
        if (--end->second == 0) {
            nat_ends_.erase(end);
        }
    }
}

bool ServiceTable::is_nat_server(model::Protocol protocol,
                                 const model::IpAddress& address,
                                 std::uint16_t port) const {
    return nat_ends_.contains({.protocol = protocol, .server = {.address = address, .port = port}});
}

void ServiceTable::sample_traffic(ServiceIndex& position, std::size_t meters_max) {
    for (std::size_t meters = 0; position < services_.size(); ++position) {
        if (meters >= meters_max) {
            return;
        }
        Service& service = *services_[position];
        ++meters;
        if (!service.available) {
            continue;
        }
        for (const schedule::ServerState* state : service.servers) {
            fold(*servers_[state->index]);
            servers_[state->index]->traffic.sample();
        }
        meters += service.servers.size();
        service.traffic.sample();
    }
    position = kNoIndex;
}

void ServiceTable::empty_trash(std::uint64_t now_ms) {
    constexpr std::uint64_t kMsPerSecond = 1000;
    for (auto entry = trash_.begin(); entry != trash_.end();) {
        Server& server = *servers_[entry->second];
        if (server.references > 0) {
            server.unused_since_ms = 0;
        } else if (server.unused_since_ms == 0) {
            server.unused_since_ms = std::max<std::uint64_t>(now_ms, 1);
        } else if (now_ms >= server.unused_since_ms + kTrashSeconds * kMsPerSecond) {
            entry = trash_.erase(entry);
            release_server(server);
            continue;
        }
        ++entry;
    }
}

Service* ServiceTable::find(const model::ServiceKey& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end() || !services_[found->second]->available) {
        return nullptr;
    }
    return services_[found->second].get();
}

const Service* ServiceTable::find(const model::ServiceKey& key) const {
    return const_cast<ServiceTable*>(this)->find(key);
}

Service* ServiceTable::find_for(const Packet& packet) {
    if (packet.firewall_mark != 0 && mark_services_ != 0) {
        if (Service* service =
                find({.address = model::IpAddress::any(packet.destination_address.family),
                      .firewall_mark = packet.firewall_mark})) {
            return service;
        }
    }
    model::ServiceKey key{.address = packet.destination_address,
                          .port = packet.destination_port,
                          .protocol = packet.protocol};
    Service* service = find(key);
    if (service == nullptr && any_port_services_ != 0) {
        key.port = 0;
        service = find(key);
    }
    return service;
}

Server* ServiceTable::find_server(ServerIndex index) {
    return index < servers_.size() && servers_[index]->in_use ? servers_[index].get() : nullptr;
}

const Server* ServiceTable::find_server(ServerIndex index) const {
    return const_cast<ServiceTable*>(this)->find_server(index);
}

Server* ServiceTable::find_server(Service& service, const model::ServerKey& key) {
    for (const schedule::ServerState* state : service.servers) {
        if (state->key == key) {
            return servers_[state->index].get();
        }
    }
    return nullptr;
}

// Where a server has a port of its own it is told; where it has none, the packet's own port is.
Server* ServiceTable::find_server_at(Service& service,
                                     const model::IpAddress& address,
                                     std::uint16_t port) {
    for (const std::uint16_t candidate : {port, std::uint16_t{0}, service.key.port}) {
        const model::ServerKey key{.address = address, .port = candidate};
        if (Server* server = find_server(service, key)) {
            return server;
        }
        if (const auto found = trash_.find({.service = service.index, .server = key});
            found != trash_.end()) {
            return servers_[found->second].get();
        }
    }
    return nullptr;
}

Result<Server*> ServiceTable::allocate_server(const Service& service, const model::ServerKey& key) {
    const auto number = take_server_number({.service = service.index, .server = key});
    if (!number) {
        return fail(
            Code::exhausted, "No room for more than {} real servers", model::kRealServersMax);
    }
    const ServerIndex index = *number;
    Server& server = *servers_[index];
    server = Server{};
    server.state.index = index;
    server.state.key = key;
    server.service = service.index;
    server.in_use = true;
    server.folded = unfolded(server);  // By servers that had the index before.
    for (MappedArray<ServerLine>& lines : lines_) {
        lines[index].introduce(key.address, service.index);
    }
    set_name(names_.servers[index], {.key = key, .service = service.index});
    return &server;
}

void ServiceTable::release_server(Server& server) {
    FPVS_CHECK(server.in_use && !server.available && server.references == 0);
    server.in_use = false;
    names_.servers[server.state.index].in_use = 0;
    if (server.translates) {
        translating_servers_.remove(server.state.key.address);
    }
    free_servers_.push_back(server.state.index);
    Service& owner = *services_[server.service];
    --owner.servers_held;
    release_if_unused(owner);
}

Result<Service*> ServiceTable::allocate_service(const model::ServiceKey& key) {
    // Deleted, but some of its servers are in the trash: the index stays with the key.
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        return services_[found->second].get();
    }
    const auto number = take_service_number(key);
    if (!number) {
        return fail(Code::exhausted,
                    "No room for more than {} virtual services",
                    model::kVirtualServicesMax);
    }
    const ServiceIndex index = *number;
    Service& service = *services_[index];
    service.key = key;
    service.index = index;
    by_key_.emplace(key, index);
    set_name(names_.services[index], {.key = key});
    return &service;
}

void ServiceTable::release_if_unused(Service& service) {
    if (!service.available && service.servers_held == 0) {
        by_key_.erase(service.key);
        names_.services[service.index].in_use = 0;
        free_services_.push_back(service.index);
    }
}

}  // namespace fpvs::engine
