// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/base/diagnostics.hpp"

#include <algorithm>
#include <fstream>

namespace fpvs::hlsc {

namespace {

// The line of the source with a caret below the column, or nothing if the file cannot be read.
std::string excerpt(const std::string& path, Position where) {
    std::ifstream file(path);
    std::string line;
    for (int i = 0; i < where.line && std::getline(file, line); ++i) {
    }
    if (!file || line.empty()) {
        return "";
    }
    std::string caret;
    for (int i = 1; i < where.column; ++i) {
        const bool tab = static_cast<std::size_t>(i) <= line.size() && line[i - 1] == '\t';
        caret += tab ? '\t' : ' ';
    }
    return fmt::format("{:5} | {}\n      | {}^\n", where.line, line, caret);
}

}  // namespace

int Diagnostics::file_index(std::string_view path) {
    const auto found = std::find(files_.begin(), files_.end(), path);
    if (found != files_.end()) {
        return static_cast<int>(found - files_.begin());
    }
    files_.emplace_back(path);
    return static_cast<int>(files_.size()) - 1;
}

std::string Diagnostics::short_name(Position where) const {
    if (where.line == 0) {
        return "-";
    }
    const std::string& path = files_[static_cast<std::size_t>(where.file)];
    return fmt::format("{}:{}", path.substr(path.rfind('/') + 1), where.line);
}

void Diagnostics::add(std::string_view kind, Position where, const std::string& sentence) {
    const std::string& path = files_[static_cast<std::size_t>(where.file)];
    std::string message =
        where.line > 0
            ? fmt::format("{}:{}:{}: {}: {}\n", path, where.line, where.column, kind, sentence)
            : fmt::format("hlsc: {}: {}\n", kind, sentence);
    // An inlined helper would repeat its message for every use; a note belongs to its message.
    if (kind != "note" && std::find(said_.begin(), said_.end(), message) != said_.end()) {
        return;
    }
    said_.push_back(message);
    text_ += message;
    if (where.line > 0) {
        text_ += excerpt(path, where);
    }
}

}  // namespace fpvs::hlsc
