// SPDX-License-Identifier: Apache-2.0
// The seam of a health check: ask a server once, and say what came of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/model/address.hpp"
#include "host/model/health_check.hpp"

namespace fpvs::provider {

struct ProbeRequest {
    const model::HealthCheck& check;  // Lives longer than the attempt.
    model::IpAddress address;         // Whom to ask; connect_ip and connect_port are in it.
    std::uint16_t port = 0;
    std::size_t step = 0;            // Which of several questions: HTTP's URL.
    std::int32_t server_weight = 0;  // As configured.
};

struct ProbeReport {
    bool success = false;
    std::string result = {};  // "connected", "connection refused", "HTTP status 503".
    // What the server's weight becomes more, or less, than its configured one.  Only from checks
    // that know of weights; otherwise what was said last stands.
    std::optional<std::int64_t> weight_change = {};
};

class Probe {
  public:
    using Done = std::function<void(ProbeReport report)>;

    // A question under way.  Destroying it gives up, and Done is not called any more.
    class Attempt {
      public:
        virtual ~Attempt() = default;
    };

    virtual ~Probe() = default;
    // Calls `done` once, later and never from within this call, on the control plane's thread.  May
    // never call it: the caller's patience is its own.
    [[nodiscard]] virtual std::unique_ptr<Attempt> begin(const ProbeRequest& request,
                                                         Done done) = 0;
};

}  // namespace fpvs::provider
