// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/data_path.hpp"

#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <random>
#include <utility>

#include "drivers/kernel/netns_scope.hpp"
#include "drivers/kernel/tap.hpp"
#include "host/engine/queue_table.hpp"
#include "host/util/log.hpp"
#include "hw/abi/limits.hpp"

namespace fpvs::daemon {
namespace {

constexpr std::size_t kFramesPerWorker = 4096;
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

std::vector<std::string> pci_devices(const std::vector<InterfacePlan>& plans) {
    std::vector<std::string> devices;
    for (const InterfacePlan& plan : plans) {
        if (plan.standby && plan.standby->is_pci) {
            devices.push_back(plan.standby->devargs);
        }
    }
    return devices;
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

// Cursors say which worker's, above what its engine makes of the rest.
constexpr int kWorkerBit = 40;
constexpr std::uint64_t kOwnCursor = (std::uint64_t{1} << kWorkerBit) - 1;

}  // namespace

DataPath::DataPath(dpdk::Eal eal,
                   Pools pools,
                   Kept kept,
                   const DataPathOptions& options,
                   provider::Neighbours& neighbours,
                   const provider::Clock& clock)
    : eal_(std::move(eal)),
      clock_(clock),
      pools_(std::move(pools)),
      kept_(std::move(kept)),
      ledger_path_(options.state_path.empty() ? "" : options.state_path + kLedgerSuffix),
      director_(engine_options(options, kept_), options.workers),
      readers_(options.workers),
      shared_neighbours_(neighbours, options.workers + 1) {}

DataPath::~DataPath() {
    for (const WorkerParts& parts : workers_) {
        if (parts.thread) {
            parts.thread->stop();
        }
    }
    if (card_) {
        leave_card(clock_.now());
    }
}

Result<std::unique_ptr<DataPath>> DataPath::start(const DataPathOptions& options,
                                                  provider::Neighbours& neighbours,
                                                  const provider::Clock& clock) {
    FPVS_TRY(auto kept, open_kept(options));
    FPVS_TRY(auto eal, dpdk::Eal::start({.pci_devices = pci_devices(options.interfaces)}));
    FPVS_TRY(auto frames, dpdk::make_frame_pool({.frames = kFramesPerWorker * options.workers}));
    FPVS_TRY(auto whole_packets,
             dpdk::make_frame_pool({.name = "whole_packets",
                                    .frames = kWholePackets,
                                    .frame_bytes_max = slowpath::kWholeFrameBytesMax}));
    std::unique_ptr<DataPath> path(
        new DataPath(std::move(eal),
                     {.frames = std::move(frames), .whole_packets = std::move(whole_packets)},
                     std::move(kept),
                     options,
                     neighbours,
                     clock));
    FPVS_TRY_STATUS(path->make_workers());
    FPVS_TRY_STATUS(path->open_interfaces(options.interfaces));
    for (Interface& interface : path->interfaces_) {
        if (!options.card_runs || !interface.plan.card_port) {
            path->carry_by_standby(interface);
        }
    }
    FPVS_TRY_STATUS(path->start_threads());
    return path;
}

// What is refused of the process before is said, and then there is nothing to take over.
Result<DataPath::Kept> DataPath::open_kept(const DataPathOptions& options) {
    Kept kept;
    if (options.state_path.empty()) {
        return kept;
    }
    auto before = engine::KeptMemory::open(options.state_path);
    const bool in_use = !before && before.error().code == Code::failed_precondition;
    if (!before && !in_use && before.error().code != Code::not_found) {
        log::warn("state", "connections of before are not taken over: {}", before.error().text());
    }
    const std::uint64_t seed = before ? before->hash_seed() : random_number();
    FPVS_TRY(kept.memory,
             engine::KeptMemory::create(
                 options.state_path, options.connections_max, options.workers, seed));
    if (before) {
        kept.before = std::make_unique<engine::Recollection>(std::move(*before));
    }
    return kept;
}

engine::EngineOptions DataPath::engine_options(const DataPathOptions& options, const Kept& kept) {
    return {.connections_max = options.connections_max,
            .hash_seed = kept.memory ? kept.memory->hash_seed() : random_number(),
            .kept = kept.memory ? &*kept.memory : nullptr,
            .names_before = kept.before ? &kept.before->names() : nullptr};
}

Status DataPath::remember() {
    if (kept_.before) {
        engine::Recollection& before = *kept_.before;
        first().thread->call([&] {
            before.recall_servers(*first().engine);
            before.restore_templates(*first().engine, clock_.now());
        });
        for (const WorkerParts& parts : workers_) {
            parts.thread->call([&] { before.restore_connections(*parts.engine, clock_.now()); });
        }
        log::info("state",
                  "connections={} templates={} taken over, {} were over, {} refused",
                  before.connections().restored,
                  before.templates().restored,
                  before.connections().expired + before.templates().expired,
                  before.connections().refused + before.templates().refused);
        kept_.before.reset();
    }
    return kept_.memory ? kept_.memory->commit() : Status();
}

Status DataPath::make_workers() {
    const std::size_t count = director_.workers();
    if (count > 1) {
        FPVS_TRY(exchange_, slowpath::Exchange::make(count));
    }
    for (std::size_t number = 0; number < count; ++number) {
        WorkerParts parts;
        parts.engine = std::make_unique<engine::Engine>(director_, number);
        parts.worker = std::make_unique<slowpath::Worker>(
            *parts.engine,
            shared_neighbours_.of(number),
            slowpath::WorkerOptions{
                .first_identification = static_cast<std::uint16_t>(random_number()),
                .frames = pools_.frames.get(),
                .whole_packets = pools_.whole_packets.get(),
                .snapshots = &snapshots_,
                .exchange = exchange_.get()});
        workers_.push_back(std::move(parts));
    }
    return {};
}

Status DataPath::start_threads() {
    for (WorkerParts& parts : workers_) {
        parts.thread = std::make_unique<slowpath::WorkerThread>(*parts.worker, clock_, &readers_);
        FPVS_TRY_STATUS(parts.thread->start());
    }
    return {};
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
        FPVS_TRY(interface.standby, open_standby(*plan.standby, number));
    }
    const bool shared = workers_.size() > 1;
    if (shared) {
        interface.shared_tap = std::make_unique<slowpath::SharedPort>(*interface.tap);
    }
    if (shared && interface.standby && interface.standby->queues() == 1) {
        interface.shared_standby = std::make_unique<slowpath::SharedPort>(*interface.standby);
    }
    for (const WorkerParts& parts : workers_) {
        provider::PacketPort* host = interface.tap.get();
        if (shared) {
            host = parts.worker->number() == 0 ? &interface.shared_tap->receiver()
                                               : &interface.shared_tap->sender();
        }
        FPVS_TRY_STATUS(parts.worker->add_port(interface.port, host));
    }
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

Result<std::unique_ptr<dpdk::EthdevPort>> DataPath::open_standby(const StandbyOption& standby,
                                                                 std::uint16_t number) {
    std::optional<kernel::NetnsScope> scope;
    if (standby.netns) {
        FPVS_TRY(auto entered, kernel::NetnsScope::enter(*standby.netns));
        scope.emplace(std::move(entered));
    }
    const auto queues = engine::queue_table(director_.owners());
    return dpdk::EthdevPort::open({.devargs = standby.devargs,
                                   .is_pci = standby.is_pci,
                                   .number = number,
                                   .queues = static_cast<std::uint16_t>(workers_.size()),
                                   .spread_key = director_.owners().key(),
                                   .spread_table = queues},
                                  *pools_.frames);
}

void DataPath::carry_by_standby() {
    for (Interface& interface : interfaces_) {
        carry_by_standby(interface);
    }
}

void DataPath::carry_by_standby(Interface& interface) {
    const std::size_t queues = interface.standby ? interface.standby->queues() : 0;
    for (std::size_t queue = 0; queue < queues; ++queue) {
        discard_waiting(interface.standby->queue(queue));
    }
    for (const WorkerParts& parts : workers_) {
        parts.worker->carry(interface.port.number,
                            wire_of(interface, parts.worker->number()),
                            slowpath::Selection::by_worker);
    }
}

// Where a device has but one queue, its ports are received from by the workers in turn.
provider::PacketPort* DataPath::wire_of(const Interface& interface, std::size_t worker) {
    if (!interface.standby) {
        return nullptr;
    }
    if (interface.shared_standby) {
        return interface.port.number % workers_.size() == worker
                   ? &interface.shared_standby->receiver()
                   : &interface.shared_standby->sender();
    }
    return &interface.standby->queue(worker);
}

engine::ConnectionPage DataPath::connections(std::uint64_t cursor, std::size_t count_max) {
    engine::ConnectionPage all;
    std::uint64_t own = cursor & kOwnCursor;
    for (std::size_t worker = cursor >> kWorkerBit; worker < workers_.size(); ++worker, own = 0) {
        const std::size_t room = count_max - all.connections.size();
        if (room == 0) {
            all.next_cursor = std::uint64_t{worker} << kWorkerBit;
            return all;
        }
        auto page = workers_[worker].thread->call(
            [&] { return workers_[worker].engine->connections(own, room, clock_.now()); });
        std::move(
            page.connections.begin(), page.connections.end(), std::back_inserter(all.connections));
        if (page.next_cursor != 0) {
            all.next_cursor = std::uint64_t{worker} << kWorkerBit | page.next_cursor;
            return all;
        }
    }
    return all;
}

void DataPath::SyncEngines::attach(std::span<engine::SyncSink* const> connections,
                                   engine::SyncSink* templates) {
    for (std::size_t number = 0; number < path_.workers_.size(); ++number) {
        engine::SyncSink* const sink = connections.empty() ? nullptr : connections[number];
        const WorkerParts& parts = path_.workers_[number];
        parts.thread->call([&] { parts.engine->attach_sync(sink, templates); });
    }
}

sync::Outcome DataPath::SyncEngines::learn(std::span<const engine::SyncedConnection> batch) {
    sync::Outcome outcome(batch.size());
    // Templates are anybody's: the first worker's, here.
    const engine::Owners& owners = path_.director_.owners();
    for (std::size_t number = 0; number < path_.workers_.size(); ++number) {
        const WorkerParts& parts = path_.workers_[number];
        const auto is_its = [&](const engine::SyncedConnection& told) {
            return (told.is_template ? 0 : owners.owner(told.client_address, told.client_port)) ==
                   number;
        };
        if (std::none_of(batch.begin(), batch.end(), is_its)) {
            continue;
        }
        parts.thread->call([&] {
            const auto now = path_.clock_.now();
            for (std::size_t i = 0; i < batch.size(); ++i) {
                if (is_its(batch[i])) {
                    outcome[i] = parts.engine->learn(batch[i], now);
                }
            }
        });
    }
    return outcome;
}

engine::SyncPage DataPath::SyncEngines::synced(std::uint64_t cursor, std::size_t count_max) {
    const std::size_t number = cursor >> kWorkerBit;
    const WorkerParts& parts = path_.workers_[number];
    engine::SyncPage page =
        parts.thread->call([&] { return parts.engine->synced(cursor & kOwnCursor, count_max); });
    if (page.next_cursor != 0) {
        page.next_cursor |= std::uint64_t{number} << kWorkerBit;
    } else if (number + 1 < path_.workers_.size()) {
        page.next_cursor = std::uint64_t{number + 1} << kWorkerBit;
    }
    return page;
}

void DataPath::neighbour_changed(const model::IpAddress& target,
                                 const std::optional<provider::Neighbour>& neighbour) {
    for (WorkerParts& parts : workers_) {
        parts.thread->post([this, &parts, target, neighbour] {
            parts.worker->neighbour_changed(target, neighbour);
            if (card_) {
                card_->neighbour_changed(target, neighbour);
            }
        });
    }
}

// What was replaced is freed here, when no worker reads it any more.
void DataPath::use_routes(const std::vector<provider::Route>& routes) {
    const auto before =
        snapshots_.routes.replace(std::make_unique<const slowpath::RouteTable>(routes));
    readers_.wait();
    first().thread->post([this] {
        if (card_) {
            card_->routes_changed();
        }
    });
}

Status DataPath::set_mark_rules(const std::vector<model::MarkRule>& rules) {
    FPVS_TRY(auto marks, slowpath::MarkRules::make(rules, [this](std::string_view interface) {
                 return first().worker->port_of(interface);
             }));
    const auto before = snapshots_.marks.replace(std::move(marks));
    readers_.wait();
    return {};
}

void DataPath::free_replaced() {
    std::vector<std::unique_ptr<const engine::Configuration>> replaced;
    {
        const auto lock = director_.lock();
        replaced = director_.take_replaced();
    }
    if (!replaced.empty()) {
        readers_.wait();
    }
}

Status DataPath::attach_card(std::unique_ptr<provider::Card> card) {
    if (workers_.size() > 1) {
        return fail(Code::failed_precondition,
                    "a card needs the only worker, but there are {}: start without --workers",
                    workers_.size());
    }
    std::vector<provider::NetworkPort> ports;
    for (const Interface& interface : interfaces_) {
        if (interface.plan.card_port) {
            ports.push_back(interface.port);
        }
    }
    slowpath::Worker& worker = *first().worker;
    return first().thread->call([&]() -> Status {
        FPVS_TRY(card_,
                 CardSession::open(std::move(card),
                                   ledger_path_,
                                   ports,
                                   *first().engine,
                                   shared_neighbours_.of(workers_.size()),
                                   *pools_.frames,
                                   [&worker](const model::IpAddress& client) {
                                       return client_way(worker.way_to(client));
                                   }));
        for (const provider::NetworkPort& port : ports) {
            worker.carry(port.number, &card_->port(), slowpath::Selection::by_wire);
        }
        worker.on_path_mtu([this](const model::IpAddress& target, std::uint32_t mtu) {
            if (card_) {
                card_->path_mtu_changed(target, mtu);
            }
        });
        worker.set_step_hook([this](Time now) {
            // The engine was told, and the log; here the wire is found elsewhere.
            if (!card_->step(now)) {
                first().worker->set_step_hook({});
                carry_by_standby();
                card_lost_();
            }
        });
        return {};
    });
}

void DataPath::leave_card(Time now) {
    first().worker->set_step_hook({});
    card_->leave(now);
    carry_by_standby();
    card_.reset();
}

void DataPath::detach_card() {
    first().thread->call([this] {
        if (card_) {
            leave_card(clock_.now());
        }
    });
}

void DataPath::give_up_card() {
    first().thread->call([this] {
        if (!card_) {
            carry_by_standby();
        }
    });
}

model::CardView DataPath::card_view() {
    return first().thread->call([this] {
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
