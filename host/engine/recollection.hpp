// SPDX-License-Identifier: Apache-2.0
// What a director was before its process ended, given back to the engines of the next one.
//
// Services and servers come from the configuration, as ever; only their numbers are the old ones.
// A connection whose server is configured no longer, or not yet, waits for it as for one that was
// deleted.  Nothing that was kept is believed unseen: a record that makes no sense is refused and
// counted, and costs its own connection only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/engine/kept_memory.hpp"
#include "host/engine/known_connection.hpp"

namespace fpvs::engine {

class Recollection {
  public:
    using Time = Engine::Time;

    struct Tally {
        std::uint64_t restored = 0;
        std::uint64_t expired = 0;  // Their time was up meanwhile.
        std::uint64_t refused = 0;  // No server, no room, or a record that makes no sense.
    };

    explicit Recollection(KeptMemory before);

    [[nodiscard]] const Names& names() const { return names_; }
    [[nodiscard]] std::uint64_t hash_seed() const { return before_.hash_seed(); }

    // In this order, when services and servers are there: the first two with the first worker's
    // engine, on its thread; the last with each.
    void recall_servers(Engine& first);
    void restore_templates(Engine& first, Time now);
    void restore_connections(Engine& engine, Time now);

    [[nodiscard]] const Tally& connections() const { return connections_; }
    [[nodiscard]] const Tally& templates() const { return templates_; }

  private:
    [[nodiscard]] bool makes_sense(const Connection& record) const;
    [[nodiscard]] std::optional<KnownConnection> known(const TableMemory& table,
                                                       std::uint32_t index,
                                                       std::uint64_t now_ms) const;

    KeptMemory before_;
    Names names_;
    TableMemory template_table_;
    std::vector<TableMemory> connection_tables_;                         // By worker.
    std::unordered_map<std::uint32_t, std::uint32_t> template_numbers_;  // New by old.
    Tally connections_;
    Tally templates_;
};

}  // namespace fpvs::engine
