// SPDX-License-Identifier: Apache-2.0
// The checkers of a `real_server` block, one function a keyword: `TCP_CHECK { ... }`.
#pragma once

#include "host/config/block.hpp"
#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/config/virtual_server_draft.hpp"

namespace fpvs::config {

void read_tcp_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);
void read_http_get(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);
void read_ssl_get(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);
void read_smtp_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);
void read_dns_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);
void read_udp_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);
void read_ping_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);
void read_misc_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);
void read_file_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);
void read_bfd_check(const Statement& block, ServerDraft& server, Diagnostics& diagnostics);

// `weight N [reverse]` of what is read from a file.
[[nodiscard]] std::optional<model::TrackWeight> read_track_weight(const Statement& statement,
                                                                  Diagnostics& diagnostics);

}  // namespace fpvs::config
