// SPDX-License-Identifier: Apache-2.0
// Runs the VRRP instances of a configuration: adverts, elections, virtual addresses.
//
// Everything happens on the io_context's thread.  An instance that a new configuration leaves as it
// was goes on undisturbed; one that changed, or whose sync group did, resigns and begins again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/model/view.hpp"
#include "host/model/vrrp_instance.hpp"
#include "host/provider/address_owner.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/vrrp_link.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"
#include "host/vrrp/election.hpp"
#include "host/vrrp/event.hpp"
#include "host/vrrp/instance.hpp"
#include "host/vrrp/sync_group.hpp"
#include "host/vrrp/tracking.hpp"

namespace fpvs::vrrp {

class Service final : private InstanceOwner {
  public:
    using StateHandler = std::function<void(const model::VrrpInstance& instance, State state)>;

    Service(boost::asio::io_context& io,
            const provider::Clock& clock,
            provider::VrrpLinks& links,
            provider::AddressOwner& addresses);
    // Masters resign, see stop().
    ~Service() override;

    using EventHandler = std::function<void(Event event)>;

    // Runs exactly these instances.  On an error nothing has changed.
    [[nodiscard]] Status apply(const std::vector<model::VrrpInstance>& instances,
                               const std::vector<model::VrrpGroup>& groups = {});
    // Masters send priority 0 and give up their addresses.
    void stop();

    // Called after every change of state; the handler must not call apply() or stop().
    void on_state(StateHandler handler) { state_handler_ = std::move(handler); }

    // Called for everything that the operator may want to be told of; the same rule.
    void on_event(EventHandler handler) { event_handler_ = std::move(handler); }
    // What is known of a script, a file or a process, until the next report.
    void report(const TrackKey& key, Reading reading);

    [[nodiscard]] std::vector<model::VrrpInstanceView> view() const;
    // By Refusal; of all instances and of packets that belong to none.
    [[nodiscard]] RefusalCounters refusals() const;

  private:
    struct Group;

    [[nodiscard]] Reading reading_of(const TrackKey& key) const override;
    [[nodiscard]] bool note_able(const Instance& instance, bool able) override;
    void set_able(Instance& instance, bool able) override;
    void settle(const Instance& instance) override;
    void on_state(const model::VrrpInstance& config, State state) override;
    void on_event(Event event) override;

    [[nodiscard]] static model::VrrpGroup group_of(const std::string& instance,
                                                   const std::vector<model::VrrpGroup>& groups);
    [[nodiscard]] static std::vector<State> states_of(const Group& group);
    enum class Use : std::uint8_t { adverts, state_only };
    [[nodiscard]] Result<std::shared_ptr<Port>> port_of(const std::string& interface, Use use);
    [[nodiscard]] Result<std::shared_ptr<provider::VirtualInterface>> virtual_interface_of(
        const model::VrrpInstance& instance);
    [[nodiscard]] Result<std::shared_ptr<Instance>> make_instance(
        const model::VrrpInstance& instance, const model::VrrpGroup& group);
    [[nodiscard]] Group* find_group(const Instance& instance);
    void make_groups(const std::vector<model::VrrpGroup>& groups);
    void carry_out(Group& group, const std::vector<State>& before, const SyncGroup::Steps& steps);
    void tell(const Group& group, Event::Kind kind);
    void retire(Instance& instance, const std::vector<model::VrrpInstance>& next);
    void on_packet(const Port& port, std::span<const std::uint8_t> packet);
    void on_link(const Port& port);
    template <class Concerned>
    void reconsider(Concerned concerned);

    boost::asio::io_context& io_;
    const provider::Clock& clock_;
    provider::VrrpLinks& links_;
    provider::AddressOwner& addresses_;
    StateHandler state_handler_;
    EventHandler event_handler_;
    std::map<TrackKey, Reading> readings_;  // As many as the configurations named so far.
    // Owned by the instances that use them.
    std::vector<std::weak_ptr<Port>> ports_;
    std::vector<
        std::pair<provider::VirtualInterfacePlan, std::weak_ptr<provider::VirtualInterface>>>
        virtual_interfaces_;
    std::vector<std::shared_ptr<Instance>> instances_;
    std::vector<std::unique_ptr<Group>> groups_;
    RefusalCounters refusals_{};  // Of packets without an instance, and of instances now gone.
};

}  // namespace fpvs::vrrp
