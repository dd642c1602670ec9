// SPDX-License-Identifier: Apache-2.0
// A program that a configuration names, as it is run: never through a shell.
#pragma once

#include <string>
#include <vector>

namespace fpvs::model {

struct Script {
    std::vector<std::string> arguments;  // The program first.  Empty: there is no script.
    std::string user = {};               // Empty: as ScriptDefaults says.
    std::string group = {};              // Empty: the user's own.

    [[nodiscard]] bool given() const { return !arguments.empty(); }
    friend bool operator==(const Script&, const Script&) = default;
};

// What `global_defs` says of all scripts.
struct ScriptDefaults {
    std::string user = {};  // Empty: keepalived_script if there is such a user, else the daemon's.
    std::string group = {};
    bool security = false;  // No script runs as root that others than root could have changed.

    friend bool operator==(const ScriptDefaults&, const ScriptDefaults&) = default;
};

}  // namespace fpvs::model
