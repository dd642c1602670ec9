// SPDX-License-Identifier: Apache-2.0
// A `virtual_server` block while it is read: what stands there, each with its place.  What a word
// means may depend on one that comes later, so the draft is filled in when all is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/config/forwarding_reader.hpp"
#include "host/config/lexer.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::config {

// Timers of checks may be set for a service, a server and a check; the nearest one counts,
// whatever their order in the file.
struct CheckTimers {
    std::optional<std::uint32_t> connect_timeout_ms;
    std::optional<std::uint32_t> retries;
    std::optional<std::uint32_t> delay_before_retry_ms;

    [[nodiscard]] CheckTimers or_else(const CheckTimers& outer) const {
        return {
            .connect_timeout_ms =
                connect_timeout_ms ? connect_timeout_ms : outer.connect_timeout_ms,
            .retries = retries ? retries : outer.retries,
            .delay_before_retry_ms =
                delay_before_retry_ms ? delay_before_retry_ms : outer.delay_before_retry_ms,
        };
    }
};

struct CheckDraft {
    CheckTimers timers;
    model::HealthCheck check;
};

struct ServerDraft {
    Position place;
    Position address_place;
    std::optional<model::IpAddress> address;
    std::optional<std::uint16_t> port;
    Position port_place;
    std::optional<Method> method;
    std::optional<std::int32_t> weight;
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;
    Position lower_threshold_place;
    CheckTimers timers;
    std::vector<CheckDraft> checks;
};

struct ServiceDraft {
    Position place;
    model::VirtualServiceConfig service;
    Position protocol_place;
    bool has_protocol = false;
    bool has_scheduler = false;
    std::optional<Method> method;
    std::optional<std::int32_t> weight;
    std::vector<Word> scheduler_flags;
    std::optional<std::uint32_t> persistence_timeout_s;
    std::optional<Word> granularity;
    std::string persistence_engine;
    Position persistence_place;
    std::optional<model::Family> family;  // As ip_family says.
    CheckTimers timers;
    std::vector<ServerDraft> servers;
};

// Completes draft.service: keepalived's defaults, what follows from other statements, the servers.
void fill(ServiceDraft& draft, Diagnostics& diagnostics);

}  // namespace fpvs::config
