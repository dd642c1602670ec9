// SPDX-License-Identifier: Apache-2.0
// Whatever happens to two to four directors on a segment: no two masters, and soon exactly one.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <ostream>

#include "tests/property/vrrp/director.hpp"

namespace fpvs::vrrp {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kInterval = 1s;
constexpr Nanoseconds kDelayMax = 3ms;  // Below the smallest skew of priority 254, 7.8 ms.
constexpr Nanoseconds kEventsEnd = 40s;
// After the last event: the longest wait for a master, and what it then takes to be heard.
constexpr Nanoseconds kConvergence = 3 * kInterval + 1s + 3 * kInterval;

enum class Kind { start, stop, crash, unplug, plug };
struct Event {
    int time_ms;
    std::size_t director;
    Kind kind;
};
struct Member {
    int priority;
    bool preempt;
};
struct Scenario {
    std::vector<Member> members;
    std::vector<Event> events;
    std::uint64_t seed;
};

std::ostream& operator<<(std::ostream& out, const Scenario& scenario) {
    for (const Member& member : scenario.members) {
        out << "priority " << member.priority << (member.preempt ? "" : " nopreempt") << "; ";
    }
    for (const Event& event : scenario.events) {
        static constexpr const char* kKinds[] = {"start", "stop", "crash", "unplug", "plug"};
        out << event.time_ms << " ms: " << kKinds[static_cast<int>(event.kind)] << " "
            << event.director << "; ";
    }
    return out << "seed " << scenario.seed;
}

rc::Gen<Scenario> scenarios() {
    return rc::gen::exec([] {
        Scenario scenario;
        const auto count = *rc::gen::inRange<std::size_t>(2, 5);
        for (std::size_t i = 0; i < count; ++i) {
            scenario.members.push_back(
                {.priority = *rc::gen::oneOf(rc::gen::inRange(1, 255), rc::gen::just(100)),
                 .preempt = *rc::gen::weightedElement<bool>({{4, true}, {1, false}})});
        }
        const auto event_count = *rc::gen::inRange(0, 25);
        for (int i = 0; i < event_count; ++i) {
            scenario.events.push_back({.time_ms = *rc::gen::inRange(0, 40'000),
                                       .director = *rc::gen::inRange<std::size_t>(0, count),
                                       .kind = *rc::gen::weightedElement<Kind>({{4, Kind::start},
                                                                                {1, Kind::stop},
                                                                                {1, Kind::crash},
                                                                                {1, Kind::unplug},
                                                                                {2, Kind::plug}})});
        }
        scenario.seed = *rc::gen::arbitrary<std::uint32_t>();
        return scenario;
    });
}

// Directors on a LAN, and a witness of how long any two of them were masters together.
class Segment {
  public:
    Segment(const Scenario& scenario, const world::LanFaults& faults)
        : lan_(world_, faults, scenario.seed) {
        for (std::size_t i = 0; i < scenario.members.size(); ++i) {
            model::VrrpInstance instance;
            instance.virtual_router_id = 51;
            instance.priority = static_cast<std::uint8_t>(scenario.members[i].priority);
            instance.preempt = scenario.members[i].preempt;
            instance.addresses = {
                {.address = model::Ipv4{0xc0a87164}, .prefix_length = 32, .interface = {}}};
            directors_.emplace_back(world_,
                                    lan_,
                                    instance,
                                    model::Ipv4{0xc0a87101 + static_cast<std::uint32_t>(i)},
                                    [this] { witness(); });
        }
        for (const Event& event : scenario.events) {
            world_.at(std::chrono::milliseconds(event.time_ms),
                      [this, event] { happen(directors_[event.director], event.kind); });
        }
    }

    void start_all() {
        for (Director& director : directors_) {
            director.start();
        }
    }
    void run_until(Nanoseconds end) {
        world_.run_until(end);
        witness();
    }
    void put_in_partition(std::size_t director, int partition) {
        lan_.put_in_partition(directors_[director].station(), partition);
    }

    [[nodiscard]] std::vector<const Director*> masters() const {
        std::vector<const Director*> found;
        for (const Director& director : directors_) {
            if (director.master()) {
                found.push_back(&director);
            }
        }
        return found;
    }
    [[nodiscard]] std::size_t alive() const {
        return static_cast<std::size_t>(std::count_if(
            directors_.begin(), directors_.end(), [](const auto& d) { return d.alive(); }));
    }
    // Among equals the one that was first stays master, so only the priority is certain.
    [[nodiscard]] int highest_priority() const {
        int highest = 0;
        for (const Director& director : directors_) {
            if (director.alive()) {
                highest = std::max<int>(highest, director.instance().priority);
            }
        }
        return highest;
    }
    [[nodiscard]] bool all_preempt() const {
        return std::all_of(directors_.begin(), directors_.end(), [](const auto& director) {
            return director.instance().preempt;
        });
    }
    [[nodiscard]] Nanoseconds longest_rivalry() const { return longest_rivalry_; }

  private:
    static void happen(Director& director, Kind kind) {
        switch (kind) {
            case Kind::start:
                return director.start();
            case Kind::stop:
                return director.stop();
            case Kind::crash:
                return director.crash();
            case Kind::unplug:
                return director.plug(false);
            case Kind::plug:
                return director.plug(true);
        }
    }

    // Pair by pair: with three masters in turn, each may deafly miss two of its successor's
    // adverts.
    void witness() {
        for (const Director& one : directors_) {
            for (const Director& other : directors_) {
                if (&one < &other) {
                    witness(one, other);
                }
            }
        }
    }
    void witness(const Director& one, const Director& other) {
        const auto since = rivals_since_.find({&one, &other});
        if (since != rivals_since_.end()) {
            longest_rivalry_ = std::max(longest_rivalry_, world_.now() - since->second);
        }
        if (!one.master() || !other.master()) {
            rivals_since_.erase({&one, &other});
        } else {
            rivals_since_.try_emplace({&one, &other}, world_.now());
        }
    }

    world::World world_;
    world::Lan lan_;
    std::deque<Director> directors_;
    std::map<std::pair<const Director*, const Director*>, Nanoseconds> rivals_since_;
    Nanoseconds longest_rivalry_{};
};

void expect_one_master(const Segment& segment) {
    RC_ASSERT(segment.masters().size() == std::min<std::size_t>(segment.alive(), 1));
    if (segment.alive() > 0 && segment.all_preempt()) {
        RC_ASSERT(segment.masters().front()->instance().priority == segment.highest_priority());
    }
}

// Two may be masters only while the advert of the better one is on its way.
RC_GTEST_PROP(VrrpElection, never_two_masters_on_a_working_network_and_one_in_the_end, ()) {
    const auto scenario = *scenarios();
    RC_LOG() << scenario << "\n";
    Segment segment(scenario, {.delay_min = 10us, .delay_max = kDelayMax});
    segment.run_until(kEventsEnd + kConvergence);
    RC_ASSERT(segment.longest_rivalry() <= kDelayMax);
    expect_one_master(segment);
}

// With up to two adverts lost in a row the third one decides.
RC_GTEST_PROP(VrrpElection, losses_below_three_in_a_row_only_delay_the_decision, ()) {
    const auto scenario = *scenarios();
    RC_LOG() << scenario << "\n";
    Segment segment(
        scenario,
        {.delay_min = 10us, .delay_max = kDelayMax, .loss_percent = 40, .lost_in_row_max = 2});
    segment.run_until(kEventsEnd + kConvergence);
    RC_ASSERT(segment.longest_rivalry() <= 2 * kInterval + kDelayMax);
    expect_one_master(segment);
}

RC_GTEST_PROP(VrrpElection, partitions_have_a_master_each_and_heal_to_one, ()) {
    auto scenario = *scenarios();
    scenario.events.clear();
    RC_LOG() << scenario << "\n";
    Segment segment(scenario, {.delay_min = 10us, .delay_max = kDelayMax});
    segment.start_all();
    segment.run_until(kConvergence);
    const auto cut = *rc::gen::inRange<std::size_t>(1, scenario.members.size());
    for (std::size_t i = 0; i < cut; ++i) {
        segment.put_in_partition(i, 1);
    }
    segment.run_until(2 * kConvergence);
    RC_ASSERT(segment.masters().size() == 2u);
    for (std::size_t i = 0; i < cut; ++i) {
        segment.put_in_partition(i, 0);
    }
    segment.run_until(2 * kConvergence + kInterval + 2 * kDelayMax);
    RC_ASSERT(segment.masters().size() == 1u);
}

}  // namespace
}  // namespace fpvs::vrrp
