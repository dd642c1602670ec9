// SPDX-License-Identifier: Apache-2.0
// Between the words on the wire (api.proto) and the host's own (host/model).
//
// The wire knows all of LVS; the model knows what FPVS does.  What a request asks beyond that is
// refused here, with Code::failed_precondition and one sentence.
#pragma once

#include "host/control/api.pb.h"
#include "host/control/operations.hpp"
#include "host/model/timeouts.hpp"
#include "host/model/view.hpp"
#include "host/util/result.hpp"

namespace fpvs::control {

[[nodiscard]] Result<model::ServiceKey> from_api(const api::ServiceKey& key);
[[nodiscard]] Result<model::ServiceSettings> from_api(const api::ServiceSettings& settings);
[[nodiscard]] Result<model::ServerKey> from_api(const api::ServerKey& key);
[[nodiscard]] Result<model::ServerSettings> from_api(const api::ServerSettings& settings);

[[nodiscard]] api::ServiceKey to_api(const model::ServiceKey& key);
// Without its servers, which may be many.
[[nodiscard]] api::Service to_api_without_servers(const model::ServiceView& service);
[[nodiscard]] api::Server to_api(const model::ServerView& server);
[[nodiscard]] api::Connection to_api(const model::ConnectionView& connection);
[[nodiscard]] api::Timeouts to_api(const model::ConnectionTimeouts& timeouts);
[[nodiscard]] api::Card to_api(const model::CardView& card);
[[nodiscard]] api::VrrpInstance to_api(const model::VrrpInstanceView& instance);
[[nodiscard]] api::HealthCheck to_api(const model::HealthCheckView& check);
[[nodiscard]] api::Daemon to_api(const model::DaemonView& daemon);

[[nodiscard]] api::Code to_api(Code code);
[[nodiscard]] Code from_api(api::Code code);

}  // namespace fpvs::control
