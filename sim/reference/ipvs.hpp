// SPDX-License-Identifier: Apache-2.0
// A second opinion on the director's decisions: IPVS's rules as directly as they can be said, with
// linear searches and no thought of speed.  It shares no code with the engine; where the two
// differ, one of them is wrong.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/model/timeouts.hpp"
#include "host/model/view.hpp"
#include "host/model/virtual_service.hpp"
#include "sim/reference/choose.hpp"

namespace fpvs::reference {

struct Packet {
    model::Protocol protocol = model::Protocol::tcp;
    bool syn = false;
    bool ack = false;
    bool fin = false;
    bool rst = false;
    std::uint32_t bytes = 0;
    model::Ipv4 client;
    std::uint16_t client_port = 0;
    model::Ipv4 destination;
    std::uint16_t port = 0;
    std::uint32_t mark = 0;
};

enum class Fate : std::uint8_t { forward, host, drop, reject };

struct Decision {
    Fate fate = Fate::host;
    model::ServerKey server;  // Address and port that the packet goes to.
    model::Forwarding forwarding = model::Forwarding::direct_routing;
};

struct Switches {
    bool expire_nodest_conn = false;
    bool expire_quiescent_template = false;
    int conn_reuse_mode = 1;
    bool sloppy_tcp = false;
};

class Ipvs {
  public:
    Switches switches;
    model::ConnectionTimeouts timeouts;

    // Edits return ipvsadm's sentence, or nothing if all is well.
    std::string add_service(const model::ServiceKey& key, const model::ServiceSettings& settings);
    std::string edit_service(const model::ServiceKey& key, const model::ServiceSettings& settings);
    std::string delete_service(const model::ServiceKey& key);
    std::string add_server(const model::ServiceKey& service,
                           const model::ServerKey& server,
                           const model::ServerSettings& settings);
    std::string edit_server(const model::ServiceKey& service,
                            const model::ServerKey& server,
                            const model::ServerSettings& settings);
    std::string delete_server(const model::ServiceKey& service, const model::ServerKey& server);

    // Ends what is due until then; time never goes back.
    void advance(std::uint64_t now_ms);
    [[nodiscard]] Decision handle(const Packet& packet);

    [[nodiscard]] std::vector<model::ServiceView> services() const;  // The newest first.
    [[nodiscard]] std::vector<model::ConnectionView> connections() const;
    // When entries end, and how long each server of the trash has been idle.
    struct Deadline {
        std::uint64_t ms = 0;
        bool is_template = false;
    };
    [[nodiscard]] std::vector<Deadline> deadlines() const;
    [[nodiscard]] std::vector<std::uint64_t> trash_idle_ms() const;

  private:
    struct Service {
        model::ServiceKey key;
        model::ServiceSettings settings;
        ServerList servers;
        Memory memory;
        model::TrafficCounters counters;
    };
    struct Connection {
        bool is_template = false;
        bool by_mark = false;  // A template by firewall mark: `destination` is the mark.
        bool valid = true;     // A template that still binds clients.
        model::Protocol protocol = model::Protocol::tcp;
        model::Ipv4 client;
        std::uint16_t client_port = 0;
        model::Ipv4 destination;
        std::uint16_t port = 0;
        Server* server = nullptr;
        std::uint16_t server_port = 0;
        model::Forwarding forwarding = model::Forwarding::direct_routing;
        std::string state = "NO";  // The letters of the tables in ipvs.cpp.
        bool counted_active = false;
        bool assured = false;
        std::uint64_t timeout_ms = 0;
        std::uint64_t deadline_ms = 0;
        Connection* control = nullptr;
        int controlled = 0;
    };
    // A server with the service it belongs to, which outlives both deletions.
    struct Owned {
        model::ServiceKey service;
        Server server;
    };

    [[nodiscard]] Service* find(const model::ServiceKey& key);
    [[nodiscard]] Service* service_of(const Packet& packet);
    [[nodiscard]] Service* service_of(const Server& server);
    [[nodiscard]] Connection* connection_of(const Packet& packet);
    [[nodiscard]] bool begins_anew(const Connection& connection) const;
    [[nodiscard]] Decision schedule(const Packet& packet);
    [[nodiscard]] Decision schedule_persistent(Service& service,
                                               const model::Persistence& persistence,
                                               const Packet& packet);
    [[nodiscard]] Decision open(Service& service,
                                Server& server,
                                Connection* control,
                                const Packet& packet);
    [[nodiscard]] Decision pass_on(Connection& connection, const Packet& packet);
    [[nodiscard]] static Connection template_for(const Service& service,
                                                 const model::Persistence& persistence,
                                                 const Packet& packet);
    void move_state(Connection& connection, const Packet& packet);
    void bind(Server& server, bool is_template);
    void unbind(const Connection& connection);
    void remove(Connection& connection);
    void remove_connections_of_deleted_servers();
    void count(Server& server, const Packet& packet);

    std::uint64_t now_ms_ = 0;
    std::list<Service> services_;
    std::list<Owned> servers_;  // Listed or in the trash.
    std::list<Connection> connections_;
};

}  // namespace fpvs::reference
