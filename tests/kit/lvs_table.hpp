// SPDX-License-Identifier: Apache-2.0
// The kernel's virtual server table as far as ipvsadm sees it, in memory: all of LVS's vocabulary,
// the kernel's answers to edits, no packets.  It stands behind a real control server in tests.
#pragma once

#include <string>
#include <vector>

#include "host/control/api.pb.h"
#include "host/control/request_handler.hpp"

namespace fpvs::kit {

class LvsTable final : public control::RequestHandler {
  public:
    [[nodiscard]] boost::asio::awaitable<void> handle(control::api::Request request,
                                                      control::ReplySink& replies) override;

  private:
    using ServiceKey = control::api::ServiceKey;
    using Services = control::api::Services;

    [[nodiscard]] control::api::Reply answer(const control::api::Request& request);
    [[nodiscard]] control::api::Reply list(const control::api::ServiceSelection& selection);
    [[nodiscard]] control::api::Reply put_service(const control::api::ServiceEdit& edit,
                                                  bool is_new);
    [[nodiscard]] control::api::Reply delete_service(const ServiceKey& key);
    [[nodiscard]] control::api::Reply put_server(const control::api::ServerEdit& edit, bool is_new);
    [[nodiscard]] control::api::Reply delete_server(const control::api::ServerDeletion& deletion);
    [[nodiscard]] control::api::Reply set_timeouts(const control::api::Timeouts& timeouts);
    [[nodiscard]] control::api::Reply start_daemon(control::api::SyncDaemon daemon);
    [[nodiscard]] control::api::Reply stop_daemon(control::api::SyncRole role);
    [[nodiscard]] control::api::Service* find(const ServiceKey& key);

    std::vector<control::api::Service> services_;  // The newest first, as are their servers.
    std::vector<control::api::SyncDaemon> daemons_;
    std::uint32_t tcp_s_ = 900;
    std::uint32_t tcp_fin_s_ = 120;
    std::uint32_t udp_s_ = 300;
};

}  // namespace fpvs::kit
