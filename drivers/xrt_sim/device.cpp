// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt_sim/device.hpp"

#include <fmt/core.h>

#include <cstring>
#include <span>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "drivers/xrt/xclbin/reader.hpp"

namespace fpvs::xrt_sim {
namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw std::runtime_error(why);
}

[[noreturn]] void lacks(const char* what) {
    refuse(fmt::format("the simulated card has no {}", what));
}

// XRT's interface knows exceptions only.
template <class T>
T value_or_throw(Result<T> result) {
    if (!result) {
        refuse(result.error().text());
    }
    if constexpr (!std::is_void_v<T>) {
        return *std::move(result);
    }
}

struct PlatformQuery : xrt_core::query::request {
    boost::any get(const xrt_core::device* device) const override {
        return static_cast<const Device*>(device)->platform();
    }
};

// No bus: domain, bus, device and function are zero.
struct BusAddressQuery : xrt_core::query::request {
    boost::any get(const xrt_core::device*) const override {
        return std::tuple<std::uint16_t, std::uint16_t, std::uint16_t, std::uint16_t>(0, 0, 0, 0);
    }
};

}  // namespace

Device::~Device() = default;

std::string Device::platform() const {
    const std::lock_guard lock(mutex_);
    return platform_;
}

const xrt_core::query::request& Device::lookup_query(xrt_core::query::key_type key) const {
    static const PlatformQuery platform;
    static const BusAddressQuery bus_address;
    switch (key) {
        case xrt_core::query::key_type::rom_vbnv:
            return platform;
        case xrt_core::query::key_type::pcie_bdf:
            return bus_address;
    }
    throw xrt_core::query::no_such_key(key);
}

// The handle holds the last reference that XRT leaves to us: `this` is gone afterwards.
void Device::close_device() {
    delete static_cast<DeviceHandle*>(handle_);
}

void Device::load_axlf(const axlf* top) {
    const std::span image(reinterpret_cast<const char*>(top), top->m_header.m_length);
    const auto xclbin = value_or_throw(xrt_card::Xclbin::parse(image));
    const std::lock_guard lock(mutex_);
    card_ = value_or_throw(slot_.load(xclbin, card_));
    platform_ = xclbin.platform();
    register_axlf(top);
}

std::shared_ptr<SimulatedCard> Device::card() const {
    const std::lock_guard lock(mutex_);
    if (!card_) {
        refuse("no xclbin is loaded into the simulated card");
    }
    return card_;
}

void Device::reg_read(std::uint32_t ip, std::uint32_t offset, std::uint32_t* value) const {
    if (ip != 0) {
        lacks("second kernel");
    }
    *value = value_or_throw(card()->read_register(offset));
}

void Device::reg_write(std::uint32_t ip, std::uint32_t offset, std::uint32_t value) {
    if (ip != 0) {
        lacks("second kernel");
    }
    value_or_throw(card()->write_register(offset, value));
}

xclBufferHandle Device::alloc_bo(std::size_t size_bytes, unsigned flags) {
    if ((flags & XCL_BO_FLAGS_HOST_ONLY) == 0) {
        lacks("memory of its own: allocate host_only buffers");
    }
    auto memory = value_or_throw(card()->allocate(size_bytes));
    const std::lock_guard lock(mutex_);
    buffers_.emplace(next_buffer_, std::move(memory));
    return next_buffer_++;
}

void Device::free_bo(xclBufferHandle handle) {
    std::unique_ptr<HostMemory> memory;
    const std::lock_guard lock(mutex_);
    if (const auto found = buffers_.find(handle); found != buffers_.end()) {
        memory = std::move(found->second);
        buffers_.erase(found);
    }
}

const HostMemory& Device::buffer(xclBufferHandle handle) const {
    const auto found = buffers_.find(handle);
    if (found == buffers_.end()) {
        refuse(fmt::format("the simulated card has no buffer {}", handle));
    }
    return *found->second;
}

void* Device::map_bo(xclBufferHandle handle, bool) {
    const std::lock_guard lock(mutex_);
    return buffer(handle).bytes().data();
}

void Device::get_bo_properties(xclBufferHandle handle, xclBOProperties* properties) const {
    const std::lock_guard lock(mutex_);
    const HostMemory& memory = buffer(handle);
    std::memset(properties, 0, sizeof *properties);
    properties->handle = handle;
    properties->flags = XCL_BO_FLAGS_HOST_ONLY;
    properties->size = memory.bytes().size();
    properties->paddr = memory.card_address();
}

xclBufferHandle Device::alloc_bo(void*, std::size_t, unsigned) {
    lacks("way to memory that it did not allocate");
}

xclBufferExportHandle Device::export_bo(xclBufferHandle) const {
    lacks("exported buffers");
}

xclBufferHandle Device::import_bo(xclBufferExportHandle) {
    lacks("imported buffers");
}

void Device::copy_bo(xclBufferHandle, xclBufferHandle, std::size_t, std::size_t, std::size_t) {
    lacks("engine that copies buffers");
}

void Device::xread(xclAddressSpace, std::uint64_t, void*, std::size_t) const {
    lacks("addresses outside of its kernel");
}

void Device::xwrite(xclAddressSpace, std::uint64_t, const void*, std::size_t) {
    lacks("addresses outside of its kernel");
}

void Device::unmgd_pread(void*, std::size_t, std::uint64_t) {
    lacks("memory of its own");
}

void Device::unmgd_pwrite(const void*, std::size_t, std::uint64_t) {
    lacks("memory of its own");
}

void Device::exec_buf(xclBufferHandle) {
    lacks("scheduler: its kernel is user-managed");
}

int Device::exec_wait(int) const {
    lacks("scheduler: its kernel is user-managed");
}

void Device::reclock(const std::uint16_t*) {
    lacks("clock to set");
}

void Device::p2p_enable(bool) {
    lacks("peer-to-peer memory");
}

void* Device::open_graph(const xuid_t, const char*, xrt::graph::access_mode) {
    lacks("graphs");
}

void Device::close_graph(void*) {
    lacks("graphs");
}

void Device::reset_graph(void*) {
    lacks("graphs");
}

std::uint64_t Device::get_timestamp(void*) {
    lacks("graphs");
}

void Device::run_graph(void*, int) {
    lacks("graphs");
}

int Device::wait_graph_done(void*, int) {
    lacks("graphs");
}

void Device::wait_graph(void*, std::uint64_t) {
    lacks("graphs");
}

void Device::suspend_graph(void*) {
    lacks("graphs");
}

void Device::resume_graph(void*) {
    lacks("graphs");
}

void Device::end_graph(void*, std::uint64_t) {
    lacks("graphs");
}

void Device::update_graph_rtp(void*, const char*, const char*, std::size_t) {
    lacks("graphs");
}

void Device::read_graph_rtp(void*, const char*, char*, std::size_t) {
    lacks("graphs");
}

void Device::open_aie_context(xrt::aie::access_mode) {
    lacks("AI engines");
}

void Device::sync_aie_bo(xrt::bo&, const char*, xclBOSyncDirection, std::size_t, std::size_t) {
    lacks("AI engines");
}

void Device::reset_aie() {
    lacks("AI engines");
}

void Device::sync_aie_bo_nb(xrt::bo&, const char*, xclBOSyncDirection, std::size_t, std::size_t) {
    lacks("AI engines");
}

void Device::wait_gmio(const char*) {
    lacks("AI engines");
}

int Device::start_profiling(int, const char*, const char*, std::uint32_t) {
    lacks("AI engines");
}

std::uint64_t Device::read_profiling(int) {
    lacks("AI engines");
}

void Device::stop_profiling(int) {
    lacks("AI engines");
}

}  // namespace fpvs::xrt_sim
