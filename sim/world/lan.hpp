// SPDX-License-Identifier: Apache-2.0
// A segment on which every packet reaches everybody else, late, or not at all.
//
// Faults come from a seed, so that a run can be repeated: each path from one station to another
// delays each packet on its own, without changing their order, and may lose some, but never more
// than `lost_in_row_max` after one another.  A station that is unplugged, or in another partition,
// hears nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "sim/world/world.hpp"

namespace fpvs::world {

struct LanFaults {
    Nanoseconds delay_min{};
    Nanoseconds delay_max{};
    std::uint32_t loss_percent = 0;
    std::uint32_t lost_in_row_max = 0;
};

class Lan {
  public:
    using Packet = std::vector<std::uint8_t>;
    using Receive = std::function<void(std::span<const std::uint8_t>)>;
    using Station = std::size_t;

    Lan(World& world, const LanFaults& faults, std::uint64_t seed)
        : world_(world), faults_(faults), random_(seed) {}

    Station attach(Receive receive) {
        stations_.push_back({.receive = std::move(receive), .plugged = true, .partition = 0});
        return stations_.size() - 1;
    }
    void plug(Station station, bool plugged) { stations_[station].plugged = plugged; }
    // Stations hear those of the same number.
    void put_in_partition(Station station, int partition) {
        stations_[station].partition = partition;
    }

    void send(Station from, const Packet& packet) {
        for (Station to = 0; to < stations_.size(); ++to) {
            if (to != from && connected(from, to) && !lose(from, to)) {
                // What is under way when the cable is pulled is lost too.
                Nanoseconds& arrival = arrivals_[{from, to}];
                arrival = std::max(arrival, world_.now() + delay());
                world_.at(arrival, [this, from, to, packet] {
                    if (connected(from, to)) {
                        stations_[to].receive(packet);
                    }
                });
            }
        }
    }

  private:
    struct Port {
        Receive receive;
        bool plugged;
        int partition;
    };

    [[nodiscard]] bool connected(Station from, Station to) const {
        const Port& a = stations_[from];
        const Port& b = stations_[to];
        return a.plugged && b.plugged && a.partition == b.partition;
    }

    [[nodiscard]] Nanoseconds delay() {
        const auto span =
            static_cast<std::uint64_t>((faults_.delay_max - faults_.delay_min).count());
        return faults_.delay_min + Nanoseconds(random_() % (span + 1));
    }

    [[nodiscard]] bool lose(Station from, Station to) {
        std::uint32_t& in_row = lost_in_row_[{from, to}];
        const bool lost =
            in_row < faults_.lost_in_row_max && random_() % 100 < faults_.loss_percent;
        in_row = lost ? in_row + 1 : 0;
        return lost;
    }

    World& world_;
    const LanFaults faults_;
    // Its numbers are the same on every machine, unlike those of the standard distributions.
    std::mt19937_64 random_;
    std::vector<Port> stations_;
    std::map<std::pair<Station, Station>, std::uint32_t> lost_in_row_;
    std::map<std::pair<Station, Station>, Nanoseconds> arrivals_;  // Of the last packet.
};

}  // namespace fpvs::world
