// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/probe.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "drivers/probe/datagram_probe.hpp"
#include "drivers/probe/dns_question.hpp"
#include "drivers/probe/file_probe.hpp"
#include "drivers/probe/http_probe.hpp"
#include "drivers/probe/misc_probe.hpp"
#include "drivers/probe/ping_question.hpp"
#include "drivers/probe/smtp_probe.hpp"
#include "drivers/probe/tcp_probe.hpp"
#include "drivers/probe/tls_client.hpp"
#include "drivers/probe/udp_question.hpp"
#include "host/util/check.hpp"

namespace fpvs::probe {

Probe::Probe(boost::asio::io_context& io, provider::ScriptRunner& scripts, std::uint64_t seed)
    : io_(io), scripts_(scripts), random_(seed) {}

Status Probe::use(const model::Config& config) {
    if (!tls_ || config.tls_client != tls_client_) {
        FPVS_TRY(TlsContext context, make_tls_context(config.tls_client));
        tls_ = std::move(context);
        tls_client_ = config.tls_client;
    }
    for (const model::TrackFile& file : config.track_files) {
        if (std::find(files_.begin(), files_.end(), file) == files_.end()) {
            FPVS_TRY_STATUS(prepare_file(file));
        }
    }
    files_ = config.track_files;
    regexes_.clear();
    return {};
}

std::unique_ptr<provider::Probe::Attempt> Probe::begin(const provider::ProbeRequest& request,
                                                       Done done) {
    const auto id = static_cast<std::uint16_t>(random_());
    switch (request.check.kind()) {
        case model::CheckKind::tcp:
            return begin_tcp(io_, request, std::move(done));
        case model::CheckKind::http:
        case model::CheckKind::ssl:
            return begin_http_check(request, std::move(done));
        case model::CheckKind::smtp:
            return begin_smtp(io_, request, std::move(done));
        case model::CheckKind::dns:
            return begin_datagram(io_,
                                  request,
                                  dns_question(std::get<model::DnsCheck>(request.check.detail), id),
                                  std::move(done));
        case model::CheckKind::udp:
            return begin_datagram(io_,
                                  request,
                                  udp_question(std::get<model::UdpCheck>(request.check.detail)),
                                  std::move(done));
        case model::CheckKind::ping:
            return begin_datagram(
                io_, request, ping_question(request.address.family, id), std::move(done));
        case model::CheckKind::misc:
            return begin_misc(scripts_, request, std::move(done));
        case model::CheckKind::file:
            break;
    }
    const auto& file = std::get<model::FileCheck>(request.check.detail);
    return begin_file(io_, request, find_file(file.track_file), std::move(done));
}

std::unique_ptr<provider::Probe::Attempt> Probe::begin_http_check(
    const provider::ProbeRequest& request, Done done) {
    const auto& http = std::get<model::HttpCheck>(request.check.detail);
    return begin_http(io_, request, tls_, regex_of(http.urls.at(request.step)), std::move(done));
}

std::shared_ptr<const Regex> Probe::regex_of(const model::UrlCheck& url) {
    if (!url.regex) {
        return nullptr;
    }
    const RegexKey key{url.regex->pattern, url.regex->options};
    auto& known = regexes_[key];
    if (!known) {
        auto compiled = Regex::compile(key.first, key.second);
        FPVS_CHECK(compiled, "{}", compiled.error().message);  // The configuration was read.
        known = std::make_shared<const Regex>(std::move(*compiled));
    }
    return known;
}

std::optional<model::TrackFile> Probe::find_file(const std::string& name) const {
    const auto found = std::find_if(
        files_.begin(), files_.end(), [&](const auto& file) { return file.name == name; });
    return found != files_.end() ? std::optional(*found) : std::nullopt;
}

}  // namespace fpvs::probe
