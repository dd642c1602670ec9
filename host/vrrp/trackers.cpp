// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/trackers.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "host/util/log.hpp"
#include "host/vrrp/script_verdict.hpp"

namespace fpvs::vrrp {
namespace {

using std::chrono::milliseconds;

constexpr const char* kComponent = "vrrp";
constexpr milliseconds kFilePause{250};
constexpr milliseconds kProcessPause{500};
// A host with very many processes is looked at less often: it costs at most this part of the time.
constexpr int kProcessLooksPart = 20;

std::set<TrackKey> used_by(const model::Config& config) {
    std::set<TrackKey> used;
    const auto add = [&](const std::vector<model::VrrpTrack>& tracks) {
        for (const model::VrrpTrack& track : tracks) {
            used.insert({.kind = track.kind, .name = track.name});
        }
    };
    for (const model::VrrpInstance& instance : config.vrrp_instances) {
        add(instance.tracks);
    }
    for (const model::VrrpGroup& group : config.vrrp_groups) {
        add(group.tracks);
    }
    return used;
}

Reading reading_of(std::optional<bool> well) {
    return well ? Reading(*well ? 1 : 0) : std::nullopt;
}

}  // namespace

// Runs one script every interval; a run that takes longer than the next one's turn is left alone
// until its own time is up.
class Trackers::ScriptTracker : public std::enable_shared_from_this<ScriptTracker> {
  public:
    ScriptTracker(Trackers& owner, model::VrrpScript script)
        : owner_(owner),
          script_(std::move(script)),
          verdict_(script_),
          turn_(owner.io_),
          limit_(owner.io_) {}

    void begin() {
        owner_.report_(key(), reading_of(verdict_.well()));
        run();
    }

    [[nodiscard]] const model::VrrpScript& script() const { return script_; }

  private:
    [[nodiscard]] TrackKey key() const {
        return {.kind = model::TrackKind::script, .name = script_.name};
    }

    void run() {
        wait(turn_, script_.interval_ms, &ScriptTracker::run);
        if (run_) {
            log::info(kComponent,
                      "Track script {} is already running, expect idle - skipping run",
                      script_.name);
            return;
        }
        run_ = owner_.scripts_.start(script_.script,
                                     [this](const provider::ScriptEnd& end) { on_end(end); });
        const std::uint32_t limit_ms =
            script_.timeout_ms != 0 ? script_.timeout_ms : script_.interval_ms;
        wait(limit_, limit_ms, &ScriptTracker::give_up);
    }

    // Weak: the wait may end after the tracker.
    void wait(boost::asio::steady_timer& timer,
              std::uint32_t time_ms,
              void (ScriptTracker::*then)()) {
        timer.expires_after(milliseconds(time_ms));
        timer.async_wait([weak = weak_from_this(), then](const boost::system::error_code& error) {
            if (const auto self = weak.lock(); self && !error) {
                ((*self).*then)();
            }
        });
    }

    void give_up() {
        if (run_) {
            run_.reset();
            judge(false, "timed_out");
        }
    }

    void on_end(const provider::ScriptEnd& end) {
        limit_.cancel();
        run_.reset();
        using How = provider::ScriptEnd::How;
        if (end.how == How::exited) {
            judge(end.number == 0,
                  end.number == 0 ? "succeeded"
                                  : fmt::format("failed (exited with status {})", end.number));
        } else if (end.how == How::killed) {
            judge(false, fmt::format("failed (killed by signal {})", end.number));
        } else {
            judge(false, fmt::format("failed ({})", end.reason));
        }
    }

    void judge(bool success, const std::string& how) {
        if (verdict_.on_end(success)) {
            log::info(kComponent, "VRRP_Script({}) {}", script_.name, how);
            owner_.report_(key(), reading_of(verdict_.well()));
        }
    }

    Trackers& owner_;
    const model::VrrpScript script_;
    ScriptVerdict verdict_;
    std::unique_ptr<provider::ScriptRunner::Run> run_;
    boost::asio::steady_timer turn_;
    boost::asio::steady_timer limit_;
};

// Of rounds under way there is at most one: a new configuration does not begin a second.
void Trackers::Round::wait(provider::Nanoseconds pause, std::function<void()> then) {
    if (*waits_) {
        return;
    }
    *waits_ = true;
    timer_.expires_after(pause);
    // Weak: the wait may end after the object.
    timer_.async_wait([weak = std::weak_ptr<bool>(waits_),
                       then = std::move(then)](const boost::system::error_code& error) {
        if (const auto waits = weak.lock(); waits && !error) {
            *waits = false;
            then();
        }
    });
}

Trackers::Trackers(boost::asio::io_context& io,
                   const provider::Clock& clock,
                   provider::ScriptRunner& scripts,
                   provider::TrackSource& source,
                   Report report)
    : io_(io),
      clock_(clock),
      scripts_(scripts),
      source_(source),
      report_(std::move(report)),
      file_round_(io),
      process_round_(io) {}

Trackers::~Trackers() = default;

void Trackers::apply(const model::Config& config) {
    apply_scripts(config);
    apply_files(config);
    apply_processes(config);
}

void Trackers::stop() {
    script_trackers_.clear();
    file_trackers_.clear();
    process_trackers_.clear();
}

void Trackers::apply_scripts(const model::Config& config) {
    const auto used = used_by(config);
    std::vector<std::shared_ptr<ScriptTracker>> next;
    std::vector<std::shared_ptr<ScriptTracker>> fresh;
    for (const model::VrrpScript& script : config.vrrp_scripts) {
        if (!used.contains({.kind = model::TrackKind::script, .name = script.name})) {
            continue;
        }
        const auto kept = std::find_if(script_trackers_.begin(),
                                       script_trackers_.end(),
                                       [&](const auto& old) { return old->script() == script; });
        if (kept != script_trackers_.end()) {
            next.push_back(*kept);
            continue;
        }
        next.push_back(std::make_shared<ScriptTracker>(*this, script));
        fresh.push_back(next.back());
    }
    script_trackers_ = std::move(next);
    for (const auto& tracker : fresh) {
        tracker->begin();
    }
}

void Trackers::apply_files(const model::Config& config) {
    const auto used = used_by(config);
    file_trackers_.clear();
    for (const model::TrackFile& file : config.track_files) {
        if (used.contains({.kind = model::TrackKind::file, .name = file.name})) {
            file_trackers_.push_back({.file = file});
        }
    }
    read_files();
}

void Trackers::apply_processes(const model::Config& config) {
    const auto used = used_by(config);
    process_trackers_.clear();
    for (const model::VrrpProcess& process : config.vrrp_processes) {
        if (used.contains({.kind = model::TrackKind::process, .name = process.name})) {
            process_trackers_.push_back({.process = process, .quorum = ProcessQuorum(process)});
        }
    }
    look_at_processes();
}

void Trackers::read_files() {
    for (FileTracker& tracker : file_trackers_) {
        const std::int64_t number = source_.number_in(tracker.file.path);
        if (tracker.reading != number) {
            tracker.reading = number;
            report_({.kind = model::TrackKind::file, .name = tracker.file.name}, number);
        }
    }
    if (!file_trackers_.empty()) {
        file_round_.wait(kFilePause, [this] { read_files(); });
    }
}

void Trackers::look_at_processes() {
    if (process_trackers_.empty()) {
        return;
    }
    const provider::Nanoseconds begin = clock_.now();
    const bool with_commands =
        std::any_of(process_trackers_.begin(), process_trackers_.end(), [](const auto& tracker) {
            return needs_command(tracker.process);
        });
    const std::vector<provider::Process> processes = source_.processes(with_commands);
    for (ProcessTracker& tracker : process_trackers_) {
        if (tracker.quorum.look(begin, processes)) {
            log::info(kComponent,
                      "Quorum {} for tracked process {}",
                      *tracker.quorum.well() ? "gained" : "lost",
                      tracker.process.name);
            report_({.kind = model::TrackKind::process, .name = tracker.process.name},
                    reading_of(tracker.quorum.well()));
        }
    }
    const provider::Nanoseconds cost = clock_.now() - begin;
    process_round_.wait(std::max<provider::Nanoseconds>(kProcessPause, kProcessLooksPart * cost),
                        [this] { look_at_processes(); });
}

}  // namespace fpvs::vrrp
