// SPDX-License-Identifier: Apache-2.0
// Base of schedulers that look at the servers afresh for every connection.
#pragma once

#include "host/schedule/scheduler.hpp"

namespace fpvs::schedule {

class Stateless : public Scheduler {
  public:
    void start(Servers) final {}
    void server_added(Servers) final {}
    void server_removed(Servers, std::size_t) final {}
    void server_edited(Servers) final {}
};

}  // namespace fpvs::schedule
