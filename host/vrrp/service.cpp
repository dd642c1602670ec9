// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/service.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "host/model/limits.hpp"
#include "host/util/log.hpp"
#include "host/vrrp/admission.hpp"
#include "host/vrrp/announcement.hpp"

namespace fpvs::vrrp {
namespace {

constexpr std::chrono::seconds kRefusalLogInterval(10);
constexpr const char* kComponent = "vrrp";

void count(RefusalCounters& counters, Refusal refusal) {
    ++counters[static_cast<std::size_t>(refusal)];
}

bool is_link_local(const model::IpAddress& address) {
    return address.is_ipv6() && address.words[0] >> 22 == 0xfe80 >> 6;
}

std::string repetition(std::uint64_t held_back) {
    return held_back == 0 ? "" : fmt::format(" (held_back={})", held_back);
}

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

// An interface in use.
struct Service::Port {
    std::string interface;
    std::unique_ptr<provider::VrrpLink> link;
};

class Service::Instance : public std::enable_shared_from_this<Service::Instance> {
  public:
    using Ports = std::map<std::string, std::shared_ptr<Port>>;  // By interface name.

    Instance(Service& service, model::VrrpInstance config, Ports ports)
        : service_(service),
          config_(std::move(config)),
          ports_(std::move(ports)),
          election_(config_),
          timer_(service.io_) {}

    [[nodiscard]] const model::VrrpInstance& config() const { return config_; }
    [[nodiscard]] bool runs_on(const Port& port) const { return &home() == &port; }
    [[nodiscard]] const RefusalCounters& refusals() const { return refusals_; }

    void start() {
        adopt_own_address();
        perform([this](Nanoseconds now) { return election_.start(now, usable()); });
    }

    void stop() {
        timer_.cancel();
        perform([this](Nanoseconds) { return election_.stop(); });
    }

    void on_link() {
        adopt_own_address();
        perform([this](Nanoseconds now) { return election_.on_link(now, usable()); });
    }

    // A process that was held up finds its timer and the adverts of the meantime due together.  The
    // adverts go first: that we did not listen is not the master's silence.
    void on_time() {
        home().link->receive_pending();
        perform([this](Nanoseconds now) { return election_.on_time(now); });
    }

    void on_packet(std::span<const std::uint8_t> packet) {
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
        if (refusal) {
            refuse(*refusal, *received);
            return;
        }
        ++adverts_received_;
        perform([&](Nanoseconds now) {
            return election_.on_claim(now, {source, advert.priority, advert.interval_cs});
        });
    }

    [[nodiscard]] model::VrrpInstanceView view() const {
        const bool master = election_.state() == State::master;
        std::uint64_t refused = 0;
        for (const std::uint64_t counter : refusals_) {
            refused += counter;
        }
        return {.name = config_.name,
                .interface = config_.interface,
                .virtual_router_id = config_.virtual_router_id,
                .state = std::string(name(election_.state())),
                .priority = config_.priority,
                .advert_interval_cs = config_.advert_interval_cs,
                .master_address = master ? own_address_ : election_.last_claim().source,
                .master_priority = master ? config_.priority : election_.last_claim().priority,
                .addresses = config_.addresses,
                .master_transitions = election_.master_transitions(),
                .adverts_sent = adverts_sent_,
                .adverts_received = adverts_received_,
                .adverts_refused = refused};
    }

  private:
    [[nodiscard]] const Port& home() const { return *ports_.at(config_.interface); }
    [[nodiscard]] const std::string& interface_of(const model::VirtualAddress& address) const {
        return address.interface.empty() ? config_.interface : address.interface;
    }

    // Without an address of its own an interface cannot send adverts (keepalived's FAULT).
    [[nodiscard]] bool usable() const { return home().link->state().up && !own_address_.is_any(); }

    [[nodiscard]] bool is_virtual(const model::IpAddress& address) const {
        const auto is_it = [&](const auto& candidate) { return candidate.address == address; };
        return std::any_of(config_.addresses.begin(), config_.addresses.end(), is_it) ||
               std::any_of(
                   config_.excluded_addresses.begin(), config_.excluded_addresses.end(), is_it);
    }

    // That of the configuration; else the oldest address that is not virtual: what an earlier run
    // left behind must not be taken.  Of IPv6 it is link-local (RFC 9568 5.1.2.1).
    void adopt_own_address() {
        own_address_ = config_.source.value_or(model::IpAddress::any(config_.family));
        if (!config_.source) {
            const auto& addresses = home().link->state().addresses;
            const auto own = std::find_if(
                addresses.begin(), addresses.end(), [&](const model::IpAddress& address) {
                    return address.family == config_.family && !is_virtual(address) &&
                           (address.is_ipv4() || is_link_local(address));
                });
            if (own != addresses.end()) {
                own_address_ = *own;
            }
        }
        election_.set_own_address(own_address_);
    }

    // Feeds one input to the election and does what it says.
    template <class Input>
    void perform(Input input) {
        const State before = election_.state();
        const Actions actions = input(service_.clock_.now());
        const State after = election_.state();
        if (after != before) {
            log::info(kComponent, "({}) Entering {} STATE", config_.name, name(after));
        }
        for (const Action action : actions) {
            perform_one(action);
        }
        schedule();
        if (after != before && service_.state_handler_) {
            service_.state_handler_(config_, after);
        }
    }

    void perform_one(Action action) {
        switch (action) {
            case Action::send_advert:
                send(config_.priority);
                break;
            case Action::send_resignation:
                log::info(kComponent, "({}) sent 0 priority", config_.name);
                send(kPriorityResign);
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

    void send(std::uint8_t priority) {
        if (config_.unicast_peers.empty()) {
            send(priority, group_of(config_.family));
            return;
        }
        for (const model::IpAddress& peer : config_.unicast_peers) {
            send(priority, peer);
        }
    }

    void send(std::uint8_t priority, const model::IpAddress& destination) {
        const Envelope envelope{
            .source = own_address_, .destination = destination, .identification = identification_};
        const auto packet =
            encode(advert_of(config_, priority),
                   envelope,
                   config_.checksum_of_message_only ? Ipv4Checksum::message_only
                                                    : Ipv4Checksum::with_pseudo_header);
        // keepalived counts from 1 and so do we; 0 would leave the choice to the kernel.
        identification_ = static_cast<std::uint16_t>(identification_ % 0xffff + 1);
        if (const auto status = home().link->send_packet(packet, destination); !status) {
            complain(status.error());
            return;
        }
        ++adverts_sent_;
    }

    template <class Function>
    void for_each_address(Function&& function) const {
        for (const auto* const list : {&config_.addresses, &config_.excluded_addresses}) {
            for (const model::VirtualAddress& virtual_address : *list) {
                function(virtual_address);
            }
        }
    }

    void announce(std::uint32_t repeat) {
        for (std::uint32_t i = 0; i < repeat; ++i) {
            for_each_address([&](const model::VirtualAddress& virtual_address) {
                provider::VrrpLink& link = *ports_.at(interface_of(virtual_address))->link;
                const auto frame = announcement(link.state().mac, virtual_address.address);
                if (const auto status = link.send_frame(frame); !status) {
                    complain(status.error());
                }
            });
        }
    }

    void own_addresses(Status (provider::AddressOwner::*edit)(const std::string&,
                                                              const model::IpAddress&,
                                                              std::uint8_t)) {
        for_each_address([&](const model::VirtualAddress& virtual_address) {
            const auto status = (service_.addresses_.*edit)(interface_of(virtual_address),
                                                            virtual_address.address,
                                                            virtual_address.prefix_length);
            if (!status) {
                complain(status.error());
            }
        });
    }

    void complain(const Error& error) {
        if (const auto held_back = error_limiter_.admit(service_.clock_.now())) {
            log::error(kComponent, "({}) {}{}", config_.name, error.text(), repetition(*held_back));
        }
    }

    void refuse(Refusal refusal, const ReceivedAdvert& received) {
        count(refusals_, refusal);
        if (const auto held_back = refusal_limiter_.admit(service_.clock_.now())) {
            log::warn(kComponent,
                      "({}) {}{}",
                      config_.name,
                      describe(refusal, config_, received),
                      repetition(*held_back));
        }
    }

    void schedule() {
        const auto deadline = election_.deadline();
        if (!deadline) {
            timer_.cancel();
            return;
        }
        timer_.expires_after(*deadline - service_.clock_.now());
        // Weak: the wait may end after the instance.
        timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
            if (const auto self = weak.lock(); self && !error) {
                self->on_time();
            }
        });
    }

    Service& service_;
    const model::VrrpInstance config_;
    const Ports ports_;
    Election election_;
    boost::asio::steady_timer timer_;
    model::IpAddress own_address_;
    std::uint16_t identification_ = 1;
    std::uint64_t adverts_sent_ = 0;
    std::uint64_t adverts_received_ = 0;
    RefusalCounters refusals_{};
    log::Limiter refusal_limiter_{kRefusalLogInterval};
    log::Limiter error_limiter_{kRefusalLogInterval};
};

Service::Service(boost::asio::io_context& io,
                 const provider::Clock& clock,
                 provider::VrrpLinks& links,
                 provider::AddressOwner& addresses)
    : io_(io), clock_(clock), links_(links), addresses_(addresses) {}

Service::~Service() {
    stop();
}

Status Service::apply(const std::vector<model::VrrpInstance>& instances) {
    FPVS_TRY_STATUS(check(instances));
    std::vector<std::shared_ptr<Instance>> next;  // In the configuration's order.
    std::vector<std::shared_ptr<Instance>> fresh;
    for (const model::VrrpInstance& wanted : instances) {
        const auto kept = std::find_if(instances_.begin(), instances_.end(), [&](const auto& old) {
            return old->config() == wanted;
        });
        if (kept != instances_.end()) {
            next.push_back(*kept);
            continue;
        }
        FPVS_TRY(next.emplace_back(), make_instance(wanted));
        fresh.push_back(next.back());
    }
    for (const auto& old : instances_) {
        if (std::find(next.begin(), next.end(), old) == next.end()) {
            retire(*old);
        }
    }
    instances_ = std::move(next);
    for (const auto& instance : fresh) {
        instance->start();
    }
    return {};
}

void Service::retire(Instance& instance) {
    instance.stop();
    for (std::size_t i = 0; i < kRefusals; ++i) {
        refusals_[i] += instance.refusals()[i];
    }
}

void Service::stop() {
    for (const auto& instance : instances_) {
        retire(*instance);
    }
    instances_.clear();
}

Result<std::shared_ptr<Service::Port>> Service::port_of(const std::string& interface) {
    std::erase_if(ports_, [](const auto& port) { return port.expired(); });
    for (const auto& known : ports_) {
        if (auto port = known.lock(); port && port->interface == interface) {
            return port;
        }
    }
    auto port = std::make_shared<Port>();
    port->interface = interface;
    provider::VrrpLinkEvents events{
        .on_packet = [this, raw = port.get()](auto packet) { on_packet(*raw, packet); },
        .on_state = [this, raw = port.get()] { on_link(*raw); }};
    FPVS_TRY(port->link, links_.open(interface, std::move(events)));
    ports_.push_back(port);
    return port;
}

Result<std::shared_ptr<Service::Instance>> Service::make_instance(
    const model::VrrpInstance& instance) {
    Instance::Ports ports;
    const auto open = [&](const std::string& interface) -> Status {
        auto port = port_of(interface);
        if (!port) {
            Error error = std::move(port).error();
            error.message = fmt::format("({}) {}", instance.name, error.message);
            return fail(std::move(error));
        }
        ports.emplace(interface, *port);
        return {};
    };
    FPVS_TRY_STATUS(open(instance.interface));
    for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
        for (const model::VirtualAddress& address : *list) {
            if (!address.interface.empty()) {
                FPVS_TRY_STATUS(open(address.interface));
            }
        }
    }
    return std::make_shared<Instance>(*this, instance, std::move(ports));
}

void Service::on_packet(const Port& port, std::span<const std::uint8_t> packet) {
    const auto addressee = addressee_of(packet);
    for (const auto& instance : instances_) {
        const model::VrrpInstance& config = instance->config();
        if (addressee && instance->runs_on(port) && config.family == addressee->family &&
            config.virtual_router_id == addressee->virtual_router_id) {
            instance->on_packet(packet);
            return;
        }
    }
    const auto received = decode(packet);
    count(refusals_, received ? Refusal::unknown_router : received.error());
}

void Service::on_link(const Port& port) {
    for (const auto& instance : instances_) {
        if (instance->runs_on(port)) {
            instance->on_link();
        }
    }
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
