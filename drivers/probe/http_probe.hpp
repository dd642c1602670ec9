// SPDX-License-Identifier: Apache-2.0
// HTTP_GET and SSL_GET: one request for one URL, and its answer judged.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "host/provider/probe.hpp"
#include "host/util/asio.hpp"
#include "host/util/regex.hpp"

namespace fpvs::probe {

// Octet for octet what keepalived sends.
[[nodiscard]] std::string http_request_text(const provider::ProbeRequest& request);

// The TLS context is there for checks with TLS, the regex for a URL with one.
[[nodiscard]] std::unique_ptr<provider::Probe::Attempt> begin_http(
    boost::asio::io_context& io,
    const provider::ProbeRequest& request,
    std::shared_ptr<SSL_CTX> tls,
    std::shared_ptr<const Regex> regex,
    provider::Probe::Done done);

}  // namespace fpvs::probe
