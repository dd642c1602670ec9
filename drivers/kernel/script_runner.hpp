// SPDX-License-Identifier: Apache-2.0
// Runs the operator's scripts as processes: without a shell, as the user that the configuration
// names, each in a process group of its own, with nothing of ours but the environment's PATH.
//
// A change of user is made by setpriv of util-linux.  Each child is waited for by its own pidfd:
// nobody else's child is ever reaped.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/model/limits.hpp"
#include "host/provider/script_runner.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

struct ScriptRunnerOptions {
    std::size_t running_max = model::kScriptsRunningMax;  // Others wait for one to end.
    std::size_t waiting_max = model::kScriptsWaitingMax;  // Of those that are only told.
    std::chrono::milliseconds tell_timeout{60'000};       // Then SIGTERM,
    std::chrono::milliseconds grace{2'000};               // and after that SIGKILL.
};

struct ScriptCounters {
    std::uint64_t started = 0;
    std::uint64_t not_started = 0;  // No such program, no such user, not secure.
    std::uint64_t deferred = 0;     // Had to wait for another to end.
    std::uint64_t refused = 0;      // Not told: too many were waiting to be.
    std::uint64_t timed_out = 0;    // Of those that are only told.
    std::uint64_t killed = 0;       // Did not heed SIGTERM.
};

class ScriptRunner final : public provider::ScriptRunner {
  public:
    explicit ScriptRunner(boost::asio::io_context& io, ScriptRunnerOptions options = {});
    // What still runs is killed and waited for.
    ~ScriptRunner() override;

    [[nodiscard]] std::unique_ptr<Run> start(const model::Script& script, Done done) override;
    void tell(const model::Script& script) override;
    void use(const model::ScriptDefaults& defaults) override { defaults_ = defaults; }

    // Calls back when all that were told have ended, or the time is up; perhaps at once.
    void finish(std::chrono::milliseconds limit, std::function<void()> done);

    [[nodiscard]] std::size_t running() const { return children_.size(); }
    [[nodiscard]] const ScriptCounters& counters() const { return counters_; }

  private:
    struct Child;
    struct ChildRun;

    [[nodiscard]] Result<std::shared_ptr<Child>> spawn(const model::Script& script);
    [[nodiscard]] Result<std::vector<std::string>> command_line(const model::Script& script) const;
    void launch(ChildRun& run);
    void watch(const std::shared_ptr<Child>& child);
    void on_end(const std::shared_ptr<Child>& child);
    void end_softly(const std::shared_ptr<Child>& child);
    void tell_next();
    void run_next();
    void finish_now();

    boost::asio::io_context& io_;
    const ScriptRunnerOptions options_;
    model::ScriptDefaults defaults_;
    std::map<int, std::shared_ptr<Child>> children_;  // By process id.
    std::deque<ChildRun*> queued_;                    // For a child to end.
    std::deque<model::Script> waiting_;               // To be told.
    bool telling_ = false;
    std::function<void()> finished_;
    boost::asio::steady_timer finish_timer_;
    ScriptCounters counters_;
    // Whose end tells handlers under way that there is nobody left to tell.
    std::shared_ptr<ScriptRunner*> self_ = std::make_shared<ScriptRunner*>(this);
};

}  // namespace fpvs::kernel
