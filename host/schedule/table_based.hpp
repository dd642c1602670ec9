// SPDX-License-Identifier: Apache-2.0
// Base of schedulers that choose by a table made of the servers and their weights.
//
// The table is a function of the list alone, so it need not follow every edit: it is made anew when
// it is looked at, once for however many edits there were since.
//
// IPVS makes it from the servers in the order of the list, the newest first, so that directors
// whose servers came and went at different times disagree on some clients.  By address they agree.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/schedule/scheduler.hpp"

namespace fpvs::schedule {

class TableBased : public Scheduler {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request& request) final {
        refresh(servers, request.by_address);
        return choose(servers, request);
    }

    void start(Servers) final { stale_ = true; }
    void server_added(Servers) final { stale_ = true; }
    void server_removed(Servers, std::size_t) final { stale_ = true; }
    void server_edited(Servers) final { stale_ = true; }

  protected:
    // A server that takes part in the making of a table.
    struct Entrant {
        std::uint32_t position = 0;  // In the list.
        const ServerState* server = nullptr;
    };
    using Entrants = std::span<const Entrant>;

    // The table is of these servers from here on.
    void refresh(Servers servers, bool by_address) {
        if (stale_ || by_address_ != by_address) [[unlikely]] {
            fill(entrants(servers, by_address));
            stale_ = false;
            by_address_ = by_address;
        }
    }

  private:
    [[nodiscard]] static std::vector<Entrant> entrants(Servers servers, bool by_address) {
        std::vector<Entrant> all;
        for (const ServerState* server : servers) {
            all.push_back({static_cast<std::uint32_t>(all.size()), server});
        }
        if (by_address) {
            std::sort(all.begin(), all.end(), [](const Entrant& a, const Entrant& b) {
                return a.server->key < b.server->key;
            });
        }
        return all;
    }

    virtual void fill(Entrants entrants) = 0;
    // By the table as `fill` made it of these servers.
    [[nodiscard]] virtual std::optional<std::size_t> choose(Servers servers,
                                                            const Request& request) const = 0;

    bool stale_ = true;
    bool by_address_ = false;
};

}  // namespace fpvs::schedule
