// SPDX-License-Identifier: Apache-2.0
// Services and destinations between netlink attributes and the model.
#pragma once

#include <cstdint>

#include "drivers/ipvs_netlink/message.hpp"
#include "host/model/view.hpp"

namespace fpvs::ipvs_netlink {

// Each returns 0 or the errno that the kernel would answer.
[[nodiscard]] int read_service_key(const Attributes& attributes, model::ServiceKey& key);
[[nodiscard]] int read_service_settings(const Attributes& attributes,
                                        model::ServiceSettings& settings);
[[nodiscard]] int read_server_key(const Attributes& attributes, model::ServerKey& key);
[[nodiscard]] int read_server_settings(const Attributes& attributes,
                                       model::ServerSettings& settings);

// The nested attribute of one service or destination, statistics included.
void write_service(MessageWriter& out, const model::ServiceView& service);
void write_server(MessageWriter& out, const model::ServerView& server);

}  // namespace fpvs::ipvs_netlink
