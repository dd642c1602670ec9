// SPDX-License-Identifier: Apache-2.0
// Base of schedulers that choose by a table made of the servers and their weights.
//
// The table is a function of the list alone, so it need not follow every edit: it is made anew when
// it is looked at, once for however many edits there were since.
#pragma once

#include "host/schedule/scheduler.hpp"

namespace fpvs::schedule {

class TableBased : public Scheduler {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request& request) final {
        refresh(servers);
        return choose(servers, request);
    }

    void start(Servers) final { stale_ = true; }
    void server_added(Servers) final { stale_ = true; }
    void server_removed(Servers, std::size_t) final { stale_ = true; }
    void server_edited(Servers) final { stale_ = true; }

  protected:
    // The table is of these servers from here on.
    void refresh(Servers servers) {
        if (stale_) [[unlikely]] {
            fill(servers);
            stale_ = false;
        }
    }

  private:
    virtual void fill(Servers servers) = 0;
    // By the table as `fill` made it of these servers.
    [[nodiscard]] virtual std::optional<std::size_t> choose(Servers servers,
                                                            const Request& request) const = 0;

    bool stale_ = true;
};

}  // namespace fpvs::schedule
