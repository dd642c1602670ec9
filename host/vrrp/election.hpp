// SPDX-License-Identifier: Apache-2.0
// Who owns the virtual addresses: one instance's state machine, without any input or output.
//
//                start, able                  no advert for 3 intervals + skew
//   initialize ------------------> backup ------------------------------------> master
//        ^                        |  ^  ^                                         |
//        | stop                   |  |  +-----------------------------------------+
//        +-- (any state)          v  |        advert of a higher priority, or of the same
//                               fault            from a higher address
//              not able (any) / able again
//
// Able: its link is up and has an address, and nothing that it tracks fails.  One that is in a sync
// group waits in backup, ready, until the group lets it take over (host/vrrp/sync_group.hpp).
//
// Every input returns what must be done, in order; between inputs only deadline() matters.
// `state MASTER` of the configuration plays no part: like keepalived, everybody begins as backup.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "host/model/address.hpp"
#include "host/model/vrrp_instance.hpp"
#include "host/provider/clock.hpp"

namespace fpvs::vrrp {

using provider::Nanoseconds;

enum class State : std::uint8_t { initialize, fault, backup, master };

[[nodiscard]] std::string_view name(State state);  // "INIT", "FAULT", "BACKUP", "MASTER".

enum class Action : std::uint8_t {
    send_advert,         // With the instance's priority.
    send_resignation,    // With priority 0.
    add_addresses,       // The virtual addresses become ours.
    remove_addresses,    // They are not, or no longer.
    announce_addresses,  // A burst to everybody's caches: announcements.repeat,
    answer_lower,        // lower_priority_repeat,
    refresh_addresses,   // or refresh_repeat.
};

using Actions = std::vector<Action>;

// What an admitted advert says to the election.
struct Claim {
    model::IpAddress source;
    std::uint8_t priority = 0;
    std::uint32_t interval_cs = 0;
};

class Election {
  public:
    enum class Membership : std::uint8_t { alone, in_group };

    explicit Election(const model::VrrpInstance& instance,
                      Membership membership = Membership::alone);

    [[nodiscard]] Actions start(Nanoseconds now, bool able);
    [[nodiscard]] Actions stop();
    [[nodiscard]] Actions set_able(Nanoseconds now, bool able);
    [[nodiscard]] Actions on_claim(Nanoseconds now, const Claim& claim);
    // Does what is due; nothing when nothing is.
    [[nodiscard]] Actions on_time(Nanoseconds now);

    // In a group: what the group decides.  Both do nothing in a state that they do not fit.
    [[nodiscard]] Actions take_over(Nanoseconds now);
    [[nodiscard]] Actions stand_down(Nanoseconds now);
    // A backup that nobody keeps from being master but its group.
    [[nodiscard]] bool ready() const { return state_ == State::backup && ready_; }

    // What tracking makes of the configured priority; an owner's stays 255.
    void set_priority(std::uint8_t priority);
    [[nodiscard]] std::uint8_t priority() const { return priority_; }

    // The address that decides between equal priorities.
    void set_own_address(const model::IpAddress& address) { own_address_ = address; }

    [[nodiscard]] State state() const { return state_; }
    // When on_time() is wanted next; none: not before another input.
    [[nodiscard]] std::optional<Nanoseconds> deadline() const;
    // The last claim that was heard; nothing of it decides anything.
    [[nodiscard]] const Claim& last_claim() const { return last_claim_; }
    [[nodiscard]] std::uint64_t master_transitions() const { return master_transitions_; }

  private:
    [[nodiscard]] Actions on_silence(Nanoseconds now);
    [[nodiscard]] Actions become_master(Nanoseconds now);
    [[nodiscard]] Actions become_backup(Nanoseconds now);
    [[nodiscard]] Actions claim_as_backup(Nanoseconds now, const Claim& claim);
    [[nodiscard]] Actions claim_as_master(Nanoseconds now, const Claim& claim);
    [[nodiscard]] Actions assert_mastership(Nanoseconds now, Action burst);
    void expect_master(Nanoseconds now);
    [[nodiscard]] bool may_preempt(Nanoseconds now, const Claim& claim);
    [[nodiscard]] Nanoseconds skew() const;
    [[nodiscard]] bool outranks_us(const Claim& claim) const;

    const std::uint8_t version_;
    const Membership membership_;
    std::uint8_t priority_;
    const bool preempt_;
    const Nanoseconds preempt_delay_;
    const model::VrrpAnnouncements announcements_;
    const Nanoseconds interval_;
    Nanoseconds master_interval_;  // v3: what the master advertises; v2: our own.
    model::IpAddress own_address_;

    State state_ = State::initialize;
    Nanoseconds master_down_at_{};           // As backup,
    bool ready_ = false;                     // and whether that moment has come.
    Nanoseconds advert_at_{};                // As master.
    std::optional<Nanoseconds> preempt_at_;  // As backup of a lower master, until we may preempt.
    // As master: the second burst, and the next of the regular ones.
    std::optional<Nanoseconds> announce_at_;
    Action announce_again_ = Action::announce_addresses;
    std::optional<Nanoseconds> refresh_at_;
    Nanoseconds last_advert_{};
    Claim last_claim_;
    std::uint64_t master_transitions_ = 0;
};

}  // namespace fpvs::vrrp
