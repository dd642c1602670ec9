// SPDX-License-Identifier: Apache-2.0
#include "host/config/block_memory.hpp"

#include <utility>

namespace fpvs::config {
namespace {

std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

KnownBlock moved(const KnownBlock& block,
                 const LineSource::Mark& from,
                 const LineSource::Mark& to) {
    KnownBlock result = block;
    const auto move = [&](Position& position) {
        position.file = to.file;
        position.line = position.line - from.line + to.line;
    };
    move(result.place);
    for (Word& word : result.read.track_files) {
        move(word.position);
    }
    for (Diagnostics::Entry& entry : result.warnings.entries) {
        move(entry.position);
    }
    return result;
}

void BlockMemory::add(const LineSource::Opened& file,
                      const Extent& extent,
                      std::shared_ptr<const KnownBlock> block) {
    File& known = files_[file.path];
    if (known.text != file.text) {
        if (!known.entries.empty()) {
            return;  // Included twice, and changed in between.
        }
        known.text = file.text;
    }
    const std::string_view text = std::string_view(*known.text).substr(extent.begin.offset);
    known.by_first_line.emplace(first_line(text), known.entries.size());
    known.entries.push_back({.extent = extent, .block = std::move(block)});
}

bool BlockMemory::begins_with(std::string_view text, const File& file, const Entry& entry) {
    const std::string_view known =
        std::string_view(*file.text).substr(entry.extent.begin.offset, entry.extent.bytes);
    // At the end of the file its last line may have had no end.
    return text.starts_with(known) && (known.ends_with('\n') || text.size() == known.size());
}

const BlockMemory::Entry* BlockMemory::find(const std::string& path, std::string_view text) {
    const auto found = files_.find(path);
    if (found == files_.end() || text.find("virtual_server") != text.find_first_not_of(" \t")) {
        return nullptr;
    }
    File& file = found->second;
    if (file.next >= file.entries.size() || !begins_with(text, file, file.entries[file.next])) {
        const auto known = file.by_first_line.find(first_line(text));
        if (known == file.by_first_line.end() ||
            !begins_with(text, file, file.entries[known->second])) {
            return nullptr;
        }
        file.next = known->second;
    }
    return &file.entries[file.next++];
}

}  // namespace fpvs::config
