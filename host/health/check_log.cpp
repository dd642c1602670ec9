// SPDX-License-Identifier: Apache-2.0
#include "host/health/check_log.hpp"

#include <fmt/core.h>

#include <variant>

#include "host/health/endpoint.hpp"

namespace fpvs::health {
namespace {

std::string retries_text(std::uint32_t retries) {
    return retries == 0 ? std::string() : fmt::format(" after {} retries", retries);
}

// "[[192.0.2.1]:tcp:80 VS [192.0.2.9]:tcp:80] by [/bin/check]".
std::string misc_text(const CheckSubject& subject) {
    const auto& script = std::get<model::MiscCheck>(subject.check.detail).script;
    return fmt::format("[{} VS {}] by [{}]",
                       endpoint(subject.service, subject.server),
                       endpoint(subject.service),
                       script.given() ? script.arguments.front() : "");
}

// What a kind is called where keepalived's log does not use its keyword.
std::string_view log_name(model::CheckKind kind) {
    switch (kind) {
        case model::CheckKind::http:
        case model::CheckKind::ssl:
            return "HTTP_CHECK";
        case model::CheckKind::ping:
            return "ICMP CHECK";
        default:
            return model::name(kind);
    }
}

}  // namespace

std::string success_text(const CheckSubject& subject) {
    const std::string server = endpoint(subject.service, subject.server);
    switch (subject.check.kind()) {
        case model::CheckKind::tcp:
            return fmt::format("TCP connection to {} success.", server);
        case model::CheckKind::http:
        case model::CheckKind::ssl:
            return fmt::format("Remote Web server {} succeed on service.", server);
        case model::CheckKind::smtp:
            return fmt::format("Remote SMTP server {} succeed on service.", server);
        case model::CheckKind::dns:
            return fmt::format("DNS_CHECK ({}) success.", server);
        case model::CheckKind::udp:
            return fmt::format("UDP connection to {} success.", server);
        case model::CheckKind::ping:
            return fmt::format("ICMP connection to {} success.", server);
        case model::CheckKind::misc:
            return fmt::format("Misc check for {} succeeded.", misc_text(subject));
        case model::CheckKind::file:
            return fmt::format("({}): tracked file {} now UP state",
                               server,
                               std::get<model::FileCheck>(subject.check.detail).track_file);
    }
    return {};
}

std::string down_text(const CheckSubject& subject, std::uint32_t retries, std::string_view cause) {
    const std::string server = endpoint(subject.service, subject.server);
    switch (subject.check.kind()) {
        case model::CheckKind::dns:
            return fmt::format("DNS_CHECK ({}) {}{}", server, cause, retries_text(retries));
        case model::CheckKind::misc:
            if (retries == 0) {
                return fmt::format("Misc check for {} failed with retry disabled ({}).",
                                   misc_text(subject),
                                   cause);
            }
            return fmt::format("Misc check for {} failed after {} {} ({}).",
                               misc_text(subject),
                               retries,
                               retries == 1 ? "retry" : "retries",
                               cause);
        case model::CheckKind::file:
            return fmt::format("({}): tracked file {} now FAULT state",
                               server,
                               std::get<model::FileCheck>(subject.check.detail).track_file);
        default:
            return fmt::format("{} on service {} failed{}. ({})",
                               log_name(subject.check.kind()),
                               server,
                               retries_text(retries),
                               cause);
    }
}

std::string failure_text(const CheckSubject& subject, std::string_view cause) {
    if (subject.check.kind() == model::CheckKind::misc) {
        return fmt::format("Misc check for {} failed ({}).", misc_text(subject), cause);
    }
    return fmt::format("{} on service {} failed. ({})",
                       log_name(subject.check.kind()),
                       endpoint(subject.service, subject.server),
                       cause);
}

}  // namespace fpvs::health
