// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/http_answer.hpp"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "host/model/limits.hpp"

namespace fpvs::probe {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t kHeaderBytesMax = 64 * 1024;
// So much of a body that nobody looks at is enough to see that the server serves.
constexpr std::size_t kIdleBodyBytes = 64 * 1024;

class Md5 {
  public:
    Md5() : context_(::EVP_MD_CTX_new(), ::EVP_MD_CTX_free) {
        good_ = context_ && ::EVP_DigestInit_ex(context_.get(), ::EVP_md5(), nullptr) == 1;
    }
    void update(std::string_view octets) {
        good_ = good_ && ::EVP_DigestUpdate(context_.get(), octets.data(), octets.size()) == 1;
    }
    // Of what came so far.
    [[nodiscard]] std::string hex() const {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned length = 0;
        const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> copy(::EVP_MD_CTX_new(),
                                                                             ::EVP_MD_CTX_free);
        if (!good_ || !copy || ::EVP_MD_CTX_copy_ex(copy.get(), context_.get()) != 1 ||
            ::EVP_DigestFinal_ex(copy.get(), digest.data(), &length) != 1) {
            return "";
        }
        std::string text;
        for (unsigned i = 0; i < length; ++i) {
            text += fmt::format("{:02x}", digest[i]);
        }
        return text;
    }

  private:
    std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context_;
    bool good_ = false;
};

}  // namespace

// Keeps the status and the digest of an answer, and nothing else.
class HttpAnswer::Parser final : public http::basic_parser<false> {
  public:
    Parser() {
        eager(true);
        header_limit(kHeaderBytesMax);
        // Counted by who feeds it; "none" is not understood with a Content-Length.
        body_limit(std::numeric_limits<std::uint64_t>::max());
    }

    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] const Md5& digest() const { return digest_; }

  private:
    using Error = boost::beast::error_code;
    using Text = boost::beast::string_view;

    void body(Text octets) { digest_.update({octets.data(), octets.size()}); }

    void on_request_impl(http::verb, Text, Text, int, Error&) override {}
    void on_response_impl(int code, Text, int, Error&) override { status_ = code; }
    void on_field_impl(http::field, Text, Text, Error&) override {}
    void on_header_impl(Error&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const&, Error&) override {}
    std::size_t on_body_impl(Text octets, Error&) override {
        body(octets);
        return octets.size();
    }
    void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text octets, Error&) override {
        body(octets);
        return octets.size();
    }
    void on_finish_impl(Error&) override {}

    int status_ = 0;
    Md5 digest_;
};

HttpAnswer::HttpAnswer(const model::UrlCheck& url, const Regex* regex)
    : url_(url), regex_(regex), parser_(std::make_unique<Parser>()) {}

HttpAnswer::~HttpAnswer() = default;

bool HttpAnswer::feed(std::string_view octets) {
    octets_ += octets.size();
    if (regex_ != nullptr) {
        text_ += octets.substr(0, model::kCheckRegexBytesMax - text_.size());
    }
    unparsed_ += octets;
    boost::beast::error_code error;
    const std::size_t used =
        parser_->put(boost::asio::buffer(unparsed_.data(), unparsed_.size()), error);
    unparsed_.erase(0, used);
    if (error && error != http::error::need_more) {
        error_ = parser_->is_header_done() ? "damaged HTTP answer: " + error.message()
                                           : "no HTTP answer: " + error.message();
        return false;
    }
    if (parser_->is_done()) {
        return false;
    }
    if (!needs_body() && parser_->is_header_done()) {
        return octets_ <= kIdleBodyBytes;
    }
    if (octets_ > model::kCheckResponseBytesMax) {
        error_ = fmt::format("an answer of more than {} octets", model::kCheckResponseBytesMax);
        return false;
    }
    return true;
}

void HttpAnswer::end() {
    if (!parser_->is_header_done() && error_.empty()) {
        error_ = octets_ == 0 ? "no answer" : "the answer ends within its headers";
    }
}

provider::ProbeReport HttpAnswer::report() const {
    const auto failed = [](std::string why) {
        return provider::ProbeReport{.success = false, .result = std::move(why)};
    };
    if (!error_.empty()) {
        return failed(error_);
    }
    const int status = parser_->status();
    if (std::none_of(url_.status_codes.begin(), url_.status_codes.end(), [&](const auto& range) {
            return status >= range.first && status <= range.last;
        })) {
        return failed(fmt::format("HTTP status {} of {}", status, url_.path));
    }
    if (!url_.digest.empty()) {
        if (const std::string digest = parser_->digest().hex(); digest != url_.digest) {
            return failed(fmt::format("digest {} of {}", digest, url_.path));
        }
    }
    if (regex_ != nullptr) {
        const model::RegexCheck& regex = *url_.regex;
        const auto outcome = regex_->search(text_, regex.min_offset, regex.max_offset);
        if (outcome == Regex::Outcome::too_hard) {
            return failed("the regex takes too long on " + url_.path);
        }
        if ((outcome == Regex::Outcome::found) == regex.must_not_match) {
            return failed(fmt::format(
                "the regex {} {}", regex.must_not_match ? "matches" : "does not match", url_.path));
        }
    }
    return {.success = true, .result = fmt::format("HTTP status {}", status)};
}

}  // namespace fpvs::probe
