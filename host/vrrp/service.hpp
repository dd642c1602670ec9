// SPDX-License-Identifier: Apache-2.0
// Runs the VRRP instances of a configuration: adverts, elections, virtual addresses.
//
// Everything happens on the io_context's thread.  An instance that a new configuration leaves as it
// was goes on undisturbed; one that changed resigns and begins again.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "host/model/view.hpp"
#include "host/model/vrrp_instance.hpp"
#include "host/provider/address_owner.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/vrrp_link.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"
#include "host/vrrp/election.hpp"
#include "host/vrrp/packet.hpp"

namespace fpvs::vrrp {

class Service {
  public:
    using StateHandler = std::function<void(const model::VrrpInstance& instance, State state)>;

    Service(boost::asio::io_context& io,
            const provider::Clock& clock,
            provider::VrrpLinks& links,
            provider::AddressOwner& addresses);
    // Masters resign, see stop().
    ~Service();

    // Runs exactly these instances.  On an error nothing has changed.
    [[nodiscard]] Status apply(const std::vector<model::VrrpInstance>& instances);
    // Masters send priority 0 and give up their addresses.
    void stop();

    // Called after every change of state; the handler must not call apply() or stop().
    void on_state(StateHandler handler) { state_handler_ = std::move(handler); }

    [[nodiscard]] std::vector<model::VrrpInstanceView> view() const;
    // By Refusal; of all instances and of packets that belong to none.
    [[nodiscard]] RefusalCounters refusals() const;

  private:
    class Instance;
    struct Port;

    [[nodiscard]] Result<std::shared_ptr<Port>> port_of(const std::string& interface);
    [[nodiscard]] Result<std::shared_ptr<Instance>> make_instance(
        const model::VrrpInstance& instance);
    void retire(Instance& instance);
    void on_packet(const Port& port, std::span<const std::uint8_t> packet);
    void on_link(const Port& port);

    boost::asio::io_context& io_;
    const provider::Clock& clock_;
    provider::VrrpLinks& links_;
    provider::AddressOwner& addresses_;
    StateHandler state_handler_;
    std::vector<std::weak_ptr<Port>> ports_;  // Owned by the instances that use them.
    std::vector<std::shared_ptr<Instance>> instances_;
    RefusalCounters refusals_{};  // Of packets without an instance, and of instances now gone.
};

}  // namespace fpvs::vrrp
