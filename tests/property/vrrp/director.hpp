// SPDX-License-Identifier: Apache-2.0
// A director that runs one VRRP instance in a simulated world: the shipped codec and election, with
// the world for a clock and a LAN for a network.
#pragma once

#include <utility>

#include "host/util/check.hpp"
#include "host/vrrp/admission.hpp"
#include "host/vrrp/election.hpp"
#include "host/vrrp/packet.hpp"
#include "sim/world/lan.hpp"
#include "sim/world/world.hpp"

namespace fpvs::vrrp {

class Director {
  public:
    Director(world::World& world,
             world::Lan& lan,
             model::VrrpInstance instance,
             model::IpAddress address,
             std::function<void()> on_change)
        : world_(world),
          lan_(lan),
          instance_(std::move(instance)),
          address_(address),
          on_change_(std::move(on_change)),
          station_(lan.attach([this](auto packet) { receive(packet); })) {}
    Director(const Director&) = delete;
    Director& operator=(const Director&) = delete;

    // Each does nothing where it makes no sense, so that any sequence of events can be tried.
    void start() {
        if (!election_) {
            election_.emplace(instance_);
            election_->set_own_address(address_);
            perform(election_->start(world_.now(), plugged_));
        }
    }
    void stop() {
        if (election_) {
            perform(election_->stop());
            election_.reset();
            on_change_();
        }
    }
    // Dies without a word; its addresses die with the machine.
    void crash() {
        election_.reset();
        owns_addresses_ = false;
        on_change_();
    }
    void plug(bool plugged) {
        plugged_ = plugged;
        lan_.plug(station_, plugged);
        if (election_) {
            perform(election_->set_able(world_.now(), plugged));
        }
    }

    [[nodiscard]] bool alive() const { return election_.has_value() && plugged_; }
    [[nodiscard]] bool master() const { return election_ && election_->state() == State::master; }
    [[nodiscard]] const model::VrrpInstance& instance() const { return instance_; }
    [[nodiscard]] const model::IpAddress& address() const { return address_; }
    [[nodiscard]] world::Lan::Station station() const { return station_; }

  private:
    void receive(std::span<const std::uint8_t> packet) {
        if (!election_) {
            return;
        }
        const auto received = decode(packet);
        FPVS_CHECK(received && !refusal_of(instance_, *received), "own kind refused");
        perform(election_->on_claim(world_.now(),
                                    {.source = received->envelope.source,
                                     .priority = received->advert.priority,
                                     .interval_cs = received->advert.interval_cs}));
    }

    void perform(const Actions& actions) {
        for (const Action action : actions) {
            if (action == Action::send_advert || action == Action::send_resignation) {
                const bool resigns = action == Action::send_resignation;
                const auto advert =
                    advert_of(instance_, resigns ? kPriorityResign : instance_.priority);
                lan_.send(station_,
                          encode(advert,
                                 {.source = address_, .destination = group_of(instance_.family)}));
            } else if (action == Action::add_addresses) {
                owns_addresses_ = true;
            } else if (action == Action::remove_addresses) {
                owns_addresses_ = false;
            }
        }
        FPVS_CHECK(owns_addresses_ == master(), "addresses and mastership differ");
        on_change_();
        if (const auto deadline = election_->deadline()) {
            world_.at(*deadline, [this] {
                if (election_) {
                    // A deadline that moved meanwhile is not due: nothing happens, and the later
                    // one has its own entry.
                    if (const auto due = election_->on_time(world_.now()); !due.empty()) {
                        perform(due);
                    }
                }
            });
        }
    }

    world::World& world_;
    world::Lan& lan_;
    const model::VrrpInstance instance_;
    const model::IpAddress address_;
    const std::function<void()> on_change_;
    std::optional<Election> election_;
    bool plugged_ = true;
    bool owns_addresses_ = false;
    const world::Lan::Station station_;
};

}  // namespace fpvs::vrrp
