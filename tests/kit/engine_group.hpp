// SPDX-License-Identifier: Apache-2.0
// The engines of a director with several workers, stepped by hand in the order in which packets
// arrive: each packet goes to the worker that it would go to.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/util/check.hpp"

namespace fpvs::kit {

class EngineGroup {
  public:
    EngineGroup(const engine::EngineOptions& options, std::size_t workers)
        : director_(options, workers) {
        for (std::size_t worker = 0; worker < workers; ++worker) {
            engines_.push_back(std::make_unique<engine::Engine>(director_, worker));
        }
    }

    [[nodiscard]] engine::Engine& first() { return *engines_.front(); }
    [[nodiscard]] engine::Engine& operator[](std::size_t worker) { return *engines_[worker]; }
    [[nodiscard]] std::size_t size() const { return engines_.size(); }
    // Who decided about the last packet.
    [[nodiscard]] engine::Engine& last() { return *engines_[last_]; }

    engine::Verdict handle(const engine::Packet& packet, engine::Engine::Time now) {
        last_ = first().owner_of(packet);
        engine::Verdict verdict = last().handle(packet, now);
        if (verdict.action == engine::Action::hand_over) {
            last_ = first().sender_owner(packet);
            verdict = last().handle(packet, now);
            FPVS_CHECK(verdict.action != engine::Action::hand_over);
        }
        return verdict;
    }

    // The first last: it looks after the templates, whose connections are the others' too.
    void expire(engine::Engine::Time now) {
        for (std::size_t worker = engines_.size(); worker-- > 0;) {
            while (engines_[worker]->expire(now, 1000)) {
            }
        }
    }

    [[nodiscard]] std::vector<model::ConnectionView> connections(engine::Engine::Time now) const {
        std::vector<model::ConnectionView> all;
        for (const auto& engine : engines_) {
            const auto page = engine->connections(0, 1u << 20, now);
            FPVS_CHECK(page.next_cursor == 0);
            all.insert(all.end(), page.connections.begin(), page.connections.end());
        }
        return all;
    }

  private:
    engine::Director director_;
    std::vector<std::unique_ptr<engine::Engine>> engines_;
    std::size_t last_ = 0;
};

}  // namespace fpvs::kit
