// SPDX-License-Identifier: Apache-2.0
// Names of hosts and ports, both ways.  A seam, so that output can be tested on any machine.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace fpvs::cli {

class Names {
  public:
    virtual ~Names() = default;
    // `protocol` is "tcp", "udp" or "sctp".
    [[nodiscard]] virtual std::optional<std::string> host_name(const std::string& address) = 0;
    [[nodiscard]] virtual std::optional<std::string> address_of(const std::string& host) = 0;
    [[nodiscard]] virtual std::optional<std::string> port_name(std::uint16_t port,
                                                               const char* protocol) = 0;
    [[nodiscard]] virtual std::optional<std::uint16_t> port_of(const std::string& name,
                                                               const char* protocol) = 0;
};

// /etc/hosts, /etc/services, DNS: what the system is set up to ask.  Remembers its answers.
class SystemNames final : public Names {
  public:
    [[nodiscard]] std::optional<std::string> host_name(const std::string& address) override;
    [[nodiscard]] std::optional<std::string> address_of(const std::string& host) override;
    [[nodiscard]] std::optional<std::string> port_name(std::uint16_t port,
                                                       const char* protocol) override;
    [[nodiscard]] std::optional<std::uint16_t> port_of(const std::string& name,
                                                       const char* protocol) override;

  private:
    std::map<std::string, std::optional<std::string>> host_names_;
};

}  // namespace fpvs::cli
