// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/ipvs.hpp"

#include <algorithm>
#include <set>

namespace fpvs::reference {
namespace {

constexpr std::uint64_t kSecond = 1000;
constexpr int kAlways = 3;         // Of the defences: on, whatever memory there is.
constexpr std::uint8_t kInit = 1;  // An SCTP chunk.

[[nodiscard]] std::string check(const ServiceId& service,
                                const ServerId& server,
                                const ServerSettings& settings) {
    if (settings.weight < 0 || settings.lower_threshold > settings.upper_threshold) {
        return "Numerical result out of range";
    }
    if (server.address.family != service.address.family &&
        settings.forwarding != Forwarding::tunnel) {
        return "Different address family is allowed only for tunneling servers";
    }
    return {};
}

[[nodiscard]] bool is_scheduler(const std::string& name) {
    static const std::set<std::string> names = {"rr",
                                                "wrr",
                                                "lc",
                                                "wlc",
                                                "lblc",
                                                "lblcr",
                                                "dh",
                                                "sh",
                                                "sed",
                                                "nq",
                                                "fo",
                                                "ovf",
                                                "mh",
                                                "twos"};
    return names.count(name) == 1;
}

[[nodiscard]] ServerId adjusted(const ServiceId& service, ServerId server, Forwarding forwarding) {
    if (service.mark == 0 &&
        (forwarding == Forwarding::direct_routing || forwarding == Forwarding::tunnel)) {
        server.port = service.port;
    }
    return server;
}

[[nodiscard]] Server* find_listed(const ServerList& servers, const ServerId& id) {
    const auto found = std::find_if(
        servers.begin(), servers.end(), [&](const Server* server) { return server->id == id; });
    return found == servers.end() ? nullptr : *found;
}

void apply(Server& server, const ServerSettings& settings, bool added) {
    if (added || settings.weight != 0) {
        server.last_weight = settings.weight;
    }
    if (settings.upper_threshold == 0 ||
        settings.upper_threshold > server.settings.upper_threshold) {
        server.overloaded = false;
    }
    server.settings = settings;
}

}  // namespace

void Ipvs::set_drop_packet(int value) {
    switches.drop_packet = value;
    droppable_ = 0;
}

std::string Ipvs::add_service(const ServiceId& id, const ServiceSettings& settings) {
    if (find(id) != nullptr) {
        return "Service already exists";
    }
    if (!is_scheduler(settings.scheduler)) {
        return "Scheduler or persistence engine not found";
    }
    services_.push_front({.id = id, .settings = settings});
    note_change(settings, {}, Change::started, nullptr, nullptr, services_.front().memory);
    for (Owned& owned : servers_) {
        if (owned.service == id) {
            owned.server.counters = {};
        }
    }
    return {};
}

std::string Ipvs::edit_service(const ServiceId& id, const ServiceSettings& settings) {
    Service* service = find(id);
    if (service == nullptr) {
        return "No such service";
    }
    if (!is_scheduler(settings.scheduler)) {
        return "Scheduler or persistence engine not found";
    }
    const bool other = settings.scheduler != service->settings.scheduler;
    service->settings = settings;
    if (other) {
        note_change(settings, service->servers, Change::started, nullptr, nullptr, service->memory);
    }
    return {};
}

std::string Ipvs::delete_service(const ServiceId& id) {
    Service* service = find(id);
    if (service == nullptr) {
        return "No such service";
    }
    while (!service->servers.empty()) {
        (void)delete_server(id, service->servers.front()->id);
    }
    services_.remove_if([&](const Service& candidate) { return candidate.id == id; });
    return {};
}

std::string Ipvs::add_server(const ServiceId& service_id,
                             const ServerId& server_id,
                             const ServerSettings& settings) {
    Service* service = find(service_id);
    if (service == nullptr) {
        return "Service not defined";
    }
    if (const std::string mistake = check(service_id, server_id, settings); !mistake.empty()) {
        return mistake;
    }
    const ServerId id = adjusted(service_id, server_id, settings.forwarding);
    if (find_listed(service->servers, id) != nullptr) {
        return "Destination already exists";
    }
    auto owned = std::find_if(servers_.begin(), servers_.end(), [&](const Owned& candidate) {
        return candidate.service == service_id && candidate.server.id == id;
    });
    if (owned == servers_.end()) {
        servers_.push_back({.service = service_id, .server = {.id = id}});
        owned = std::prev(servers_.end());
    }
    Server& server = owned->server;
    apply(server, settings, true);
    server.listed = true;
    service->servers.insert(service->servers.begin(), &server);
    note_change(
        service->settings, service->servers, Change::added, nullptr, nullptr, service->memory);
    return {};
}

std::string Ipvs::edit_server(const ServiceId& service_id,
                              const ServerId& server_id,
                              const ServerSettings& settings) {
    Service* service = find(service_id);
    if (service == nullptr) {
        return "Service not defined";
    }
    if (const std::string mistake = check(service_id, server_id, settings); !mistake.empty()) {
        return mistake;
    }
    Server* server =
        find_listed(service->servers, adjusted(service_id, server_id, settings.forwarding));
    if (server == nullptr) {
        return "No such destination";
    }
    apply(*server, settings, false);
    note_change(
        service->settings, service->servers, Change::edited, nullptr, nullptr, service->memory);
    return {};
}

std::string Ipvs::delete_server(const ServiceId& service_id, const ServerId& id) {
    Service* service = find(service_id);
    if (service == nullptr) {
        return "Service not defined";
    }
    Server* server = find_listed(service->servers, id);
    if (server == nullptr) {
        return "No such destination";
    }
    const auto place = std::find(service->servers.begin(), service->servers.end(), server);
    const Server* predecessor = place == service->servers.begin() ? nullptr : *std::prev(place);
    service->servers.erase(place);
    server->listed = false;
    server->idle_since_ms = now_ms_;
    note_change(
        service->settings, service->servers, Change::removed, server, predecessor, service->memory);
    if (switches.expire_nodest_conn) {
        remove_connections_of_deleted_servers();
    }
    return {};
}

void Ipvs::remove_connections_of_deleted_servers() {
    for (auto next = connections_.begin(); next != connections_.end();) {
        Connection& connection = *next;
        if (connection.server->listed || connection.controlled > 0) {
            ++next;
            continue;
        }
        // The controlling template goes with the last of its connections, wherever it stands.
        Connection* control = connection.control;
        remove(connection);
        if (control != nullptr && control->controlled == 0) {
            remove(*control);
        }
        next = connections_.begin();
    }
}

void Ipvs::advance(std::uint64_t now_ms) {
    // In the order of the deadlines, since one end may matter for the next.
    for (;;) {
        const auto first = std::min_element(
            connections_.begin(), connections_.end(), [](const Connection& a, const Connection& b) {
                return a.deadline_ms < b.deadline_ms;
            });
        if (first == connections_.end() || first->deadline_ms > now_ms) {
            break;
        }
        now_ms_ = first->deadline_ms;
        if (first->controlled > 0) {
            first->timeout_ms = 60 * kSecond;
            first->deadline_ms = now_ms_ + first->timeout_ms;
        } else {
            remove(*first);
        }
    }
    now_ms_ = now_ms;
    for (Owned& owned : servers_) {
        Server& server = owned.server;
        if (server.active + server.inactive + server.templates > 0) {
            server.idle_since_ms = now_ms_;
        }
    }
    servers_.remove_if([&](const Owned& owned) {
        return !owned.server.listed && now_ms_ > owned.server.idle_since_ms + 120 * kSecond;
    });
}

bool Ipvs::add_local_address(const ServiceId& id, const Address& address) {
    Service* service = find(id);
    if (service == nullptr ||
        std::count(service->local_addresses.begin(), service->local_addresses.end(), address) !=
            0) {
        return false;
    }
    service->local_addresses.push_back(address);
    return true;
}

bool Ipvs::delete_local_address(const ServiceId& id, const Address& address) {
    Service* service = find(id);
    return service != nullptr && std::erase(service->local_addresses, address) != 0;
}

std::string Ipvs::zero(const std::optional<ServiceId>& id) {
    if (id && find(*id) == nullptr) {
        return "No such service";
    }
    for (Service& service : services_) {
        if (!id || service.id == *id) {
            service.counters = {};
            for (Server* server : service.servers) {
                server->counters = {};
            }
        }
    }
    return {};
}

Decision Ipvs::handle(const Packet& packet) {
    for (Connection& connection : connections_) {
        if (goes_to_server(connection, packet)) {
            return handle_from_client(connection, packet);
        }
    }
    for (Connection& connection : connections_) {
        if (goes_to_client(connection, packet)) {
            return pass_on(connection, Direction::to_client, packet);
        }
    }
    if (switches.nat_icmp_send && !packet.rst && is_from_nat_server(packet)) {
        return {.fate = Fate::reject, .refuses_reply = true};
    }
    return schedule(packet);
}

Decision Ipvs::handle_from_client(Connection& connection, const Packet& packet) {
    const bool begins = (packet.protocol == Protocol::tcp && packet.syn) ||
                        (packet.protocol == Protocol::sctp && packet.chunk == kInit);
    const bool gone = !connection.server->listed;
    if ((begins && begins_anew(connection)) || (gone && switches.expire_nodest_conn)) {
        // The old one goes a moment after the new one was scheduled.
        connection.valid = false;
        const Decision decision = schedule(packet);
        remove(connection);
        return decision;
    }
    if (gone) {
        return {.fate = Fate::drop};
    }
    return pass_on(connection, Direction::to_server, packet);
}

Decision Ipvs::look_up(const Packet& packet) {
    for (const Connection& connection : connections_) {
        if (goes_to_server(connection, packet)) {
            return connection.server->listed ? decision_for(connection, Direction::to_server)
                                             : Decision{.fate = Fate::drop};
        }
    }
    for (const Connection& connection : connections_) {
        if (goes_to_client(connection, packet)) {
            return decision_for(connection, Direction::to_client);
        }
    }
    return {.fate = Fate::host};
}

bool Ipvs::is_ambiguous(const Packet& packet) const {
    return std::count_if(connections_.begin(), connections_.end(), [&](const Connection& c) {
               return goes_to_client(c, packet);
           }) > 1;
}

Ipvs::Service* Ipvs::find(const ServiceId& id) {
    const auto found = std::find_if(
        services_.begin(), services_.end(), [&](const Service& s) { return s.id == id; });
    return found == services_.end() ? nullptr : &*found;
}

Ipvs::Service* Ipvs::service_of(const Packet& packet) {
    if (packet.mark != 0) {
        const Address any = {.family = packet.destination.family};
        if (Service* service = find({.address = any, .mark = packet.mark})) {
            return service;
        }
    }
    for (const std::uint16_t port : {packet.destination_port, std::uint16_t{0}}) {
        if (Service* service =
                find({.address = packet.destination, .port = port, .protocol = packet.protocol})) {
            return service;
        }
    }
    return nullptr;
}

Ipvs::Service* Ipvs::service_of(const Server& server) {
    for (const Owned& owned : servers_) {
        if (&owned.server == &server) {
            return find(owned.service);
        }
    }
    return nullptr;
}

bool Ipvs::goes_to_server(const Connection& connection, const Packet& packet) {
    return !connection.is_template && connection.valid && connection.protocol == packet.protocol &&
           connection.client == Endpoint{packet.source, packet.source_port} &&
           connection.service == Endpoint{packet.destination, packet.destination_port};
}

// Only where replies pass the director to be translated back are they known to it.
bool Ipvs::goes_to_client(const Connection& connection, const Packet& packet) {
    if (connection.is_template || !connection.valid || connection.protocol != packet.protocol ||
        (connection.forwarding != Forwarding::nat &&
         connection.forwarding != Forwarding::full_nat)) {
        return false;
    }
    const Endpoint& towards =
        connection.forwarding == Forwarding::nat ? connection.client : connection.local;
    const Endpoint server = {connection.server->id.address, connection.server_port};
    return server == Endpoint{packet.source, packet.source_port} &&
           towards == Endpoint{packet.destination, packet.destination_port};
}

bool Ipvs::begins_anew(const Connection& connection) const {
    if (switches.expire_nodest_conn && connection.server->settings.weight == 0) {
        return true;
    }
    if (switches.conn_reuse_mode == 0 || connection.control != nullptr) {
        return false;
    }
    if (connection.protocol == Protocol::sctp) {
        return connection.state == "CL";
    }
    const bool both_ways =
        connection.forwarding == Forwarding::nat || connection.forwarding == Forwarding::full_nat;
    const bool fin_wait_counts = (switches.conn_reuse_mode & 2) != 0 && !both_ways;
    return connection.state == "TW" || connection.state == "CL" ||
           (connection.state == "FW" && fin_wait_counts);
}

bool Ipvs::may_begin(const Packet& packet) const {
    switch (packet.protocol) {
        case Protocol::tcp:
            return !packet.rst && (packet.syn || switches.sloppy_tcp);
        case Protocol::sctp:
            return packet.chunk == kInit || switches.sloppy_sctp;
        case Protocol::udp:
            break;
    }
    return true;
}

bool Ipvs::has_room(std::size_t wanted) const {
    return connections_.size() + wanted <= connections_max;
}

bool Ipvs::is_dropped_by_rate() {
    if (switches.drop_packet != kAlways || ++droppable_ < switches.am_droprate) {
        return false;
    }
    droppable_ = 0;
    return true;
}

bool Ipvs::is_from_nat_server(const Packet& packet) const {
    return std::any_of(services_.begin(), services_.end(), [&](const Service& service) {
        if (service.id.mark != 0 || service.id.protocol != packet.protocol) {
            return false;
        }
        const Server* server = find_listed(service.servers, {packet.source, packet.source_port});
        return server != nullptr && server->settings.forwarding == Forwarding::nat;
    });
}

Server* Ipvs::choose_server(Service& service, const Packet& packet) {
    return choose(service.settings,
                  service.servers,
                  {packet.source, packet.destination, packet.source_port},
                  service.memory,
                  draw);
}

Decision Ipvs::schedule(const Packet& packet) {
    constexpr std::uint16_t kFtpData = 20;
    Service* service = service_of(packet);
    if (service == nullptr || !may_begin(packet) || packet.source_port == kFtpData) {
        return {.fate = Fate::host};
    }
    if (is_dropped_by_rate()) {
        return {.fate = Fate::drop};
    }
    if (service->settings.persistence) {
        return schedule_persistent(*service, *service->settings.persistence, packet);
    }
    if (service->id.mark == 0 && service->id.port != packet.destination_port) {
        return {.fate = Fate::reject};
    }
    if (!has_room(1)) {
        return {.fate = Fate::drop};
    }
    Server* server = choose_server(*service, packet);
    if (server == nullptr) {
        return {.fate = Fate::reject};
    }
    return open(*service, *server, nullptr, packet);
}

Ipvs::Connection Ipvs::template_for(const Service& service,
                                    const Persistence& persistence,
                                    const Packet& packet) {
    constexpr std::uint16_t kFtp = 21;
    Connection made = {.is_template = true,
                       .by_mark = service.id.mark != 0,
                       .mark = service.id.mark,
                       .protocol = packet.protocol,
                       .client = {packet.source.masked(persistence.mask), 0},
                       .service = {packet.destination, 0}};
    if (made.by_mark) {
        made.protocol = Protocol::tcp;
        made.service.address = {.family = packet.destination.family};
    } else if (packet.destination_port == service.id.port && packet.destination_port != kFtp) {
        made.service.port = packet.destination_port;
    }
    return made;
}

Decision Ipvs::schedule_persistent(Service& service,
                                   const Persistence& persistence,
                                   const Packet& packet) {
    const Connection wanted = template_for(service, persistence, packet);
    Connection* found = nullptr;
    for (Connection& c : connections_) {
        if (c.is_template && c.valid && c.mark == wanted.mark && c.protocol == wanted.protocol &&
            c.client == wanted.client && c.service == wanted.service) {
            found = &c;
        }
    }
    if (found != nullptr && (!found->server->listed || (switches.expire_quiescent_template &&
                                                        found->server->settings.weight == 0))) {
        constexpr std::uint16_t kNowhere = 65535;
        found->valid = false;
        found->service.port = found->server_port = kNowhere;
        found = nullptr;
    }
    if (!has_room(found == nullptr ? 2 : 1)) {
        return {.fate = Fate::drop};
    }
    if (found == nullptr) {
        Server* server = choose_server(service, packet);
        if (server == nullptr) {
            return {.fate = Fate::reject};
        }
        connections_.push_back(wanted);
        found = &connections_.back();
        found->server = server;
        found->server_port = wanted.service.port != 0 ? server->id.port : std::uint16_t{0};
        found->timeout_ms = persistence.timeout_s * kSecond;
        bind(*server, true);
    }
    found->deadline_ms = now_ms_ + found->timeout_ms;
    return open(service, *found->server, found, packet);
}

bool Ipvs::may_take(const Service& service,
                    const ServerId& server,
                    Protocol protocol,
                    const Endpoint& local) const {
    const auto& pool = service.local_addresses;
    const bool in_use =
        std::any_of(connections_.begin(), connections_.end(), [&](const Connection& c) {
            return c.forwarding == Forwarding::full_nat && c.protocol == protocol &&
                   ServerId{c.server->id.address, c.server_port} == server && c.local == local;
        });
    return local.port != 0 && std::count(pool.begin(), pool.end(), local.address) > 0 && !in_use;
}

Decision Ipvs::open(Service& service, Server& server, Connection* control, const Packet& packet) {
    const bool keeps_port =
        server.id.port == 0 || (control != nullptr && packet.destination_port != service.id.port);
    const ServerId its = {server.id.address, keeps_port ? packet.destination_port : server.id.port};
    const bool is_full_nat = server.settings.forwarding == Forwarding::full_nat;
    const std::optional<Endpoint> local = is_full_nat ? propose_local() : std::nullopt;
    if (is_full_nat && !local) {
        return {.fate = Fate::drop, .mistaken_local = !service.local_addresses.empty()};
    }
    const bool mistaken_local = local && !may_take(service, its, packet.protocol, *local);
    ++service.counters.connections;
    ++server.counters.connections;
    connections_.push_back({.protocol = packet.protocol,
                            .client = {packet.source, packet.source_port},
                            .service = {packet.destination, packet.destination_port},
                            .local = local.value_or(Endpoint{}),
                            .server = &server,
                            .server_port = its.port,
                            .forwarding = server.settings.forwarding,
                            .control = control});
    Connection& connection = connections_.back();
    if (control != nullptr) {
        ++control->controlled;
    }
    bind(server, false);
    Decision decision = pass_on(connection, Direction::to_server, packet);
    decision.mistaken_local = mistaken_local;
    // FULLNAT has to remember by which local endpoint the answer will come.
    if (service.settings.one_packet && packet.protocol == Protocol::udp && !is_full_nat) {
        remove(connection);
    }
    return decision;
}

Decision Ipvs::pass_on(Connection& connection, Direction direction, const Packet& packet) {
    count(*connection.server, direction, packet);
    move_state(connection, direction, packet);
    connection.deadline_ms = now_ms_ + connection.timeout_ms;
    return decision_for(connection, direction);
}

Decision Ipvs::decision_for(const Connection& connection, Direction direction) {
    return {.fate = Fate::forward,
            .direction = direction,
            .forwarding = connection.forwarding,
            .tunnel = connection.server->settings.tunnel,
            .server = {connection.server->id.address, connection.server_port},
            .client = connection.client,
            .service = connection.service,
            .local = connection.local};
}

void Ipvs::move_state(Connection& connection, Direction direction, const Packet& packet) {
    const bool both_ways =
        connection.forwarding == Forwarding::nat || connection.forwarding == Forwarding::full_nat;
    const View view = direction == Direction::to_client ? View::from_server
                      : both_ways                       ? View::from_client
                                                        : View::client_only;
    const State before = connection.state;
    connection.state = next_state(before, view, packet, switches.secure_tcp == kAlways);
    if (connection.state == "ES" && before != "ES" && connection.control != nullptr) {
        connection.control->assured = true;
    }
    const bool active = is_active(connection.protocol, connection.state);
    if (active != connection.counted_active) {
        connection.server->active += active ? 1 : -1;
        connection.server->inactive += active ? -1 : 1;
        connection.counted_active = active;
    }
    connection.timeout_ms = seconds_of(connection.protocol, connection.state, timeouts) * kSecond;
}

void Ipvs::bind(Server& server, bool is_template) {
    ++(is_template ? server.templates : server.inactive);
    const long upper = server.settings.upper_threshold;
    if (upper != 0 && server.active + server.inactive >= upper) {
        server.overloaded = true;
    }
}

void Ipvs::unbind(const Connection& connection) {
    Server& server = *connection.server;
    if (connection.is_template) {
        --server.templates;
    } else {
        --(connection.counted_active ? server.active : server.inactive);
    }
    const long total = server.active + server.inactive;
    const long lower = server.settings.lower_threshold;
    const long upper = server.settings.upper_threshold;
    if (lower != 0 ? total < lower : upper == 0 || total * 4 < upper * 3) {
        server.overloaded = false;
    }
}

void Ipvs::remove(Connection& connection) {
    if (connection.control != nullptr) {
        --connection.control->controlled;
    }
    unbind(connection);
    connections_.remove_if([&](const Connection& candidate) { return &candidate == &connection; });
}

void Ipvs::count(Server& server, Direction direction, const Packet& packet) {
    Service* service = server.listed ? service_of(server) : nullptr;
    if (service == nullptr) {
        return;
    }
    for (Counters* counters : {&service->counters, &server.counters}) {
        if (direction == Direction::to_server) {
            ++counters->packets_in;
            counters->bytes_in += packet.bytes;
        } else {
            ++counters->packets_out;
            counters->bytes_out += packet.bytes;
        }
    }
}

std::vector<ServiceView> Ipvs::services() const {
    std::vector<ServiceView> views;
    for (const Service& service : services_) {
        ServiceView view = {.id = service.id,
                            .scheduler = service.settings.scheduler,
                            .counters = service.counters,
                            .servers = {}};
        for (const Server* server : service.servers) {
            view.servers.push_back({.id = server->id,
                                    .weight = server->settings.weight,
                                    .active = server->active,
                                    .inactive = server->inactive,
                                    .templates = server->templates,
                                    .counters = server->counters});
        }
        views.push_back(std::move(view));
    }
    return views;
}

std::vector<ConnectionView> Ipvs::connections() const {
    std::vector<ConnectionView> views;
    for (const Connection& c : connections_) {
        views.push_back({.is_template = c.is_template,
                         .protocol = c.protocol,
                         .mark = c.mark,
                         .client = c.client,
                         .service = c.service,
                         .server = {c.server->id.address, c.server_port},
                         .local = c.local,
                         .state = c.is_template ? (c.assured ? "ASSURED" : "NONE")
                                                : full_name(c.protocol, c.state),
                         .expires_s = (c.deadline_ms - now_ms_) / kSecond});
    }
    return views;
}

std::vector<Ipvs::Deadline> Ipvs::deadlines() const {
    std::vector<Deadline> deadlines;
    for (const Connection& connection : connections_) {
        deadlines.push_back({.ms = connection.deadline_ms, .is_template = connection.is_template});
    }
    return deadlines;
}

std::vector<std::uint64_t> Ipvs::trash_idle_ms() const {
    std::vector<std::uint64_t> idle;
    for (const Owned& owned : servers_) {
        if (!owned.server.listed) {
            idle.push_back(now_ms_ - owned.server.idle_since_ms);
        }
    }
    return idle;
}

}  // namespace fpvs::reference
