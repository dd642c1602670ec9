// SPDX-License-Identifier: Apache-2.0
// What keepalived logs of checks, kind by kind, with the cause behind it in brackets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/model/health_check.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::health {

struct CheckSubject {
    const model::HealthCheck& check;
    const model::ServiceKey& service;
    const model::ServerKey& server;
};

// The first success, or that after a failure.
[[nodiscard]] std::string success_text(const CheckSubject& subject);
// A failure that takes the server down, after so many retries.
[[nodiscard]] std::string down_text(const CheckSubject& subject,
                                    std::uint32_t retries,
                                    std::string_view cause);
// A failure that is retried.
[[nodiscard]] std::string failure_text(const CheckSubject& subject, std::string_view cause);

}  // namespace fpvs::health
