// SPDX-License-Identifier: Apache-2.0
// Services, destinations and daemons of synchronisation between netlink attributes and the model.
#pragma once

#include <cstdint>

#include "drivers/ipvs_netlink/message.hpp"
#include "host/model/sync_daemon.hpp"
#include "host/model/view.hpp"

namespace fpvs::ipvs_netlink {

// Each returns 0 or the errno that the kernel would answer.
[[nodiscard]] int read_service_key(const Attributes& attributes, model::ServiceKey& key);
[[nodiscard]] int read_service_settings(const Attributes& attributes,
                                        model::Family family,
                                        model::ServiceSettings& settings);
// A server that does not say its family has that of its service.
[[nodiscard]] int read_server_key(const Attributes& attributes,
                                  model::Family service_family,
                                  model::ServerKey& key);
[[nodiscard]] int read_server_settings(const Attributes& attributes,
                                       model::ServerSettings& settings);
[[nodiscard]] int read_sync_daemon(const Attributes& attributes, model::SyncDaemon& daemon);
[[nodiscard]] int read_sync_role(const Attributes& attributes, model::SyncRole& role);

// The nested attribute of one service or destination, statistics included.
void write_service(MessageWriter& out, const model::ServiceView& service);
void write_server(MessageWriter& out, const model::ServerView& server);
void write_sync_daemon(MessageWriter& out, const model::SyncDaemon& daemon);

}  // namespace fpvs::ipvs_netlink
