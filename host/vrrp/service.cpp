// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/service.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "host/model/limits.hpp"
#include "host/util/log.hpp"
#include "host/vrrp/sync_group.hpp"

namespace fpvs::vrrp {
namespace {

constexpr const char* kComponent = "vrrp";

Status check(const std::vector<model::VrrpInstance>& instances) {
    if (instances.size() > model::kVrrpInstancesMax) {
        return fail(Code::exhausted,
                    "{} VRRP instances; at most {} are supported",
                    instances.size(),
                    model::kVrrpInstancesMax);
    }
    // A virtual router is known by its interface, family and number (RFC 9568 1.2).
    std::map<std::tuple<std::string, model::Family, int>, std::string> names;
    for (const model::VrrpInstance& instance : instances) {
        const auto [place, fresh] = names.try_emplace(
            {instance.interface, instance.family, instance.virtual_router_id}, instance.name);
        if (!fresh) {
            return fail(Code::already_exists,
                        "({}) virtual_router_id {} on {} is already that of {}",
                        instance.name,
                        instance.virtual_router_id,
                        instance.interface,
                        place->second);
        }
    }
    return {};
}

}  // namespace

// A sync group at work.
struct Service::Group {
    Group(model::VrrpGroup wanted, std::vector<std::shared_ptr<Instance>> instances)
        : config(std::move(wanted)),
          members(std::move(instances)),
          sync(elections()),
          notify(std::make_shared<const model::VrrpNotify>(config.notify)) {}

    [[nodiscard]] std::vector<Election*> elections() const {
        std::vector<Election*> found;
        for (const auto& member : members) {
            found.push_back(&member->election());
        }
        return found;
    }
    // None: of another group, or of none.
    [[nodiscard]] std::optional<std::size_t> index_of(const Instance& instance) const {
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (members[i].get() == &instance) {
                return i;
            }
        }
        return std::nullopt;
    }

    const model::VrrpGroup config;
    const std::vector<std::shared_ptr<Instance>> members;
    SyncGroup sync;
    const std::shared_ptr<const model::VrrpNotify> notify;
    State told = State::initialize;
};

Service::Service(boost::asio::io_context& io,
                 const provider::Clock& clock,
                 provider::VrrpLinks& links,
                 provider::AddressOwner& addresses)
    : io_(io), clock_(clock), links_(links), addresses_(addresses) {}

Service::~Service() {
    stop();
}

Status Service::apply(const std::vector<model::VrrpInstance>& instances,
                      const std::vector<model::VrrpGroup>& groups) {
    FPVS_TRY_STATUS(check(instances));
    std::vector<std::shared_ptr<Instance>> next;  // In the configuration's order.
    std::vector<std::shared_ptr<Instance>> fresh;
    for (const model::VrrpInstance& wanted : instances) {
        const model::VrrpGroup group = group_of(wanted.name, groups);
        const auto kept = std::find_if(instances_.begin(), instances_.end(), [&](const auto& old) {
            return old->serves(wanted, group);
        });
        if (kept != instances_.end()) {
            next.push_back(*kept);
            continue;
        }
        FPVS_TRY(next.emplace_back(), make_instance(wanted, group));
        fresh.push_back(next.back());
    }
    for (const auto& old : instances_) {
        if (std::find(next.begin(), next.end(), old) == next.end()) {
            retire(*old, instances);
        }
    }
    instances_ = std::move(next);
    make_groups(groups);
    for (std::size_t i = 0; i < instances.size(); ++i) {
        if (std::find(fresh.begin(), fresh.end(), instances_[i]) == fresh.end()) {
            instances_[i]->go_on(instances[i].notify);
        }
    }
    for (const auto& instance : fresh) {
        instance->start();
    }
    return {};
}

model::VrrpGroup Service::group_of(const std::string& instance,
                                   const std::vector<model::VrrpGroup>& groups) {
    for (const model::VrrpGroup& group : groups) {
        if (std::find(group.members.begin(), group.members.end(), instance) !=
            group.members.end()) {
            return group;
        }
    }
    return {};
}

// A group that goes on tells nobody: its members' states are what they were.
void Service::make_groups(const std::vector<model::VrrpGroup>& groups) {
    std::vector<std::unique_ptr<Group>> next;
    for (const model::VrrpGroup& wanted : groups) {
        std::vector<std::shared_ptr<Instance>> members;
        for (const auto& instance : instances_) {
            if (group_of(instance->config().name, {wanted}).name == wanted.name) {
                members.push_back(instance);
            }
        }
        if (members.empty()) {
            continue;
        }
        next.push_back(std::make_unique<Group>(wanted, std::move(members)));
        Group& group = *next.back();
        group.told = group.sync.state();
        for (std::size_t i = 0; i < group.members.size(); ++i) {
            const bool faulty = group.members[i]->election().state() == State::fault;
            (void)group.sync.note_able(i, !faulty || group.members[i]->able());
        }
        if (group.told != State::initialize) {
            tell(group, Event::Kind::reloaded);
        }
    }
    groups_ = std::move(next);
}

// One that changed only is not deleted: it enters a state at once.
void Service::retire(Instance& instance, const std::vector<model::VrrpInstance>& next) {
    const bool stays = std::any_of(next.begin(), next.end(), [&](const auto& wanted) {
        return wanted.name == instance.config().name;
    });
    instance.stop(stays ? std::nullopt : std::optional(Event::Kind::deleted));
    for (std::size_t i = 0; i < kRefusals; ++i) {
        refusals_[i] += instance.refusals()[i];
    }
}

void Service::stop() {
    for (const auto& instance : instances_) {
        instance->stop(Event::Kind::stopped);
        for (std::size_t i = 0; i < kRefusals; ++i) {
            refusals_[i] += instance->refusals()[i];
        }
    }
    for (const auto& group : groups_) {
        tell(*group, Event::Kind::stopped);
    }
    groups_.clear();
    instances_.clear();
}

void Service::report(const TrackKey& key, Reading reading) {
    Reading& known = readings_[key];
    if (known == reading) {
        return;
    }
    known = reading;
    reconsider([&](const Instance& instance) {
        const auto& tracks = instance.tracks();
        return std::any_of(tracks.begin(), tracks.end(), [&](const model::VrrpTrack& track) {
            return track.kind == key.kind && track.name == key.name;
        });
    });
}

template <class Concerned>
void Service::reconsider(Concerned concerned) {
    for (const auto& instance : instances_) {
        if (concerned(*instance)) {
            instance->reconsider();
        }
    }
}

Reading Service::reading_of(const TrackKey& key) const {
    const auto known = readings_.find(key);
    return known == readings_.end() ? std::nullopt : known->second;
}

Service::Group* Service::find_group(const Instance& instance) {
    for (const auto& group : groups_) {
        if (group->index_of(instance)) {
            return group.get();
        }
    }
    return nullptr;
}

bool Service::note_able(const Instance& instance, bool able) {
    Group* const group = find_group(instance);
    return group == nullptr ? able : group->sync.note_able(*group->index_of(instance), able);
}

void Service::set_able(Instance& instance, bool able) {
    Group* const group = find_group(instance);
    if (group == nullptr) {
        const State before = instance.election().state();
        instance.carry_out(before, instance.election().set_able(clock_.now(), able));
        return;
    }
    const std::vector<State> before = states_of(*group);
    const auto steps = group->sync.set_able(clock_.now(), *group->index_of(instance), able);
    carry_out(*group, before, steps);
}

void Service::settle(const Instance& instance) {
    if (Group* const group = find_group(instance)) {
        const std::vector<State> before = states_of(*group);
        carry_out(*group, before, group->sync.settle(clock_.now()));
    }
}

std::vector<State> Service::states_of(const Group& group) {
    std::vector<State> states;
    for (const auto& member : group.members) {
        states.push_back(member->election().state());
    }
    return states;
}

void Service::carry_out(Group& group,
                        const std::vector<State>& before,
                        const SyncGroup::Steps& steps) {
    if (!steps.empty()) {
        log::info(kComponent,
                  "VRRP_Group({}) Syncing instances to {} state",
                  group.config.name,
                  name(group.members[steps.front().member]->election().state()));
    }
    for (const SyncGroup::Step& step : steps) {
        group.members[step.member]->carry_out(before[step.member], step.actions);
    }
    if (const State now = group.sync.state(); now != group.told) {
        group.told = now;
        tell(group, Event::Kind::state);
    }
}

void Service::tell(const Group& group, Event::Kind kind) {
    on_event({.kind = kind,
              .of_group = true,
              .name = group.config.name,
              .state = group.sync.state(),
              .priority = 0,
              .notify = group.notify});
}

void Service::on_state(const model::VrrpInstance& config, State state) {
    if (state_handler_) {
        state_handler_(config, state);
    }
}

void Service::on_event(Event event) {
    if (event_handler_) {
        event_handler_(std::move(event));
    }
}

Result<std::shared_ptr<Port>> Service::port_of(const std::string& interface, Use use) {
    std::erase_if(ports_, [](const auto& port) { return port.expired(); });
    for (const auto& known : ports_) {
        if (auto port = known.lock();
            port && port->interface == interface && (port->hears || use == Use::state_only)) {
            return port;
        }
    }
    auto port = std::make_shared<Port>();
    port->interface = interface;
    port->hears = use == Use::adverts;
    provider::VrrpLinkEvents events{.on_state = [this, raw = port.get()] { on_link(*raw); }};
    if (port->hears) {
        events.on_packet = [this, raw = port.get()](auto packet) { on_packet(*raw, packet); };
    }
    FPVS_TRY(port->link, links_.open(interface, std::move(events)));
    ports_.push_back(port);
    return port;
}

Result<std::shared_ptr<provider::VirtualInterface>> Service::virtual_interface_of(
    const model::VrrpInstance& instance) {
    if (!instance.virtual_mac) {
        return nullptr;
    }
    const provider::VirtualInterfacePlan plan{.name = instance.virtual_mac->interface,
                                              .base = instance.interface,
                                              .mac = instance.virtual_mac->mac};
    std::erase_if(virtual_interfaces_, [](const auto& known) { return known.second.expired(); });
    for (const auto& [made, known] : virtual_interfaces_) {
        // The instance that has it is about to be replaced by this one.
        if (auto interface = known.lock(); interface && made == plan) {
            return interface;
        }
    }
    FPVS_TRY(std::shared_ptr<provider::VirtualInterface> made, links_.make_virtual(plan));
    virtual_interfaces_.emplace_back(plan, made);
    return made;
}

Result<std::shared_ptr<Instance>> Service::make_instance(const model::VrrpInstance& instance,
                                                         const model::VrrpGroup& group) {
    Devices devices;
    FPVS_TRY(devices.virtual_interface, virtual_interface_of(instance));
    const auto open = [&](const std::string& interface, Use use) -> Status {
        if (devices.ports.contains(interface)) {
            return {};
        }
        auto port = port_of(interface, use);
        if (!port) {
            Error error = std::move(port).error();
            error.message = fmt::format("({}) {}", instance.name, error.message);
            return fail(std::move(error));
        }
        devices.ports.emplace(interface, *port);
        return {};
    };
    const auto& virtual_mac = instance.virtual_mac;
    const bool from_base = !virtual_mac || virtual_mac->adverts_from_base;
    FPVS_TRY_STATUS(open(instance.interface, from_base ? Use::adverts : Use::state_only));
    if (virtual_mac) {
        FPVS_TRY_STATUS(open(virtual_mac->interface, from_base ? Use::state_only : Use::adverts));
    }
    for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
        for (const model::VirtualAddress& address : *list) {
            if (!address.interface.empty()) {
                FPVS_TRY_STATUS(open(address.interface, Use::state_only));
            }
        }
    }
    for (const auto* const list : {&instance.tracks, &group.tracks}) {
        for (const model::VrrpTrack& track : *list) {
            if (track.kind == model::TrackKind::interface) {
                FPVS_TRY_STATUS(open(track.name, Use::state_only));
            }
        }
    }
    InstanceOwner& owner = *this;
    return std::make_shared<Instance>(
        owner, Instance::Drivers{io_, clock_, addresses_}, instance, group, std::move(devices));
}

void Service::on_packet(const Port& port, std::span<const std::uint8_t> packet) {
    const auto addressee = addressee_of(packet);
    for (const auto& instance : instances_) {
        const model::VrrpInstance& config = instance->config();
        if (addressee && instance->hears(port) && config.family == addressee->family &&
            config.virtual_router_id == addressee->virtual_router_id) {
            instance->on_packet(packet);
            return;
        }
    }
    const auto received = decode(packet);
    count(refusals_, received ? Refusal::unknown_router : received.error());
}

void Service::on_link(const Port& port) {
    reconsider([&](const Instance& instance) { return instance.depends_on(port); });
}

std::vector<model::VrrpInstanceView> Service::view() const {
    std::vector<model::VrrpInstanceView> views;
    for (const auto& instance : instances_) {
        views.push_back(instance->view());
    }
    return views;
}

RefusalCounters Service::refusals() const {
    RefusalCounters total = refusals_;
    for (const auto& instance : instances_) {
        for (std::size_t i = 0; i < kRefusals; ++i) {
            total[i] += instance->refusals()[i];
        }
    }
    return total;
}

}  // namespace fpvs::vrrp
