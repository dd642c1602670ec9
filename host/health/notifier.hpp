// SPDX-License-Identifier: Apache-2.0
// Tells the operator's scripts and FIFO what happens to servers and quorums.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/health/pool.hpp"
#include "host/provider/script_runner.hpp"

namespace fpvs::health {

// "RS [192.0.2.1]:tcp:80 [192.0.2.9]:tcp:80 UP", "VS [192.0.2.9]:tcp:80 DOWN", as keepalived
// writes them to lvs_notify_fifo.
[[nodiscard]] std::string fifo_line(const model::ServiceKey& service, const PoolEvent& event);

class Notifier {
  public:
    // Takes one line; what it does with it is its own.
    using Fifo = std::function<void(std::string_view line)>;

    Notifier(provider::ScriptRunner& scripts, Fifo fifo)
        : scripts_(scripts), fifo_(std::move(fifo)) {}

    void tell(const model::VirtualServiceConfig& service, const PoolEvents& events);

  private:
    provider::ScriptRunner& scripts_;
    Fifo fifo_;
};

}  // namespace fpvs::health
