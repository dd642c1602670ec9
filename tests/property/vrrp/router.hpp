// SPDX-License-Identifier: Apache-2.0
// A router of a simulated world: one to three VRRP instances, each on a segment of its own, perhaps
// in a sync group; the shipped codec, elections and groups, with a clock that is not quite right,
// in a process that may be starved of CPU for a while.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/util/check.hpp"
#include "host/vrrp/admission.hpp"
#include "host/vrrp/election.hpp"
#include "host/vrrp/packet.hpp"
#include "host/vrrp/sync_group.hpp"
#include "sim/world/lan.hpp"
#include "sim/world/skewed_clock.hpp"
#include "sim/world/world.hpp"

namespace fpvs::vrrp {

// What a router does wrong on purpose, to prove that it would be noticed.
enum class Sabotage : std::uint8_t {
    none,
    deaf,             // Does not hear adverts.
    silent_end,       // Stops without a word.
    loose_group,      // Members do not follow each other.
    keeps_addresses,  // Has them even when it is no longer master.
    asleep,           // Its timers never fire.
};

struct RouterPlan {
    std::vector<model::VrrpInstance> instances;  // One a segment.
    model::IpAddress address;
    bool grouped = false;
    Nanoseconds clock_offset{};
    std::int64_t clock_fast_ppm = 0;
    Sabotage sabotage = Sabotage::none;
};

class Router {
  public:
    using Packet = std::vector<std::uint8_t>;

    Router(world::World& world,
           std::deque<world::Lan>& segments,
           RouterPlan plan,
           std::function<void()> on_change)
        : world_(world),
          plan_(std::move(plan)),
          clock_(world, plan_.clock_offset, plan_.clock_fast_ppm),
          on_change_(std::move(on_change)) {
        for (std::size_t i = 0; i < plan_.instances.size(); ++i) {
            members_.push_back(
                {.lan = &segments[i], .station = segments[i].attach([this, i](auto packet) {
                     receive(i, {packet.begin(), packet.end()});
                 })});
        }
    }
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // Each does nothing where it makes no sense, so that any sequence of events can be tried.
    void start() {
        if (running_) {
            return;
        }
        running_ = true;
        std::vector<Election*> elections;
        for (std::size_t i = 0; i < members_.size(); ++i) {
            members_[i].election.emplace(
                plan_.instances[i],
                synced() ? Election::Membership::in_group : Election::Membership::alone);
            members_[i].election->set_own_address(plan_.address);
            elections.push_back(&*members_[i].election);
        }
        group_.emplace(std::move(elections));
        for (std::size_t i = 0; i < members_.size(); ++i) {
            const bool all_able = group_->note_able(i, able(i));
            const bool able_now = synced() ? all_able : able(i);
            carry_out(i, members_[i].election->start(clock_.now(), able_now));
        }
        settle();
    }
    void stop() {
        if (!running_ || frozen()) {
            return;
        }
        for (std::size_t i = 0; i < members_.size(); ++i) {
            Actions actions = members_[i].election->stop();
            if (plan_.sabotage == Sabotage::silent_end) {
                std::erase(actions, Action::send_resignation);
            }
            carry_out(i, actions);
        }
        forget();
    }
    // Dies without a word; its addresses die with the machine.
    void crash() {
        for (Member& member : members_) {
            member.owns_addresses = false;
        }
        forget();
    }
    void plug(std::size_t segment, bool plugged) {
        members_[segment].plugged = plugged;
        members_[segment].lan->plug(members_[segment].station, plugged);
        reconsider(segment);
    }
    void put_in_partition(std::size_t segment, int partition) {
        members_[segment].partition = partition;
        members_[segment].lan->put_in_partition(members_[segment].station, partition);
        on_change_();
    }
    void set_well(std::size_t segment, bool well) {
        members_[segment].well = well;
        reconsider(segment);
    }
    void set_priority(std::uint8_t priority) {
        for (std::size_t i = 0; running_ && !frozen() && i < members_.size(); ++i) {
            members_[i].election->set_priority(priority);
            schedule(i);
        }
        on_change_();
    }
    // No CPU for a while: what arrives waits, and timers are late.
    void freeze(Nanoseconds pause) {
        if (running_ && !frozen()) {
            thaws_at_ = world_.now() + pause;
            world_.at(*thaws_at_, [this] { thaw(); });
            on_change_();
        }
    }

    [[nodiscard]] bool running() const { return running_; }
    [[nodiscard]] bool frozen() const { return thaws_at_.has_value(); }
    [[nodiscard]] bool grouped() const { return plan_.grouped; }
    [[nodiscard]] std::size_t segments() const { return members_.size(); }
    // Of its own; in a group the others count, too.
    [[nodiscard]] bool able(std::size_t segment) const {
        return members_[segment].plugged && members_[segment].well;
    }
    [[nodiscard]] bool able() const {
        for (std::size_t i = 0; i < members_.size(); ++i) {
            if (!able(i)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] bool master(std::size_t segment) const {
        const auto& election = members_[segment].election;
        return election && election->state() == State::master;
    }
    [[nodiscard]] std::uint8_t priority(std::size_t segment) const {
        return members_[segment].election->priority();
    }
    [[nodiscard]] bool owns_addresses(std::size_t segment) const {
        return members_[segment].owns_addresses;
    }
    [[nodiscard]] bool hears(const Router& other, std::size_t segment) const {
        const Member& mine = members_[segment];
        const Member& its = other.members_[segment];
        return mine.plugged && its.plugged && mine.partition == its.partition;
    }
    [[nodiscard]] std::uint64_t adverts_sent() const { return adverts_sent_; }
    [[nodiscard]] std::string describe() const {
        std::string text = running_ ? "" : " is off";
        for (const Member& member : members_) {
            if (member.election) {
                text += " " + std::string(name(member.election->state())) +
                        (member.election->ready() ? "(ready)" : "");
            }
        }
        return text;
    }
    // Whether it is between two steps of an input, when members of a group may differ.
    [[nodiscard]] bool busy() const { return busy_ != 0; }

  private:
    struct Member {
        world::Lan* lan;
        world::Lan::Station station;
        std::optional<Election> election = {};
        std::deque<Packet> pending = {};  // While it is frozen.
        bool plugged = true;
        bool well = true;
        int partition = 0;
        bool owns_addresses = false;
    };

    static constexpr std::size_t kPendingMax = 1000;

    [[nodiscard]] bool synced() const {
        return plan_.grouped && plan_.sabotage != Sabotage::loose_group;
    }

    void forget() {
        running_ = false;
        thaws_at_.reset();
        ++life_;
        group_.reset();
        for (Member& member : members_) {
            member.election.reset();
            member.pending.clear();
        }
        on_change_();
    }

    void reconsider(std::size_t segment) {
        if (running_ && !frozen()) {
            if (synced()) {
                carry_out(group_->set_able(clock_.now(), segment, able(segment)));
            } else {
                carry_out(segment,
                          members_[segment].election->set_able(clock_.now(), able(segment)));
            }
            settle();
        }
        on_change_();
    }

    void thaw() {
        if (!thaws_at_ || world_.now() < *thaws_at_) {
            return;  // It died meanwhile, and perhaps froze again.
        }
        thaws_at_.reset();
        ++busy_;
        for (std::size_t i = 0; i < members_.size(); ++i) {
            for (Packet& packet : std::exchange(members_[i].pending, {})) {
                hear(i, packet);
            }
        }
        for (std::size_t i = 0; i < members_.size(); ++i) {
            reconsider(i);
            on_time(i);
        }
        --busy_;
        on_change_();
    }

    void receive(std::size_t segment, Packet packet) {
        if (!running_ || plan_.sabotage == Sabotage::deaf) {
            return;
        }
        if (!frozen()) {
            hear(segment, packet);
        } else if (members_[segment].pending.size() < kPendingMax) {
            members_[segment].pending.push_back(std::move(packet));
        }
    }

    void hear(std::size_t segment, const Packet& packet) {
        const auto received = decode(packet);
        FPVS_CHECK(received && !refusal_of(plan_.instances[segment], *received),
                   "its own kind is refused");
        carry_out(
            segment,
            members_[segment].election->on_claim(clock_.now(),
                                                 {.source = received->envelope.source,
                                                  .priority = received->advert.priority,
                                                  .interval_cs = received->advert.interval_cs}));
        settle();
    }

    void on_time(std::size_t segment) {
        if (running_ && !frozen() && plan_.sabotage != Sabotage::asleep) {
            // A deadline that moved meanwhile is not due: nothing happens, and the later one has
            // its own entry.
            carry_out(segment, members_[segment].election->on_time(clock_.now()));
            settle();
        }
    }

    void settle() {
        if (synced()) {
            carry_out(group_->settle(clock_.now()));
        }
        on_change_();
    }

    void carry_out(const SyncGroup::Steps& steps) {
        for (const SyncGroup::Step& step : steps) {
            carry_out(step.member, step.actions);
        }
    }
    void carry_out(std::size_t segment, const Actions& actions) {
        ++busy_;
        for (const Action action : actions) {
            if (action == Action::send_advert) {
                send(segment, members_[segment].election->priority());
            } else if (action == Action::send_resignation) {
                send(segment, kPriorityResign);
            } else if (action == Action::add_addresses) {
                members_[segment].owns_addresses = true;
            } else if (action == Action::remove_addresses &&
                       plan_.sabotage != Sabotage::keeps_addresses) {
                members_[segment].owns_addresses = false;
            }
        }
        schedule(segment);
        --busy_;
    }

    void send(std::size_t segment, std::uint8_t priority) {
        ++adverts_sent_;
        const model::VrrpInstance& instance = plan_.instances[segment];
        members_[segment].lan->send(
            members_[segment].station,
            encode(advert_of(instance, priority),
                   {.source = plan_.address, .destination = group_of(instance.family)}));
    }

    void schedule(std::size_t segment) {
        const auto deadline = members_[segment].election->deadline();
        if (!deadline) {
            return;
        }
        world_.at(clock_.in_world(*deadline), [this, segment, life = life_] {
            if (life == life_) {
                on_time(segment);
            }
        });
    }

    world::World& world_;
    const RouterPlan plan_;
    const world::SkewedClock clock_;
    const std::function<void()> on_change_;
    std::vector<Member> members_;
    std::optional<SyncGroup> group_;
    bool running_ = false;
    int busy_ = 0;
    std::uint64_t life_ = 0;  // Timers of an earlier one are void.
    std::optional<Nanoseconds> thaws_at_;
    std::uint64_t adverts_sent_ = 0;
};

}  // namespace fpvs::vrrp
