// SPDX-License-Identifier: Apache-2.0
// Services and servers as keepalived's log and FIFO name them: "[192.0.2.1]:tcp:80".
#pragma once

#include <string>

#include "host/model/virtual_service.hpp"

namespace fpvs::health {

[[nodiscard]] std::string endpoint(const model::ServiceKey& service);
// A server has its service's protocol.
[[nodiscard]] std::string endpoint(const model::ServiceKey& service,
                                   const model::ServerKey& server);

}  // namespace fpvs::health
