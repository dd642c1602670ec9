// SPDX-License-Identifier: Apache-2.0
// One VRRP instance at work: its election, with adverts, addresses, announcements and a timer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/model/view.hpp"
#include "host/model/vrrp_instance.hpp"
#include "host/provider/address_owner.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/vrrp_link.hpp"
#include "host/util/asio.hpp"
#include "host/util/log.hpp"
#include "host/vrrp/election.hpp"
#include "host/vrrp/event.hpp"
#include "host/vrrp/packet.hpp"
#include "host/vrrp/refusal.hpp"
#include "host/vrrp/tracking.hpp"

namespace fpvs::vrrp {

// An interface in use.
struct Port {
    std::string interface;
    std::unique_ptr<provider::VrrpLink> link;
    bool hears = true;  // Adverts; otherwise only its state is watched.
};
using Ports = std::map<std::string, std::shared_ptr<Port>>;  // By interface name.

struct Devices {
    // First, for it ends last.
    std::shared_ptr<provider::VirtualInterface> virtual_interface;
    Ports ports;
};

class Instance;

// What is above an instance: the others of its group, what is tracked, and who is told.
class InstanceOwner {
  public:
    virtual ~InstanceOwner() = default;
    // Of scripts, files and processes.
    [[nodiscard]] virtual Reading reading_of(const TrackKey& key) const = 0;
    // Whether its group is able as a whole, now that it is or not; alone it decides for itself.
    [[nodiscard]] virtual bool note_able(const Instance& instance, bool able) = 0;
    // The same of one that has started; the owner passes it on to its group or back to itself.
    virtual void set_able(Instance& instance, bool able) = 0;
    // After an input to the instance: the others of its group may have to follow.
    virtual void settle(const Instance& instance) = 0;
    virtual void on_state(const model::VrrpInstance& config, State state) = 0;
    virtual void on_event(Event event) = 0;
};

class Instance : public std::enable_shared_from_this<Instance> {
  public:
    struct Drivers {
        boost::asio::io_context& io;
        const provider::Clock& clock;
        provider::AddressOwner& addresses;
    };

    // `group`: empty, or what makes it another instance if it changes.
    Instance(InstanceOwner& owner,
             const Drivers& drivers,
             model::VrrpInstance config,
             model::VrrpGroup group,
             Devices devices);

    [[nodiscard]] const model::VrrpInstance& config() const { return config_; }
    // Tracks of its own and of its group.
    [[nodiscard]] const std::vector<model::VrrpTrack>& tracks() const { return tracks_; }
    // Whether it can go on under this configuration; whom it tells does not matter.
    [[nodiscard]] bool serves(const model::VrrpInstance& config,
                              const model::VrrpGroup& group) const;
    [[nodiscard]] bool hears(const Port& where) const { return &advert_port() == &where; }
    // On the state of its link, or of one that it tracks.
    [[nodiscard]] bool depends_on(const Port& changed) const;
    // Its link is up and has an address, and nothing that it tracks fails.
    [[nodiscard]] bool able() const;
    [[nodiscard]] const RefusalCounters& refusals() const { return refusals_; }
    [[nodiscard]] Election& election() { return election_; }
    [[nodiscard]] model::VrrpInstanceView view() const;

    // Waits, in INIT, for scripts that decide whether it is in fault.
    void start();
    // Says nothing to the operator without a reason.
    void stop(std::optional<Event::Kind> why);
    // The same under other scripts.
    void go_on(const model::VrrpNotify& notify);
    void on_packet(std::span<const std::uint8_t> packet);
    // A link or something tracked may have changed.
    void reconsider();
    // For the owner: does what the election said when it was in another state.
    void carry_out(State before, const Actions& actions);

  private:
    [[nodiscard]] const Port& port(const std::string& interface) const {
        return *devices_.ports.at(interface);
    }
    // Of its own address and its link; where its adverts go out and come in.
    [[nodiscard]] const Port& home() const { return port(config_.interface); }
    [[nodiscard]] const Port& advert_port() const;
    [[nodiscard]] const std::string& interface_of(const model::VirtualAddress& address) const;
    [[nodiscard]] bool is_virtual(const model::IpAddress& address) const;
    [[nodiscard]] Tracking read_tracks() const;
    void adopt_own_address();
    void lend_own_address();
    void begin();
    void adopt_tracking();
    void on_time();
    template <class Input>
    void perform(Input input);
    void perform_one(Action action);
    void send(std::uint8_t priority);
    void send(std::uint8_t priority, const model::IpAddress& destination);
    template <class Function>
    void for_each_address(Function&& function) const;
    void announce(std::uint32_t repeat);
    void own_addresses(Status (provider::AddressOwner::*edit)(const std::string&,
                                                              const model::IpAddress&,
                                                              std::uint8_t));
    void tell(Event::Kind kind);
    void complain(const Error& error);
    [[nodiscard]] std::optional<Refusal> seal_refusal(std::span<const std::uint8_t> packet,
                                                      const Envelope& envelope) const;
    void refuse(Refusal refusal, const ReceivedAdvert& received);
    void schedule();

    InstanceOwner& owner_;
    const Drivers drivers_;
    const model::VrrpInstance config_;
    const model::VrrpGroup group_;  // Without a name: none.
    const std::vector<model::VrrpTrack> tracks_;
    const Devices devices_;
    std::shared_ptr<const model::VrrpNotify> notify_;
    Election election_;
    Tracking tracking_;
    boost::asio::steady_timer timer_;
    model::IpAddress own_address_;
    std::uint16_t identification_ = 1;
    std::uint32_t sequence_sent_ = 0;  // Of Authentication Headers.
    std::uint32_t sequence_heard_ = 0;
    std::uint64_t adverts_sent_ = 0;
    std::uint64_t adverts_received_ = 0;
    RefusalCounters refusals_{};
    log::Limiter refusal_limiter_;
    log::Limiter error_limiter_;
};

}  // namespace fpvs::vrrp
