// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/virtual_interface.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "drivers/kernel/unique_fd.hpp"
#include "host/util/log.hpp"

namespace fpvs::kernel {
namespace {

constexpr const char* kComponent = "vrrp";

std::string path_of(const char* family, const std::string& interface, const char* setting) {
    return fmt::format("/proc/sys/net/{}/conf/{}/{}", family, interface, setting);
}

std::optional<std::string> read_setting(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 32> text{};
    const ssize_t size = file.valid() ? ::read(file.get(), text.data(), text.size()) : -1;
    if (size <= 0) {
        return std::nullopt;
    }
    return std::string(text.data(), static_cast<std::size_t>(size));
}

bool write_setting(const std::string& path, const std::string& value) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file.valid() &&
           ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

// Of the virtual interface: it answers ARP for its own addresses only, hears adverts whose source
// is reached by the interface below, and makes up no IPv6 address.
void prepare(const std::string& name) {
    const std::array<std::pair<std::string, const char*>, 5> settings = {{
        {path_of("ipv4", name, "arp_ignore"), "1"},
        {path_of("ipv4", name, "accept_local"), "1"},
        {path_of("ipv4", name, "rp_filter"), "0"},
        {path_of("ipv6", name, "addr_gen_mode"), "1"},
        {path_of("ipv6", name, "accept_dad"), "0"},
    }};
    for (const auto& [path, value] : settings) {
        // A host without IPv6 lacks the last ones.
        if (!write_setting(path, value) && ::access(path.c_str(), F_OK) == 0) {
            log::warn(kComponent, "cannot write {} to {}", value, path);
        }
    }
}

}  // namespace

Result<std::unique_ptr<provider::VirtualInterface>> VirtualInterface::make(
    const provider::VirtualInterfacePlan& plan) {
    FPVS_TRY(auto rtnetlink, Rtnetlink::open());
    std::unique_ptr<VirtualInterface> made(new VirtualInterface(std::move(rtnetlink)));
    FPVS_TRY(const Interface base, made->rtnetlink_.interface(plan.base));
    if (const auto left = made->rtnetlink_.interface(plan.name); left && left->mac == plan.mac) {
        FPVS_TRY_STATUS(made->rtnetlink_.remove_interface(left->index));
    }
    FPVS_TRY_STATUS(made->rtnetlink_.add_macvlan(plan.name, base.index, plan.mac));
    FPVS_TRY(const Interface own, made->rtnetlink_.interface(plan.name));
    made->index_ = own.index;
    prepare(plan.name);
    // The interface below must not answer for the addresses of the one above.
    made->set_for_now(path_of("ipv4", plan.base, "arp_ignore"), "1");
    made->set_for_now(path_of("ipv4", plan.base, "arp_filter"), "1");
    FPVS_TRY_STATUS(made->rtnetlink_.set_up(own.index));
    log::info(kComponent, "made the interface {} on {}", plan.name, plan.base);
    return made;
}

VirtualInterface::~VirtualInterface() {
    for (const auto& [path, value] : settings_before_) {
        (void)write_setting(path, value);
    }
    if (index_ == 0) {
        return;
    }
    if (const auto status = rtnetlink_.remove_interface(index_); !status) {
        log::warn(kComponent, "{}", status.error().text());
    }
}

// Several interfaces may stand on one: only the first changes its settings, and puts them back.
void VirtualInterface::set_for_now(const std::string& path, const std::string& value) {
    const auto before = read_setting(path);
    if (before && before->substr(0, 1) != value && write_setting(path, value)) {
        settings_before_.emplace_back(path, *before);
    }
}

}  // namespace fpvs::kernel
