// SPDX-License-Identifier: Apache-2.0
// Any DPDK ethernet device as one network port: a NIC, AF_PACKET on a kernel interface, a pcap
// file.
//
// The device is plugged in at open(), in the network namespace of the calling thread (see
// drivers/kernel/netns_scope.hpp), and unplugged at the end.  It takes all multicast frames; frames
// to other stations may come too, so the receiver looks at the destination.
//
// A device that can spread what it receives over several queues by a hash of addresses and ports
// (RSS), and has as many to send by, has a port for each queue, for a thread each.
#pragma once

#include <rte_mempool.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/model/address.hpp"
#include "host/provider/packet_port.hpp"
#include "host/util/result.hpp"

namespace fpvs::dpdk {

struct EthdevPortOptions {
    // As DPDK's --vdev takes them; the name up to the first comma is unique within the process.
    std::string devargs;
    bool is_pci = false;       // A NIC that Eal::start() was told of.
    std::uint16_t number = 0;  // The director's number of this network port.
    std::uint16_t descriptors = 512;
    std::uint16_t queues = 1;  // Wanted, each way; see EthdevPort::queue().
    // How frames shall be spread over them: RSS's key, and the queue of each hash by its last bits.
    std::span<const std::uint8_t> spread_key = {};
    std::span<const std::uint16_t> spread_table = {};
};

class EthdevPort final : public provider::PacketPort {
  public:
    // The pool must outlive the port.
    [[nodiscard]] static Result<std::unique_ptr<EthdevPort>> open(const EthdevPortOptions& options,
                                                                  rte_mempool& pool);
    ~EthdevPort() override;
    EthdevPort(const EthdevPort&) = delete;
    EthdevPort& operator=(const EthdevPort&) = delete;

    [[nodiscard]] std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override {
        return first_.rx_burst(frames);
    }
    void tx_burst(std::span<rte_mbuf* const> frames) noexcept override { first_.tx_burst(frames); }
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    // Of all queues.
    [[nodiscard]] provider::PacketPortCounters counters() const noexcept override;

    // A port for each queue; this one is the first.  One alone: the device has no more.
    [[nodiscard]] std::size_t queues() const { return others_.size() + 1; }
    [[nodiscard]] provider::PacketPort& queue(std::size_t index);

    [[nodiscard]] model::MacAddress mac() const;
    [[nodiscard]] bool link_up() const;

  private:
    EthdevPort(std::string name, std::uint16_t device, std::uint16_t number)
        : name_(std::move(name)), device_(device), number_(number) {}

    // One queue of the device, each way.
    class Queue final : public provider::PacketPort {
      public:
        Queue(EthdevPort& owner, std::uint16_t index) : owner_(owner), index_(index) {}

        [[nodiscard]] std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override;
        void tx_burst(std::span<rte_mbuf* const> frames) noexcept override;
        [[nodiscard]] const std::string& name() const noexcept override { return owner_.name_; }
        // Of this queue alone.
        [[nodiscard]] provider::PacketPortCounters counters() const noexcept override {
            return counters_;
        }

      private:
        EthdevPort& owner_;
        std::uint16_t index_;
        provider::PacketPortCounters counters_;
    };

    [[nodiscard]] Status configure(const EthdevPortOptions& options, rte_mempool& pool);
    [[nodiscard]] Status set_up_queues(std::uint16_t queues,
                                       std::uint16_t descriptors,
                                       rte_mempool& pool);
    [[nodiscard]] Status check(const char* what, int code) const;

    std::string name_;
    std::uint16_t device_;
    std::uint16_t number_;
    Queue first_{*this, 0};
    std::vector<std::unique_ptr<Queue>> others_;
};

}  // namespace fpvs::dpdk
