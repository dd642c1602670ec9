// SPDX-License-Identifier: Apache-2.0
// Keeps the set of addresses that FRR announces what it shall be, without timers: the owner calls
// run() at deadline().
//
//            +-> look: read FRR's running configuration
//            |     | other than wanted        | as wanted
//            |     v                          v
//            +-- edit: the difference       in step: look again after an interval, or at once if
//                                           something else is wanted
//
// What FRR says is believed, never what it was told before: a restart of FRR, a command of an
// operator's or an edit that came half through are found by the next look and mended.  What fails
// is tried again after a time that doubles up to a limit.  One shell runs at a time, and there is
// no queue: whatever is wanted when it ends is what counts.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "host/announce/frr.hpp"
#include "host/announce/wanted.hpp"
#include "host/model/announce.hpp"
#include "host/provider/clock.hpp"
#include "host/provider/routing_shell.hpp"

namespace fpvs::announce {

using provider::Nanoseconds;

constexpr std::chrono::milliseconds kRetryFirst{200};
constexpr std::chrono::milliseconds kRetryLast{5'000};

class Announcer {
  public:
    // A shell for FRR where this configuration says it is.
    using ShellMaker =
        std::function<std::unique_ptr<provider::RoutingShell>(const model::Announce& announce)>;
    // The deadline may have become earlier.
    using Wake = std::function<void()>;
    using Done = std::function<void()>;

    Announcer(const provider::Clock& clock, ShellMaker make_shell);

    // What is announced by the configuration before is withdrawn first, if FRR answers; without one
    // nothing is announced.
    void use(const std::optional<model::Announce>& announce);
    void want(Plan plan);
    // A director that is drained announces nothing, and forwards what still comes.
    void drain(bool yes);
    // Withdraws everything for good; `done` is called once that is so, or has failed.
    void finish(Done done);

    void run();
    [[nodiscard]] std::optional<Nanoseconds> deadline() const;
    void on_wake(Wake wake) { wake_ = std::move(wake); }

    [[nodiscard]] model::AnnounceView view() const;

  private:
    [[nodiscard]] const Addresses& wanted() const;
    void look_at_once();
    void look();
    void on_looked(Result<std::string> output);
    void edit(FrrEdit edit);
    void on_in_step(const FrrState& state);
    void on_failure(const Error& error);
    void switch_configuration();
    void wait(Nanoseconds time);
    void tell_finished();

    const provider::Clock& clock_;
    const ShellMaker make_shell_;
    Wake wake_;
    std::optional<model::Announce> announce_;
    // To be used once nothing is announced by the one in force.
    std::optional<std::optional<model::Announce>> next_announce_;
    std::unique_ptr<provider::RoutingShell> shell_;
    std::unique_ptr<provider::RoutingShell::Run> run_;  // Under way.
    Plan plan_;
    bool drained_ = false;
    Done finished_;  // Given: the end has begun.
    bool over_ = false;
    std::optional<Nanoseconds> deadline_;
    Nanoseconds retry_ = kRetryFirst;
    std::size_t changes_before_ = 0;  // The edit that came before the next look, if one did.
    Addresses announced_;
    std::string failure_;  // Empty: none at last.
    bool in_step_ = false;
    bool told_of_route_check_ = false;
    model::AnnounceCounters counters_;
};

}  // namespace fpvs::announce
