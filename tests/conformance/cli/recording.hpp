// SPDX-License-Identifier: Apache-2.0
// What a real ipvsadm printed on a real kernel, command by command, and the same commands played
// to fpvsadm.
#pragma once

#include <string>
#include <vector>

#include "host/cli/names.hpp"

namespace fpvs::test {

struct Invocation {
    std::size_t index = 0;
    std::string command;  // As it was typed.
    std::string note;
    int exit_code = 0;
    std::string out;
    std::string err;
};

struct Outcome {
    int exit_code = 0;
    std::string out;
    std::string err;
};

// cli/cli.json of tests/data, or of $GOLDEN; empty if that has none.
[[nodiscard]] std::vector<Invocation> load_invocations();

// The words after "ipvsadm", split as a shell does where nothing is quoted.
[[nodiscard]] std::vector<std::string> words_of(const std::string& command);

// Runs fpvsadm's own code against the daemon on `socket_path`.  `saved` is what the last `-S`
// printed, for commands that read it back.
[[nodiscard]] Outcome play(const Invocation& invocation,
                           const std::string& socket_path,
                           const std::string& saved,
                           cli::Names& names);

}  // namespace fpvs::test
