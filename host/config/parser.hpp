// SPDX-License-Identifier: Apache-2.0
// keepalived.conf, read into the model.
//
// A file is right or refused as a whole: no half of it is ever used.  What keepalived would pass
// over and go on without (an unknown keyword, a value out of range) is an error here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/model/config.hpp"
#include "host/util/result.hpp"

namespace fpvs::config {

struct ParsedConfig {
    model::Config config;
    std::vector<std::string> warnings;  // Each "file:line:column: sentence".
};

// `file_name` is only named in messages.  An Error's `where` is the place of the first mistake;
// its message has the sentences of all of them, see Diagnostics::to_error.
[[nodiscard]] Result<ParsedConfig> parse(std::string_view text, std::string_view file_name);

// Reads the file first.
[[nodiscard]] Result<ParsedConfig> parse_file(const std::string& path);

}  // namespace fpvs::config
