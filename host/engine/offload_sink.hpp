// SPDX-License-Identifier: Apache-2.0
// The seam between the engine and whatever forwards packets on its behalf: a card, or nothing.
//
// The engine calls the sink from its own thread, in the middle of a decision: an implementation
// queues and returns, and calls back into the engine only later.  Everything a call carries is
// complete, so that a sink needs no state of its own about connections.
#pragma once

#include <cstdint>
#include <vector>

#include "host/engine/packet.hpp"
#include "host/model/virtual_service.hpp"
#include "host/schedule/scheduler.hpp"

namespace fpvs::engine {

// For so long a sink can tell when it last saw a connection's packets: what OffloadSink answers to
// query_activity() is right if the question comes within this time of the last hit.
constexpr std::uint32_t kCardMemorySeconds = 500;

// A connection as the card must know it.
struct OffloadFlow {
    ConnectionHandle connection = {};
    model::Protocol protocol = model::Protocol::tcp;
    model::IpAddress client_address = {};
    std::uint16_t client_port = 0;
    ServiceIndex service = kNoIndex;
    ServerIndex server = kNoIndex;
    model::Forwarding forwarding = model::Forwarding::direct_routing;
    // FULLNAT's end towards the server.
    model::IpAddress local_address = {};
    std::uint16_t local_port = 0;
};

struct OffloadServer {
    ServerIndex server = kNoIndex;
    ServiceIndex service = kNoIndex;
    model::Protocol protocol = model::Protocol::tcp;
    model::ServerKey key = {};      // With the service's port where it has none of its own.
    bool in_software_only = false;  // Settings ask for something that no card does.
    model::Forwarding forwarding = model::Forwarding::direct_routing;
    model::Tunnel tunnel = {};
};

// How a service schedules, for a card that does it in the engine's place.
struct Steering {
    schedule::Choices::By by = schedule::Choices::By::nothing;
    bool use_port = false;
    std::vector<ServerIndex> servers = {};  // kNoIndex: the engine decides.
};

// A packet of a connection that the card scheduled, and forwarded to that server.
struct LearnedPacket {
    ServiceIndex service = kNoIndex;
    ServerIndex server = kNoIndex;
    model::IpAddress client_address = {};
    std::uint16_t client_port = 0;
    std::uint8_t tcp_flags = 0;
};

class OffloadSink {
  public:
    virtual ~OffloadSink() = default;

    // A service exists or is gone.  Packets for a service that the card does not know, and for
    // flows of a server that is not available, must come to the engine.
    virtual void service_added(ServiceIndex service, const model::ServiceKey& key) = 0;
    virtual void service_removed(ServiceIndex service) = 0;
    // What Engine::steering() says of it is no longer what it said before.
    virtual void steering_changed(ServiceIndex service) = 0;
    // Available again after a removal: the flows of the same index are good again.
    virtual void server_available(const OffloadServer& server) = 0;
    virtual void server_unavailable(ServerIndex server) = 0;

    // Forward this connection.  Answer with Engine::on_offload_refused() if that cannot be done.
    virtual void offer(const OffloadFlow& flow) = 0;
    // Forward it no longer.  The handle may be dead by the time the card has obeyed.
    virtual void withdraw(const OffloadFlow& flow) = 0;
    // How long has the card seen no packet of it?  Answer with Engine::on_activity().
    virtual void query_activity(const OffloadFlow& flow) = 0;
};

}  // namespace fpvs::engine
