// SPDX-License-Identifier: Apache-2.0
#include "host/announce/announcer.hpp"

#include <algorithm>
#include <utility>

#include "host/model/limits.hpp"
#include "host/util/log.hpp"

namespace fpvs::announce {
namespace {

constexpr const char* kComponent = "announce";

std::size_t changes_between(const Addresses& a, const Addresses& b) {
    std::size_t changes = 0;
    for (const model::IpAddress& address : a) {
        changes += b.contains(address) ? 0 : 1;
    }
    for (const model::IpAddress& address : b) {
        changes += a.contains(address) ? 0 : 1;
    }
    return changes;
}

}  // namespace

Announcer::Announcer(const provider::Clock& clock, ShellMaker make_shell)
    : clock_(clock), make_shell_(std::move(make_shell)) {}

const Addresses& Announcer::wanted() const {
    static const Addresses kNone;
    return drained_ || finished_ || next_announce_ ? kNone : plan_.wanted;
}

std::optional<Nanoseconds> Announcer::deadline() const {
    return run_ || over_ ? std::nullopt : deadline_;
}

// ---- What is wanted.

void Announcer::use(const std::optional<model::Announce>& announce) {
    if (announce == announce_) {
        next_announce_.reset();
        return;
    }
    const bool same_place = announce && announce_ && announce->bgp_as == announce_->bgp_as &&
                            announce->route_map == announce_->route_map &&
                            announce->vtysh == announce_->vtysh &&
                            announce->vty_socket == announce_->vty_socket;
    next_announce_ = announce;
    if (same_place || !announce_) {
        switch_configuration();
    }
    look_at_once();
}

void Announcer::switch_configuration() {
    announce_ = *std::exchange(next_announce_, std::nullopt);
    run_.reset();
    shell_ = announce_ ? make_shell_(*announce_) : nullptr;
    announced_.clear();
    in_step_ = false;
    failure_.clear();
    told_of_route_check_ = false;
    deadline_.reset();
}

void Announcer::want(Plan plan) {
    const bool changed = plan.wanted != plan_.wanted;
    plan_ = std::move(plan);
    if (changed) {
        look_at_once();
    }
}

void Announcer::drain(bool yes) {
    if (drained_ != yes) {
        drained_ = yes;
        log::info(kComponent, "{}", yes ? "drained: nothing is announced" : "drained no more");
        look_at_once();
    }
}

void Announcer::finish(Done done) {
    finished_ = std::move(done);
    if (!announce_) {
        tell_finished();
        return;
    }
    look_at_once();
}

void Announcer::tell_finished() {
    over_ = true;
    if (const Done done = std::exchange(finished_, [] {})) {
        done();
    }
}

// ---- What is done for it.

void Announcer::look_at_once() {
    if (!announce_) {
        return;
    }
    changes_before_ = 0;
    in_step_ = false;
    retry_ = kRetryFirst;
    wait(Nanoseconds{0});
}

void Announcer::wait(Nanoseconds time) {
    deadline_ = clock_.now() + time;
    if (wake_) {
        wake_();
    }
}

void Announcer::run() {
    if (const auto due = deadline(); due && *due <= clock_.now()) {
        look();
    }
}

void Announcer::look() {
    ++counters_.looks;
    deadline_.reset();
    run_ = shell_->run({"show running-config"},
                       [this](Result<std::string> output) { on_looked(std::move(output)); });
}

void Announcer::on_looked(Result<std::string> output) {
    run_.reset();
    if (!output) {
        on_failure(output.error());
        return;
    }
    const FrrState state = read_running_config(*output, *announce_);
    announced_ = state.announced;
    if (!state.has_router) {
        on_failure({.code = Code::not_found,
                    .message = fmt::format("FRR has no 'router bgp {}'", announce_->bgp_as)});
        return;
    }
    const std::size_t changes = changes_between(wanted(), announced_);
    if (changes == 0) {
        on_in_step(state);
        return;
    }
    if (changes_before_ != 0 && changes >= changes_before_) {
        on_failure({.code = Code::internal, .message = "FRR takes commands that change nothing"});
        return;
    }
    // Something else may be wanted by now: then it looks again at once, as it does after an edit.
    changes_before_ = changes;
    edit(edit_towards(wanted(), state, *announce_, model::kAnnounceChangesMax));
}

void Announcer::edit(FrrEdit edit) {
    ++counters_.edits;
    in_step_ = false;
    run_ = shell_->run(edit.commands,
                       [this, announced = edit.announced, withdrawn = edit.withdrawn](
                           const Result<std::string>& output) {
                           run_.reset();
                           if (!output) {
                               on_failure(output.error());
                               return;
                           }
                           counters_.announced += announced;
                           counters_.withdrawn += withdrawn;
                           log::info(kComponent, "announced={} withdrawn={}", announced, withdrawn);
                           wait(Nanoseconds{0});
                       });
}

void Announcer::on_in_step(const FrrState& state) {
    if (!failure_.empty()) {
        log::info(kComponent, "FRR is in step again");
        failure_.clear();
    }
    in_step_ = true;
    changes_before_ = 0;
    retry_ = kRetryFirst;
    if (state.needs_route && !announced_.empty() && !told_of_route_check_) {
        told_of_route_check_ = true;
        log::warn(kComponent,
                  "FRR has 'bgp network import-check': an address to which the director itself has "
                  "no route is not told to anybody");
    }
    if (next_announce_) {
        switch_configuration();
        look_at_once();
    } else if (finished_) {
        tell_finished();
    } else {
        wait(std::chrono::milliseconds(announce_->look_interval_ms));
    }
}

void Announcer::on_failure(const Error& error) {
    ++counters_.failures;
    in_step_ = false;
    changes_before_ = 0;
    if (failure_ != error.text()) {
        failure_ = error.text();
        log::warn(kComponent, "{}", failure_);
    }
    if (next_announce_) {
        switch_configuration();
        look_at_once();
    } else if (finished_) {
        tell_finished();
    } else {
        wait(retry_);
        retry_ = std::min<Nanoseconds>(retry_ * 2, kRetryLast);
    }
}

// ---- What is.

model::AnnounceView Announcer::view() const {
    model::AnnounceView view{
        .configured = announce_.has_value(), .drained = drained_, .counters = counters_};
    if (!announce_) {
        return view;
    }
    view.bgp_as = announce_->bgp_as;
    view.state = !failure_.empty() ? failure_ : in_step_ ? "in step" : "catching up";
    Addresses all = plan_.known;
    all.insert(announced_.begin(), announced_.end());
    for (const model::IpAddress& address : all) {
        view.addresses.push_back({.address = address,
                                  .wanted = wanted().contains(address),
                                  .announced = announced_.contains(address)});
    }
    return view;
}

}  // namespace fpvs::announce
