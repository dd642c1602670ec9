// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/data_path.hpp"

#include <rte_mbuf.h>

#include <array>
#include <random>

#include "drivers/kernel/netns_scope.hpp"
#include "drivers/kernel/tap.hpp"
#include "host/util/log.hpp"
#include "hw/abi/limits.hpp"

namespace fpvs::daemon {
namespace {

// Each is in use only until its packet was sent, or while it waits for a MAC address.
constexpr std::size_t kWholePackets = 64;

std::uint64_t random_number() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

// Interfaces with a card port have that port's number, since the card says by which port a frame
// came; the others have numbers that no card uses.
Result<std::vector<std::uint16_t>> number_ports(const std::vector<InterfacePlan>& plans) {
    std::vector<std::uint16_t> numbers;
    std::uint16_t next = abi::kPortsMax;
    for (const InterfacePlan& plan : plans) {
        numbers.push_back(plan.card_port ? static_cast<std::uint16_t>(*plan.card_port) : next++);
        if (numbers.back() >= provider::kNetworkPortsMax) {
            return fail(Code::exhausted,
                        "more than {} interfaces without a card port",
                        provider::kNetworkPortsMax - abi::kPortsMax);
        }
    }
    return numbers;
}

std::optional<offload::ClientWay> client_way(const std::optional<slowpath::Way>& way) {
    if (!way) {
        return std::nullopt;
    }
    return offload::ClientWay{
        .next_hop = way->next_hop, .interface_index = way->interface_index, .mtu = way->mtu};
}

// Frames that a port has gathered while nobody listened belong to the past.
void discard_waiting(provider::PacketPort& port) {
    constexpr int kBurstsMax = 64;
    std::array<rte_mbuf*, provider::kBurstMax> frames{};
    for (int burst = 0; burst < kBurstsMax; ++burst) {
        const std::size_t count = port.rx_burst(frames);
        ::rte_pktmbuf_free_bulk(frames.data(), static_cast<unsigned>(count));
        if (count == 0) {
            return;
        }
    }
}

}  // namespace

DataPath::DataPath(dpdk::Eal eal,
                   Pools pools,
                   std::size_t connections_max,
                   provider::Neighbours& neighbours,
                   const provider::Clock& clock)
    : eal_(std::move(eal)),
      clock_(clock),
      pools_(std::move(pools)),
      engine_(
          engine::EngineOptions{.connections_max = connections_max, .hash_seed = random_number()}),
      worker_(std::make_unique<slowpath::Worker>(
          engine_,
          neighbours,
          slowpath::WorkerOptions{
              .first_identification = static_cast<std::uint16_t>(random_number()),
              .frames = pools_.frames.get(),
              .whole_packets = pools_.whole_packets.get()})),
      neighbours_(neighbours) {}

DataPath::~DataPath() {
    if (thread_) {
        thread_->stop();
    }
    if (card_) {
        leave_card(clock_.now());
    }
}

Result<std::unique_ptr<DataPath>> DataPath::start(const std::vector<InterfacePlan>& plans,
                                                  std::size_t connections_max,
                                                  provider::Neighbours& neighbours,
                                                  const provider::Clock& clock) {
    FPVS_TRY(auto eal, dpdk::Eal::start());
    FPVS_TRY(auto frames, dpdk::make_frame_pool());
    FPVS_TRY(auto whole_packets,
             dpdk::make_frame_pool({.name = "whole_packets",
                                    .frames = kWholePackets,
                                    .frame_bytes_max = slowpath::kWholeFrameBytesMax}));
    std::unique_ptr<DataPath> path(
        new DataPath(std::move(eal),
                     {.frames = std::move(frames), .whole_packets = std::move(whole_packets)},
                     connections_max,
                     neighbours,
                     clock));
    FPVS_TRY_STATUS(path->open_interfaces(plans));
    path->carry_by_standby();
    path->thread_ = std::make_unique<slowpath::WorkerThread>(*path->worker_, clock);
    FPVS_TRY_STATUS(path->thread_->start());
    return path;
}

Status DataPath::open_interfaces(const std::vector<InterfacePlan>& plans) {
    FPVS_TRY(const auto numbers, number_ports(plans));
    interfaces_.reserve(plans.size());
    for (std::size_t i = 0; i < plans.size(); ++i) {
        FPVS_TRY_STATUS(open_interface(plans[i], numbers[i]));
    }
    return {};
}

Status DataPath::open_interface(const InterfacePlan& plan, std::uint16_t number) {
    FPVS_TRY(auto tap, kernel::Tap::open({.name = plan.interface}));
    Interface interface{.plan = plan,
                        .port = {.number = number,
                                 .interface = plan.interface,
                                 .interface_index = tap.interface_index(),
                                 .mac = tap.mac()},
                        .tap = nullptr,
                        .standby = nullptr};
    interface.tap = std::make_unique<dpdk::TapPort>(std::move(tap), number, *pools_.frames);
    if (plan.standby) {
        std::optional<kernel::NetnsScope> scope;
        if (plan.standby->netns) {
            FPVS_TRY(auto entered, kernel::NetnsScope::enter(*plan.standby->netns));
            scope.emplace(std::move(entered));
        }
        FPVS_TRY(interface.standby,
                 dpdk::EthdevPort::open({.devargs = plan.standby->devargs, .number = number},
                                        *pools_.frames));
    }
    FPVS_TRY_STATUS(worker_->add_port(interface.port, interface.tap.get()));
    log::info("daemon",
              "interface={} port={} mac={} card={} standby={}",
              plan.interface,
              number,
              model::to_string(interface.port.mac),
              plan.card_port ? std::to_string(*plan.card_port) : "none",
              plan.standby ? plan.standby->devargs : "none");
    interfaces_.push_back(std::move(interface));
    return {};
}

void DataPath::carry_by_standby() {
    for (Interface& interface : interfaces_) {
        if (interface.standby) {
            discard_waiting(*interface.standby);
        }
        worker_->carry(
            interface.port.number, interface.standby.get(), slowpath::Selection::by_worker);
    }
}

void DataPath::neighbour_changed(const model::IpAddress& target,
                                 const std::optional<provider::Neighbour>& neighbour) {
    thread_->post([this, target, neighbour] {
        worker_->neighbour_changed(target, neighbour);
        if (card_) {
            card_->neighbour_changed(target, neighbour);
        }
    });
}

void DataPath::use_routes(const std::vector<provider::Route>& routes) {
    auto table = std::make_unique<const slowpath::RouteTable>(routes);
    // The one before is freed here, where no packet waits for that.
    table = thread_->call([&] {
        auto before = worker_->use_routes(std::move(table));
        if (card_) {
            card_->routes_changed();
        }
        return before;
    });
}

Status DataPath::set_mark_rules(const std::vector<model::MarkRule>& rules) {
    FPVS_TRY(auto marks, slowpath::MarkRules::make(rules, [this](std::string_view interface) {
                 return worker_->port_of(interface);
             }));
    // The rules before come back here, to be freed where no packet waits.
    (void)thread_->call([&] { return worker_->use_marks(std::move(marks)); });
    return {};
}

Status DataPath::attach_card(std::unique_ptr<provider::Card> card) {
    std::vector<provider::NetworkPort> ports;
    for (const Interface& interface : interfaces_) {
        if (interface.plan.card_port) {
            ports.push_back(interface.port);
        }
    }
    return thread_->call([&]() -> Status {
        FPVS_TRY(card_,
                 CardSession::open(std::move(card),
                                   ports,
                                   engine_,
                                   neighbours_,
                                   *pools_.frames,
                                   [this](const model::IpAddress& client) {
                                       return client_way(worker_->way_to(client));
                                   }));
        for (const provider::NetworkPort& port : ports) {
            worker_->carry(port.number, &card_->port(), slowpath::Selection::by_wire);
        }
        worker_->set_step_hook([this](Time now) {
            // The engine was told, and the log; here the wire is found elsewhere.
            if (!card_->step(now)) {
                worker_->set_step_hook({});
                carry_by_standby();
            }
        });
        return {};
    });
}

void DataPath::leave_card(Time now) {
    worker_->set_step_hook({});
    card_->leave(now);
    carry_by_standby();
    card_.reset();
}

void DataPath::detach_card() {
    thread_->call([this] {
        if (card_) {
            leave_card(clock_.now());
        }
    });
}

model::CardView DataPath::card_view() {
    return thread_->call([this] {
        model::CardView view;
        view.state = "none";
        if (card_) {
            view = card_->view();
        }
        for (model::PortView& port : view.ports) {
            name_port(port);
        }
        return view;
    });
}

void DataPath::name_port(model::PortView& port) const {
    for (const Interface& interface : interfaces_) {
        if (interface.plan.card_port == port.index) {
            port.interface = interface.plan.interface;
            port.mac = interface.port.mac;
        }
    }
}

}  // namespace fpvs::daemon
