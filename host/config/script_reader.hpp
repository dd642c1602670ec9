// SPDX-License-Identifier: Apache-2.0
// Programs that a configuration names: `notify_up "/usr/local/bin/tell up" nobody nogroup`.
#pragma once

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/script.hpp"

namespace fpvs::config {

// The command line of one word: blanks separate arguments, quotes and backslashes join them.
// Nothing else is special, since no shell reads it.  No arguments if it is wrong.
[[nodiscard]] std::vector<std::string> split_command(const Word& word, Diagnostics& diagnostics);

// `keyword COMMAND [user [group]]`.
[[nodiscard]] model::Script read_script(const Statement& statement, Diagnostics& diagnostics);

// `keyword user [group]`.
void read_user(const Statement& statement,
               std::string& user,
               std::string& group,
               Diagnostics& diagnostics);

}  // namespace fpvs::config
