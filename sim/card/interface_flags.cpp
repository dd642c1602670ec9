// SPDX-License-Identifier: Apache-2.0
#include "sim/card/interface_flags.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace fpvs::sim::card {
namespace {

std::optional<unsigned> flags_of(int control_socket, const std::string& name) {
    ifreq request{};
    if (name.size() >= sizeof request.ifr_name) {
        return std::nullopt;
    }
    std::copy(name.begin(), name.end(), request.ifr_name);
    if (::ioctl(control_socket, SIOCGIFFLAGS, &request) != 0) {
        return std::nullopt;
    }
    return static_cast<unsigned short>(request.ifr_flags);
}

}  // namespace

Result<kernel::UniqueFd> open_control_socket() {
    kernel::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket.valid()) {
        return fail(Code::unavailable, "cannot open a socket: {}", std::strerror(errno));
    }
    return socket;
}

bool interface_exists(int control_socket, const std::string& name) {
    return flags_of(control_socket, name).has_value();
}

bool interface_has_link(int control_socket, const std::string& name) {
    constexpr unsigned kLink = IFF_UP | IFF_RUNNING;
    return (flags_of(control_socket, name).value_or(0) & kLink) == kLink;
}

}  // namespace fpvs::sim::card
