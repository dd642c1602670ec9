// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/ipvs.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

namespace fpvs::reference {
namespace {

using model::Forwarding;
using model::Protocol;

constexpr std::uint64_t kSecond = 1000;

// The state after an event, by the state before: a connection that is seen from one side only, and
// a client's packet on one that is seen from both.
constexpr std::string_view kColumns = "NO ES SS SR FW TW CL CW LA LI SA";
constexpr std::array<std::string_view, 4> kOneWay = {"SR ES ES SR SR SR SR SR SR SR SR",   // SYN
                                                     "CL FW SS TW FW TW CL CW LA LI TW",   // FIN
                                                     "ES ES SS ES FW TW CL CW CL LI ES",   // ACK
                                                     "CL CL CL SR CL CL CL CL LA LI CL"};  // RST
constexpr std::array<std::string_view, 4> kFromClient = {"SR ES ES SR SR SR SR SR SR SR SR",
                                                         "CL CW SS TW TW TW CL CW LA LI TW",
                                                         "ES ES SS ES FW TW CL CW CL LI ES",
                                                         "CL CL CL SR CL CL CL CL LA LI SR"};
constexpr std::string_view kSeconds = "2 900 120 60 120 120 10 60 30 120 120";

[[nodiscard]] std::string word(std::string_view text, std::size_t number) {
    std::istringstream words{std::string(text)};
    std::string found;
    for (std::size_t i = 0; i <= number; ++i) {
        words >> found;
    }
    return found;
}

[[nodiscard]] std::size_t column(const std::string& state) {
    for (std::size_t i = 0;; ++i) {
        if (word(kColumns, i) == state) {
            return i;
        }
    }
}

[[nodiscard]] std::string full_name(const std::string& state) {
    constexpr std::string_view kNames =
        "NONE ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN "
        "SYNACK";
    return word(kNames, column(state));
}

[[nodiscard]] std::string check(const model::ServerSettings& settings) {
    const bool in_range =
        settings.weight >= 0 && settings.lower_threshold <= settings.upper_threshold;
    return in_range ? "" : "Numerical result out of range";
}

[[nodiscard]] bool is_scheduler(const std::string& name) {
    static const std::set<std::string> names = {
        "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh"};
    return names.count(name) == 1;
}

[[nodiscard]] model::ServerKey adjusted(const model::ServiceKey& service,
                                        model::ServerKey server,
                                        Forwarding forwarding) {
    if (service.firewall_mark == 0 &&
        (forwarding == Forwarding::direct_routing || forwarding == Forwarding::tunnel)) {
        server.port = service.port;
    }
    return server;
}

[[nodiscard]] Server* find_listed(const ServerList& servers, const model::ServerKey& key) {
    const auto found = std::find_if(
        servers.begin(), servers.end(), [&](const Server* server) { return server->key == key; });
    return found == servers.end() ? nullptr : *found;
}

void apply(Server& server, const model::ServerSettings& settings, bool added) {
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

std::string Ipvs::add_service(const model::ServiceKey& key,
                              const model::ServiceSettings& settings) {
    if (find(key) != nullptr) {
        return "Service already exists";
    }
    if (!is_scheduler(settings.scheduler)) {
        return "Scheduler or persistence engine not found";
    }
    services_.push_front({.key = key, .settings = settings});
    note_change(settings, {}, Change::started, nullptr, nullptr, services_.front().memory);
    for (Owned& owned : servers_) {
        if (owned.service == key) {
            owned.server.counters = {};
        }
    }
    return {};
}

std::string Ipvs::edit_service(const model::ServiceKey& key,
                               const model::ServiceSettings& settings) {
    Service* service = find(key);
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

std::string Ipvs::delete_service(const model::ServiceKey& key) {
    Service* service = find(key);
    if (service == nullptr) {
        return "No such service";
    }
    while (!service->servers.empty()) {
        (void)delete_server(key, service->servers.front()->key);
    }
    services_.remove_if([&](const Service& candidate) { return candidate.key == key; });
    return {};
}

std::string Ipvs::add_server(const model::ServiceKey& service_key,
                             const model::ServerKey& server_key,
                             const model::ServerSettings& settings) {
    Service* service = find(service_key);
    if (service == nullptr) {
        return "Service not defined";
    }
    if (const std::string mistake = check(settings); !mistake.empty()) {
        return mistake;
    }
    const model::ServerKey key = adjusted(service_key, server_key, settings.forwarding);
    if (find_listed(service->servers, key) != nullptr) {
        return "Destination already exists";
    }
    auto owned = std::find_if(servers_.begin(), servers_.end(), [&](const Owned& candidate) {
        return candidate.service == service_key && candidate.server.key == key;
    });
    if (owned == servers_.end()) {
        servers_.push_back({.service = service_key, .server = {.key = key}});
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

std::string Ipvs::edit_server(const model::ServiceKey& service_key,
                              const model::ServerKey& server_key,
                              const model::ServerSettings& settings) {
    Service* service = find(service_key);
    if (service == nullptr) {
        return "Service not defined";
    }
    if (const std::string mistake = check(settings); !mistake.empty()) {
        return mistake;
    }
    Server* server =
        find_listed(service->servers, adjusted(service_key, server_key, settings.forwarding));
    if (server == nullptr) {
        return "No such destination";
    }
    apply(*server, settings, false);
    note_change(
        service->settings, service->servers, Change::edited, nullptr, nullptr, service->memory);
    return {};
}

std::string Ipvs::delete_server(const model::ServiceKey& service_key, const model::ServerKey& key) {
    Service* service = find(service_key);
    if (service == nullptr) {
        return "Service not defined";
    }
    Server* server = find_listed(service->servers, key);
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

Decision Ipvs::handle(const Packet& packet) {
    Connection* connection = connection_of(packet);
    if (connection == nullptr) {
        return schedule(packet);
    }
    const bool is_syn = packet.protocol == Protocol::tcp && packet.syn;
    const bool gone = !connection->server->listed;
    if ((is_syn && begins_anew(*connection)) || (gone && switches.expire_nodest_conn)) {
        // The old one goes a moment after the new one was scheduled.
        connection->valid = false;
        const Decision decision = schedule(packet);
        remove(*connection);
        return decision;
    }
    if (gone) {
        return {.fate = Fate::drop};
    }
    return pass_on(*connection, packet);
}

Ipvs::Service* Ipvs::find(const model::ServiceKey& key) {
    const auto found = std::find_if(
        services_.begin(), services_.end(), [&](const Service& s) { return s.key == key; });
    return found == services_.end() ? nullptr : &*found;
}

Ipvs::Service* Ipvs::service_of(const Packet& packet) {
    if (packet.mark != 0) {
        if (Service* service = find({.firewall_mark = packet.mark})) {
            return service;
        }
    }
    for (const std::uint16_t port : {packet.port, std::uint16_t{0}}) {
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

Ipvs::Connection* Ipvs::connection_of(const Packet& packet) {
    for (Connection& c : connections_) {
        if (!c.is_template && c.valid && c.protocol == packet.protocol &&
            c.client == packet.client && c.client_port == packet.client_port &&
            c.destination == packet.destination && c.port == packet.port) {
            return &c;
        }
    }
    return nullptr;
}

bool Ipvs::begins_anew(const Connection& connection) const {
    if (switches.expire_nodest_conn && connection.server->settings.weight == 0) {
        return true;
    }
    if (switches.conn_reuse_mode == 0 || connection.control != nullptr) {
        return false;
    }
    const bool fin_wait_counts =
        (switches.conn_reuse_mode & 2) != 0 && connection.forwarding != Forwarding::nat;
    return connection.state == "TW" || connection.state == "CL" ||
           (connection.state == "FW" && fin_wait_counts);
}

Decision Ipvs::schedule(const Packet& packet) {
    Service* service = service_of(packet);
    if (service == nullptr) {
        return {.fate = Fate::host};
    }
    if (packet.protocol == Protocol::tcp && (packet.rst || !(packet.syn || switches.sloppy_tcp))) {
        return {.fate = Fate::host};
    }
    if (packet.client_port == 20) {
        return {.fate = Fate::host};
    }
    if (service->settings.persistence) {
        return schedule_persistent(*service, *service->settings.persistence, packet);
    }
    if (service->key.firewall_mark == 0 && service->key.port != packet.port) {
        return {.fate = Fate::reject};
    }
    Server* server = choose(service->settings,
                            service->servers,
                            {packet.client.value, packet.destination.value, packet.client_port},
                            service->memory);
    if (server == nullptr) {
        return {.fate = Fate::reject};
    }
    return open(*service, *server, nullptr, packet);
}

Ipvs::Connection Ipvs::template_for(const Service& service,
                                    const model::Persistence& persistence,
                                    const Packet& packet) {
    Connection made = {.is_template = true, .protocol = packet.protocol};
    made.client = {packet.client.value & persistence.client_mask};
    made.destination = packet.destination;
    if (service.key.firewall_mark != 0) {
        made.by_mark = true;
        made.destination = {service.key.firewall_mark};
    } else if (packet.port == service.key.port && packet.port != 21) {
        made.port = packet.port;
    }
    return made;
}

Decision Ipvs::schedule_persistent(Service& service,
                                   const model::Persistence& persistence,
                                   const Packet& packet) {
    const Connection wanted = template_for(service, persistence, packet);
    Connection* found = nullptr;
    for (Connection& c : connections_) {
        if (c.is_template && c.valid && c.by_mark == wanted.by_mark &&
            (c.by_mark || c.protocol == wanted.protocol) && c.client == wanted.client &&
            c.destination == wanted.destination && c.port == wanted.port) {
            found = &c;
        }
    }
    if (found != nullptr && (!found->server->listed || (switches.expire_quiescent_template &&
                                                        found->server->settings.weight == 0))) {
        found->valid = false;
        found->port = found->server_port = 65535;
        found = nullptr;
    }
    if (found == nullptr) {
        Server* server = choose(service.settings,
                                service.servers,
                                {packet.client.value, packet.destination.value, packet.client_port},
                                service.memory);
        if (server == nullptr) {
            return {.fate = Fate::reject};
        }
        connections_.push_back(wanted);
        found = &connections_.back();
        found->server = server;
        found->server_port = wanted.port != 0 ? server->key.port : std::uint16_t{0};
        found->timeout_ms = persistence.timeout_s * kSecond;
        bind(*server, true);
    }
    found->deadline_ms = now_ms_ + found->timeout_ms;
    return open(service, *found->server, found, packet);
}

Decision Ipvs::open(Service& service, Server& server, Connection* control, const Packet& packet) {
    ++service.counters.connections;
    ++server.counters.connections;
    const bool keeps_port =
        server.key.port == 0 || (control != nullptr && packet.port != service.key.port);
    connections_.push_back({.protocol = packet.protocol,
                            .client = packet.client,
                            .client_port = packet.client_port,
                            .destination = packet.destination,
                            .port = packet.port,
                            .server = &server,
                            .server_port = keeps_port ? packet.port : server.key.port,
                            .forwarding = server.settings.forwarding,
                            .control = control});
    Connection& connection = connections_.back();
    if (control != nullptr) {
        ++control->controlled;
    }
    bind(server, false);
    const Decision decision = pass_on(connection, packet);
    if (service.settings.one_packet && packet.protocol == Protocol::udp) {
        remove(connection);
    }
    return decision;
}

Decision Ipvs::pass_on(Connection& connection, const Packet& packet) {
    count(*connection.server, packet);
    move_state(connection, packet);
    connection.deadline_ms = now_ms_ + connection.timeout_ms;
    return {.fate = Fate::forward,
            .server = {.address = connection.server->key.address, .port = connection.server_port},
            .forwarding = connection.forwarding};
}

void Ipvs::move_state(Connection& connection, const Packet& packet) {
    if (connection.protocol == Protocol::udp) {
        connection.timeout_ms = timeouts.udp_s * kSecond;
        return;
    }
    const auto& table = connection.forwarding == Forwarding::nat ? kFromClient : kOneWay;
    const std::size_t before = column(connection.state);
    std::string after = "CL";
    if (packet.rst) {
        after = word(table[3], before);
    } else if (packet.syn) {
        after = word(table[0], before);
    } else if (packet.fin) {
        after = word(table[1], before);
    } else if (packet.ack) {
        after = word(table[2], before);
    }
    if (after == "ES" && connection.state != "ES" && connection.control != nullptr) {
        connection.control->assured = true;
    }
    connection.state = after;
    const bool active = after == "ES" || after == "SS" || after == "SR" || after == "SA";
    if (active != connection.counted_active) {
        connection.server->active += active ? 1 : -1;
        connection.server->inactive += active ? -1 : 1;
        connection.counted_active = active;
    }
    connection.timeout_ms = std::stoull(word(kSeconds, column(after))) * kSecond;
    if (after == "ES") {
        connection.timeout_ms = timeouts.tcp_s * kSecond;
    } else if (after == "FW") {
        connection.timeout_ms = timeouts.tcp_fin_s * kSecond;
    }
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

void Ipvs::count(Server& server, const Packet& packet) {
    Service* service = server.listed ? service_of(server) : nullptr;
    if (service == nullptr) {
        return;
    }
    for (model::TrafficCounters* counters : {&service->counters, &server.counters}) {
        ++counters->packets_in;
        counters->bytes_in += packet.bytes;
    }
}

std::vector<model::ServiceView> Ipvs::services() const {
    std::vector<model::ServiceView> views;
    for (const Service& service : services_) {
        model::ServiceView view = {.key = service.key,
                                   .settings = service.settings,
                                   .counters = service.counters,
                                   .rates = {},
                                   .servers = {}};
        for (const Server* server : service.servers) {
            view.servers.push_back(
                {.key = server->key,
                 .settings = server->settings,
                 .active_connections = static_cast<std::uint32_t>(server->active),
                 .inactive_connections = static_cast<std::uint32_t>(server->inactive),
                 .persistent_connections = static_cast<std::uint32_t>(server->templates),
                 .counters = server->counters,
                 .rates = {}});
        }
        views.push_back(std::move(view));
    }
    return views;
}

std::vector<model::ConnectionView> Ipvs::connections() const {
    std::vector<model::ConnectionView> views;
    for (const Connection& c : connections_) {
        model::ConnectionView view;
        view.protocol = c.by_mark ? Protocol::tcp : c.protocol;
        view.expires_s = static_cast<std::uint32_t>((c.deadline_ms - now_ms_) / kSecond);
        view.client_address = c.client;
        view.client_port = c.client_port;
        view.virtual_address = c.by_mark ? model::Ipv4{} : c.destination;
        view.firewall_mark = c.by_mark ? c.destination.value : 0;
        view.virtual_port = c.port;
        view.server_address = c.server->key.address;
        view.server_port = c.server_port;
        view.template_entry = c.is_template;
        if (c.is_template) {
            view.state = c.assured ? "ASSURED" : "NONE";
        } else {
            view.state = c.protocol == Protocol::udp ? "UDP" : full_name(c.state);
        }
        views.push_back(std::move(view));
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
