// SPDX-License-Identifier: Apache-2.0
#include "host/model/virtual_service.hpp"

#include <fmt/core.h>

#include <string_view>

namespace fpvs::model {
namespace {

std::string end_point(const IpAddress& address, std::uint16_t port) {
    return address.is_ipv6() ? fmt::format("[{}]:{}", to_string(address), port)
                             : fmt::format("{}:{}", to_string(address), port);
}

std::string_view title(Protocol protocol) {
    switch (protocol) {
        case Protocol::tcp:
            return "TCP";
        case Protocol::udp:
            return "UDP";
        case Protocol::sctp:
            return "SCTP";
    }
    return "?";
}

}  // namespace

std::string to_string(const ServiceKey& key) {
    if (key.firewall_mark != 0) {
        return fmt::format("FWM {}{}", key.firewall_mark, key.address.is_ipv6() ? " -6" : "");
    }
    return fmt::format("{} {}", title(key.protocol), end_point(key.address, key.port));
}

std::string to_string(const ServerKey& key) {
    return end_point(key.address, key.port);
}

}  // namespace fpvs::model
