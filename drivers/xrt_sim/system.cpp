// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt_sim/system.hpp"

#include <fmt/core.h>

#include <stdexcept>

#include "drivers/xrt_sim/device.hpp"

namespace fpvs::xrt_sim {

std::pair<System::id_type, System::id_type> System::get_total_devices(bool) const {
    return {1, 1};
}

// XRT's way round: it knows a device by its shim's handle, and asks us back for the device.
std::shared_ptr<xrt_core::device> System::get_userpf_device(id_type id) const {
    if (id != 0) {
        throw std::runtime_error(
            fmt::format("there is one simulated card, number 0; {} was asked for", id));
    }
    auto handle = std::make_unique<DeviceHandle>();
    handle->device = xrt_core::get_userpf_device(handle.get(), id);
    return handle.release()->device;
}

std::shared_ptr<xrt_core::device> System::get_userpf_device(handle_type handle, id_type id) const {
    return std::make_shared<Device>(handle, id, slot_);
}

std::shared_ptr<xrt_core::device> System::get_mgmtpf_device(id_type) const {
    throw std::runtime_error("the simulated card has no management function");
}

}  // namespace fpvs::xrt_sim
