// SPDX-License-Identifier: Apache-2.0
// The few names that recorded texts use, so that no test depends on a machine's /etc/services.
#pragma once

#include <map>
#include <string>

#include "host/cli/names.hpp"

namespace fpvs::kit {

class TableNames final : public cli::Names {
  public:
    std::map<std::string, std::string> hosts;  // Address to name.
    std::map<std::uint16_t, std::string> ports = {{53, "domain"},
                                                  {80, "http"},
                                                  {443, "https"},
                                                  {3306, "mysql"},
                                                  {5060, "sip"},
                                                  {8080, "http-alt"}};

    std::optional<std::string> host_name(const std::string& address) override {
        const auto found = hosts.find(address);
        return found != hosts.end() ? std::optional(found->second) : std::nullopt;
    }
    std::optional<std::string> address_of(const std::string& host) override {
        for (const auto& [address, name] : hosts) {
            if (name == host) {
                return address;
            }
        }
        return std::nullopt;
    }
    std::optional<std::string> port_name(std::uint16_t port, const char*) override {
        const auto found = ports.find(port);
        return found != ports.end() ? std::optional(found->second) : std::nullopt;
    }
    std::optional<std::uint16_t> port_of(const std::string& name, const char*) override {
        for (const auto& [port, known] : ports) {
            if (known == name) {
                return port;
            }
        }
        return std::nullopt;
    }
};

}  // namespace fpvs::kit
