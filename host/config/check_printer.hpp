// SPDX-License-Identifier: Apache-2.0
// Checks, and what is said of them outside of virtual servers, in keepalived's syntax.
#pragma once

#include "host/config/writer.hpp"
#include "host/model/config.hpp"

namespace fpvs::config {

void print_check(Writer& out, const model::HealthCheck& check);
// The lines of `global_defs`.
void print_checker_globals(Writer& out, const model::Config& config);
void print_track_file(Writer& out, const model::TrackFile& file);
void print_tls_client(Writer& out, const model::TlsClient& client);

}  // namespace fpvs::config
