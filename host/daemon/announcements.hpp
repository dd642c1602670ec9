// SPDX-License-Identifier: Apache-2.0
// What routers are told of this director: the plan by its configuration and health checks, the
// announcer that makes FRR follow it, and the order of the end: withdrawn first, then forwarding
// for a while what still comes.
#pragma once

#include <functional>
#include <memory>

#include "host/announce/announcer.hpp"
#include "host/health/service.hpp"
#include "host/model/announce.hpp"
#include "host/model/config.hpp"
#include "host/provider/clock.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::daemon {

class Announcements {
  public:
    // Clock and health must outlive the object.
    Announcements(boost::asio::io_context& io,
                  const provider::Clock& clock,
                  const health::Service& health);

    void use(const model::Config& config);
    // A quorum may have changed.
    void refresh();
    [[nodiscard]] Status drain(bool on);
    // Calls back once nothing is announced and the linger time is over; at once if nothing was.
    void finish(std::function<void()> done);

    [[nodiscard]] model::AnnounceView view() const { return announcer_.view(); }

  private:
    void schedule();
    void linger(const std::function<void()>& done);

    const health::Service& health_;
    model::Config config_;  // What of it counts here.
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer end_timer_;
    announce::Announcer announcer_;
    const provider::Clock& clock_;
};

}  // namespace fpvs::daemon
