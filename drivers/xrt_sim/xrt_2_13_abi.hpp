// SPDX-License-Identifier: Apache-2.0
// The part of XRT 2.13's private interface that a shim must implement.
//
// libxrt_coreutil reaches a card through virtual functions of xrt_core::device, which a singleton
// derived from xrt_core::system creates.  Their headers are not installed, so the declarations are
// repeated here: names, order and sizes are those of Debian's libxrt_coreutil.so.2
// (202210.2.13.466, built with XRT_ENABLE_AIE).  abi_guard.hpp compares them with the library that
// is loaded; on any difference the shim stays out of the way.
//
// Only the machine that simulates needs this.  The host program uses public headers only.
#pragma once

// NOLINTBEGIN(readability-identifier-naming): the names are XRT's.

#include <experimental/xrt-next.h>
#include <experimental/xrt_xclbin.h>
#include <xrt.h>
#include <xrt/xrt_aie.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_graph.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/any.hpp>
#include <boost/property_tree/ptree_fwd.hpp>

// XRT's own classes have no virtual destructor here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
// They live in another library, while the shim hides its own symbols.
#pragma GCC visibility push(default)

namespace xrt_core {

class device;

namespace query {

// Of some two hundred keys, those that the simulated card answers.
enum class key_type : int { pcie_bdf = 8, rom_vbnv = 12 };

class reset_type;

class exception : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class no_such_key : public exception {
  public:
    explicit no_such_key(key_type key)
        : exception("the simulated card does not know this query"), key_(key) {}

    key_type key() const { return key_; }

  private:
    key_type key_;
};

struct request {
    enum class modifier { subdev, entry };

    virtual ~request() = default;
    virtual boost::any get(const device*) const { unsupported(); }
    virtual boost::any get(const device*, const boost::any&) const { unsupported(); }
    virtual boost::any get(const device*, const boost::any&, const boost::any&) const {
        unsupported();
    }
    virtual boost::any get(const device*, modifier, const std::string&) const { unsupported(); }
    virtual boost::any get(const device*,
                           const boost::any&,
                           const boost::any&,
                           const boost::any&) const {
        unsupported();
    }
    virtual void put(const device*, const boost::any&) const { unsupported(); }

  private:
    [[noreturn]] static void unsupported() {
        throw std::runtime_error("the simulated card does not answer this form of query");
    }
};

}  // namespace query

// Slots 0 to 56.
struct ishim {
    virtual void close_device() = 0;  // 0
    virtual void open_context(const xuid_t, unsigned, bool) = 0;
    virtual void close_context(const xuid_t, unsigned) = 0;
    virtual xclBufferHandle alloc_bo(std::size_t, unsigned) = 0;
    virtual xclBufferHandle alloc_bo(void*, std::size_t, unsigned) = 0;
    virtual void free_bo(xclBufferHandle) = 0;
    virtual xclBufferExportHandle export_bo(xclBufferHandle) const = 0;
    virtual xclBufferHandle import_bo(xclBufferExportHandle) = 0;
    virtual void close_export_handle(xclBufferExportHandle) = 0;
    virtual xclBufferHandle import_bo(pid_t, xclBufferExportHandle);  // 9, in coreutil
    virtual void copy_bo(
        xclBufferHandle, xclBufferHandle, std::size_t, std::size_t, std::size_t) = 0;
    virtual void sync_bo(xclBufferHandle, xclBOSyncDirection, std::size_t, std::size_t) = 0;
    virtual void* map_bo(xclBufferHandle, bool) = 0;
    virtual void unmap_bo(xclBufferHandle, void*) = 0;
    virtual void get_bo_properties(xclBufferHandle, xclBOProperties*) const = 0;
    virtual void reg_read(std::uint32_t, std::uint32_t, std::uint32_t*) const = 0;  // 15
    virtual void reg_write(std::uint32_t, std::uint32_t, std::uint32_t) = 0;
    virtual void xread(xclAddressSpace, std::uint64_t, void*, std::size_t) const = 0;
    virtual void xwrite(xclAddressSpace, std::uint64_t, const void*, std::size_t) = 0;
    virtual void unmgd_pread(void*, std::size_t, std::uint64_t) = 0;
    virtual void unmgd_pwrite(const void*, std::size_t, std::uint64_t) = 0;
    virtual void exec_buf(xclBufferHandle) = 0;  // 21
    virtual int exec_wait(int) const = 0;
    virtual void load_axlf(const axlf*) = 0;
    virtual void reclock(const std::uint16_t*) = 0;
    virtual void p2p_enable(bool) = 0;
    virtual void p2p_disable(bool) = 0;
    virtual void set_cma(bool, std::uint64_t) = 0;
    virtual void update_scheduler_status() = 0;
    virtual void user_reset(xclResetKind) = 0;
    virtual int open_ip_interrupt_notify(unsigned);  // 30 to 35, in coreutil
    virtual void close_ip_interrupt_notify(int);
    virtual void enable_ip_interrupt(int);
    virtual void disable_ip_interrupt(int);
    virtual void wait_ip_interrupt(int);
    virtual std::cv_status wait_ip_interrupt(int, std::int32_t);
    virtual void* open_graph(const xuid_t, const char*, xrt::graph::access_mode) = 0;  // 36
    virtual void close_graph(void*) = 0;
    virtual void reset_graph(void*) = 0;
    virtual std::uint64_t get_timestamp(void*) = 0;
    virtual void run_graph(void*, int) = 0;
    virtual int wait_graph_done(void*, int) = 0;
    virtual void wait_graph(void*, std::uint64_t) = 0;
    virtual void suspend_graph(void*) = 0;
    virtual void resume_graph(void*) = 0;
    virtual void end_graph(void*, std::uint64_t) = 0;
    virtual void update_graph_rtp(void*, const char*, const char*, std::size_t) = 0;
    virtual void read_graph_rtp(void*, const char*, char*, std::size_t) = 0;
    virtual void open_aie_context(xrt::aie::access_mode) = 0;  // 48
    virtual void sync_aie_bo(
        xrt::bo&, const char*, xclBOSyncDirection, std::size_t, std::size_t) = 0;
    virtual void reset_aie() = 0;
    virtual void sync_aie_bo_nb(
        xrt::bo&, const char*, xclBOSyncDirection, std::size_t, std::size_t) = 0;
    virtual void wait_gmio(const char*) = 0;
    virtual int start_profiling(int, const char*, const char*, std::uint32_t) = 0;
    virtual std::uint64_t read_profiling(int) = 0;
    virtual void stop_profiling(int) = 0;
    virtual void load_axlf_meta(const axlf*) = 0;  // 56
};

// Slots 57 to 70.  Constructor, destructor and the members live in coreutil; the fields are here
// for their size alone.
class device : public ishim {
  public:
    using id_type = unsigned int;
    using handle_type = void*;

    explicit device(id_type id);
    virtual ~device();                                  // 57, 58
    virtual handle_type get_device_handle() const = 0;  // 59
    virtual handle_type get_mgmt_handle() const;
    virtual handle_type get_user_handle() const;
    virtual bool is_userpf() const;
    virtual const query::request& lookup_query(query::key_type) const = 0;  // 63
    virtual void get_info(boost::property_tree::ptree&) const;
    virtual void read(std::uint64_t, void*, std::uint64_t) const;
    virtual void write(std::uint64_t, const void*, std::uint64_t) const;
    virtual void reset(query::reset_type&) const;
    virtual void xclmgmt_load_xclbin(const char*) const;
    virtual int open(const std::string&, int) const;
    virtual void close(int) const;  // 70

    // What coreutil keeps of the loaded xclbin: its sections, and the order of its kernels.
    void register_axlf(const axlf* top);

  private:
    id_type id_;
    unsigned char optional_flag_[4];
    std::map<std::string, unsigned> kernel_indices_;
    std::vector<std::uint64_t> kernel_addresses_;
    xrt::xclbin xclbin_;
};
static_assert(sizeof(device) == 112, "the layout of xrt_core::device");

// Slots 0 to 11.
class system {
  protected:
    system();

  public:
    enum class monitor_access_type { bar, mmap, ioctl };

    virtual void get_xrt_info(boost::property_tree::ptree&);
    virtual void get_os_info(boost::property_tree::ptree&);
    virtual void get_devices(boost::property_tree::ptree&) const;
    virtual device::id_type get_device_id(const std::string&) const;
    virtual std::pair<device::id_type, device::id_type> get_total_devices(bool) const = 0;  // 4
    virtual std::shared_ptr<device> get_userpf_device(device::id_type) const = 0;
    virtual std::shared_ptr<device> get_userpf_device(device::handle_type,
                                                      device::id_type) const = 0;
    virtual std::shared_ptr<device> get_mgmtpf_device(device::id_type) const = 0;
    virtual monitor_access_type get_monitor_access_type() const;  // 8
    virtual void program_plp(const device*, const std::vector<char>&, bool) const;
    virtual void mem_read(const device*, long long, long long, const std::string&) const;
    virtual void mem_write(const device*, long long, long long, unsigned) const;  // 11
};

// Makes the device through the singleton and remembers it by its handle.
std::shared_ptr<device> get_userpf_device(device::handle_type handle, device::id_type id);

}  // namespace xrt_core

#pragma GCC visibility pop
#pragma GCC diagnostic pop
// NOLINTEND(readability-identifier-naming)
