// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/ethdev_port.hpp"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <utility>

namespace fpvs::dpdk {

Result<std::unique_ptr<EthdevPort>> EthdevPort::open(const EthdevPortOptions& options,
                                                     rte_mempool& pool) {
    std::string name = options.devargs.substr(0, options.devargs.find(','));
    std::uint16_t device = 0;
    if (::rte_eth_dev_get_port_by_name(name.c_str(), &device) == 0) {
        return fail(Code::already_exists, "there is a DPDK device named {} already", name);
    }
    if (::rte_dev_probe(options.devargs.c_str()) != 0 ||
        ::rte_eth_dev_get_port_by_name(name.c_str(), &device) != 0) {
        return fail(Code::unavailable, "DPDK has no device \"{}\"", options.devargs);
    }
    std::unique_ptr<EthdevPort> port(new EthdevPort(std::move(name), device, options.number));
    FPVS_TRY_STATUS(port->configure(options.descriptors, pool));
    return port;
}

Status EthdevPort::configure(std::uint16_t descriptors, rte_mempool& pool) {
    const auto step = [this](const char* what, int code) -> Status {
        if (code < 0) {
            return fail(Code::unavailable, "{}: {}: {}", name_, what, ::rte_strerror(-code));
        }
        return {};
    };
    const rte_eth_conf conf{};
    FPVS_TRY_STATUS(step("configure", ::rte_eth_dev_configure(device_, 1, 1, &conf)));
    std::uint16_t rx = descriptors;
    std::uint16_t tx = descriptors;
    FPVS_TRY_STATUS(step("descriptors", ::rte_eth_dev_adjust_nb_rx_tx_desc(device_, &rx, &tx)));
    FPVS_TRY_STATUS(
        step("receive queue",
             ::rte_eth_rx_queue_setup(
                 device_, 0, rx, static_cast<unsigned>(SOCKET_ID_ANY), nullptr, &pool)));
    FPVS_TRY_STATUS(step(
        "transmit queue",
        ::rte_eth_tx_queue_setup(device_, 0, tx, static_cast<unsigned>(SOCKET_ID_ANY), nullptr)));
    FPVS_TRY_STATUS(step("start", ::rte_eth_dev_start(device_)));
    // Drivers that cannot filter refuse, and then pass every multicast frame anyway.
    static_cast<void>(::rte_eth_allmulticast_enable(device_));
    return {};
}

EthdevPort::~EthdevPort() {
    rte_eth_dev_info info{};
    const bool known = ::rte_eth_dev_info_get(device_, &info) == 0;
    static_cast<void>(::rte_eth_dev_stop(device_));
    static_cast<void>(::rte_eth_dev_close(device_));
    if (known && info.device != nullptr) {
        static_cast<void>(::rte_dev_remove(info.device));
    }
}

std::size_t EthdevPort::rx_burst(std::span<rte_mbuf*> frames) noexcept {
    const auto wanted = static_cast<std::uint16_t>(std::min(frames.size(), provider::kBurstMax));
    const std::size_t count = ::rte_eth_rx_burst(device_, 0, frames.data(), wanted);
    for (rte_mbuf* frame : frames.first(count)) {
        frame->port = number_;
        counters_.rx_bytes += frame->pkt_len;
    }
    counters_.rx_frames += count;
    return count;
}

void EthdevPort::tx_burst(std::span<rte_mbuf* const> frames) noexcept {
    std::uint64_t bytes = 0;
    for (const rte_mbuf* frame : frames) {
        bytes += frame->pkt_len;
    }
    // DPDK's signature lacks a const: it does not write to the array.
    const std::size_t sent = ::rte_eth_tx_burst(device_,
                                                0,
                                                const_cast<rte_mbuf**>(frames.data()),
                                                static_cast<std::uint16_t>(frames.size()));
    for (rte_mbuf* frame : frames.subspan(sent)) {
        bytes -= frame->pkt_len;
        ::rte_pktmbuf_free(frame);
    }
    counters_.tx_frames += sent;
    counters_.tx_bytes += bytes;
    counters_.tx_dropped += frames.size() - sent;
}

provider::PacketPortCounters EthdevPort::counters() const noexcept {
    provider::PacketPortCounters all = counters_;
    if (rte_eth_stats stats{}; ::rte_eth_stats_get(device_, &stats) == 0) {
        all.rx_dropped += stats.imissed + stats.ierrors + stats.rx_nombuf;
    }
    return all;
}

model::MacAddress EthdevPort::mac() const {
    model::MacAddress mac;
    if (rte_ether_addr address{}; ::rte_eth_macaddr_get(device_, &address) == 0) {
        std::copy(std::begin(address.addr_bytes), std::end(address.addr_bytes), mac.octets.begin());
    }
    return mac;
}

bool EthdevPort::link_up() const {
    rte_eth_link link{};
    return ::rte_eth_link_get_nowait(device_, &link) == 0 && link.link_status != 0;
}

}  // namespace fpvs::dpdk
