// SPDX-License-Identifier: Apache-2.0
// Between the words on the wire (api.proto) and the host's own (host/model).
//
// What cannot be meant is refused here, with Code::invalid_argument and one sentence; what cannot
// be done is for control::Operations to refuse.
#pragma once

#include "host/control/api.pb.h"
#include "host/control/operations.hpp"
#include "host/model/announce.hpp"
#include "host/model/mark_rule.hpp"
#include "host/model/sync_daemon.hpp"
#include "host/model/timeouts.hpp"
#include "host/model/view.hpp"
#include "host/util/result.hpp"

namespace fpvs::control {

[[nodiscard]] Result<model::ServiceKey> from_api(const api::ServiceKey& key);
[[nodiscard]] Result<model::ServiceSettings> from_api(const api::ServiceSettings& settings);
[[nodiscard]] Result<model::ServerKey> from_api(const api::ServerKey& key);
[[nodiscard]] Result<model::ServerSettings> from_api(const api::ServerSettings& settings);
[[nodiscard]] Result<model::Protocol> from_api(api::Protocol protocol);
[[nodiscard]] Result<model::MarkRule> from_api(const api::MarkRule& rule);
[[nodiscard]] Result<model::SyncDaemon> from_api(const api::SyncDaemon& daemon);
[[nodiscard]] Result<model::SyncRole> from_api(api::SyncRole role);

[[nodiscard]] api::Protocol to_api(model::Protocol protocol);
[[nodiscard]] api::ServiceKey to_api(const model::ServiceKey& key);
[[nodiscard]] api::ServerKey to_api(const model::ServerKey& key);
// The family says whether clients are masked by a mask or by a prefix.
[[nodiscard]] api::ServiceSettings to_api(const model::ServiceSettings& settings,
                                          model::Family family);
// Without its servers, which may be many.
[[nodiscard]] api::Service to_api_without_servers(const model::ServiceView& service);
[[nodiscard]] api::Server to_api(const model::ServerView& server);
[[nodiscard]] api::Connection to_api(const model::ConnectionView& connection);
[[nodiscard]] api::Timeouts to_api(const model::ConnectionTimeouts& timeouts);
[[nodiscard]] api::Setting to_api(const model::SettingView& setting);
[[nodiscard]] api::MarkRule to_api(const model::MarkRule& rule);
[[nodiscard]] api::SyncDaemon to_api(const model::SyncDaemon& daemon);
[[nodiscard]] api::Card to_api(const model::CardView& card);
[[nodiscard]] api::VrrpInstance to_api(const model::VrrpInstanceView& instance);
[[nodiscard]] api::HealthCheck to_api(const model::HealthCheckView& check);
[[nodiscard]] api::Announcements to_api(const model::AnnounceView& announcements);
[[nodiscard]] api::Daemon to_api(const model::DaemonView& daemon);

[[nodiscard]] api::Code to_api(Code code);
[[nodiscard]] Code from_api(api::Code code);

}  // namespace fpvs::control
