// SPDX-License-Identifier: Apache-2.0
// What a web server answers, judged while it comes: status, digest of the body, regex.
//
// The parser is Boost.Beast's.  As with keepalived the regex sees the whole answer, headers
// included, and the digest covers the body alone.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "host/model/health_check.hpp"
#include "host/provider/probe.hpp"
#include "host/util/regex.hpp"

namespace fpvs::probe {

class HttpAnswer {
  public:
    // Both must outlive the answer; the regex is that of the URL, if it has one.
    HttpAnswer(const model::UrlCheck& url, const Regex* regex);
    ~HttpAnswer();

    // False: there is nothing more to wait for.
    [[nodiscard]] bool feed(std::string_view octets);
    // The connection has ended.
    void end();
    // Once feed() said no, or after end().
    [[nodiscard]] provider::ProbeReport report() const;

  private:
    class Parser;

    [[nodiscard]] bool needs_body() const { return regex_ != nullptr || !url_.digest.empty(); }

    const model::UrlCheck& url_;
    const Regex* const regex_;
    std::unique_ptr<Parser> parser_;
    std::string unparsed_;
    std::string text_;  // For the regex.
    std::size_t octets_ = 0;
    std::string error_;
};

}  // namespace fpvs::probe
