// SPDX-License-Identifier: Apache-2.0
// Asks servers over the network of this host, each kind of check in its own way.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "host/model/config.hpp"
#include "host/provider/probe.hpp"
#include "host/provider/script_runner.hpp"
#include "host/util/asio.hpp"
#include "host/util/regex.hpp"
#include "host/util/result.hpp"

namespace fpvs::probe {

class Probe final : public provider::Probe {
  public:
    // In the network namespace of the calling thread.  The seed makes identifiers that a stranger
    // cannot guess, if he cannot guess it.
    Probe(boost::asio::io_context& io, provider::ScriptRunner& scripts, std::uint64_t seed);

    // Track files and the director's own certificate.  On an error nothing has changed.
    [[nodiscard]] Status use(const model::Config& config);

    [[nodiscard]] std::unique_ptr<Attempt> begin(const provider::ProbeRequest& request,
                                                 Done done) override;

  private:
    using RegexKey = std::pair<std::string, std::vector<std::string>>;

    [[nodiscard]] std::unique_ptr<Attempt> begin_http_check(const provider::ProbeRequest& request,
                                                            Done done);
    [[nodiscard]] std::shared_ptr<const Regex> regex_of(const model::UrlCheck& url);
    [[nodiscard]] std::optional<model::TrackFile> find_file(const std::string& name) const;

    boost::asio::io_context& io_;
    provider::ScriptRunner& scripts_;
    std::mt19937_64 random_;
    std::vector<model::TrackFile> files_;
    model::TlsClient tls_client_;
    std::shared_ptr<SSL_CTX> tls_;
    // As many as there were URLs with different ones since the last configuration.
    std::map<RegexKey, std::shared_ptr<const Regex>> regexes_;
};

}  // namespace fpvs::probe
