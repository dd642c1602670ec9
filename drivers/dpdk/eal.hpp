// SPDX-License-Identifier: Apache-2.0
// DPDK's environment: started once per process, before the first port.
//
// Hugepages are used when enough are free.  Otherwise frames live in transparent large pages, or,
// where a device reads memory by itself, in ordinary ones; one log line says which.  No PCI device
// but those named is touched, and no file is left behind.  Threads made later may run on every CPU
// that the process may use.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "drivers/dpdk/large_pages.hpp"
#include "host/util/result.hpp"

namespace fpvs::dpdk {

struct EalOptions {
    std::size_t memory_mb = 128;
    std::vector<std::string> pci_devices = {};  // As EthdevPortOptions::devargs names them.
};

class Eal {
  public:
    // A second start in one process is refused by DPDK, even after the first has ended.
    [[nodiscard]] static Result<Eal> start(const EalOptions& options = {});

    Eal(Eal&& other) noexcept;
    Eal& operator=(Eal&&) = delete;
    ~Eal();

    [[nodiscard]] bool hugepages() const { return hugepages_; }
    [[nodiscard]] bool large_pages() const { return large_pages_.has_value(); }

  private:
    explicit Eal(bool hugepages) : hugepages_(hugepages), owner_(true) {}

    bool hugepages_;
    std::optional<LargePages> large_pages_;
    bool owner_;
};

}  // namespace fpvs::dpdk
