// SPDX-License-Identifier: Apache-2.0
// What `virtual_server` blocks said when a configuration was read last, so that the next reading
// passes over those that stand there unchanged, wherever they are now.
//
// A block is known again by its text, byte for byte.  Only blocks that mean the same in any place
// are kept, see Extent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/config/source.hpp"
#include "host/config/statement.hpp"
#include "host/config/virtual_server_draft.hpp"

namespace fpvs::config {

struct KnownBlock {
    ReadService read;
    Position place;
    Diagnostics::List warnings;
};

// The same, said of a block that begins elsewhere.
[[nodiscard]] KnownBlock moved(const KnownBlock& block,
                               const LineSource::Mark& from,
                               const LineSource::Mark& to);

class BlockMemory {
  public:
    struct Entry {
        Extent extent;
        std::shared_ptr<const KnownBlock> block;
    };

    // In the order of a file.
    void add(const LineSource::Opened& file,
             const Extent& extent,
             std::shared_ptr<const KnownBlock> block);
    // The block that this text of the file with this path begins with, if it is known.
    [[nodiscard]] const Entry* find(const std::string& path, std::string_view text);

  private:
    struct File {
        LineSource::Text text;
        std::vector<Entry> entries;
        std::unordered_map<std::string_view, std::size_t> by_first_line;
        std::size_t next = 0;  // Where the last search ended: blocks seldom change places.
    };
    [[nodiscard]] static bool begins_with(std::string_view text,
                                          const File& file,
                                          const Entry& entry);

    std::map<std::string, File, std::less<>> files_;
};

}  // namespace fpvs::config
