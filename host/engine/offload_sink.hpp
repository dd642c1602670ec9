// SPDX-License-Identifier: Apache-2.0
// The seam between the engine and whatever forwards packets on its behalf: a card, or nothing.
//
// The engine calls the sink from its own thread, in the middle of a decision: an implementation
// queues and returns, and calls back into the engine only later.  Everything a call carries is
// complete, so that a sink needs no state of its own about connections.
#pragma once

#include <cstdint>

#include "host/engine/packet.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::engine {

// A connection as the card must know it.
struct OffloadFlow {
    ConnectionHandle connection = {};
    model::Protocol protocol = model::Protocol::tcp;
    model::Ipv4 client_address = {};
    std::uint16_t client_port = 0;
    model::Ipv4 virtual_address = {};
    std::uint16_t virtual_port = 0;
    ServiceIndex service = kNoIndex;
    ServerIndex server = kNoIndex;
    model::Forwarding forwarding = model::Forwarding::direct_routing;
    model::Ipv4 server_address = {};
    std::uint16_t server_port = 0;
};

struct OffloadServer {
    ServerIndex server = kNoIndex;
    ServiceIndex service = kNoIndex;
    model::ServerKey key = {};
    model::Forwarding forwarding = model::Forwarding::direct_routing;
};

class OffloadSink {
  public:
    virtual ~OffloadSink() = default;

    // A service exists or is gone.  Packets for a service that the card does not know, and for
    // flows of a server that is not available, must come to the engine.
    virtual void service_added(ServiceIndex service, const model::ServiceKey& key) = 0;
    virtual void service_removed(ServiceIndex service) = 0;
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
