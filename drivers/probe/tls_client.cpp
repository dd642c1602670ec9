// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/tls_client.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace fpvs::probe {
namespace {

std::string last_error() {
    const unsigned long error = ::ERR_get_error();
    ::ERR_clear_error();
    const char* const reason = error != 0 ? ::ERR_reason_error_string(error) : nullptr;
    return reason != nullptr ? reason : "no reason is given";
}

int give_password(char* into, int size, int, void* client) {
    const std::string& password = static_cast<const model::TlsClient*>(client)->password;
    const std::size_t length = std::min(password.size(), static_cast<std::size_t>(size));
    std::memcpy(into, password.data(), length);
    return static_cast<int>(length);
}

}  // namespace

Result<TlsContext> make_tls_context(const model::TlsClient& client) {
    TlsContext context(::SSL_CTX_new(::TLS_client_method()));
    if (!context) {
        return fail(Code::internal, "no TLS context: {}", last_error());
    }
    ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    // Each check is a new connection to another server: a session to resume is never found.
    ::SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_default_passwd_cb(context.get(), give_password);
    ::SSL_CTX_set_default_passwd_cb_userdata(context.get(), const_cast<model::TlsClient*>(&client));
    if (!client.certificate.empty() &&
        ::SSL_CTX_use_certificate_chain_file(context.get(), client.certificate.c_str()) != 1) {
        return fail(Code::unavailable, "{}: {}", client.certificate, last_error());
    }
    if (!client.key.empty() &&
        ::SSL_CTX_use_PrivateKey_file(context.get(), client.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return fail(Code::unavailable, "{}: {}", client.key, last_error());
    }
    ::SSL_CTX_set_default_passwd_cb_userdata(context.get(), nullptr);
    return context;
}

}  // namespace fpvs::probe
