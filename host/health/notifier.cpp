// SPDX-License-Identifier: Apache-2.0
#include "host/health/notifier.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "host/health/endpoint.hpp"

namespace fpvs::health {
namespace {

bool is_up(const PoolEvent& event) {
    return event.kind == PoolEvent::Kind::server_up || event.kind == PoolEvent::Kind::quorum_up;
}

bool is_of_server(const PoolEvent& event) {
    return event.kind == PoolEvent::Kind::server_up || event.kind == PoolEvent::Kind::server_down;
}

// Nothing if nobody is to be told.
const model::Script* script_for(const model::VirtualServiceConfig& service,
                                const PoolEvent& event) {
    if (!is_of_server(event)) {
        return is_up(event) ? &service.quorum.notify_up : &service.quorum.notify_down;
    }
    const auto found = std::find_if(service.servers.begin(),
                                    service.servers.end(),
                                    [&](const auto& server) { return server.key == event.server; });
    if (found == service.servers.end()) {
        return nullptr;
    }
    return is_up(event) ? &found->notify_up : &found->notify_down;
}

}  // namespace

std::string fifo_line(const model::ServiceKey& service, const PoolEvent& event) {
    const char* const state = is_up(event) ? "UP" : "DOWN";
    if (is_of_server(event)) {
        return fmt::format(
            "RS {} {} {}\n", endpoint(service, event.server), endpoint(service), state);
    }
    return fmt::format("VS {} {}\n", endpoint(service), state);
}

void Notifier::tell(const model::VirtualServiceConfig& service, const PoolEvents& events) {
    for (const PoolEvent& event : events) {
        const model::Script* const script = script_for(service, event);
        if (script != nullptr && script->given()) {
            scripts_.tell(*script);
        }
        fifo_(fifo_line(service.key, event));
    }
}

}  // namespace fpvs::health
