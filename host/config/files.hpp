// SPDX-License-Identifier: Apache-2.0
// Where a configuration's files are: the disk, or a test's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs::config {

class Files {
  public:
    virtual ~Files() = default;

    // No more than kConfigFileBytesMax.  The error's `where` is the path.
    [[nodiscard]] virtual Result<std::string> read(const std::string& path) const = 0;
    // What fits a pattern of glob(3) without braces, sorted: regular files that are no programs.
    [[nodiscard]] virtual std::vector<std::string> match(const std::string& pattern) const = 0;
    // The folder of a file, from the root.
    [[nodiscard]] virtual std::string folder(const std::string& path) const = 0;
};

[[nodiscard]] const Files& files_on_disk();

// csh's braces: a{b,c{d,e}} -> ab, acd, ace.  What has none is the only alternative; unclosed
// braces are text.  At most `count_max` are made.
[[nodiscard]] std::vector<std::string> expand_braces(std::string_view pattern,
                                                     std::size_t count_max);

}  // namespace fpvs::config
