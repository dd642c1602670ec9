// SPDX-License-Identifier: Apache-2.0
// A second opinion on the director's decisions: IPVS's rules as directly as they can be said, with
// linear searches and no thought of speed.  It shares no code with the engine; where the two
// differ, one of them is wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "sim/reference/choose.hpp"
#include "sim/reference/states.hpp"
#include "sim/reference/types.hpp"

namespace fpvs::reference {

enum class Fate : std::uint8_t { forward, host, drop, reject };
enum class Direction : std::uint8_t { to_server, to_client };

struct Endpoint {
    Address address;
    std::uint16_t port = 0;

    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

struct Decision {
    Fate fate = Fate::host;
    // The rest is for Fate::forward.
    Direction direction = Direction::to_server;
    Forwarding forwarding = Forwarding::direct_routing;
    Tunnel tunnel;
    ServerId server;              // Address and port at which the connection's server is.
    Endpoint client;              // The connection's ends as the client knows them.
    Endpoint service;             // "
    Endpoint local;               // FULLNAT: the client's stand-in towards the server.
    bool refuses_reply = false;   // Fate::reject: because of nat_icmp_send.
    bool mistaken_local = false;  // FULLNAT: the endpoint proposed is not one that may be taken.
};

// The settings that IPVS has as sysctls, by their names.
struct Switches {
    bool expire_nodest_conn = false;
    bool expire_quiescent_template = false;
    int conn_reuse_mode = 1;
    bool sloppy_tcp = false;
    bool sloppy_sctp = false;
    int secure_tcp = 0;   // 3 is on; 1 and 2 switch it on when memory is short: never here.
    int drop_packet = 0;  // The same.
    int am_droprate = 10;
    bool nat_icmp_send = false;
};

struct ServerView {
    ServerId id;
    int weight = 0;
    long active = 0;
    long inactive = 0;
    long templates = 0;
    Counters counters;
};

struct ServiceView {
    ServiceId id;
    std::string scheduler;
    Counters counters;
    std::vector<ServerView> servers;  // The newest first.
};

struct ConnectionView {
    bool is_template = false;
    Protocol protocol = Protocol::tcp;
    std::uint32_t mark = 0;  // Of a template by firewall mark.
    Endpoint client;
    Endpoint service;
    Endpoint server;
    Endpoint local;  // With FULLNAT.
    std::string state;
    std::uint64_t expires_s = 0;
};

class Ipvs {
  public:
    Switches switches;
    Timeouts timeouts;
    std::size_t connections_max = std::numeric_limits<std::size_t>::max();  // Templates included.
    // Where chance decides, the answer comes from outside: the draws of twos, and the local
    // endpoint of a FULLNAT connection.
    Draw draw;
    std::function<std::optional<Endpoint>()> propose_local;

    // Every time it is set, drop_packet counts anew.
    void set_drop_packet(int value);

    // Edits return ipvsadm's sentence, or nothing if all is well.
    std::string add_service(const ServiceId& id, const ServiceSettings& settings);
    std::string edit_service(const ServiceId& id, const ServiceSettings& settings);
    std::string delete_service(const ServiceId& id);
    std::string add_server(const ServiceId& service,
                           const ServerId& server,
                           const ServerSettings& settings);
    std::string edit_server(const ServiceId& service,
                            const ServerId& server,
                            const ServerSettings& settings);
    std::string delete_server(const ServiceId& service, const ServerId& server);
    // FULLNAT's pool of a service.  False: there is no such service, or it has the address already,
    // or not.
    bool add_local_address(const ServiceId& service, const Address& address);
    bool delete_local_address(const ServiceId& service, const Address& address);
    std::string zero(const std::optional<ServiceId>& id);  // Of one service, or of all.

    // Ends what is due until then; time never goes back.
    void advance(std::uint64_t now_ms);
    [[nodiscard]] Decision handle(const Packet& packet);
    // What handle() would say to this packet of a known connection, without counting it. Fate::host
    // if there is none.
    [[nodiscard]] Decision look_up(const Packet& packet);

    [[nodiscard]] std::vector<ServiceView> services() const;  // The newest first.
    [[nodiscard]] std::vector<ConnectionView> connections() const;
    [[nodiscard]] std::size_t connection_count() const { return connections_.size(); }
    // When entries end, and how long each server of the trash has been idle.
    struct Deadline {
        std::uint64_t ms = 0;
        bool is_template = false;
    };
    [[nodiscard]] std::vector<Deadline> deadlines() const;
    [[nodiscard]] std::vector<std::uint64_t> trash_idle_ms() const;
    // More than one connection could have sent this packet to its client: which one is nobody's
    // rule.
    [[nodiscard]] bool is_ambiguous(const Packet& packet) const;

  private:
    struct Service {
        ServiceId id;
        ServiceSettings settings;
        std::vector<Address> local_addresses;
        ServerList servers;
        Memory memory;
        Counters counters;
    };
    struct Connection {
        bool is_template = false;
        bool by_mark = false;  // A template by firewall mark; the mark is `mark`.
        std::uint32_t mark = 0;
        bool valid = true;  // A template that still binds clients.
        Protocol protocol = Protocol::tcp;
        Endpoint client;
        Endpoint service;
        Endpoint local;
        Server* server = nullptr;
        std::uint16_t server_port = 0;
        Forwarding forwarding = Forwarding::direct_routing;
        State state = kNoState;
        bool counted_active = false;
        bool assured = false;
        std::uint64_t timeout_ms = 0;
        std::uint64_t deadline_ms = 0;
        Connection* control = nullptr;
        int controlled = 0;
    };
    // A server with the service it belongs to, which outlives both deletions.
    struct Owned {
        ServiceId service;
        Server server;
    };

    [[nodiscard]] Service* find(const ServiceId& id);
    [[nodiscard]] Service* service_of(const Packet& packet);
    [[nodiscard]] Service* service_of(const Server& server);
    [[nodiscard]] static bool goes_to_server(const Connection& connection, const Packet& packet);
    [[nodiscard]] static bool goes_to_client(const Connection& connection, const Packet& packet);
    [[nodiscard]] bool begins_anew(const Connection& connection) const;
    [[nodiscard]] bool may_begin(const Packet& packet) const;
    [[nodiscard]] bool has_room(std::size_t wanted) const;
    [[nodiscard]] bool is_dropped_by_rate();
    [[nodiscard]] bool is_from_nat_server(const Packet& packet) const;
    [[nodiscard]] bool may_take(const Service& service,
                                const ServerId& server,
                                Protocol protocol,
                                const Endpoint& local) const;
    [[nodiscard]] Decision handle_from_client(Connection& connection, const Packet& packet);
    [[nodiscard]] Decision schedule(const Packet& packet);
    [[nodiscard]] Decision schedule_persistent(Service& service,
                                               const Persistence& persistence,
                                               const Packet& packet);
    [[nodiscard]] Decision open(Service& service,
                                Server& server,
                                Connection* control,
                                const Packet& packet);
    [[nodiscard]] Decision pass_on(Connection& connection, Direction direction, const Packet&);
    [[nodiscard]] static Decision decision_for(const Connection& connection, Direction direction);
    [[nodiscard]] static Connection template_for(const Service& service,
                                                 const Persistence& persistence,
                                                 const Packet& packet);
    [[nodiscard]] Server* choose_server(Service& service, const Packet& packet);
    void move_state(Connection& connection, Direction direction, const Packet& packet);
    void bind(Server& server, bool is_template);
    void unbind(const Connection& connection);
    void remove(Connection& connection);
    void remove_connections_of_deleted_servers();
    void count(Server& server, Direction direction, const Packet& packet);

    std::uint64_t now_ms_ = 0;
    int droppable_ = 0;  // Packets that drop_packet has counted since it last dropped one.
    std::list<Service> services_;
    std::list<Owned> servers_;  // Listed or in the trash.
    std::list<Connection> connections_;
};

}  // namespace fpvs::reference
