// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/instance.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "host/vrrp/admission.hpp"
#include "host/vrrp/announcement.hpp"
#include "host/vrrp/seal.hpp"

namespace fpvs::vrrp {
namespace {

constexpr std::chrono::seconds kRefusalLogInterval(10);
constexpr const char* kComponent = "vrrp";

bool is_link_local(const model::IpAddress& address) {
    return address.is_ipv6() && address.words[0] >> 22 == 0xfe80 >> 6;
}

std::string repetition(std::uint64_t held_back) {
    return held_back == 0 ? "" : fmt::format(" (held_back={})", held_back);
}

std::vector<model::VrrpTrack> tracks_of(const model::VrrpInstance& config,
                                        const model::VrrpGroup& group) {
    std::vector<model::VrrpTrack> tracks = config.tracks;
    tracks.insert(tracks.end(), group.tracks.begin(), group.tracks.end());
    return tracks;
}

}  // namespace

Instance::Instance(InstanceOwner& owner,
                   const Drivers& drivers,
                   model::VrrpInstance config,
                   model::VrrpGroup group,
                   Devices devices)
    : owner_(owner),
      drivers_(drivers),
      config_(std::move(config)),
      group_(std::move(group)),
      tracks_(tracks_of(config_, group_)),
      devices_(std::move(devices)),
      notify_(std::make_shared<const model::VrrpNotify>(config_.notify)),
      election_(config_,
                group_.name.empty() ? Election::Membership::alone : Election::Membership::in_group),
      tracking_{.priority = config_.priority},
      timer_(drivers_.io),
      refusal_limiter_(kRefusalLogInterval),
      error_limiter_(kRefusalLogInterval) {}

bool Instance::serves(const model::VrrpInstance& config, const model::VrrpGroup& group) const {
    model::VrrpInstance same_config = config;
    same_config.notify = config_.notify;
    model::VrrpGroup same_group = group;
    same_group.notify = group_.notify;
    return same_config == config_ && same_group == group_;
}

void Instance::start() {
    adopt_own_address();
    adopt_tracking();
    if (!tracking_.pending) {
        begin();
        return;
    }
    log::info(kComponent, "({}) waits for its scripts", config_.name);
    own_addresses(&provider::AddressOwner::remove);
}

void Instance::begin() {
    const bool all_able = owner_.note_able(*this, able());
    perform([&](Nanoseconds now) { return election_.start(now, all_able); });
}

void Instance::stop(std::optional<Event::Kind> why) {
    timer_.cancel();
    const State before = election_.state();
    carry_out(before, election_.stop());
    if (why && before != State::initialize) {
        tell(*why);
    }
}

void Instance::go_on(const model::VrrpNotify& notify) {
    notify_ = std::make_shared<const model::VrrpNotify>(notify);
    tell(Event::Kind::reloaded);
}

void Instance::reconsider() {
    const bool was_pending = tracking_.pending && election_.state() == State::initialize;
    adopt_own_address();
    adopt_tracking();
    if (election_.state() != State::initialize) {
        owner_.set_able(*this, able());
    } else if (was_pending && !tracking_.pending) {
        begin();
    }
}

// A process that was held up finds its timer and the adverts of the meantime due together.  The
// adverts go first: that we did not listen is not the master's silence.
void Instance::on_time() {
    advert_port().link->receive_pending();
    perform([this](Nanoseconds now) { return election_.on_time(now); });
}

void Instance::on_packet(std::span<const std::uint8_t> packet) {
    const auto received = decode(packet);
    if (!received) {
        refuse(received.error(), {});
        return;
    }
    const model::IpAddress& source = received->envelope.source;
    const Advert& advert = received->advert;
    auto refusal = refusal_of(config_, *received);
    if (source == own_address_) {
        refusal = Refusal::own_address;
    }
    if (!refusal) {
        refusal = seal_refusal(packet, received->envelope);
    }
    if (refusal) {
        refuse(*refusal, *received);
        return;
    }
    sequence_heard_ = received->envelope.sequence.value_or(0);
    ++adverts_received_;
    bool answers = false;
    perform([&](Nanoseconds now) {
        Actions actions = election_.on_claim(now, {source, advert.priority, advert.interval_cs});
        answers = std::find(actions.begin(), actions.end(), Action::answer_lower) != actions.end();
        return actions;
    });
    if (answers) {
        tell(Event::Kind::lower_priority);
    }
}

std::optional<Refusal> Instance::seal_refusal(std::span<const std::uint8_t> packet,
                                              const Envelope& envelope) const {
    if (!envelope.sequence) {
        return std::nullopt;
    }
    if (!seal_holds(packet, config_.password)) {
        return Refusal::wrong_seal;
    }
    return *envelope.sequence > sequence_heard_ ? std::nullopt : std::optional(Refusal::replayed);
}

model::VrrpInstanceView Instance::view() const {
    const bool master = election_.state() == State::master;
    std::uint64_t refused = 0;
    for (const std::uint64_t counter : refusals_) {
        refused += counter;
    }
    return {.name = config_.name,
            .interface = config_.interface,
            .virtual_router_id = config_.virtual_router_id,
            .state = std::string(name(election_.state())),
            .priority = election_.priority(),
            .advert_interval_cs = config_.advert_interval_cs,
            .master_address = master ? own_address_ : election_.last_claim().source,
            .master_priority = master ? election_.priority() : election_.last_claim().priority,
            .addresses = config_.addresses,
            .master_transitions = election_.master_transitions(),
            .adverts_sent = adverts_sent_,
            .adverts_received = adverts_received_,
            .adverts_refused = refused};
}

const Port& Instance::advert_port() const {
    const auto& virtual_mac = config_.virtual_mac;
    return virtual_mac && !virtual_mac->adverts_from_base ? port(virtual_mac->interface) : home();
}

// The virtual interface has the MAC address of one family only.
const std::string& Instance::interface_of(const model::VirtualAddress& address) const {
    if (!address.interface.empty()) {
        return address.interface;
    }
    const bool is_virtual = config_.virtual_mac && address.address.family == config_.family;
    return is_virtual ? config_.virtual_mac->interface : config_.interface;
}

// Without an address of its own an interface cannot send adverts (keepalived's FAULT).
bool Instance::able() const {
    const bool link_serves = config_.ignores_link || home().link->state().up;
    return link_serves && !own_address_.is_any() && !tracking_.fault;
}

bool Instance::depends_on(const Port& changed) const {
    return &home() == &changed ||
           std::any_of(tracks_.begin(), tracks_.end(), [&](const auto& track) {
               return track.kind == model::TrackKind::interface && track.name == changed.interface;
           });
}

bool Instance::is_virtual(const model::IpAddress& address) const {
    const auto is_it = [&](const auto& candidate) { return candidate.address == address; };
    return std::any_of(config_.addresses.begin(), config_.addresses.end(), is_it) ||
           std::any_of(config_.excluded_addresses.begin(), config_.excluded_addresses.end(), is_it);
}

Tracking Instance::read_tracks() const {
    return track(config_.priority, tracks_, [this](const TrackKey& key) -> Reading {
        if (key.kind == model::TrackKind::interface) {
            return port(key.name).link->state().up ? 1 : 0;
        }
        return owner_.reading_of(key);
    });
}

void Instance::adopt_tracking() {
    tracking_ = read_tracks();
    if (tracking_.priority == election_.priority()) {
        return;
    }
    log::info(kComponent,
              "({}) Changing effective priority from {} to {}",
              config_.name,
              election_.priority(),
              tracking_.priority);
    election_.set_priority(tracking_.priority);
    schedule();
    if (election_.state() != State::initialize) {
        tell(Event::Kind::priority);
    }
}

// That of the configuration; else the oldest address that is not virtual: what an earlier run
// left behind must not be taken.  Of IPv6 it is link-local (RFC 9568 5.1.2.1).
void Instance::adopt_own_address() {
    const model::IpAddress before = own_address_;
    own_address_ = config_.source.value_or(model::IpAddress::any(config_.family));
    if (!config_.source) {
        const auto& addresses = home().link->state().addresses;
        const auto own =
            std::find_if(addresses.begin(), addresses.end(), [&](const model::IpAddress& address) {
                return address.family == config_.family && !is_virtual(address) &&
                       (address.is_ipv4() || is_link_local(address));
            });
        if (own != addresses.end()) {
            own_address_ = *own;
        }
    }
    election_.set_own_address(own_address_);
    if (own_address_ != before && !own_address_.is_any()) {
        lend_own_address();
    }
}

// The kernel sends over IPv6 from an interface that has an address only; the virtual one has none
// of its own, and gets the one whose adverts it sends, as with keepalived.
void Instance::lend_own_address() {
    constexpr std::uint8_t kLinkLocalBits = 64;
    if (config_.family == model::Family::ipv4 || &advert_port() == &home()) {
        return;
    }
    if (const auto status =
            drivers_.addresses.add(config_.virtual_mac->interface, own_address_, kLinkLocalBits);
        !status) {
        complain(status.error());
    }
}

// Feeds one input to the election and does what it says.
template <class Input>
void Instance::perform(Input input) {
    const State before = election_.state();
    carry_out(before, input(drivers_.clock.now()));
    owner_.settle(*this);
}

void Instance::carry_out(State before, const Actions& actions) {
    const State after = election_.state();
    if (after != before) {
        log::info(kComponent, "({}) Entering {} STATE", config_.name, name(after));
    }
    for (const Action action : actions) {
        perform_one(action);
    }
    schedule();
    if (after == before) {
        return;
    }
    owner_.on_state(config_, after);
    if (after != State::initialize) {
        tell(Event::Kind::state);
    }
}

void Instance::perform_one(Action action) {
    switch (action) {
        case Action::send_advert:
            send(election_.priority());
            break;
        case Action::send_resignation:
            if (home().link->state().up) {
                log::info(kComponent, "({}) sent 0 priority", config_.name);
                send(kPriorityResign);
            }
            break;
        case Action::add_addresses:
            log::info(kComponent, "({}) setting VIPs.", config_.name);
            own_addresses(&provider::AddressOwner::add);
            break;
        case Action::remove_addresses:
            log::info(kComponent, "({}) removing VIPs.", config_.name);
            own_addresses(&provider::AddressOwner::remove);
            break;
        case Action::announce_addresses:
            announce(config_.announcements.repeat);
            break;
        case Action::answer_lower:
            announce(config_.announcements.lower_priority_repeat);
            break;
        case Action::refresh_addresses:
            announce(config_.announcements.refresh_repeat);
            break;
    }
}

void Instance::send(std::uint8_t priority) {
    if (config_.unicast_peers.empty()) {
        send(priority, group_of(config_.family));
        return;
    }
    for (const model::IpAddress& peer : config_.unicast_peers) {
        send(priority, peer);
    }
}

void Instance::send(std::uint8_t priority, const model::IpAddress& destination) {
    const Envelope envelope{
        .source = own_address_, .destination = destination, .identification = identification_};
    auto packet = encode(advert_of(config_, priority),
                         envelope,
                         config_.checksum_of_message_only ? Ipv4Checksum::message_only
                                                          : Ipv4Checksum::with_pseudo_header);
    if (config_.authentication == model::VrrpAuthentication::header) {
        sequence_sent_ = std::max(sequence_sent_, sequence_heard_) + 1;
        packet = seal(packet, sequence_sent_, config_.password);
    }
    // keepalived counts from 1 and so do we; 0 would leave the choice to the kernel.
    identification_ = static_cast<std::uint16_t>(identification_ % 0xffff + 1);
    if (const auto status = advert_port().link->send_packet(packet, destination); !status) {
        complain(status.error());
        return;
    }
    ++adverts_sent_;
}

template <class Function>
void Instance::for_each_address(Function&& function) const {
    for (const auto* const list : {&config_.addresses, &config_.excluded_addresses}) {
        for (const model::VirtualAddress& virtual_address : *list) {
            function(virtual_address);
        }
    }
}

void Instance::announce(std::uint32_t repeat) {
    for (std::uint32_t i = 0; i < repeat; ++i) {
        for_each_address([&](const model::VirtualAddress& virtual_address) {
            provider::VrrpLink& link = *port(interface_of(virtual_address)).link;
            const auto frame = announcement(link.state().mac, virtual_address.address);
            if (const auto status = link.send_frame(frame); !status) {
                complain(status.error());
            }
        });
    }
}

void Instance::own_addresses(Status (provider::AddressOwner::*edit)(const std::string&,
                                                                    const model::IpAddress&,
                                                                    std::uint8_t)) {
    for_each_address([&](const model::VirtualAddress& virtual_address) {
        const auto status = (drivers_.addresses.*edit)(
            interface_of(virtual_address), virtual_address.address, virtual_address.prefix_length);
        if (!status) {
            complain(status.error());
        }
    });
}

void Instance::tell(Event::Kind kind) {
    owner_.on_event({.kind = kind,
                     .name = config_.name,
                     .state = election_.state(),
                     .priority = election_.priority(),
                     .notify = notify_});
}

void Instance::complain(const Error& error) {
    if (const auto held_back = error_limiter_.admit(drivers_.clock.now())) {
        log::error(kComponent, "({}) {}{}", config_.name, error.text(), repetition(*held_back));
    }
}

void Instance::refuse(Refusal refusal, const ReceivedAdvert& received) {
    count(refusals_, refusal);
    if (const auto held_back = refusal_limiter_.admit(drivers_.clock.now())) {
        log::warn(kComponent,
                  "({}) {}{}",
                  config_.name,
                  describe(refusal, config_, received),
                  repetition(*held_back));
    }
}

void Instance::schedule() {
    const auto deadline = election_.deadline();
    if (!deadline) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(*deadline - drivers_.clock.now());
    // Weak: the wait may end after the instance.
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        if (const auto self = weak.lock(); self && !error) {
            self->on_time();
        }
    });
}

}  // namespace fpvs::vrrp
