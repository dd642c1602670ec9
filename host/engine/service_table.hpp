// SPDX-License-Identifier: Apache-2.0
// Virtual services, their real servers, and the trash: servers that were deleted but may still have
// connections, or come back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "host/engine/address_filter.hpp"
#include "host/engine/mapped_array.hpp"
#include "host/engine/names.hpp"
#include "host/engine/packet.hpp"
#include "host/engine/server_line.hpp"
#include "host/engine/traffic_meter.hpp"
#include "host/model/view.hpp"
#include "host/model/virtual_service.hpp"
#include "host/schedule/random.hpp"
#include "host/schedule/scheduler.hpp"
#include "host/util/result.hpp"

namespace fpvs::engine {

// A real server of one service.
class Server {
  public:
    schedule::ServerState state;  // state.key is the server's, state.index its ServerIndex.
    ServiceIndex service = kNoIndex;
    model::ServerSettings settings;
    TrafficMeter traffic;
    bool in_use = false;
    bool available = false;             // False in the trash.
    std::uint32_t templates = 0;        // Persistence templates bound to it.
    std::uint32_t references = 0;       // Connections and templates bound to it.
    std::uint64_t unused_since_ms = 0;  // In the trash: since when without references, 0 = not yet.
    bool translates = false;            // Some connection may have been bound to it by NAT.
    // What its lines had counted when fold() last looked: not more of it is in the meters.
    model::TrafficCounters folded;

    // A connection or template is bound to it, or no longer.  A connection begins as InActConn.
    void bind(bool is_template);
    void unbind(bool is_template, bool active);
    void set_active(bool active);  // One of its connections changed sides.
    void apply(const model::ServerSettings& settings, bool is_new);

  private:
    [[nodiscard]] std::uint64_t connections() const {
        return static_cast<std::uint64_t>(state.active) + state.inactive;
    }
};

struct Service {
    model::ServiceKey key;
    model::ServiceSettings settings;
    std::unique_ptr<schedule::Scheduler> scheduler;
    std::vector<const schedule::ServerState*> servers;  // The newest first, as schedulers see them.
    std::vector<std::uint16_t> local_addresses;         // Numbers of ServiceTable::local_address().
    TrafficMeter traffic;
    ServiceIndex index = kNoIndex;
    bool available = false;          // False: deleted, but the trash holds servers of it.
    std::uint32_t servers_held = 0;  // In its list or in the trash.
};

class ServiceTable {
  public:
    // The seed is for schedulers that draw lots.  Each worker has its own lines.  What its numbers
    // mean is written to `names`.
    explicit ServiceTable(std::uint64_t seed, std::size_t workers = 1, Names names = Names());

    // Who had a number under these names gets it again, and nobody else does while others are
    // free: for a table that is still empty.
    void prefer(const Names& before);

    // Edits.  Errors carry ipvsadm's sentences and change nothing.
    [[nodiscard]] Result<ServiceIndex> add_service(const model::ServiceKey& key,
                                                   const model::ServiceSettings& settings);
    [[nodiscard]] Result<ServiceIndex> edit_service(const model::ServiceKey& key,
                                                    const model::ServiceSettings& settings);
    [[nodiscard]] Result<ServerIndex> add_server(const model::ServiceKey& service,
                                                 model::ServerKey server,
                                                 const model::ServerSettings& settings);
    [[nodiscard]] Result<ServerIndex> edit_server(const model::ServiceKey& service,
                                                  model::ServerKey server,
                                                  const model::ServerSettings& settings);
    // To the trash.
    [[nodiscard]] Result<ServerIndex> delete_server(const model::ServiceKey& service,
                                                    const model::ServerKey& server);
    // Its servers must have been deleted before.
    void delete_service(Service& service);
    // For Forwarding::full_nat.  A connection keeps an address that was deleted.
    [[nodiscard]] Status add_local_address(const model::ServiceKey& service,
                                           const model::IpAddress& address);
    [[nodiscard]] Status delete_local_address(const model::ServiceKey& service,
                                              const model::IpAddress& address);
    [[nodiscard]] const model::IpAddress& local_address(std::uint16_t number) const {
        return local_addresses_[number];
    }
    // The number of an address, whether or not a service has it.
    [[nodiscard]] Result<std::uint16_t> local_number(const model::IpAddress& address);
    // Connections to it are translated, whatever it would do with new ones.
    void expect_answers(Server& server);
    // What packets left with the servers goes to the meters of these and their services.
    void fold();
    void fold(Server& server);
    // What is left for that.
    [[nodiscard]] model::TrafficCounters unfolded(const Server& server) const;
    // Every TrafficMeter::kSampleMs, in parts: from the service `position` on, about `meters_max`
    // meters.  Then `position` is where to go on, or kNoIndex.
    void sample_traffic(ServiceIndex& position, std::size_t meters_max);
    // Forgets servers that were in the trash without connections for kTrashSeconds.
    void empty_trash(std::uint64_t now_ms);

    // The service with this key; the one that a packet is for: by its mark, its port, or port 0.
    [[nodiscard]] Service* find(const model::ServiceKey& key);
    [[nodiscard]] const Service* find(const model::ServiceKey& key) const;
    [[nodiscard]] Service* find_for(const Packet& packet);
    // The service's server with this end, by its own port, the service's or none; it may be in the
    // trash.
    [[nodiscard]] Server* find_server_at(Service& service,
                                         const model::IpAddress& address,
                                         std::uint16_t port);

    [[nodiscard]] Server& server(ServerIndex index) { return *servers_[index]; }
    [[nodiscard]] const Server& server(ServerIndex index) const { return *servers_[index]; }
    // A worker's lines, by ServerIndex; they stay where they are.
    [[nodiscard]] ServerLine* lines(std::size_t worker) { return lines_[worker].data(); }
    // Whether a packet from there may be a server's answer to a connection by NAT or FULLNAT: yes
    // is a guess, no is sure.  May be asked at any time.
    [[nodiscard]] bool may_answer(const model::IpAddress& address) const {
        return translating_servers_.may_contain(address);
    }
    // Whether a server behind NAT, of any service with this protocol, has this end.
    [[nodiscard]] bool is_nat_server(model::Protocol protocol,
                                     const model::IpAddress& address,
                                     std::uint16_t port) const;
    // Null if no server has this index now.
    [[nodiscard]] Server* find_server(ServerIndex index);
    [[nodiscard]] const Server* find_server(ServerIndex index) const;
    [[nodiscard]] Service& service(ServiceIndex index) { return *services_[index]; }
    [[nodiscard]] const Service& service(ServiceIndex index) const { return *services_[index]; }
    // The services there are, the newest first.
    [[nodiscard]] const std::vector<ServiceIndex>& order() const { return order_; }

    static constexpr std::uint64_t kTrashSeconds = 120;

  private:
    struct KeyHash {
        std::size_t operator()(const model::ServiceKey& key) const;
    };
    // A server in the trash is found again by its service and its own key.
    struct TrashKey {
        ServiceIndex service = kNoIndex;
        model::ServerKey server;
        friend bool operator==(const TrashKey&, const TrashKey&) = default;
    };
    struct TrashKeyHash {
        std::size_t operator()(const TrashKey& key) const;
    };

    struct End {
        model::Protocol protocol = model::Protocol::tcp;
        model::ServerKey server;
        friend bool operator==(const End&, const End&) = default;
    };
    struct EndHash {
        std::size_t operator()(const End& end) const;
    };

    [[nodiscard]] Server* find_server(Service& service, const model::ServerKey& key);
    [[nodiscard]] Result<Server*> allocate_server(const Service& service,
                                                  const model::ServerKey& key);
    [[nodiscard]] Result<Service*> allocate_service(const model::ServiceKey& key);
    void release_server(Server& server);
    void release_if_unused(Service& service);
    void apply(Server& server, const model::ServerSettings& settings, bool is_new);
    // Before and after a change of the server: is_nat_server() knows only those it should.
    void leave_nat_ends(const Server& server);
    void join_nat_ends(const Server& server);
    void tell_lines(const Server& server);
    [[nodiscard]] std::optional<ServiceIndex> take_service_number(const model::ServiceKey& key);
    [[nodiscard]] std::optional<ServerIndex> take_server_number(const TrashKey& key);

    Names names_;
    schedule::Random seeds_;  // One for every scheduler made.
    // Addresses are stable: schedulers and packets in flight hold references.
    std::vector<std::unique_ptr<Service>> services_;
    std::vector<ServiceIndex> free_services_;
    std::vector<ServiceIndex> order_;
    std::unordered_map<model::ServiceKey, ServiceIndex, KeyHash> by_key_;
    std::vector<std::unique_ptr<Server>> servers_;
    std::vector<MappedArray<ServerLine>> lines_;  // One of each worker.
    AddressFilter translating_servers_;
    std::unordered_map<End, std::uint32_t, EndHash> nat_ends_;  // Servers with that end.
    std::vector<ServerIndex> free_servers_;
    std::unordered_map<TrashKey, ServerIndex, TrashKeyHash> trash_;
    // Numbers that are free, but kept for whom had them.
    std::unordered_map<model::ServiceKey, ServiceIndex, KeyHash> preferred_services_;
    std::unordered_map<TrashKey, ServerIndex, TrashKeyHash> preferred_servers_;
    std::vector<model::IpAddress> local_addresses_;  // Every one that there ever was.
    std::size_t mark_services_ = 0;                  // Services by firewall mark there are,
    std::size_t any_port_services_ = 0;              // and services of port 0.
};

}  // namespace fpvs::engine
