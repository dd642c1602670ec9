// SPDX-License-Identifier: Apache-2.0
// Tells the operator's scripts and FIFOs what happens to instances and sync groups.  Lives on the
// control plane's thread: no script ever runs on the one that sends adverts.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "host/provider/script_runner.hpp"
#include "host/vrrp/event.hpp"

namespace fpvs::vrrp {

class Notifier {
  public:
    // Takes one line; what it does with it is its own.
    using Fifo = std::function<void(std::string_view line)>;

    Notifier(provider::ScriptRunner& scripts, Fifo fifo)
        : scripts_(scripts), fifo_(std::move(fifo)) {}

    // fifo_write_vrrp_states_on_reload
    void tell_reloads(bool tell) { tells_reloads_ = tell; }
    void tell(const Event& event);

  private:
    provider::ScriptRunner& scripts_;
    Fifo fifo_;
    bool tells_reloads_ = false;
};

}  // namespace fpvs::vrrp
