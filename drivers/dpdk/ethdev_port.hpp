// SPDX-License-Identifier: Apache-2.0
// Any DPDK ethernet device as one network port: a NIC, AF_PACKET on a kernel interface, a pcap
// file.
//
// The device is plugged in at open(), in the network namespace of the calling thread (see
// drivers/kernel/netns_scope.hpp), and unplugged at the end.  It takes all multicast frames; frames
// to other stations may come too, so the receiver looks at the destination.
#pragma once

#include <rte_mempool.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "host/model/address.hpp"
#include "host/provider/packet_port.hpp"
#include "host/util/result.hpp"

namespace fpvs::dpdk {

struct EthdevPortOptions {
    // As DPDK's --vdev takes them; the name up to the first comma is unique within the process.
    std::string devargs;
    std::uint16_t number = 0;  // The director's number of this network port.
    std::uint16_t descriptors = 512;
};

class EthdevPort final : public provider::PacketPort {
  public:
    // The pool must outlive the port.
    [[nodiscard]] static Result<std::unique_ptr<EthdevPort>> open(const EthdevPortOptions& options,
                                                                  rte_mempool& pool);
    ~EthdevPort() override;
    EthdevPort(const EthdevPort&) = delete;
    EthdevPort& operator=(const EthdevPort&) = delete;

    [[nodiscard]] std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override;
    void tx_burst(std::span<rte_mbuf* const> frames) noexcept override;
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] provider::PacketPortCounters counters() const noexcept override;

    [[nodiscard]] model::MacAddress mac() const;
    [[nodiscard]] bool link_up() const;

  private:
    EthdevPort(std::string name, std::uint16_t device, std::uint16_t number)
        : name_(std::move(name)), device_(device), number_(number) {}

    [[nodiscard]] Status configure(std::uint16_t descriptors, rte_mempool& pool);

    std::string name_;
    std::uint16_t device_;
    std::uint16_t number_;
    provider::PacketPortCounters counters_;
};

}  // namespace fpvs::dpdk
