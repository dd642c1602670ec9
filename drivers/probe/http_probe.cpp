// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/http_probe.hpp"

#include <fmt/core.h>

#include <array>
#include <string_view>
#include <utility>

#include "drivers/probe/conversation.hpp"
#include "drivers/probe/http_answer.hpp"

namespace fpvs::probe {
namespace {

constexpr std::size_t kReadBytes = 8192;

const model::HttpCheck& http_of(const provider::ProbeRequest& request) {
    return std::get<model::HttpCheck>(request.check.detail);
}

const model::UrlCheck& url_of(const provider::ProbeRequest& request) {
    return http_of(request).urls.at(request.step);
}

std::string host_text(const provider::ProbeRequest& request) {
    if (const std::string& host = url_of(request).virtual_host; !host.empty()) {
        return host;
    }
    const std::string address = model::to_string(request.address);
    return request.address.is_ipv6() ? fmt::format("[{}]:{}", address, request.port)
                                     : fmt::format("{}:{}", address, request.port);
}

provider::ProbeReport failed(std::string why) {
    return {.success = false, .result = std::move(why)};
}

boost::asio::awaitable<provider::ProbeReport> talk_http(Conversation& conversation,
                                                        std::shared_ptr<SSL_CTX> tls,
                                                        std::shared_ptr<const Regex> regex) {
    Stream& stream = conversation.stream;
    const model::HttpCheck& http = http_of(conversation.request);
    const model::UrlCheck& url = url_of(conversation.request);
    if (auto connected = co_await stream.connect(conversation.request); !connected) {
        co_return failed(std::move(connected).error());
    }
    if (http.tls) {
        const std::string server_name = http.server_name ? url.virtual_host : "";
        if (auto started = co_await stream.start_tls(*tls, server_name); !started) {
            co_return failed(std::move(started).error());
        }
    }
    const std::string text = http_request_text(conversation.request);
    if (auto written = co_await stream.write_all(text); !written) {
        co_return failed(std::move(written).error());
    }
    HttpAnswer answer(url, regex.get());
    std::array<char, kReadBytes> buffer{};
    while (true) {
        auto size = co_await stream.read_some(buffer);
        if (!size) {
            co_return failed(std::move(size).error());
        }
        if (*size == 0) {
            break;
        }
        if (!answer.feed({buffer.data(), *size})) {
            co_return answer.report();
        }
    }
    answer.end();
    if (http.tls && http.tls_compliant && !stream.said_goodbye()) {
        co_return failed("TLS ended without close_notify");
    }
    co_return answer.report();
}

}  // namespace

std::string http_request_text(const provider::ProbeRequest& request) {
    const model::HttpVersion version = http_of(request).version;
    return fmt::format("GET {} HTTP/{}\r\nUser-Agent: KeepAliveClient\r\n{}Host: {}\r\n\r\n",
                       url_of(request).path,
                       version == model::HttpVersion::v1_1 ? "1.1" : "1.0",
                       version == model::HttpVersion::v1_0 ? "" : "Connection: close\r\n",
                       host_text(request));
}

std::unique_ptr<provider::Probe::Attempt> begin_http(boost::asio::io_context& io,
                                                     const provider::ProbeRequest& request,
                                                     std::shared_ptr<SSL_CTX> tls,
                                                     std::shared_ptr<const Regex> regex,
                                                     provider::Probe::Done done) {
    return begin_conversation(
        io,
        request,
        [tls = std::move(tls), regex = std::move(regex)](Conversation& conversation) {
            return talk_http(conversation, tls, regex);
        },
        std::move(done));
}

}  // namespace fpvs::probe
