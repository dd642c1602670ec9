// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/ethdev_port.hpp"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <utility>

namespace fpvs::dpdk {
namespace {

constexpr std::uint64_t kSpreadBy =
    RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP;

// As long as the device wants it.
[[nodiscard]] std::vector<std::uint8_t> key_of(std::span<const std::uint8_t> key,
                                               std::size_t bytes) {
    std::vector<std::uint8_t> result(key.begin(), key.end());
    if (!result.empty()) {
        result.resize(bytes);
    }
    return result;
}

// A device whose table cannot be written spreads in its own way.
void write_queue_table(std::uint16_t device,
                       std::size_t entries,
                       std::span<const std::uint16_t> queues) {
    std::vector<rte_eth_rss_reta_entry64> table((entries + RTE_ETH_RETA_GROUP_SIZE - 1) /
                                                RTE_ETH_RETA_GROUP_SIZE);
    for (std::size_t i = 0; i < entries; ++i) {
        rte_eth_rss_reta_entry64& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
        group.mask |= std::uint64_t{1} << i % RTE_ETH_RETA_GROUP_SIZE;
        group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = queues[i % queues.size()];
    }
    static_cast<void>(
        ::rte_eth_dev_rss_reta_update(device, table.data(), static_cast<std::uint16_t>(entries)));
}

}  // namespace

Result<std::unique_ptr<EthdevPort>> EthdevPort::open(const EthdevPortOptions& options,
                                                     rte_mempool& pool) {
    std::string name = options.devargs.substr(0, options.devargs.find(','));
    std::uint16_t device = 0;
    const bool known = ::rte_eth_dev_get_port_by_name(name.c_str(), &device) == 0;
    if (options.is_pci && !known) {
        return fail(
            Code::unavailable,
            "there is no NIC at PCI address {} that DPDK can drive: is it bound to vfio-pci?",
            name);
    }
    if (known && !options.is_pci) {
        return fail(Code::already_exists, "there is a DPDK device named {} already", name);
    }
    if (!known && (::rte_dev_probe(options.devargs.c_str()) != 0 ||
                   ::rte_eth_dev_get_port_by_name(name.c_str(), &device) != 0)) {
        return fail(Code::unavailable, "DPDK has no device \"{}\"", options.devargs);
    }
    std::unique_ptr<EthdevPort> port(new EthdevPort(std::move(name), device, options.number));
    FPVS_TRY_STATUS(port->configure(options, pool));
    return port;
}

Status EthdevPort::check(const char* what, int code) const {
    if (code < 0) {
        return fail(Code::unavailable, "{}: {}: {}", name_, what, ::rte_strerror(-code));
    }
    return {};
}

Status EthdevPort::configure(const EthdevPortOptions& options, rte_mempool& pool) {
    rte_eth_dev_info info{};
    FPVS_TRY_STATUS(check("describe", ::rte_eth_dev_info_get(device_, &info)));
    const std::uint64_t spread_by = info.flow_type_rss_offloads & kSpreadBy;
    const bool spreads = options.queues > 1 && info.max_rx_queues >= options.queues &&
                         info.max_tx_queues >= options.queues && spread_by != 0;
    const std::uint16_t queues = spreads ? options.queues : 1;
    rte_eth_conf conf{};
    std::vector<std::uint8_t> key = key_of(options.spread_key, info.hash_key_size);
    if (spreads) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf = {.rss_key = key.empty() ? nullptr : key.data(),
                                     .rss_key_len = static_cast<std::uint8_t>(key.size()),
                                     .rss_hf = spread_by};
    }
    FPVS_TRY_STATUS(check("configure", ::rte_eth_dev_configure(device_, queues, queues, &conf)));
    FPVS_TRY_STATUS(set_up_queues(queues, options.descriptors, pool));
    FPVS_TRY_STATUS(check("start", ::rte_eth_dev_start(device_)));
    if (spreads && !options.spread_table.empty()) {
        write_queue_table(device_, info.reta_size, options.spread_table);
    }
    // Drivers that cannot filter refuse, and then pass every multicast frame anyway.
    static_cast<void>(::rte_eth_allmulticast_enable(device_));
    return {};
}

Status EthdevPort::set_up_queues(std::uint16_t queues,
                                 std::uint16_t descriptors,
                                 rte_mempool& pool) {
    constexpr auto kAnySocket = static_cast<unsigned>(SOCKET_ID_ANY);
    std::uint16_t rx = descriptors;
    std::uint16_t tx = descriptors;
    FPVS_TRY_STATUS(check("descriptors", ::rte_eth_dev_adjust_nb_rx_tx_desc(device_, &rx, &tx)));
    for (std::uint16_t queue = 0; queue < queues; ++queue) {
        FPVS_TRY_STATUS(
            check("receive queue",
                  ::rte_eth_rx_queue_setup(device_, queue, rx, kAnySocket, nullptr, &pool)));
        FPVS_TRY_STATUS(check("transmit queue",
                              ::rte_eth_tx_queue_setup(device_, queue, tx, kAnySocket, nullptr)));
        if (queue > 0) {
            others_.push_back(std::make_unique<Queue>(*this, queue));
        }
    }
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

std::size_t EthdevPort::Queue::rx_burst(std::span<rte_mbuf*> frames) noexcept {
    const auto wanted = static_cast<std::uint16_t>(std::min(frames.size(), provider::kBurstMax));
    const std::size_t count = ::rte_eth_rx_burst(owner_.device_, index_, frames.data(), wanted);
    for (rte_mbuf* frame : frames.first(count)) {
        frame->port = owner_.number_;
        counters_.rx_bytes += frame->pkt_len;
    }
    counters_.rx_frames += count;
    return count;
}

void EthdevPort::Queue::tx_burst(std::span<rte_mbuf* const> frames) noexcept {
    std::uint64_t bytes = 0;
    for (const rte_mbuf* frame : frames) {
        bytes += frame->pkt_len;
    }
    // DPDK's signature lacks a const: it does not write to the array.
    const std::size_t sent = ::rte_eth_tx_burst(owner_.device_,
                                                index_,
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
    provider::PacketPortCounters all = first_.counters();
    for (const auto& queue : others_) {
        const provider::PacketPortCounters more = queue->counters();
        all.rx_frames += more.rx_frames;
        all.rx_bytes += more.rx_bytes;
        all.tx_frames += more.tx_frames;
        all.tx_bytes += more.tx_bytes;
        all.tx_dropped += more.tx_dropped;
    }
    if (rte_eth_stats stats{}; ::rte_eth_stats_get(device_, &stats) == 0) {
        all.rx_dropped += stats.imissed + stats.ierrors + stats.rx_nombuf;
    }
    return all;
}

provider::PacketPort& EthdevPort::queue(std::size_t index) {
    if (index == 0) {
        return *this;
    }
    return *others_.at(index - 1);
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
