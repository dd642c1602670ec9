// SPDX-License-Identifier: Apache-2.0
// What SSL_GET shows a server of itself: the `SSL` block of the configuration.
//
// As with keepalived no certificate of a server is verified: a check asks whether it serves.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "host/model/config.hpp"
#include "host/util/result.hpp"

namespace fpvs::probe {

struct FreeTlsContext {
    void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

[[nodiscard]] Result<TlsContext> make_tls_context(const model::TlsClient& client);

}  // namespace fpvs::probe
