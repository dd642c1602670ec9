// SPDX-License-Identifier: Apache-2.0
// The seam of routing software: a shell that takes commands and prints what they show.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs::provider {

class RoutingShell {
  public:
    // What the commands printed; an error if one was refused or nobody answered in time.
    using Done = std::function<void(Result<std::string> output)>;

    // Destroying it ends the shell, and Done is not called any more.
    class Run {
      public:
        virtual ~Run() = default;
    };

    virtual ~RoutingShell() = default;
    // Calls `done` once, later and never from within this call, on the control plane's thread.  The
    // first command that is refused is the last.
    [[nodiscard]] virtual std::unique_ptr<Run> run(const std::vector<std::string>& commands,
                                                   Done done) = 0;
};

}  // namespace fpvs::provider
