// SPDX-License-Identifier: Apache-2.0
// keepalived.conf, read into the model.
//
// A file is right or refused as a whole: no half of it is ever used.  What keepalived would pass
// over and go on without (an unknown keyword, a value out of range) is an error here.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/source.hpp"
#include "host/model/config.hpp"
#include "host/util/result.hpp"

namespace fpvs::config {

class BlockMemory;

struct ParsedConfig {
    model::Config config;
    std::vector<std::string> warnings;  // Each "file:line:column: sentence".
};

// `file_name` is only named in messages, and where included files are looked for from.  An Error's
// `where` is the place of the first mistake; its message has the sentences of all of them, see
// Diagnostics::to_error.
[[nodiscard]] Result<ParsedConfig> parse(std::string_view text,
                                         std::string_view file_name,
                                         const ReadOptions& options = {});

// Reads a configuration from its files, again and again: what stands there unchanged is neither
// parsed nor checked once more.  Each reading gives what parse() would.
class ConfigReader {
  public:
    explicit ConfigReader(ReadOptions options = {});
    ~ConfigReader();
    ConfigReader(const ConfigReader&) = delete;
    ConfigReader& operator=(const ConfigReader&) = delete;

    [[nodiscard]] Result<ParsedConfig> read(const std::string& path);
    // For tests and figures: blocks that the last reading passed over.
    [[nodiscard]] std::size_t blocks_known() const { return blocks_known_; }

  private:
    const ReadOptions options_;
    std::unique_ptr<BlockMemory> memory_;  // Of the last reading that found no mistake.
    std::size_t blocks_known_ = 0;
};

// Reads the file first.
[[nodiscard]] Result<ParsedConfig> parse_file(const std::string& path,
                                              const ReadOptions& options = {});

}  // namespace fpvs::config
