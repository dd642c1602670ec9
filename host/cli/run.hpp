// SPDX-License-Identifier: Apache-2.0
// fpvsadm as a function: words in, text and exit code out.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "host/cli/names.hpp"

namespace fpvs::cli {

// What the program is started in.
struct Environment {
    std::string socket_path;
    Names& names;
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
};

// `words` are those after the program's name.  Returns the exit code.
[[nodiscard]] int run(std::vector<std::string> words, Environment& environment);

}  // namespace fpvs::cli
