// SPDX-License-Identifier: Apache-2.0
// A connection, or a template, as this director knew it before it was started again.
#pragma once

#include <cstdint>

#include "host/engine/flow_key.hpp"
#include "host/engine/packet.hpp"
#include "host/model/address.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::engine {

struct KnownConnection {
    std::uint8_t protocol = 0;  // A model::Protocol; of templates by firewall mark 0.
    model::IpAddress client_address = {};
    std::uint16_t client_port = 0;
    model::IpAddress virtual_address = {};
    std::uint16_t virtual_port = 0;
    ServerIndex server = kNoIndex;
    std::uint16_t server_port = 0;
    model::Forwarding forwarding = model::Forwarding::direct_routing;
    std::uint8_t state = 0;  // Of its protocol: TcpState or SctpState.
    std::uint32_t timeout_ms = 0;
    std::uint64_t left_ms = 0;         // Until it expires if nothing happens.
    std::uint32_t control = kNoIndex;  // The template that bound it, by its number here.
    bool assured = false;              // A template: a connection of it got to ESTABLISHED.
    // FULLNAT's end towards the server, and the connection's word for who tells the server.
    model::IpAddress local_address = {};
    std::uint16_t local_port = 0;
    std::uint32_t note = 0;
};

enum class Restored : std::uint8_t {
    done,
    known,      // There is a connection between these ends already.
    no_server,  // Its number means nobody.
    no_room,
    local_taken,  // FULLNAT's local end is another connection's, or another worker's.
};

}  // namespace fpvs::engine
