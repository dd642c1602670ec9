// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/eal.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "drivers/dpdk/large_pages.hpp"
#include "host/util/log.hpp"

namespace fpvs::dpdk {
namespace {

constexpr std::size_t kHugepageKb = 2048;

std::size_t free_hugepages_mb() {
    const std::string path =
        "/sys/kernel/mm/hugepages/hugepages-" + std::to_string(kHugepageKb) + "kB/free_hugepages";
    std::ifstream file(path);
    std::size_t pages = 0;
    return file >> pages ? pages * kHugepageKb / 1024 : 0;
}

// "0@(2,3)": one lcore, the caller, on all the CPUs that the process may use.  Threads made later
// inherit the affinity.
std::string lcores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    std::string cpus;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &allowed)) {
                cpus += (cpus.empty() ? "" : ",") + std::to_string(cpu);
            }
        }
    }
    return "0@(" + (cpus.empty() ? "0" : cpus) + ")";
}

}  // namespace

Result<Eal> Eal::start(const EalOptions& options) {
    // A failed rte_eal_init cannot be tried again, so the choice is made before.
    const std::size_t free_mb = free_hugepages_mb();
    const bool hugepages = free_mb >= options.memory_mb;
    std::vector<std::string> arguments = {"fpvs",
                                          "--no-telemetry",
                                          "--file-prefix=fpvs-" + std::to_string(::getpid()),
                                          "--lcores=" + lcores(),
                                          "--log-level=*:error",
                                          "-m",
                                          std::to_string(options.memory_mb)};
    if (options.pci_devices.empty()) {
        arguments.emplace_back("--no-pci");
    }
    for (const std::string& device : options.pci_devices) {
        arguments.push_back("--allow=" + device);
    }
    if (hugepages) {
        arguments.emplace_back("--in-memory");
    } else {
        arguments.emplace_back("--no-huge");
        arguments.emplace_back("--no-shconf");
    }
    // DPDK reorders the array it is given.
    std::vector<char*> pointers;
    pointers.reserve(arguments.size());
    for (std::string& argument : arguments) {
        pointers.push_back(argument.data());
    }
    if (::rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) < 0) {
        return fail(Code::unavailable, "DPDK does not start: {}", ::rte_strerror(rte_errno));
    }
    Eal eal(hugepages);
    if (hugepages) {
        log::info("dpdk", "packet memory: {} MB in hugepages", options.memory_mb);
        return eal;
    }
    if (options.pci_devices.empty()) {
        if (auto pages = LargePages::make(options.memory_mb)) {
            eal.large_pages_.emplace(std::move(*pages));
        }
    }
    log::info("dpdk",
              "packet memory: {} MB in {} pages, because {} MB of hugepages are free; for more "
              "speed: sysctl vm.nr_hugepages={}",
              options.memory_mb,
              eal.large_pages_ ? "transparent large" : "ordinary",
              free_mb,
              options.memory_mb * 1024 / kHugepageKb);
    return eal;
}

Eal::Eal(Eal&& other) noexcept
    : hugepages_(other.hugepages_),
      large_pages_(std::move(other.large_pages_)),
      owner_(std::exchange(other.owner_, false)) {}

Eal::~Eal() {
    if (!owner_) {
        return;
    }
    const std::filesystem::path run_time = ::rte_eal_get_runtime_dir();
    ::rte_eal_cleanup();
    // DPDK makes a folder of the process's own and leaves it behind.
    std::error_code ignored;
    std::filesystem::remove_all(run_time, ignored);
}

}  // namespace fpvs::dpdk
