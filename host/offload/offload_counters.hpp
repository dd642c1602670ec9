// SPDX-License-Identifier: Apache-2.0
// What the host's side of offload counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "host/model/view.hpp"

namespace fpvs::offload {

#define FPVS_OFFLOAD_COUNTERS(COUNTER)                                                           \
    COUNTER(offered, "connections that the engine offered")                                      \
    COUNTER(adopted, "connections that the card had gone on with while nobody was there")        \
    COUNTER(withdrawn, "flows taken off the card again")                                         \
    COUNTER(learned, "packets of connections that the card scheduled, as it told of them")       \
    COUNTER(refused_method, "offers refused: a method that the card has not")                    \
    COUNTER(refused_number, "offers refused: a server number beyond the card's tables")          \
    COUNTER(refused_service, "offers refused: the card has no room for their service")           \
    COUNTER(refused_server, "offers refused: the server is not available")                       \
    COUNTER(refused_neighbour, "offers refused: no card port, or no MAC address yet")            \
    COUNTER(refused_client_way, "offers refused: no way to the client by a card port")           \
    COUNTER(refused_next_hops, "offers refused: every next hop is in use")                       \
    COUNTER(refused_bucket, "offers refused: the flow table has no room where they would lie")   \
    COUNTER(services_refused, "services that the card's table had no room for")                  \
    COUNTER(servers_refused, "servers made known whose number the card's tables have not")       \
    COUNTER(replies_refused, "servers whose replies the card's table had no room for")           \
    COUNTER(steer_words_refused, "services that the card could schedule, had it more words")     \
    COUNTER(steer_cursors_refused, "services that the card could schedule, had it more cursors") \
    COUNTER(steer_tables, "tables of services that were written")                                \
    COUNTER(rerouted, "flows whose replies got another way")                                     \
    COUNTER(unrouted, "flows taken off the card because no way leads to the client")             \
    COUNTER(queries_dropped, "questions about activity that found too many before them")         \
    COUNTER(events_late, "events about flows that are gone")                                     \
    COUNTER(events_unknown, "events of a kind that the contract has not")

enum class OffloadCounter : std::uint8_t {
#define FPVS_OFFLOAD_COUNTER_ENUM(name, meaning) name,
    FPVS_OFFLOAD_COUNTERS(FPVS_OFFLOAD_COUNTER_ENUM)
#undef FPVS_OFFLOAD_COUNTER_ENUM
};

#define FPVS_OFFLOAD_COUNT_ONE(...) +1
constexpr std::size_t kOffloadCounters = 0 FPVS_OFFLOAD_COUNTERS(FPVS_OFFLOAD_COUNT_ONE);
#undef FPVS_OFFLOAD_COUNT_ONE

class OffloadCounters {
  public:
    void count(OffloadCounter counter) { ++values_[static_cast<std::size_t>(counter)]; }
    [[nodiscard]] std::uint64_t operator[](OffloadCounter counter) const {
        return values_[static_cast<std::size_t>(counter)];
    }
    [[nodiscard]] model::StageView view() const {
        model::StageView stage{.name = "offload", .counters = {}};
        std::size_t index = 0;
#define FPVS_OFFLOAD_COUNTER_VIEW(name, meaning) \
    stage.counters.push_back({#name, values_[index++], 0});
        FPVS_OFFLOAD_COUNTERS(FPVS_OFFLOAD_COUNTER_VIEW)
#undef FPVS_OFFLOAD_COUNTER_VIEW
        return stage;
    }

  private:
    std::array<std::uint64_t, kOffloadCounters> values_{};
};

}  // namespace fpvs::offload
