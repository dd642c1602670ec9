// SPDX-License-Identifier: Apache-2.0
// A checker's block while it is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/model/health_check.hpp"

namespace fpvs::config {

// What may be said for a service, a server and a check; the nearest one counts, whatever their
// order in the file.
struct CheckTimers {
    std::optional<std::uint32_t> connect_timeout_ms = {};
    std::optional<std::uint32_t> retries = {};
    std::optional<std::uint32_t> delay_before_retry_ms = {};
    std::optional<std::uint32_t> delay_loop_ms = {};
    std::optional<std::uint32_t> warmup_ms = {};
    std::optional<bool> alpha = {};

    [[nodiscard]] CheckTimers or_else(const CheckTimers& outer) const {
        const auto nearest = [](const auto& mine, const auto& others) {
            return mine ? mine : others;
        };
        return {
            .connect_timeout_ms = nearest(connect_timeout_ms, outer.connect_timeout_ms),
            .retries = nearest(retries, outer.retries),
            .delay_before_retry_ms = nearest(delay_before_retry_ms, outer.delay_before_retry_ms),
            .delay_loop_ms = nearest(delay_loop_ms, outer.delay_loop_ms),
            .warmup_ms = nearest(warmup_ms, outer.warmup_ms),
            .alpha = nearest(alpha, outer.alpha),
        };
    }
};

struct CheckDraft {
    Position place = {};
    CheckTimers timers = {};
    model::HealthCheck check = {};
    std::string virtual_host = {};               // Of HTTP_GET and SSL_GET, for all URLs.
    Position track_file_place = {};              // Of FILE_CHECK.
    std::vector<model::HealthCheck> hosts = {};  // Of SMTP_CHECK: where each connects to.
};

}  // namespace fpvs::config
