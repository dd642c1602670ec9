// SPDX-License-Identifier: Apache-2.0
// The simulated card as an xrt_core::device: registers, host_only buffers, and the loading of an
// xclbin.  Everything else that XRT can ask of a card throws, and says so.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "drivers/xrt_sim/card_slot.hpp"
#include "drivers/xrt_sim/xrt_2_13_abi.hpp"

namespace fpvs::xrt_sim {

class Device final : public xrt_core::device {
  public:
    // `slot` must outlive the device.
    Device(handle_type handle, id_type id, CardSlot& slot)
        : device(id), handle_(handle), slot_(slot) {}
    ~Device() override;

    [[nodiscard]] std::string platform() const;

    handle_type get_device_handle() const override { return handle_; }
    bool is_userpf() const override { return true; }
    const xrt_core::query::request& lookup_query(xrt_core::query::key_type key) const override;
    void close_device() override;

    void load_axlf(const axlf* top) override;
    void open_context(const xuid_t, unsigned, bool) override {}
    void close_context(const xuid_t, unsigned) override {}

    void reg_read(std::uint32_t ip, std::uint32_t offset, std::uint32_t* value) const override;
    void reg_write(std::uint32_t ip, std::uint32_t offset, std::uint32_t value) override;

    xclBufferHandle alloc_bo(std::size_t size_bytes, unsigned flags) override;
    void free_bo(xclBufferHandle handle) override;
    void* map_bo(xclBufferHandle handle, bool write) override;
    void unmap_bo(xclBufferHandle, void*) override {}
    // Coherent: there is nothing to move.
    void sync_bo(xclBufferHandle, xclBOSyncDirection, std::size_t, std::size_t) override {}
    void get_bo_properties(xclBufferHandle handle, xclBOProperties* properties) const override;

    void p2p_disable(bool) override {}
    void set_cma(bool, std::uint64_t) override {}
    void update_scheduler_status() override {}
    void user_reset(xclResetKind) override {}
    void close_export_handle(xclBufferExportHandle) override {}
    void load_axlf_meta(const axlf*) override {}

    // What the simulated card has not.
    xclBufferHandle alloc_bo(void*, std::size_t, unsigned) override;
    xclBufferExportHandle export_bo(xclBufferHandle) const override;
    xclBufferHandle import_bo(xclBufferExportHandle) override;
    void copy_bo(xclBufferHandle, xclBufferHandle, std::size_t, std::size_t, std::size_t) override;
    void xread(xclAddressSpace, std::uint64_t, void*, std::size_t) const override;
    void xwrite(xclAddressSpace, std::uint64_t, const void*, std::size_t) override;
    void unmgd_pread(void*, std::size_t, std::uint64_t) override;
    void unmgd_pwrite(const void*, std::size_t, std::uint64_t) override;
    void exec_buf(xclBufferHandle) override;
    int exec_wait(int) const override;
    void reclock(const std::uint16_t*) override;
    void p2p_enable(bool) override;
    void* open_graph(const xuid_t, const char*, xrt::graph::access_mode) override;
    void close_graph(void*) override;
    void reset_graph(void*) override;
    std::uint64_t get_timestamp(void*) override;
    void run_graph(void*, int) override;
    int wait_graph_done(void*, int) override;
    void wait_graph(void*, std::uint64_t) override;
    void suspend_graph(void*) override;
    void resume_graph(void*) override;
    void end_graph(void*, std::uint64_t) override;
    void update_graph_rtp(void*, const char*, const char*, std::size_t) override;
    void read_graph_rtp(void*, const char*, char*, std::size_t) override;
    void open_aie_context(xrt::aie::access_mode) override;
    void sync_aie_bo(xrt::bo&, const char*, xclBOSyncDirection, std::size_t, std::size_t) override;
    void reset_aie() override;
    void sync_aie_bo_nb(
        xrt::bo&, const char*, xclBOSyncDirection, std::size_t, std::size_t) override;
    void wait_gmio(const char*) override;
    int start_profiling(int, const char*, const char*, std::uint32_t) override;
    std::uint64_t read_profiling(int) override;
    void stop_profiling(int) override;

  private:
    [[nodiscard]] std::shared_ptr<SimulatedCard> card() const;
    [[nodiscard]] const HostMemory& buffer(xclBufferHandle handle) const;  // Locked.

    const handle_type handle_;
    CardSlot& slot_;
    mutable std::mutex mutex_;
    std::shared_ptr<SimulatedCard> card_;  // None until an xclbin is loaded.
    std::string platform_ = "fpvs_sim";
    std::map<xclBufferHandle, std::unique_ptr<HostMemory>> buffers_;
    xclBufferHandle next_buffer_ = 1;
};

// What a shim's handle points to: it owns the device until close_device().
struct DeviceHandle {
    std::shared_ptr<xrt_core::device> device;
};

}  // namespace fpvs::xrt_sim
