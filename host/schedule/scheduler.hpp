// SPDX-License-Identifier: Apache-2.0
// How a virtual service chooses the server of a new connection: IPVS's schedulers, one file each.
//
// A scheduler sees the service's servers as a list, the newest first, as IPVS walks it; the choices
// are those of IPVS for the same commands and connections in the same order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/model/virtual_service.hpp"

namespace fpvs::schedule {

// A real server as schedulers see it.
struct ServerState {
    std::uint32_t index = 0;  // Its owner's name for it.
    model::ServerKey key = {};
    std::int32_t weight = 0;
    std::int32_t last_weight = 0;  // The weight before it was set to 0, else the weight.
    std::uint32_t active = 0;      // Connections counted as ActiveConn,
    std::uint32_t inactive = 0;    // and as InActConn.
    bool overloaded = false;       // The upper threshold was reached, the lower not yet again.

    [[nodiscard]] bool usable() const { return weight > 0 && !overloaded; }
};

using Servers = std::span<const ServerState* const>;

// The connection that wants a server.
struct Request {
    model::IpAddress client_address = {};
    std::uint16_t client_port = 0;
    model::IpAddress destination = {};
    bool hash_fallback = false;  // The service's flags.
    bool hash_port = false;
    bool by_address = false;  // Tables by the servers' addresses, not by the order of the list.
    std::uint64_t now_ms = 0;
    // How long lblc and lblcr remember an address that nobody asks for.
    std::uint64_t destination_idle_ms = std::uint64_t{24} * 3600 * 1000;
};

// A scheduler's choices ahead of time, for a device that schedules in our place.
struct Choices {
    enum class By : std::uint8_t {
        source,    // sh's bucket of the client.
        maglev,    // mh's place of the client.
        nothing,   // One choice for all.
        sequence,  // In turn, from the first on, round and round.
    };
    By by = By::nothing;
    // Positions of servers; none: pick() has to be asked, or no server can take the connection.
    std::vector<std::optional<std::size_t>> positions = {};
};

class Scheduler {
  public:
    virtual ~Scheduler() = default;

    // The position in `servers` of the server that takes the connection, or none can.
    [[nodiscard]] virtual std::optional<std::size_t> pick(Servers servers,
                                                          const Request& request) = 0;

    // Every change of the list is told, with the list as it is after it.
    virtual void start(Servers servers) = 0;         // Once, before everything else.
    virtual void server_added(Servers servers) = 0;  // It is the first.
    virtual void server_removed(Servers servers, std::size_t former_position) = 0;
    virtual void server_edited(Servers servers) = 0;

    // All that pick() would choose for requests with these flags and this destination, as long as
    // no server changes.  None where that depends on more, or is more than `choices_max`.
    [[nodiscard]] virtual std::optional<Choices> choices(Servers /*servers*/,
                                                         const Request& /*request*/,
                                                         std::size_t /*choices_max*/) {
        return std::nullopt;
    }
    // Such a device made this choice: the next one follows it.
    virtual void chosen(Servers /*servers*/, const ServerState& /*server*/) {}
};

// None if no scheduler has this name.  The seed is for those that draw lots; it should be another
// one for every service and every start.
[[nodiscard]] std::unique_ptr<Scheduler> make_scheduler(std::string_view name,
                                                        std::uint64_t seed = 0);
[[nodiscard]] std::span<const std::string_view> scheduler_names();

}  // namespace fpvs::schedule
