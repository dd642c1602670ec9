// SPDX-License-Identifier: Apache-2.0
// The seam of scripts: run a program of the operator's, and say how it ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "host/model/script.hpp"

namespace fpvs::provider {

struct ScriptEnd {
    enum class How : std::uint8_t { exited, killed, not_started };
    How how = How::exited;
    int number = 0;           // The exit status, or the signal.
    std::string reason = {};  // Why it was not started.
};

class ScriptRunner {
  public:
    using Done = std::function<void(const ScriptEnd& end)>;

    // A program that runs.  Destroying it makes it end, and Done is not called any more.
    class Run {
      public:
        virtual ~Run() = default;
    };

    virtual ~ScriptRunner() = default;
    // Calls `done` once, later and never from within this call, on the control plane's thread.
    [[nodiscard]] virtual std::unique_ptr<Run> start(const model::Script& script, Done done) = 0;
    // Runs it after all that were told before, and ends it when it has taken too long.
    virtual void tell(const model::Script& script) = 0;
    // For scripts that start from now on.
    virtual void use(const model::ScriptDefaults& defaults) = 0;
};

}  // namespace fpvs::provider
