// SPDX-License-Identifier: Apache-2.0
// The seam of a TCP health check: can this address be connected to?
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "host/model/address.hpp"

namespace fpvs::provider {

enum class ProbeResult : std::uint8_t { connected, refused, unreachable, timed_out, failed };

[[nodiscard]] constexpr std::string_view name(ProbeResult result) {
    switch (result) {
        case ProbeResult::connected:
            return "connected";
        case ProbeResult::refused:
            return "connection refused";
        case ProbeResult::unreachable:
            return "unreachable";
        case ProbeResult::timed_out:
            return "timed out";
        case ProbeResult::failed:
            return "failed";
    }
    return "";
}

struct ProbeTarget {
    model::IpAddress address;
    std::uint16_t port = 0;
    std::optional<model::IpAddress> bind_address = {};
};

class TcpProbe {
  public:
    using Done = std::function<void(ProbeResult result)>;

    // A connection being made.  Destroying it gives up, and Done is not called any more.
    class Attempt {
      public:
        virtual ~Attempt() = default;
    };

    virtual ~TcpProbe() = default;
    // Calls `done` once, later and never from within this call, on the control plane's thread.  The
    // connection is closed at once.  Has no timeout of its own.
    [[nodiscard]] virtual std::unique_ptr<Attempt> connect(const ProbeTarget& target,
                                                           Done done) = 0;
};

}  // namespace fpvs::provider
