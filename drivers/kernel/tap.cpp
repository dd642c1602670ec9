// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/tap.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fpvs::kernel {
namespace {

Result<ifreq> request_for(const std::string& name) {
    ifreq request{};
    if (name.empty() || name.size() >= sizeof request.ifr_name) {
        return fail(Code::invalid_argument,
                    "'{}' cannot name an interface: 1 to {} characters",
                    name,
                    sizeof request.ifr_name - 1);
    }
    std::copy(name.begin(), name.end(), request.ifr_name);
    return request;
}

Status configure(int fd, unsigned long operation, ifreq& request, std::string_view what) {
    if (::ioctl(fd, operation, &request) != 0) {
        return fail(Code::unavailable,
                    "cannot {} of TAP device {}: {}",
                    what,
                    std::string_view(request.ifr_name),
                    std::strerror(errno));
    }
    return {};
}

Status set_mac(int control, ifreq request, model::MacAddress mac) {
    request.ifr_hwaddr.sa_family = 1;  // ARPHRD_ETHER
    std::copy(mac.octets.begin(), mac.octets.end(), request.ifr_hwaddr.sa_data);
    return configure(control, SIOCSIFHWADDR, request, "set the address");
}

Status set_mtu(int control, ifreq request, std::uint32_t mtu) {
    request.ifr_mtu = static_cast<int>(mtu);
    return configure(control, SIOCSIFMTU, request, "set the MTU");
}

Status set_up(int control, ifreq request) {
    FPVS_TRY_STATUS(configure(control, SIOCGIFFLAGS, request, "read the flags"));
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    return configure(control, SIOCSIFFLAGS, request, "set up the interface");
}

}  // namespace

Result<Tap> Tap::open(const TapOptions& options) {
    FPVS_TRY(const ifreq named, request_for(options.name));
    UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd.valid()) {
        return fail(Code::unavailable, "cannot open /dev/net/tun: {}", std::strerror(errno));
    }
    ifreq attach = named;
    attach.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (::ioctl(fd.get(), TUNSETIFF, &attach) != 0) {
        return fail(Code::unavailable,
                    "cannot attach to TAP device {}: {}{}",
                    options.name,
                    std::strerror(errno),
                    errno == EBUSY    ? "; another process holds it"
                    : errno == EINVAL ? "; an interface of that name exists and is no plain TAP"
                                      : "");
    }
    const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (options.mac) {
        FPVS_TRY_STATUS(set_mac(control.get(), named, *options.mac));
    }
    if (options.mtu) {
        FPVS_TRY_STATUS(set_mtu(control.get(), named, *options.mtu));
    }
    if (options.up) {
        FPVS_TRY_STATUS(set_up(control.get(), named));
    }
    ifreq index = named;
    FPVS_TRY_STATUS(configure(control.get(), SIOCGIFINDEX, index, "read the index"));
    ifreq address = named;
    FPVS_TRY_STATUS(configure(control.get(), SIOCGIFHWADDR, address, "read the address"));
    Tap tap;
    tap.fd_ = std::move(fd);
    tap.name_ = options.name;
    tap.interface_index_ = static_cast<std::uint32_t>(index.ifr_ifindex);
    std::copy_n(address.ifr_hwaddr.sa_data, tap.mac_.octets.size(), tap.mac_.octets.begin());
    return tap;
}

std::size_t Tap::read(std::span<std::uint8_t> frame) noexcept {
    const ssize_t length = ::read(fd_.get(), frame.data(), frame.size());
    if (length > 0) {
        ++counters_.frames_read;
        return static_cast<std::size_t>(length);
    }
    if (length < 0 && errno != EAGAIN && errno != EINTR) {
        ++counters_.read_errors;
    }
    return 0;
}

bool Tap::write(std::span<const std::uint8_t> frame) noexcept {
    const ssize_t length = ::write(fd_.get(), frame.data(), frame.size());
    const bool taken = length == static_cast<ssize_t>(frame.size());
    ++(taken ? counters_.frames_written : counters_.writes_refused);
    return taken;
}

}  // namespace fpvs::kernel
