// SPDX-License-Identifier: Apache-2.0
// The engine and the reference side by side: each operation is done by both, and every answer and
// every list must be equal.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "host/engine/engine.hpp"
#include "sim/reference/ipvs.hpp"
#include "tests/parity/engine/operations.hpp"

namespace fpvs::parity {

// How often what was said, so that a test can see that its sequences are worth something.
struct Tally {
    std::uint64_t to_server = 0;
    std::uint64_t to_client = 0;
    std::uint64_t to_host = 0;
    std::uint64_t dropped = 0;
    std::uint64_t rejected = 0;

    void count(const reference::Decision& decision);
    void add(const Tally& other);
};

// Those that a packet has when it leaves.
struct Ends {
    reference::Endpoint source;
    reference::Endpoint destination;
};

class Pair {
  public:
    explicit Pair(std::size_t connections_max);

    // What the two say differently, or nothing.  `stopped()`: from here on they may rightly differ.
    [[nodiscard]] std::string play(const Operation& operation);
    [[nodiscard]] std::string compare_lists();
    [[nodiscard]] bool stopped() const { return stopped_; }
    [[nodiscard]] const Tally& tally() const { return tally_; }

  private:
    [[nodiscard]] engine::Engine::Time now() const { return std::chrono::milliseconds(now_ms_); }
    [[nodiscard]] std::string play_command(const Operation& operation);
    [[nodiscard]] std::string set(const std::string& name, int value);
    [[nodiscard]] Ends ends_of(const engine::Packet& packet, const engine::Verdict& verdict) const;
    [[nodiscard]] std::string play_packet(const reference::Packet& packet);
    [[nodiscard]] std::string play_reply(const Operation& operation);
    [[nodiscard]] std::string play_error(const Operation& operation);

    // Time.
    void wait(std::uint64_t wait_ms);
    void advance(std::uint64_t step_ms);
    void settle();
    void watch_trash();
    [[nodiscard]] bool between_two_answers();
    [[nodiscard]] bool is_ambiguous_until(std::uint64_t until_ms) const;
    [[nodiscard]] bool same_connections() const;

    engine::Engine engine_;
    reference::Ipvs model_;
    std::uint64_t now_ms_ = 1'000'000;
    std::uint64_t trash_certain_from_ms_ = 0;
    bool stopped_ = false;
    Tally tally_;
};

struct Failure {
    std::size_t operation = 0;
    std::string difference;
};

// Plays until something differs.  Lists are compared after each `lists_every`-th operation, and at
// the end.
struct Played {
    std::size_t operations = 0;
    Tally tally;
    std::optional<Failure> failure;
};
[[nodiscard]] Played play(std::span<const Operation> operations,
                          std::size_t connections_max,
                          std::size_t lists_every);

}  // namespace fpvs::parity
