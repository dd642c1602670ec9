// SPDX-License-Identifier: Apache-2.0
#include "host/health/endpoint.hpp"

#include <fmt/core.h>

#include <string_view>

namespace fpvs::health {
namespace {

std::string_view protocol_word(model::Protocol protocol) {
    switch (protocol) {
        case model::Protocol::tcp:
            return "tcp";
        case model::Protocol::udp:
            return "udp";
        case model::Protocol::sctp:
            return "sctp";
    }
    return "";
}

std::string of_parts(const model::IpAddress& address, model::Protocol protocol, unsigned port) {
    return fmt::format("[{}]:{}:{}", model::to_string(address), protocol_word(protocol), port);
}

}  // namespace

std::string endpoint(const model::ServiceKey& service) {
    if (service.firewall_mark != 0) {
        return fmt::format("FWM {}", service.firewall_mark);
    }
    return of_parts(service.address, service.protocol, service.port);
}

std::string endpoint(const model::ServiceKey& service, const model::ServerKey& server) {
    return of_parts(server.address, service.protocol, server.port);
}

}  // namespace fpvs::health
