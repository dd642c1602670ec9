// SPDX-License-Identifier: Apache-2.0
// What each request means: a call of Operations, and its answer as replies.
#pragma once

#include "host/control/operations.hpp"
#include "host/control/request_handler.hpp"

namespace fpvs::control {

class Dispatcher final : public RequestHandler {
  public:
    explicit Dispatcher(Operations& operations) : operations_(operations) {}

    [[nodiscard]] boost::asio::awaitable<void> handle(api::Request request,
                                                      ReplySink& replies) override;

  private:
    [[nodiscard]] boost::asio::awaitable<void> list_services(api::ServiceSelection selection,
                                                             ReplySink& replies);
    [[nodiscard]] boost::asio::awaitable<void> list_connections(ReplySink& replies);
    [[nodiscard]] boost::asio::awaitable<void> list_health_checks(ReplySink& replies);
    [[nodiscard]] boost::asio::awaitable<Status> load_card(std::string path);
    // Requests with a single reply.
    [[nodiscard]] api::Reply read(const api::Request& request);
    [[nodiscard]] Status edit(const api::Request& request);
    [[nodiscard]] Status edit_service(const api::ServiceEdit& edit, bool is_new);
    [[nodiscard]] Status edit_server(const api::ServerEdit& edit, bool is_new);
    [[nodiscard]] Status delete_server(const api::ServerDeletion& deletion);
    [[nodiscard]] Status edit_local_address(const api::LocalAddressEdit& edit, bool is_new);
    [[nodiscard]] Status zero(const api::ServiceSelection& selection);
    [[nodiscard]] Status set_timeouts(const api::Timeouts& timeouts);

    Operations& operations_;
};

}  // namespace fpvs::control
