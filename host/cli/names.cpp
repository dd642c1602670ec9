// SPDX-License-Identifier: Apache-2.0
#include "host/cli/names.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>

namespace fpvs::cli {
namespace {

std::optional<std::string> ask_host_name(const std::string& address) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (getaddrinfo(address.c_str(), nullptr, &hints, &found) != 0) {
        return std::nullopt;
    }
    std::array<char, NI_MAXHOST> name{};
    const int error = getnameinfo(
        found->ai_addr, found->ai_addrlen, name.data(), name.size(), nullptr, 0, NI_NAMEREQD);
    freeaddrinfo(found);
    return error == 0 ? std::optional<std::string>(name.data()) : std::nullopt;
}

}  // namespace

std::optional<std::string> SystemNames::host_name(const std::string& address) {
    const auto [entry, is_new] = host_names_.try_emplace(address);
    if (is_new) {
        entry->second = ask_host_name(address);
    }
    return entry->second;
}

std::optional<std::string> SystemNames::address_of(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
        return std::nullopt;
    }
    std::array<char, INET_ADDRSTRLEN> text{};
    const auto* const address = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
    inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
    freeaddrinfo(found);
    return std::string(text.data());
}

std::optional<std::string> SystemNames::port_name(std::uint16_t port, const char* protocol) {
    const servent* const entry = getservbyport(htons(port), protocol);
    return entry != nullptr ? std::optional<std::string>(entry->s_name) : std::nullopt;
}

std::optional<std::uint16_t> SystemNames::port_of(const std::string& name, const char* protocol) {
    const servent* const entry = getservbyname(name.c_str(), protocol);
    return entry != nullptr
               ? std::optional<std::uint16_t>(ntohs(static_cast<std::uint16_t>(entry->s_port)))
               : std::nullopt;
}

}  // namespace fpvs::cli
